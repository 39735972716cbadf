//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

/// Routes mail that arrives at inboxes to chats and other services.
#[derive(Debug, Parser)]
#[command(name = "integrations-server", version)]
pub(crate) struct Cli {
    /// TOML file with settings, below the environment; see docs/configuration.md
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole system at work on this machine, without an account and without configuration
    Demo(DemoArgs),
    /// Run the server
    Serve(ServeArgs),
    /// Print a fresh encryption key
    Keygen,
    /// Check configuration, store, queue and key; also beside a running server
    Doctor(DoctorArgs),
    /// Bring the store's schema up to date
    Migrate,
    /// Print the OpenAPI document
    Openapi,
    /// Print docs/configuration.md
    #[command(hide = true)]
    ConfigReference,
}

/// How to show it.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// End after the first delivery; fail if it did not arrive within 30 seconds
    #[arg(long)]
    pub(crate) once: bool,
    /// Send to this chat of the real Telegram, as the bot of `TELEGRAM_BOT_TOKEN`
    #[arg(long, value_name = "CHAT", allow_hyphen_values = true)]
    pub(crate) chat_id: Option<String>,
    /// Where the API listens, instead of a free port of this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", hide_default_value = true)]
    pub(crate) listen: SocketAddr,
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Leave the store's schema alone; refuse to start if it is not up to date
    #[arg(long)]
    pub(crate) no_migrate: bool,
}

/// How much to check.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Also ask the services whether they accept each integration's credentials; sends no message
    #[arg(long)]
    pub(crate) live: bool,
}
