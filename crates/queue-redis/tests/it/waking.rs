//! A push wakes idle workers, even where connections are not what they seem.

use std::{net::SocketAddr, time::Duration};

use integrations_core::DispatchQueue as _;
use integrations_testkit::suite::block_on;
use queue_redis::{Fault, RedisConfig, RedisQueue};
use tokio::{
    net::{TcpListener, UnixStream},
    sync::watch,
    time::timeout,
};

use crate::{
    redis_server::{RedisServer, shared},
    world::{Entries, config, connect, fault, fresh_name, ids, take, until},
};

#[test]
fn a_push_wakes_all_idle_workers_of_all_processes() {
    block_on(async {
        let name = fresh_name();
        let (one, other) = (connect(shared(), &name).await, connect(shared(), &name).await);
        let pusher = connect(shared(), &name).await;
        let pushed = async { pusher.push(&Entries::new().many(1)).await.unwrap() };
        tokio::join!(one.pushed(), one.pushed(), other.pushed(), other.pushed(), pushed);
    });
}

/// The network forgets connections without a word to either side.
#[test]
fn frozen_connections_are_found_out() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let proxy = Proxy::start(server.socket()).await;
        let url = format!("redis://{}", proxy.address).into();
        let queue = RedisQueue::connect(RedisConfig { url, ..config(&server, "q") }).await.unwrap();
        let other = connect(&server, "q").await;
        proxy.freeze();
        let mut new = Entries::new();
        assert_eq!(fault(queue.push(&new.many(1)).await), Some(Fault::Slow));
        // Calls go over a new connection; the one that listens is tested when it has been silent for a while.
        until("a new connection", async || queue.reserve(10).await.is_ok()).await;
        let entries = new.many(1);
        other.push(&entries).await.unwrap();
        queue.pushed().await;
        assert_eq!(take(&queue, 10).await, ids(&entries));
    });
}

/// Who cannot listen hears itself.
#[test]
fn a_process_that_cannot_listen_is_woken_by_its_own_pushes() {
    block_on(async {
        let server = RedisServer::start(&[]);
        server.tell(&["ACL", "SETUSER", "worker", "on", ">secret", "~*", "&*", "+@all"]);
        let url = format!("{}?user=worker&pass=secret", server.url()).into();
        let queue = RedisQueue::connect(RedisConfig { url, ..config(&server, "q") }).await.unwrap();
        server.tell(&["ACL", "SETUSER", "worker", "-subscribe"]);
        server.tell(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        let mut new = Entries::new();
        until("woken", async || {
            take(&queue, 10).await;
            queue.push(&new.many(1)).await.unwrap();
            timeout(Duration::from_millis(100), queue.pushed()).await.is_ok()
        })
        .await;
        assert_eq!(take(&queue, 10).await.len(), 1);
    });
}

/// Passes on everything over TCP, until it freezes the connections that it has.
struct Proxy {
    address: SocketAddr,
    freeze: watch::Sender<()>,
}

impl Proxy {
    async fn start(socket: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, freeze) = (listener.local_addr().unwrap(), watch::Sender::new(()));
        let frozen = freeze.subscribe();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut frozen, socket) = (frozen.clone(), socket.clone());
                tokio::spawn(async move {
                    let mut server = UnixStream::connect(socket).await.unwrap();
                    frozen.mark_unchanged();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        _ = frozen.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { address, freeze }
    }

    fn freeze(&self) {
        self.freeze.send_replace(());
    }
}
