//! Makes sure that a `redis-server` is there for the tests that start their own.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::process;

/// Installs Redis where that needs no question (as root on Debian and its kin), and says how otherwise.
pub(crate) fn ensure_redis() -> Result<()> {
    if process::installed("redis-server") {
        return Ok(());
    }
    ensure!(
        is_root() && Path::new("/etc/debian_version").exists(),
        "the tests need `redis-server`: install it with `sudo apt-get install redis-server`, \
         `brew install redis` or your system's own package manager"
    );
    println!("test: installing redis-server");
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", "redis-server"])
}

fn is_root() -> bool {
    process::output(process::program("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_get(args: &[&str]) -> Result<()> {
    process::run(process::program("apt-get").arg("-qq").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
}
