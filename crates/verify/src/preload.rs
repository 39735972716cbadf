//! Libraries that stand between the server and libc, built from C when they are needed. Linux only.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

/// Builds a library in a folder and says where it is.
pub(crate) async fn build(folder: &Path, name: &str, source: &str) -> Result<PathBuf> {
    ensure!(cfg!(target_os = "linux"), "this program needs Linux: it puts a library between the server and libc");
    let (text, library) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.so")));
    std::fs::write(&text, source)?;
    let mut compiler = Command::new("cc");
    compiler.args(["-std=gnu11", "-O1", "-shared", "-fPIC", "-pthread", "-o"]);
    compiler.arg(&library).arg(&text).arg("-ldl").stdin(Stdio::null());
    let status = compiler.status().await.context("no C compiler: install `cc`, in Debian by the package gcc")?;
    ensure!(status.success(), "{name}.c does not compile");
    Ok(library)
}

/// What puts the library into the server.
pub(crate) fn setting(library: &Path) -> (&'static str, String) {
    ("LD_PRELOAD", library.display().to_string())
}
