//! `cargo xtask verify <program>`: the programs of the crate `verify`, on a server built as it is shipped.

use anyhow::Result;

use crate::{process, workspace};

/// What the command takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A program and what it takes, such as `kill --rounds 300 --seed 7`; `kill --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    program: Vec<String>,
}

/// Builds the server, and breaks it.
pub(crate) fn run(args: &Args) -> Result<()> {
    process::run(&mut process::cargo(["build", "--release", "--package", "server"]))?;
    let server = workspace::metadata()?.target_directory.join("release/integrations-server");
    let mut verify = process::cargo(["run", "--release", "--package", "verify", "--"]);
    process::run(verify.args(&args.program).arg("--server").arg(server))
}
