//! `cargo xtask test`: all tests of the workspace, with what they need at hand.

use anyhow::Result;

use crate::{process, redis, synapse, workspace};

/// The crates whose tests talk to a real Redis.
const NEED_REDIS: [&str; 2] = ["queue-redis", "server"];

/// What the command takes.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Handed to the test programs, such as a part of a test's name, or `--nocapture`
    #[arg(last = true)]
    harness: Vec<String>,
}

/// Every test, as the gate runs them.
pub(crate) fn all() -> Result<()> {
    run(&Args::default())
}

/// Unit, integration and documentation tests; the server program is built on the way.
pub(crate) fn run(args: &Args) -> Result<()> {
    let metadata = workspace::metadata()?;
    let mut packages = metadata.workspace_packages().into_iter();
    if packages.any(|package| NEED_REDIS.contains(&package.name.as_str())) {
        redis::ensure_redis()?;
    }
    synapse::offer_synapse()?;
    process::run(process::cargo(["test", "--workspace", "--"]).args(&args.harness))
}
