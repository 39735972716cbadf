//! A cluster: all keys have one slot, and the queue follows it.

use std::net::TcpListener;

use integrations_core::DispatchQueue as _;
use integrations_testkit::suite::block_on;
use queue_redis::{ConnectError, Fault, RedisConfig, RedisQueue};

use crate::{
    redis_server::RedisServer,
    world::{Entries, config, fault, ids, key, refusal, take, until},
};

const NAME: &str = "mail";

struct Node {
    server: RedisServer,
    port: String,
    id: String,
}

impl Node {
    fn start() -> Self {
        let port = free_port().to_string();
        let server = RedisServer::start(&["--port", &port, "--cluster-enabled", "yes"]);
        let id = server.ask(&["CLUSTER", "MYID"]);
        Self { server, port, id }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn own_all_slots(&self) {
        let slots: Vec<_> = (0..16_384).map(|slot| slot.to_string()).collect();
        let command: Vec<_> = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
        self.server.tell(&command);
    }

    fn is_ready(&self) -> bool {
        self.server.ask::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    }
}

/// Free, and so is the one 10,000 above, on which the nodes talk to each other.
fn free_port() -> u16 {
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = 20_000 + u16::try_from(std::process::id() % 5_000).unwrap();
    (first..first + 5_000).find(|port| is_free(*port) && is_free(port + 10_000)).unwrap()
}

#[test]
fn the_queue_is_found_wherever_its_slot_is() {
    block_on(async {
        let (one, other) = (Node::start(), Node::start());
        let error = refusal(&one.server, one.url()).await;
        assert!(matches!(error, ConnectError::Unusable(Fault::Cluster)), "{error:?}");

        other.own_all_slots();
        one.server.tell(&["CLUSTER", "MEET", "127.0.0.1", &other.port]);
        until("one cluster", async || one.is_ready() && other.is_ready()).await;
        let config = RedisConfig { url: one.url().into(), ..config(&one.server, NAME) };
        let queue = RedisQueue::connect(config).await.unwrap();
        let entries = Entries::new().many(2);
        queue.push(&entries).await.unwrap();
        queue.pushed().await;
        assert_eq!(take(&queue, 1).await, ids(&entries[..1]));

        // The slot moves to another node while the queue is used.
        let slot: u16 = one.server.ask(&["CLUSTER", "KEYSLOT", &key(NAME, "entries")]);
        other.server.tell(&["FLUSHALL"]);
        for node in [&one, &other] {
            node.server.tell(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &one.id]);
        }
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 2).await, ids(&entries));

        // A node alone with half a cluster serves nothing until the other is back.
        one.server.tell(&["CLUSTER", "DELSLOTS", &slot.to_string()]);
        until("incomplete", async || fault(queue.push(&entries).await) == Some(Fault::Cluster)).await;
        one.server.tell(&["CLUSTER", "ADDSLOTS", &slot.to_string()]);
        until("back", async || queue.push(&entries).await.is_ok()).await;
    });
}
