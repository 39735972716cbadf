//! Everything that outlives a server process: its data, its settings, and the receiver of its messages.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, anyhow};
use telegram_sandbox::{Config, Limits, Sandbox, World};
use tempfile::TempDir;

use crate::{
    Report, Server,
    api::Api,
    clock::Stopwatch,
    compare::{Copies, Message},
    marker::Marker,
    process::Process,
};

const ADMIN_TOKEN: &str = "verify-admin-token-of-enough-characters";
/// 32 bytes in base64.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// More messages and calls than any run makes, so that the receiver forgets none.
const KEEP: usize = 10_000_000;
/// How long a stop may take: the longest that a deployment should have to wait.
pub(crate) const STOP: Duration = Duration::from_secs(30);

/// Where a server lives.
pub(crate) struct Site {
    server: Server,
    settings: Vec<(&'static str, String)>,
    folder: TempDir,
    telegram: Sandbox,
    age: Stopwatch,
}

impl Site {
    /// A new one without data. Beyond `settings` the server has no limits that would hold messages back.
    pub(crate) async fn new(server: &Server, settings: &[(&'static str, String)]) -> Result<Self> {
        Self::with_limits(server, settings, Limits::default()).await
    }

    /// The same with a receiver that refuses who sends too fast.
    pub(crate) async fn with_limits(
        server: &Server,
        settings: &[(&'static str, String)],
        limits: Limits,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("verify-").tempdir()?;
        let config = Config { keep: KEEP, limits, ..Config::default() };
        let telegram = Sandbox::start_with(([127, 0, 0, 1], 0).into(), config).await?;
        let store = folder.path().join("integrations.db");
        let mut all = vec![
            ("INTEGRATION_HTTP_LISTEN", "127.0.0.1:0".to_owned()),
            ("INTEGRATION_STORE", format!("sqlite://{}", store.display())),
            ("INTEGRATION_SECRET_ENCRYPTION_KEY", KEY.to_owned()),
            ("INTEGRATION_ADMIN_TOKEN", ADMIN_TOKEN.to_owned()),
            ("INTEGRATION_TELEGRAM_API_BASE_URL", telegram.base_url()),
            ("INTEGRATION_TELEGRAM_PACING", "off".to_owned()),
            // What was interrupted twice in a row waits so long, and twice as long after each further time.
            ("INTEGRATION_QUEUE_BASE_DELAY_SECONDS", "1".to_owned()),
            ("INTEGRATION_QUEUE_JITTER_SECONDS", "0".to_owned()),
            ("MAX_INTEGRATIONS_PER_ORGANIZATION", "0".to_owned()),
            ("MAX_INTEGRATION_DISPATCHES_PER_ORGANIZATION_PER_DAY", "0".to_owned()),
        ];
        all.extend_from_slice(settings);
        Ok(Self { server: server.clone(), settings: all, folder, telegram, age: Stopwatch::start() })
    }

    /// Starts a server process on the data that there are.
    pub(crate) fn spawn(&self) -> Result<Process> {
        self.spawn_as("all")
    }

    fn spawn_as(&self, role: &str) -> Result<Process> {
        let mut settings = self.settings.clone();
        settings.push(("INTEGRATION_ROLE", role.to_owned()));
        Process::spawn(&self.server, &settings, &self.folder.path().join("server.log"))
    }

    /// Starts a server process and waits until it takes requests.
    pub(crate) async fn start(&self) -> Result<(Process, Api)> {
        self.start_as("all").await
    }

    /// The same for one of several processes, which does one thing.
    pub(crate) async fn start_as(&self, role: &str) -> Result<(Process, Api)> {
        let mut process = self.spawn_as(role)?;
        let api = Api::new(process.ready().await?, ADMIN_TOKEN);
        Ok((process, api))
    }

    /// The folder of the store.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The receiver of messages.
    pub(crate) fn world(&self) -> &World {
        self.telegram.world()
    }

    /// What the receiver got so far.
    pub(crate) fn received(&self) -> Result<Copies> {
        let mut copies = Copies::new();
        for message in self.world().received(0) {
            let marker = Marker::find(&message.content.text);
            let marker = marker.with_context(|| format!("a message without a marker: {:?}", message.content.text))?;
            *copies.entry(Message { marker, chat: message.chat_id }).or_default() += 1;
        }
        Ok(copies)
    }

    /// Throws the data away if all is well, and else keeps them and says where.
    pub(crate) fn close(self, outcome: Result<Report>) -> Result<Report> {
        let duration = self.age.elapsed();
        match outcome {
            Ok(report) if report.faults.is_empty() => Ok(Report { duration, ..report }),
            Ok(report) => Ok(Report { duration, kept: Some(self.folder.keep()), ..report }),
            Err(error) => {
                let folder = self.folder.keep();
                Err(anyhow!("{error:#}; the server's data and log are kept in {}", folder.display()))
            }
        }
    }
}
