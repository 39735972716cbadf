//! What the queue refuses to start with, and that neither URL nor password shows anywhere.

use std::{error::Error, net::TcpListener};

use integrations_core::DispatchQueue as _;
use integrations_testkit::suite::block_on;
use queue_redis::{ConnectError, Fault, RedisConfig, RedisQueue};

use crate::{
    redis_server::{RedisServer, shared},
    world::{Entries, config, connect, fresh_name, ids, refusal, take, until},
};

/// Everything that an error may put into a log.
fn all_of(error: &dyn Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

#[test]
fn a_server_that_evicts_is_refused_with_or_without_a_limit() {
    block_on(async {
        let server = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]);
        assert!(matches!(refusal(&server, server.url()).await, ConnectError::Evicting));
        server.tell(&["CONFIG", "SET", "maxmemory", "100mb"]);
        server.tell(&["CONFIG", "SET", "maxmemory-policy", "volatile-ttl"]);
        assert!(matches!(refusal(&server, server.url()).await, ConnectError::Evicting));
        server.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        connect(&server, "name").await;
    });
}

#[test]
fn a_wrong_or_missing_password_is_said_and_not_shown() {
    block_on(async {
        let server = RedisServer::start(&[]);
        server.tell(&["ACL", "SETUSER", "mailer", "on", ">correct-horse", "~*", "&*", "+@all"]);
        server.tell(&["CONFIG", "SET", "requirepass", "battery-staple"]);
        let as_user = |user: &str, password: &str| format!("{}?user={user}&pass={password}", server.url());
        for url in [server.url(), as_user("mailer", "horse-correct"), as_user("default", "horse-correct")] {
            let error = refusal(&server, url).await;
            assert!(matches!(error, ConnectError::Unusable(Fault::Credentials)), "{error:?}");
            let text = all_of(&error);
            assert!(!["mailer", "horse", ".sock"].iter().any(|secret| text.contains(secret)), "{text}");
        }
        for url in [as_user("mailer", "correct-horse"), as_user("default", "battery-staple")] {
            let queue = RedisQueue::connect(RedisConfig { url: url.into(), ..config(&server, "q") }).await.unwrap();
            let text = format!("{queue:?}");
            assert!(!["mailer", "horse", "staple", ".sock"].iter().any(|secret| text.contains(secret)), "{text}");
        }
    });
}

#[test]
fn a_user_needs_the_listed_permissions_and_no_more() {
    block_on(async {
        let server = RedisServer::start(&[]);
        let permissions = "~{mail}:* &{mail}:* -@all +evalsha +script|load +info +subscribe +ping +time +publish \
                           +hget +hset +hdel +zadd +zrem +zscore +zrange +zrangebyscore +zrangebylex +zlexcount";
        let set_user: Vec<_> =
            ["ACL", "SETUSER", "worker", "on", ">secret"].into_iter().chain(permissions.split_whitespace()).collect();
        server.tell(&set_user);
        let url = format!("{}?user=worker&pass=secret", server.url());
        let mine = || RedisConfig { url: url.clone().into(), ..config(&server, "mail") };
        let queue = RedisQueue::connect(mine()).await.unwrap();
        let entry = Entries::new().many(1);
        queue.push(&entry).await.unwrap();
        assert_eq!(take(&queue, 1).await, [entry[0].dispatch]);

        let foreign = RedisQueue::connect(RedisConfig { name: "other".to_owned(), ..mine() }).await.unwrap_err();
        assert!(matches!(foreign, ConnectError::Unusable(Fault::Permission)), "{foreign:?}");
        // Without INFO it starts, and says in the log what it could not check.
        server.tell(&["ACL", "SETUSER", "worker", "-info"]);
        RedisQueue::connect(mine()).await.unwrap();
    });
}

#[test]
fn nobody_at_the_address_is_said_without_the_address() {
    block_on(async {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for scheme in ["redis", "rediss"] {
            let url = format!("{scheme}://mailer:correct-horse@127.0.0.1:{port}/0");
            let error = refusal(shared(), url).await;
            assert!(matches!(error, ConnectError::Unusable(Fault::Connection)), "{error:?}");
            let text = all_of(&error);
            assert!(!["mailer", "horse", "127.0.0.1"].iter().any(|secret| text.contains(secret)), "{text}");
        }
    });
}

#[test]
fn a_server_that_never_answers_is_left_after_two_seconds() {
    block_on(async {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        for scheme in ["redis", "rediss"] {
            let error = refusal(shared(), format!("{scheme}://{}", silent.local_addr().unwrap())).await;
            assert!(matches!(error, ConnectError::Unusable(Fault::Slow)), "{error:?}");
        }
    });
}

/// What a person must put right stops the start; what passes by itself does not.
#[test]
fn who_may_wait_starts_without_the_server() {
    block_on(async {
        let mut server = RedisServer::start(&[]);
        server.kill();
        let queue = RedisQueue::connect_sooner_or_later(config(&server, "q")).await.unwrap();
        assert!(!queue.is_connected());
        let entries = Entries::new().many(1);
        assert!(queue.push(&entries).await.is_err());
        server.restart(&[]);
        until("connected", async || queue.is_connected()).await;
        queue.push(&entries).await.unwrap();
        queue.pushed().await;
        assert_eq!(take(&queue, 1).await, ids(&entries));

        server.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
        let refused = RedisQueue::connect_sooner_or_later(config(&server, "q")).await.unwrap_err();
        assert!(matches!(refused, ConnectError::Evicting), "{refused:?}");
        server.tell(&["CONFIG", "SET", "requirepass", "battery-staple"]);
        let refused = RedisQueue::connect_sooner_or_later(config(&server, "q")).await.unwrap_err();
        assert!(matches!(refused, ConnectError::Unusable(Fault::Credentials)), "{refused:?}");
    });
}

#[test]
fn a_url_or_name_that_cannot_be_used_is_refused_and_not_shown() {
    block_on(async {
        for url in ["", "correct-horse", "http://:correct-horse@example.com", "redis://:correct-horse@host/database"] {
            let error = refusal(shared(), url.to_owned()).await;
            assert!(matches!(error, ConnectError::Url), "{error:?}");
            assert!(!all_of(&error).contains("horse"));
        }
        for name in ["", "a b", "a{b}", &"x".repeat(65)] {
            let error = RedisQueue::connect(config(shared(), name)).await.unwrap_err();
            assert!(matches!(error, ConnectError::Name), "{name:?}: {error:?}");
        }
        connect(shared(), &format!("{}:eu-west_1.mail", fresh_name())).await;
    });
}
