//! Makes sure, where it can, that Synapse is there for the test of the Matrix provider, and says whether it is.

use std::fs;

use anyhow::Result;

use crate::{process, workspace};

/// Fixed, so that the same tests run today and in a year.
const PACKAGE: &str = "matrix-synapse==1.163.2";

/// Installs Synapse from the Python package index into `target/synapse`, once. Without Python or without network the
/// tests use their fake; that is no error.
pub(crate) fn offer_synapse() -> Result<()> {
    let folder = workspace::root().join("target/synapse");
    let complete = folder.join("complete");
    if fs::read_to_string(&complete).is_ok_and(|installed| installed == PACKAGE) {
        println!("test: Matrix against a real Synapse ({PACKAGE})");
        return Ok(());
    }
    println!("test: installing {PACKAGE} into target/synapse");
    match install() {
        Ok(()) => {
            fs::write(&complete, PACKAGE)?;
            println!("test: Matrix against a real Synapse ({PACKAGE})");
        }
        Err(error) => println!("test: Matrix against the scripted fake alone, since Synapse is not installed: {error}"),
    }
    Ok(())
}

fn install() -> Result<()> {
    process::run(process::program("python3").args(["-m", "venv", "--clear", "target/synapse"]))?;
    let mut pip = process::program("target/synapse/bin/python");
    // Built packages only, and short patience: a machine without network or compiler learns so quickly.
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
    process::run(pip.args(["--retries", "1", "--timeout", "15", PACKAGE]))
}
