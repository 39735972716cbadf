//! `verify <program>`: breaks a server for as long as it is told, and says in one line what that did to its events.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command answers the person who typed it")]

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use verify::{
    Options, Queue, Report, Server, clock_steps, fresh_seed, kill, pacing, powercut, provider_faults, redis_loss, stop,
};

/// Breaks a server and shows that no accepted event is lost.
#[derive(Debug, Parser)]
#[command(name = "verify")]
struct Args {
    /// How it is broken
    program: Program,
    /// The server
    #[arg(long, value_name = "PATH", default_value = "target/release/integrations-server")]
    server: PathBuf,
    /// Where chance starts; a fresh one if absent
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How often it is broken; each program has its own default
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// The queue that the server uses, for `kill` and `stop`
    #[arg(long, value_name = "QUEUE", default_value = "embedded")]
    queue: Queue,
}

/// How a server is broken.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Program {
    /// Killed at random moments under load, 200 times
    Kill,
    /// Told to stop with a hundred attempts under way, 20 times
    Stop,
    /// Told everything that a service may answer, once
    ProviderFaults,
    /// Robbed of its Redis, and of its workers, under load, 20 times
    RedisLoss,
    /// On a disk that loses what was not synced when the power goes, 200 times
    Powercut,
    /// The same with `synchronous=NORMAL`, which must lose events: the control of `powercut`
    PowercutControl,
    /// On a machine whose clock is set by up to two hours, 100 times
    Clock,
    /// Given a burst of 50 events for each of ten chats, by a service that refuses who sends too fast
    Pacing,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args).await {
        Ok(report) => {
            print!("{report}");
            if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("verify: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<Report> {
    let server = Server::new(&args.server);
    let rounds = |default| args.rounds.unwrap_or(default);
    let options = |default| Options { seed: args.seed.unwrap_or_else(fresh_seed), rounds: rounds(default) };
    match args.program {
        Program::Kill => kill::run(&server, args.queue, options(200)).await,
        Program::Stop => stop::run(&server, args.queue, rounds(20)).await,
        Program::Powercut => powercut::run(&server, options(200)).await,
        Program::PowercutControl => powercut::control(&server, options(20)).await,
        Program::Clock => clock_steps::run(&server, options(100)).await,
        Program::Pacing => pacing::run(&server, rounds(50)).await,
        Program::RedisLoss => redis_loss::run(&server, options(20)).await,
        Program::ProviderFaults => provider_faults::run(&server).await,
    }
}
