//! Several processes on one queue: shares, clocks, and what becomes of the work of one that died.

use std::{sync::Arc, time::Duration};

use integrations_core::{Clock as _, DispatchQueue as _, Shares, later};
use integrations_testkit::{clock::ManualClock, suite::block_on};
use queue_redis::{RedisConfig, RedisQueue};

use crate::{
    redis_server::shared,
    world::{Entries, LONG, config, connect, finished, forget, fresh_name, ids, pass, set_back, take},
};

const TWO_HOURS: Duration = Duration::from_secs(7_200);

#[test]
fn shares_count_what_all_processes_have_in_flight() {
    block_on(async {
        let (name, shares) = (fresh_name(), Shares { lane: 3, organization: 3 });
        let process = || RedisQueue::connect(RedisConfig { shares, ..config(shared(), &name) });
        let (one, other) = (process().await.unwrap(), process().await.unwrap());
        let entries = Entries::new().many(5);
        one.push(&entries).await.unwrap();
        assert_eq!(take(&one, 2).await, ids(&entries[..2]));
        assert_eq!(take(&other, 2).await, ids(&entries[2..3]));
        forget(&one, &[entries[0].dispatch]).await;
        assert_eq!(take(&other, 2).await, ids(&entries[3..4]));
        assert!(take(&one, 2).await.is_empty());
    });
}

/// A process that is started with smaller shares waits until the others are below them.
#[test]
fn processes_may_have_different_shares_for_a_while() {
    block_on(async {
        let name = fresh_name();
        let old = connect(shared(), &name).await;
        let shares = Shares { lane: 1, organization: 10 };
        let new = RedisQueue::connect(RedisConfig { shares, ..config(shared(), &name) }).await.unwrap();
        let entries = Entries::new().many(4);
        old.push(&entries).await.unwrap();
        let taken = take(&old, 2).await;
        assert!(take(&new, 4).await.is_empty());
        forget(&old, &taken).await;
        assert_eq!(take(&new, 4).await, ids(&entries[2..3]));
        assert_eq!(take(&old, 4).await, ids(&entries[3..]));
    });
}

#[test]
fn the_work_of_a_process_that_died_is_taken_over_when_its_lease_ends() {
    block_on(async {
        let name = fresh_name();
        let (dead, heir) = (connect(shared(), &name).await, connect(shared(), &name).await);
        let entries = Entries::new().many(3);
        dead.push(&entries).await.unwrap();
        take(&dead, 3).await;
        drop(dead);
        assert!(take(&heir, 3).await.is_empty());
        pass(shared(), &name, LONG);
        assert_eq!(take(&heir, 3).await, ids(&entries));
    });
}

/// The end of a lease is on the server's clock. If that is set back, the lease does not get longer.
#[test]
fn a_server_whose_clock_is_set_back_holds_no_lease_longer() {
    block_on(async {
        let name = fresh_name();
        let queue = connect(shared(), &name).await;
        let entries = Entries::new().many(1);
        queue.push(&entries).await.unwrap();
        take(&queue, 1).await;
        set_back(shared(), &name, TWO_HOURS);
        assert!(take(&queue, 1).await.is_empty());
        pass(shared(), &name, LONG);
        assert_eq!(take(&queue, 1).await, ids(&entries));
    });
}

/// What was scheduled before the clock was set back is pushed again by a sweep, and is due in time.
#[test]
fn a_server_whose_clock_is_set_back_delays_nothing_beyond_the_next_sweep() {
    block_on(async {
        let name = fresh_name();
        let queue = connect(shared(), &name).await;
        let mut new = Entries::new();
        let mut entries = new.many(1);
        entries[0].due = later(new.clock.now(), Duration::from_secs(60));
        queue.push(&entries).await.unwrap();
        set_back(shared(), &name, TWO_HOURS);
        queue.push(&entries).await.unwrap();
        pass(shared(), &name, Duration::from_secs(60));
        assert_eq!(queue.reserve(1).await.unwrap().entries, entries);
    });
}

/// Due times are absolute in the port and relative on the wire, so that clocks need not agree.
#[test]
fn processes_whose_clocks_differ_by_hours_share_the_work() {
    block_on(async {
        let name = fresh_name();
        let clock = |ahead: Duration| {
            let clock = ManualClock::default();
            clock.advance(ahead);
            Arc::new(clock)
        };
        let (slow, fast) = (clock(Duration::ZERO), clock(TWO_HOURS));
        let process = |clock| RedisQueue::connect(RedisConfig { clock, ..config(shared(), &name) });
        let (of_slow, of_fast) = (process(slow.clone()).await.unwrap(), process(fast.clone()).await.unwrap());
        let (from_slow, from_fast) = (Entries::at(slow.clone()).many(1), Entries::at(fast.clone()).many(1));
        of_slow.push(&from_slow).await.unwrap();
        of_fast.push(&from_fast).await.unwrap();
        let mut given = of_slow.reserve(2).await.unwrap().entries;
        given.sort_by_key(|entry| entry.due);
        assert_eq!(given, [from_slow, from_fast.clone()].concat());

        let minute = Duration::from_secs(60);
        of_fast.finish(&finished(&ids(&from_fast), Some(later(fast.now(), minute)))).await.unwrap();
        let next_due = of_slow.reserve(1).await.unwrap().next_due.unwrap();
        let wait = next_due.duration_since(slow.now());
        assert!((59..=60).contains(&wait.as_secs()), "{wait:?}");
    });
}
