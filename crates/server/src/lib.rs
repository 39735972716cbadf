//! The bundled server: reads configuration, wires the parts, runs and stops.
//!
//! A server with a provider of one's own is a `main` of one call:
//!
//! ```no_run
//! # type MyProvider = provider_telegram::Telegram;
//! # fn my_provider() -> MyProvider { MyProvider::new("https://example.org".parse().unwrap()) }
//! fn main() -> std::process::ExitCode {
//!     server::main_with(|config| server::bundled_providers(config).with(my_provider()))
//! }
//! ```

mod cli;
pub mod config;
mod demo;
mod doctor;
mod migrate;
mod serve;
mod stop;
pub mod telemetry;
mod threads;
mod wire;

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use cipher_ring::Key;
use clap::Parser as _;
use integrations::SystemEntropy;
use integrations_core::{Registry, text};
use provider_telegram::Telegram;
use secrecy::ExposeSecret as _;

use cli::{Cli, Command};
use config::{Config, Sources};
use threads::Threads;

/// The program: does what the command line says, with the providers that `registry` gives. What goes wrong is one line
/// on standard error.
pub fn main_with(registry: impl FnOnce(&Config) -> Registry) -> ExitCode {
    run(Cli::parse(), registry).unwrap_or_else(|error| {
        // Where standard error is closed, the exit code alone must tell.
        let _ = writeln!(io::stderr(), "error: {}", text::single_line(&format!("{error:#}")));
        ExitCode::FAILURE
    })
}

/// The providers that the bundled server has.
#[must_use]
pub fn bundled_providers(config: &Config) -> Registry {
    Registry::new()
        .with(Telegram::new(config.telegram.api_base_url.clone()))
        .with(provider_discord::Discord::default())
        .with(provider_matrix::Matrix)
        .with(provider_ntfy::Ntfy)
        .with(provider_slack::Slack)
        .with(provider_webhook::Webhook)
}

fn run(cli: Cli, registry: impl FnOnce(&Config) -> Registry) -> anyhow::Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Keygen => print(&format!("{}\n", Key::generate(&SystemEntropy).to_base64().expose_secret()))?,
        Command::ConfigReference => print(&config::reference())?,
        Command::Doctor(args) => {
            let healthy = Threads::start()?.block_on(doctor::run(file, registry, args.live))?;
            return Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Demo(args) => {
            let (config, threads) = (load(file)?, Threads::start()?);
            let attempts = threads.for_attempts();
            threads.block_on(demo::demo(args, config, registry, attempts))?;
        }
        Command::Serve(args) => {
            let config = load(file)?;
            let registry = registry(&config);
            let threads = Threads::start()?;
            let attempts = threads.for_attempts();
            threads.block_on(serve::serve(&config, registry, !args.no_migrate, attempts))?;
        }
        Command::Openapi => print(&format!("{}\n", api_http::openapi()))?,
        Command::Migrate => print(&Threads::start()?.block_on(migrate::migrate(&load(file)?.store))?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the configuration and starts the log that it asks for.
fn load(file: Option<&Path>) -> Result<Config, config::ConfigError> {
    let config = Config::read(&Sources::of_process(file)?)?;
    telemetry::init(&config.log);
    Ok(config)
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
