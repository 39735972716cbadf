//! Redis fails in every way it can, and the queue needs no restart.

use futures_util::future::join_all;
use integrations_core::DispatchQueue as _;
use integrations_testkit::suite::block_on;
use queue_redis::{Fault, RedisQueue};

use crate::{
    redis_server::RedisServer,
    world::{Entries, connect, fault, forget, ids, take, until},
};

/// It takes an entry, wakes up for it, and gives it.
async fn assert_works(queue: &RedisQueue) {
    let entries = Entries::new().many(1);
    until("pushing", async || queue.push(&entries).await.is_ok()).await;
    queue.pushed().await;
    assert!(take(queue, 10).await.contains(&entries[0].dispatch));
}

#[test]
fn killed_and_started_again() {
    block_on(async {
        let mut server = RedisServer::start(&[]);
        let (queue, other) = (connect(&server, "q").await, connect(&server, "q").await);
        let entries = Entries::new().many(2);
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 1).await, ids(&entries[..1]));
        server.kill();
        // A push that the machine holds up for a blink says that Redis is slow, and not yet that it is gone.
        until("gone", async || fault(queue.push(&entries).await) == Some(Fault::Connection)).await;
        server.restart(&[]);
        assert_works(&queue).await;
        assert_works(&other).await;
        // It is empty now; a sweep brings what is due, and a late worker does no harm.
        forget(&queue, &[entries[0].dispatch]).await;
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&other, 10).await, ids(&entries));
    });
}

/// A call that stands in line while the server is stopped is carried out afterwards, when nobody waits for it.
#[test]
fn stopped_and_continued() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        let mut new = Entries::new();
        let (before, meanwhile) = (new.many(1), new.many(1));
        queue.push(&before).await.unwrap();
        server.pause();
        let (reserved, pushed) = tokio::join!(queue.reserve(10), queue.push(&meanwhile));
        assert_eq!(fault(reserved.map(|_| ())), Some(Fault::Slow));
        assert_eq!(fault(pushed), Some(Fault::Slow));
        server.resume();
        // Had that reservation been carried out, nobody would see the first entry before its lease ends.
        let mut given = Vec::new();
        until("both are given", async || {
            given.extend(queue.reserve(10).await.into_iter().flat_map(|reservation| ids(&reservation.entries)));
            given.len() == 2
        })
        .await;
        assert_works(&queue).await;
    });
}

#[test]
fn flushed_at_any_moment() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        let entries = Entries::new().many(3);
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 2).await, ids(&entries[..2]));
        server.tell(&["FLUSHALL"]);
        forget(&queue, &ids(&entries[..1])).await;
        assert!(take(&queue, 10).await.is_empty());
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 10).await, ids(&entries));
        forget(&queue, &ids(&entries)).await;
        assert!(take(&queue, 10).await.is_empty());
    });
}

#[test]
fn scripts_forgotten() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        for _ in 0..2 {
            server.tell(&["SCRIPT", "FLUSH"]);
            let entries = Entries::new().many(1);
            queue.push(&entries).await.unwrap();
            server.tell(&["SCRIPT", "FLUSH"]);
            assert_eq!(take(&queue, 1).await, ids(&entries));
            server.tell(&["SCRIPT", "FLUSH"]);
            forget(&queue, &ids(&entries)).await;
        }
    });
}

#[test]
fn connections_cut() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        for kind in ["normal", "pubsub"] {
            server.tell(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]);
            assert_works(&queue).await;
        }
    });
}

/// Pushing and finishing may be done twice, so they do not fail because of a connection that was cut.
#[test]
fn connections_cut_are_not_noticed() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        let entries = Entries::new().many(1);
        let cut = || server.tell(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        cut();
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 1).await, ids(&entries));
        cut();
        forget(&queue, &ids(&entries)).await;
    });
}

/// A sender is not kept waiting as long as a worker is.
#[test]
fn a_push_waits_less_for_a_server_that_hangs() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        let entries = Entries::new().many(1);
        server.pause();
        tokio::select! {
            biased;
            _ = queue.reserve(1) => panic!("the push took as long as a reservation"),
            pushed = queue.push(&entries) => assert_eq!(fault(pushed), Some(Fault::Slow)),
        }
        server.resume();
        assert_works(&queue).await;
    });
}

/// What many ask for at once is one call.
#[test]
fn calls_that_wait_are_merged() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        let entries = Entries::new().many(100);
        server.tell(&["CONFIG", "RESETSTAT"]);
        // The first call lasts until the server goes on, so that the others must wait. Nobody hears of their end.
        server.pause();
        join_all(entries.iter().map(|entry| queue.push(std::slice::from_ref(entry)))).await;
        server.resume();
        let mut given = Vec::new();
        until("all are given", async || {
            given.extend(take(&queue, 100).await);
            given.len() == entries.len()
        })
        .await;
        let stats: String = server.ask(&["INFO", "commandstats"]);
        let announced = stats.lines().find_map(|line| line.strip_prefix("cmdstat_publish:calls=")?.split(',').next());
        let announced: u32 = announced.unwrap().parse().unwrap();
        assert!(announced <= 2, "{announced} calls");
    });
}

/// What is full refuses more, and can still be emptied.
#[test]
fn out_of_memory() {
    block_on(async {
        let server = RedisServer::start(&["--maxmemory", "4mb"]);
        let queue = connect(&server, "q").await;
        let mut new = Entries::new();
        let mut pushed = 0;
        let refusal = loop {
            match fault(queue.push(&new.many(100)).await) {
                None => pushed += 100,
                Some(fault) => break fault,
            }
        };
        assert_eq!(refusal, Fault::OutOfMemory);
        let mut given = 0;
        while given < pushed {
            let taken = take(&queue, 64).await;
            assert!(!taken.is_empty(), "{given} of {pushed}");
            forget(&queue, &taken).await;
            given += taken.len();
        }
        assert_eq!(given, pushed);
        assert_works(&queue).await;
    });
}

#[test]
fn turned_into_a_replica_and_back() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let queue = connect(&server, "q").await;
        server.tell(&["REPLICAOF", "127.0.0.1", "1"]);
        until("a replica", async || fault(queue.push(&Entries::new().many(1)).await) == Some(Fault::ReadOnly)).await;
        server.tell(&["REPLICAOF", "NO", "ONE"]);
        assert_works(&queue).await;
    });
}

#[test]
fn loading_its_data() {
    block_on(async {
        let mut server = RedisServer::start(&["--rdbcompression", "no"]);
        let queue = connect(&server, "q").await;
        let fill = "for i = 1, 100 do redis.call('SET', 'other:' .. i, ('x'):rep(2000)) end";
        server.tell(&["EVAL", fill, "0"]);
        server.tell(&["SAVE"]);
        server.kill();
        server.restart(&["--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024"]);
        until("loading", async || fault(queue.push(&Entries::new().many(1)).await) == Some(Fault::Loading)).await;
        assert_works(&queue).await;
    });
}
