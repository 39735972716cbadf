//! A Redis server of the programs' own, on a Unix socket in a folder of its own, without persistence.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    process::{Child, Command},
    time::timeout,
};

use crate::poll;

/// How long it may take to start, or to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Redis server. Dropping it kills it.
pub struct Redis {
    folder: TempDir,
    process: Child,
}

impl Redis {
    /// Starts one and waits until it answers.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("verify-redis-").tempdir()?;
        let process = spawn(&folder)?;
        let redis = Self { folder, process };
        redis.ready().await?;
        Ok(redis)
    }

    /// Where servers find it.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Kills it, and all that it held is gone.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await.context("Redis cannot be killed")
    }

    /// Starts it again after that.
    pub async fn restart(&mut self) -> Result<()> {
        self.process = spawn(&self.folder)?;
        self.ready().await
    }

    /// Stops it from doing anything; what arrives meanwhile waits.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Tells it something, which it must accept.
    pub async fn tell(&self, command: &str) -> Result<()> {
        let answer = timeout(PATIENCE, self.ask(command)).await.context("Redis does not answer")??;
        ensure!(answer.starts_with('+'), "Redis refuses {command}: {answer}");
        Ok(())
    }

    /// The first line of its answer to an inline command (<https://redis.io/docs/latest/develop/reference/protocol-spec>).
    async fn ask(&self, command: &str) -> Result<String> {
        let mut stream = UnixStream::connect(self.socket()).await?;
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        Ok(line.trim_end().to_owned())
    }

    async fn ready(&self) -> Result<()> {
        let what = "Redis does not answer";
        poll::until(PATIENCE, what, async || Ok(self.ask("PING").await.ok().filter(|answer| answer == "+PONG")))
            .await
            .map(drop)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(kill_process(id.context("Redis is gone")?, signal)?)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

fn spawn(folder: &TempDir) -> Result<Child> {
    let path = folder.path();
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"]).arg(path);
    command.arg("--unixsocket").arg(path.join("redis.sock")).stdin(Stdio::null()).stdout(Stdio::null());
    command.kill_on_drop(true).spawn().context(
        "`redis-server` does not start; install it with `apt-get install redis-server`, `brew install redis` or your \
         system's own package manager",
    )
}
