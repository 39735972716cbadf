//! Entries that somebody has damaged by hand are set aside, each alone.

use std::{collections::BTreeMap, time::Duration};

use integrations_core::{DispatchQueue as _, QueueEntry, Shares, later};
use integrations_testkit::suite::block_on;
use queue_redis::{RedisConfig, RedisQueue};

use crate::{
    redis_server::shared,
    world::{Entries, LONG, config, connect, finished, forget, fresh_name, ids, key, pass, take},
};

fn stored(name: &str, part: &str) -> BTreeMap<String, String> {
    shared().ask(&["HGETALL", &key(name, part)])
}

fn damage(name: &str, entry: &QueueEntry, text: &str) {
    shared().tell(&["HSET", &key(name, "entries"), &entry.dispatch.to_string(), text]);
}

/// What no process of ours writes, made from what one does write.
fn damages(text: &str) -> [String; 7] {
    [
        String::new(),
        "\u{0}{\"due\":".to_owned(),
        text.replace("org_", "grp_"),
        text.replace("org_0", "org_X"),
        text[..text.len() - 1].to_owned(),
        format!("{}x", &text[..text.len() - 1]),
        format!("{}99999999{}", &text[..36], &text[44..]),
    ]
}

#[test]
fn a_malformed_entry_is_set_aside_and_hinders_no_other() {
    block_on(async {
        let (name, mut new) = (fresh_name(), Entries::new());
        let queue = connect(shared(), &name).await;
        let mut entries = new.many(9);
        for entry in &mut entries {
            entry.due = later(new.clock.now(), Duration::from_secs(1));
        }
        queue.push(&entries).await.unwrap();
        let sound = stored(&name, "entries")[&entries[0].dispatch.to_string()].clone();
        let damages = damages(&sound);
        for (entry, damaged) in entries[1..8].iter().zip(&damages) {
            damage(&name, entry, damaged);
        }
        pass(shared(), &name, Duration::from_secs(1));
        assert_eq!(take(&queue, 10).await, [entries[0].dispatch, entries[8].dispatch]);
        let aside: Vec<_> =
            entries[1..8].iter().map(|entry| stored(&name, "aside")[&entry.dispatch.to_string()].clone()).collect();
        assert_eq!(aside, damages);
        assert_eq!(stored(&name, "entries").len(), 2);

        // A sweep brings them again, as they should be.
        for entry in &mut entries {
            entry.due = new.clock.now();
        }
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 10).await, ids(&entries[1..8]));
    });
}

#[test]
fn it_is_set_aside_while_it_waits_for_room_in_its_lane() {
    block_on(async {
        let name = fresh_name();
        let shares = Shares { lane: 1, organization: 10 };
        let queue = RedisQueue::connect(RedisConfig { shares, ..config(shared(), &name) }).await.unwrap();
        let entries = Entries::new().many(3);
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 10).await, ids(&entries[..1]));
        damage(&name, &entries[1], "?");
        forget(&queue, &ids(&entries[..1])).await;
        assert_eq!(take(&queue, 10).await, ids(&entries[2..]));
        assert_eq!(stored(&name, "aside").len(), 1);
    });
}

#[test]
fn it_is_set_aside_while_it_is_reserved_and_keeps_no_share() {
    block_on(async {
        let (name, new) = (fresh_name(), Entries::new());
        let shares = Shares { lane: 2, organization: 10 };
        let queue = RedisQueue::connect(RedisConfig { shares, ..config(shared(), &name) }).await.unwrap();
        let entries = Entries::new().many(4);
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 10).await, ids(&entries[..2]));
        damage(&name, &entries[0], "?");
        damage(&name, &entries[1], "?");
        queue.finish(&finished(&ids(&entries[..1]), Some(new.clock.now()))).await.unwrap();
        assert_eq!(stored(&name, "aside").len(), 1);
        // Its lease is all that is left of it; to push it again changes nothing as long as that lasts.
        queue.push(&entries[..1]).await.unwrap();
        assert!(take(&queue, 10).await.is_empty());
        pass(shared(), &name, LONG);
        assert_eq!(take(&queue, 10).await, ids(&entries[2..]));
        assert_eq!(stored(&name, "aside").len(), 2);
    });
}

/// Members of the sets that have no entry are dropped, even such as stand before all others and begin like all others.
#[test]
fn strays_are_dropped() {
    block_on(async {
        let name = fresh_name();
        let shares = Shares { lane: 1, organization: 1 };
        let queue = RedisQueue::connect(RedisConfig { shares, ..config(shared(), &name) }).await.unwrap();
        let mut new = Entries::new();
        let mut entries: Vec<_> = (0..4).map(|_| new.due(new.organization(), "a")).collect();
        entries.sort_by_key(|entry| entry.organization);
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 1).await, ids(&entries[..1]));
        for set in ["scheduled", "ready", "reserved", "leases"] {
            for stray in ["", "?", "org_", &"x".repeat(300)] {
                shared().tell(&["ZADD", &key(&name, set), "0", stray]);
            }
        }
        shared().tell(&["HDEL", &key(&name, "entries"), &entries[2].dispatch.to_string()]);
        assert_eq!(take(&queue, 10).await, [entries[1].dispatch, entries[3].dispatch]);
        for set in ["scheduled", "ready"] {
            let left: usize = shared().ask(&["ZCARD", &key(&name, set)]);
            assert_eq!(left, 0, "{set}");
        }
        forget(&queue, &ids(&entries)).await;
        queue.push(&entries).await.unwrap();
        assert_eq!(take(&queue, 10).await.len(), entries.len());
    });
}
