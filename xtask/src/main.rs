//! The project's own commands: `cargo xtask <command>`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command answers the person who typed it")]

mod bench;
mod ci;
mod codegen;
mod deny;
mod deps;
mod new_provider;
mod process;
mod redis;
mod synapse;
mod test;
mod tidy;
mod verify;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// What the gate, the forge and people run.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
enum Command {
    /// Check everything that the gate checks, and stop at the first failure
    Ci,
    /// Run all tests of the workspace
    Test(test::Args),
    /// Check which crate may depend on which
    Deps,
    /// Check what compilers do not: headings, lengths, stubs, links, whitespace
    Tidy,
    /// Write the documents that are generated from the code
    Codegen(codegen::Args),
    /// Start a new provider: a crate that works, registered in the server
    NewProvider(new_provider::Args),
    /// Measure a server, side by side with the limits of the machine
    Bench(bench::Args),
    /// Break a server and show that no accepted event is lost
    Verify(verify::Args),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Ci => ci::run(),
        Command::Test(args) => test::run(&args),
        Command::Deps => deps::run(),
        Command::Tidy => tidy::run(),
        Command::Codegen(args) => codegen::run(&args),
        Command::NewProvider(args) => new_provider::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Verify(args) => verify::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
