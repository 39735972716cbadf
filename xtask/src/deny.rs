//! The step that reads `deny.toml`, where cargo-deny is installed.

use anyhow::Result;

use crate::process;

/// Checks licences, bans and sources. Advisories need a database from the network; the forge checks those.
pub(crate) fn run() -> Result<()> {
    if !process::installed("cargo-deny") {
        println!("deny: NOT CHECKED, cargo-deny is not installed (`cargo install --locked cargo-deny`)");
        return Ok(());
    }
    let check = ["deny", "--log-level", "error", "check", "bans", "licenses", "sources"];
    process::run(&mut process::cargo(check))
}
