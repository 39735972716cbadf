//! `bench`: how fast the server is, side by side with what the machine can do, in one run.
//!
//! The server is a process of its own, and everything goes over real HTTP on loopback: events in, messages out to a sink
//! that stands in for Telegram. Every event is accounted for by its number, and a run in which one is missing or comes
//! twice is void. Linux only: it reads `/proc`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command answers the person who typed it")]

mod cases;
mod clock;
mod figures;
mod limits;
mod load;
mod machine;
mod page;
mod sink;
mod site;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;

use cases::Case;

/// Measures a server.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    /// A case, as often as wanted; all of them if absent
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<Case>,
    /// How often each is measured, except the long ones; the medians are shown
    #[arg(long, value_name = "N", default_value_t = 1)]
    runs: usize,
    /// Makes every case smaller, to see that all works: 0.01 takes a hundredth of the events
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    scale: f64,
    /// The server
    #[arg(long, value_name = "PATH", default_value = "target/release/integrations-server")]
    server: PathBuf,
    /// A program that prints how many rows a second SQLite takes in commits of a hundred
    #[arg(long, value_name = "PATH")]
    rows: Option<PathBuf>,
    /// Writes the page with all figures there
    #[arg(long, value_name = "PATH")]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One thread makes the load and another one is the sink, as little as can be, since they share the machine with the
/// server.
fn run(args: &Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(cases::measure(args))?;
    println!("{}", page::table(&measured.lines));
    if let Some(path) = &args.write {
        std::fs::write(path, page::page(&measured))?;
    }
    Ok(())
}
