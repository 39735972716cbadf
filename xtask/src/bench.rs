//! `cargo xtask bench`: the program of the crate `bench`, on a server built as it is shipped.

use anyhow::Result;

use crate::{process, workspace};

/// Where the figures stand.
const PAGE: &str = "docs/performance.md";

/// What the command takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the figures to docs/performance.md
    #[arg(long)]
    write: bool,
    /// What the program takes, such as `--case burst --runs 5`; `--help` behind `--` lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<String>,
}

/// Every case in small, on a server built for tests: whether all works and every event is accounted for.
pub(crate) fn smoke() -> Result<()> {
    process::run(&mut process::cargo(["build", "--package", "server"]))?;
    let server = workspace::metadata()?.target_directory.join("debug/integrations-server");
    let mut bench = process::cargo(["run", "--package", "bench", "--", "--scale", "0.002"]);
    process::run(bench.arg("--server").arg(server))
}

/// Builds everything, and measures.
pub(crate) fn run(args: &Args) -> Result<()> {
    process::run(&mut process::cargo(["build", "--release", "--package", "server"]))?;
    process::run(&mut process::cargo(["build", "--release", "--package", "store-sqlite", "--example", "rows"]))?;
    let release = workspace::metadata()?.target_directory.join("release");
    let mut bench = process::cargo(["run", "--release", "--package", "bench", "--"]);
    bench.arg("--server").arg(release.join("integrations-server")).arg("--rows").arg(release.join("examples/rows"));
    if args.write {
        bench.arg("--write").arg(workspace::root().join(PAGE));
    }
    process::run(bench.args(&args.program))
}
