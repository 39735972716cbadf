//! A Synapse of the test's own: an empty homeserver on loopback with one account. Ends when dropped.

use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

/// How long it may take to listen, in steps of [`STEP`]: a minute or two on a busy machine.
const STEPS: u32 = 1_200;
const STEP: Duration = Duration::from_millis(100);

pub(crate) const NAME: &str = "mail";
pub(crate) const PASSWORD: &str = "a password of the test";

pub(crate) struct Synapse {
    process: Child,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

/// Where `cargo xtask test` puts the programs of Synapse; nothing where it could not.
fn programs() -> Option<PathBuf> {
    let installed = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/synapse"));
    installed.join("complete").exists().then(|| installed.join("bin"))
}

impl Synapse {
    /// Starts it, if it is installed.
    pub(crate) fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        std::fs::write(folder.path().join("homeserver.yaml"), configuration(port)).unwrap();
        let process = Command::new(programs.join("python"))
            .args(["-m", "synapse.app.homeserver", "-c", "homeserver.yaml"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut synapse = Self { process, port, folder };
        synapse.wait();
        let registered = Command::new(programs.join("register_new_matrix_user"))
            .args(["--user", NAME, "--password", PASSWORD, "--no-admin", "--shared-secret", "shared"])
            .arg(format!("http://127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .status();
        assert!(registered.unwrap().success(), "the account is not registered");
        Some(synapse)
    }

    fn wait(&mut self) {
        for _ in 0..STEPS {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                panic!("Synapse ended by itself ({status}): {log}");
            }
            sleep(STEP);
        }
        panic!("Synapse does not listen");
    }
}

impl Drop for Synapse {
    fn drop(&mut self) {
        // It may be over already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Clients on loopback, all limits as they are by default, no other servers.
fn configuration(port: u16) -> String {
    format!(
        r#"
server_name: localhost
report_stats: false
signing_key: "ed25519 a_test MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
registration_shared_secret: shared
trusted_key_servers: []
media_store_path: media
pid_file: homeserver.pid
database: {{ name: sqlite3, args: {{ database: homeserver.db }} }}
listeners:
  - {{ port: {port}, type: http, tls: false, bind_addresses: ["127.0.0.1"], resources: [{{ names: [client] }}] }}
"#
    )
}
