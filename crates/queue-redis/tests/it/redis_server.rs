//! A Redis server of the tests' own, on a Unix socket in a directory of its own, without persistence.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::Duration,
};

use redis::FromRedisValue;

/// Ends the server and removes its files when the pipe closes: when the test is done, however it ends.
const KEEPER: &str = r#"
    dir=$1; shift
    redis-server "$@" > "$dir/log" 2>&1 &
    server=$!; echo $server
    cat > /dev/null
    kill -KILL $server 2> /dev/null; wait; rm -rf "$dir"
"#;

pub(crate) struct RedisServer {
    dir: PathBuf,
    args: Vec<String>,
    keepers: Vec<Child>,
    pid: String,
}

/// The server that tests share which do it no harm.
pub(crate) fn shared() -> &'static RedisServer {
    static SHARED: LazyLock<RedisServer> = LazyLock::new(|| RedisServer::start(&[]));
    &SHARED
}

impl RedisServer {
    /// Starts a server with these options and waits until it answers.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut server = Self {
            dir: tempfile::tempdir().unwrap().keep(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            keepers: Vec::new(),
            pid: String::new(),
        };
        server.run();
        server.wait();
        server
    }

    /// Starts the server again, after [`RedisServer::kill`], with these options in addition.
    pub(crate) fn restart(&mut self, args: &[&str]) {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self.run();
    }

    fn run(&mut self) {
        assert!(
            Command::new("redis-server").arg("--version").output().is_ok(),
            "the tests need `redis-server`: `apt-get install redis-server`, `brew install redis`, or as your system does"
        );
        let dir = self.dir.to_str().unwrap();
        let common =
            ["--save", "", "--appendonly", "no", "--dir", dir, "--unixsocket", &self.socket()].map(str::to_owned);
        let port = (!self.args.iter().any(|arg| arg == "--port")).then_some(["--port", "0"]);
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", dir])
            .args(common)
            .args(port.into_iter().flatten())
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        self.pid.clear();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut self.pid).unwrap();
        self.keepers.push(keeper);
    }

    /// Waits until it answers, even if with a refusal.
    fn wait(&self) {
        for _ in 0..1_000 {
            if redis::Client::open(self.url()).unwrap().get_connection().is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not answer: {}", std::fs::read_to_string(self.dir.join("log")).unwrap());
    }

    pub(crate) fn kill(&self) {
        self.signal("KILL");
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

    pub(crate) fn socket(&self) -> String {
        self.dir.join("redis.sock").to_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket())
    }

    /// Asks the server something on a connection of its own.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        redis::cmd(command[0]).arg(&command[1..]).query(&mut connection).unwrap()
    }

    /// Tells the server something.
    pub(crate) fn tell(&self, command: &[&str]) {
        self.ask::<redis::Value>(command);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        for keeper in &mut self.keepers {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}
