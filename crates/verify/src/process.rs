//! A server process: started, ready, killed, stopped.

use std::{fs::OpenOptions, net::SocketAddr, path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::{Server, clock::Stopwatch};

/// How long a server may take until it is ready.
const START: Duration = Duration::from_secs(30);

/// A server process. Dropping it kills it.
pub struct Process {
    child: Child,
    // Kept open: a server whose output nobody takes would stumble over that.
    stdout: Lines<BufReader<ChildStdout>>,
    age: Stopwatch,
}

impl Process {
    /// Starts `serve` with nothing in its environment but what is given. What it logs is appended to a file.
    pub fn spawn(server: &Server, environment: &[(&str, String)], log: &Path) -> Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let environment = environment.iter().map(|(name, value)| (*name, value.as_str()));
        let mut command = Command::new(&server.program);
        command.args(&server.arguments).arg("serve").env_clear().envs(environment).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().with_context(|| format!("{} does not start", server.program.display()))?;
        let stdout = child.stdout.take().context("the server has no standard output")?;
        Ok(Self { child, stdout: BufReader::new(stdout).lines(), age: Stopwatch::start() })
    }

    /// Waits until it is ready, and says where it listens.
    pub async fn ready(&mut self) -> Result<SocketAddr> {
        let line = timeout(START, self.stdout.next_line()).await.context("the server does not get ready")??;
        let Some(line) = line else {
            bail!("the server ended before it was ready: {}; its log says why", self.child.wait().await?);
        };
        let address = line.strip_prefix("listening on http://").and_then(|address| address.parse().ok());
        address.with_context(|| format!("the server says {line:?} and not where it listens"))
    }

    /// Its number in the system, while it lives.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// How long ago it was started.
    pub fn age(&self) -> Duration {
        self.age.elapsed()
    }

    /// Kills it, and returns once it is gone.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("the server cannot be killed")
    }

    /// Tells it to stop, and returns how long that took. It must end well, within `limit`.
    pub async fn stop(mut self, limit: Duration) -> Result<Duration> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let watch = Stopwatch::start();
        kill_process(id.context("the server is gone already")?, Signal::TERM)?;
        let status = timeout(limit, self.child.wait()).await;
        let status = status.with_context(|| format!("the server does not stop within {} s", limit.as_secs()))??;
        ensure!(status.success(), "the server was told to stop and ended with {status}");
        Ok(watch.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that is a few lines of shell.
    fn server(folder: &Path, lines: &str) -> Process {
        let shell = Server::new("/bin/sh").argument("-c").argument(lines);
        Process::spawn(&shell, &[], &folder.join("log")).unwrap()
    }

    #[tokio::test]
    async fn a_ready_server_says_where_and_dies_when_killed() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = server(folder.path(), "echo oops >&2; echo listening on http://127.0.0.1:7; exec sleep 600");
        assert_eq!(process.ready().await.unwrap(), "127.0.0.1:7".parse().unwrap());
        process.kill().await.unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("log")).unwrap(), "oops\n");
    }

    #[tokio::test]
    async fn a_server_that_ends_early_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let error = server(folder.path(), "exit 3").ready().await.unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        let error = server(folder.path(), "echo hello; exec sleep 600").ready().await.unwrap_err();
        assert!(error.to_string().contains("\"hello\""), "{error}");
    }

    #[tokio::test]
    async fn a_stop_must_end_well_and_in_time() {
        let folder = tempfile::tempdir().unwrap();
        for (on_term, is_fine) in [("exit 0", true), ("exit 1", false), (":", false)] {
            let lines = format!("trap '{on_term}' TERM; echo listening on http://127.0.0.1:7; while :; do :; done");
            let mut process = server(folder.path(), &lines);
            process.ready().await.unwrap();
            assert_eq!(process.stop(Duration::from_secs(2)).await.is_ok(), is_fine, "{on_term}");
        }
    }
}
