//! No script works for long, however much there is.

use std::time::Duration;

use integrations_core::{Clock as _, DispatchQueue as _, QueueEntry, Shares, later};
use integrations_testkit::suite::block_on;
use jiff::Timestamp;
use queue_redis::{RedisConfig, RedisQueue};

use crate::{
    redis_server::RedisServer,
    world::{Entries, LONG, clock, config, forget, ids, pass, take},
};

const HOUR: Duration = Duration::from_secs(3_600);

/// How many commands the server has carried out, those of scripts included.
fn commands(server: &RedisServer) -> u64 {
    let stats: String = server.ask(&["INFO", "commandstats"]);
    let calls = stats.lines().filter_map(|line| line.split_once("calls=")?.1.split(',').next());
    calls.map(|calls| calls.parse::<u64>().unwrap()).sum()
}

/// One entry each of many organizations.
fn entries(count: usize, due: Timestamp) -> Vec<QueueEntry> {
    let mut new = Entries::new();
    (0..count).map(|_| QueueEntry { due, ..new.due(new.organization(), "a") }).collect()
}

/// A queue in which every organization may have one in flight.
async fn connect(server: &RedisServer) -> RedisQueue {
    let shares = Shares { lane: 1, organization: 1 };
    RedisQueue::connect(RedisConfig { shares, ..config(server, "q") }).await.unwrap()
}

#[test]
fn a_reservation_moves_a_bounded_number_and_says_that_there_is_more() {
    block_on(async {
        let (server, clock) = (RedisServer::start(&[]), clock());
        let queue = connect(&server).await;
        let all = entries(2_000, later(clock.now(), HOUR));
        queue.push(&all).await.unwrap();
        pass(&server, "q", HOUR);
        let mut given = Vec::new();
        while given.len() < all.len() {
            let before = commands(&server);
            let reservation = queue.reserve(10_000).await.unwrap();
            assert!(commands(&server) - before < 5_000);
            assert_eq!(reservation.entries.len(), 200);
            given.extend(ids(&reservation.entries));
            assert!(given.len() == all.len() || reservation.next_due.unwrap() <= clock.now());
        }
        // Their leases end all at once.
        pass(&server, "q", LONG);
        let before = commands(&server);
        assert_eq!(take(&queue, 10_000).await.len(), 200);
        assert!(commands(&server) - before < 5_000);
    });
}

/// Organizations that have their share are passed over; that so many have is no reason to search for long, nor to
/// overlook the one that has not.
#[test]
fn a_search_for_room_is_bounded_and_goes_on_where_it_stopped() {
    block_on(async {
        let (server, clock) = (RedisServer::start(&[]), clock());
        let queue = connect(&server).await;
        let first = entries(1_500, clock.now());
        queue.push(&first).await.unwrap();
        let mut last = None;
        while let Some(entry) = queue.reserve(200).await.unwrap().entries.pop() {
            last = Some(entry);
        }
        let mut new = Entries::new();
        let next: Vec<_> = first.iter().map(|entry| new.due(entry.organization, "a")).collect();
        queue.push(&next).await.unwrap();
        // The one with room had the last turn, so all others come before it.
        let last = last.unwrap();
        forget(&queue, &[last.dispatch]).await;
        let before = commands(&server);
        let reservation = queue.reserve(64).await.unwrap();
        assert!(commands(&server) - before < 5_000);
        assert!(reservation.entries.is_empty());
        assert!(reservation.next_due.unwrap() <= later(clock.now(), Duration::from_secs(1)));
        let given = queue.reserve(64).await.unwrap().entries;
        assert_eq!(given.iter().map(|entry| entry.organization).collect::<Vec<_>>(), [last.organization]);
    });
}
