//! A Redis server of the tests' own, on a socket in a folder of its own, behind a password.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

pub(crate) const PASSWORD: &str = "correct-horse-battery-staple";

/// Ends the server when the pipe closes: when the test is done, however it ends.
const KEEPER: &str = r#"
    redis-server "$@" > /dev/null 2>&1 &
    server=$!; echo $server
    cat > /dev/null
    kill -KILL $server 2> /dev/null; wait
"#;

pub(crate) struct RedisServer {
    folder: tempfile::TempDir,
    keeper: Option<Child>,
    pid: String,
}

impl RedisServer {
    /// A server that does not run yet.
    pub(crate) fn stopped() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), keeper: None, pid: String::new() }
    }

    /// A server that answers.
    pub(crate) fn started() -> Self {
        let mut server = Self::stopped();
        server.start();
        server
    }

    pub(crate) fn start(&mut self) {
        let folder = self.folder.path().to_str().unwrap();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", "--port", "0", "--save", "", "--appendonly", "no", "--dir", folder])
            .args(["--unixsocket", &self.socket(), "--requirepass", PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut self.pid).unwrap();
        self.keeper = Some(keeper);
        for _ in 0..1_000 {
            if UnixStream::connect(self.socket()).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the tests need `redis-server`: `apt-get install redis-server`, or as your system does");
    }

    /// Carries out a command without arguments that hold spaces.
    pub(crate) fn tell(&self, command: &str) -> String {
        let mut connection = BufReader::new(UnixStream::connect(self.socket()).unwrap());
        let mut answer = String::new();
        for line in [&format!("AUTH {PASSWORD}"), command] {
            answer.clear();
            connection.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
            connection.read_line(&mut answer).unwrap();
        }
        assert!(!answer.starts_with('-'), "{answer}");
        answer
    }

    /// Stops it from doing anything; what arrives meanwhile waits.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args(["-s", signal, self.pid.trim()]).status().unwrap().success());
    }

    pub(crate) fn url(&self) -> String {
        self.url_with(PASSWORD)
    }

    pub(crate) fn url_with(&self, password: &str) -> String {
        format!("redis+unix://{}?user=default&pass={password}", self.socket())
    }

    fn socket(&self) -> String {
        self.folder.path().join("redis.sock").to_str().unwrap().to_owned()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}
