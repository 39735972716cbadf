//! The connection over which all calls go: opened when it is needed, thrown away after any fault.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, FromRedisValue, RedisError, RedisResult, ScriptInvocation,
    aio::MultiplexedConnection,
};
use tokio::sync::OnceCell;

use crate::Fault;

/// The longest that anybody waits for Redis.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);

/// How many nodes of a cluster one call visits.
const MAX_NODES: usize = 3;

pub(crate) struct Link {
    home: Client,
    node: Mutex<Arc<Node>>,
}

/// A server, and the connection to it once there is one.
struct Node {
    client: Client,
    connection: OnceCell<MultiplexedConnection>,
}

impl Link {
    pub(crate) fn new(home: Client) -> Self {
        Self { node: Mutex::new(Node::new(home.clone())), home }
    }

    /// Runs a script. All keys have one slot, so following `MOVED` is all that a cluster asks for.
    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Fault> {
        let mut node = self.node().clone();
        let answer = in_time(async {
            for _ in 1..MAX_NODES {
                match node.run(script).await {
                    Err(error) if let Some(owner) = node.owner(&error) => {
                        self.replace(&node, &owner);
                        node = owner;
                    }
                    answer => return answer,
                }
            }
            node.run(script).await
        })
        .await;
        if answer.is_err() {
            self.replace(&node, &Node::new(self.home.clone()));
        }
        answer
    }

    /// What the server says about itself.
    pub(crate) async fn info(&self) -> Result<String, Fault> {
        let node = self.node().clone();
        in_time(async { redis::cmd("INFO").query_async(&mut node.connection().await?).await }).await
    }

    fn node(&self) -> MutexGuard<'_, Arc<Node>> {
        self.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unless somebody else has done it, uses another node from now on.
    fn replace(&self, old: &Arc<Node>, new: &Arc<Node>) {
        let mut node = self.node();
        if Arc::ptr_eq(&node, old) {
            *node = new.clone();
        }
    }
}

impl Node {
    fn new(client: Client) -> Arc<Self> {
        Arc::new(Self { client, connection: OnceCell::new() })
    }

    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        // The deadlines are ours.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let open = || self.client.get_multiplexed_async_connection_with_config(&config);
        self.connection.get_or_try_init(open).await.cloned()
    }

    async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> RedisResult<T> {
        script.invoke_async(&mut self.connection().await?).await
    }

    /// Who has the keys, if this is what the server says.
    fn owner(&self, error: &RedisError) -> Option<Arc<Self>> {
        if error.code() != Some("MOVED") {
            return None;
        }
        let (host, port) = error.redirect_node()?.0.rsplit_once(':')?;
        let info = self.client.get_connection_info().clone();
        let addr = address(info.addr(), host, port.parse().ok()?)?;
        Client::open(info.set_addr(addr)).ok().map(Self::new)
    }
}

/// The address of another node, reached in the same way. An empty host is that of the node that answered.
fn address(from: &ConnectionAddr, host: &str, port: u16) -> Option<ConnectionAddr> {
    let host_or = |own: &String| if host.is_empty() { own.clone() } else { host.to_owned() };
    match from {
        ConnectionAddr::Tcp(own, _) => Some(ConnectionAddr::Tcp(host_or(own), port)),
        ConnectionAddr::TcpTls { host: own, insecure, tls_params, .. } => Some(ConnectionAddr::TcpTls {
            host: host_or(own),
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        }),
        _ => None,
    }
}

/// What comes of it before the deadline.
pub(crate) async fn in_time<T>(work: impl Future<Output = RedisResult<T>>) -> Result<T, Fault> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(result) => result.map_err(Fault::from),
        Err(_elapsed) => Err(Fault::Slow),
    }
}
