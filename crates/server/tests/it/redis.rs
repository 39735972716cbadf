//! Several processes on one store and one Redis: what comes and goes, and what breaks.

use std::time::Duration;

use integrations_testkit::suite::block_on;
use serde_json::json;
use telegram_sandbox::Sandbox;

use crate::{
    program::{run, stderr, stdout},
    redis_server::{PASSWORD, RedisServer},
    running::{CHAT, Client, Server, Settings, sandbox},
};

const QUEUE: &str = "INTEGRATION_DISPATCH_QUEUE";
const ROLE: &str = "INTEGRATION_ROLE";

/// A store, a Redis and a chat, for as many processes as a test wants.
struct Installation {
    settings: Settings,
    redis: RedisServer,
    sandbox: Sandbox,
    token: String,
}

impl Installation {
    async fn new(redis: RedisServer) -> Self {
        let (sandbox, token) = sandbox().await;
        Self { settings: Settings::new(&sandbox).with(QUEUE, &redis.url()), redis, sandbox, token }
    }

    fn start(&self, role: &str) -> Server {
        Server::with(self.settings.clone().with(ROLE, role))
    }

    /// A client whose one address subscribes the one chat.
    async fn inbox(&self, api: &Server) -> Inbox {
        let client = Client::with_organization(api).await;
        let integration = client.connect(&self.token).await;
        let address = client.address("inbox", &integration).await;
        Inbox { client, address }
    }

    /// Waits until there are so many messages, and shows that each came once.
    async fn delivered_once(&self, count: usize) {
        let messages = self.sandbox.world().wait_for_messages(CHAT, count as u64).await;
        let mut subjects: Vec<_> = messages.iter().map(|message| message.content.text.clone()).collect();
        subjects.sort();
        subjects.dedup();
        assert_eq!((subjects.len(), messages.len()), (count, count));
    }
}

struct Inbox {
    client: Client,
    address: String,
}

impl Inbox {
    async fn publish(&self, number: usize) {
        let event = json!({ "type": "email.received", "address": self.address, "from": "a@b.example", "subject": format!("number {number}") });
        let accepted = self.client.post("/v1/events", &event).await;
        assert_eq!(accepted["dispatchCount"], 1, "{accepted}");
    }
}

#[test]
fn processes_share_the_work_and_come_and_go() {
    block_on(async {
        let installation = Installation::new(RedisServer::started()).await;
        let api = installation.start("api");
        let inbox = installation.inbox(&api).await;
        // With nobody at work it is accepted and waits.
        inbox.publish(0).await;
        let (one, two) = (installation.start("worker"), installation.start("worker"));
        installation.delivered_once(1).await;
        let all = futures_util::future::join_all((1..200).map(|number| inbox.publish(number)));
        all.await;
        installation.delivered_once(200).await;

        // Either of them will do.
        let printed_by_one = one.stop();
        for number in 200..210 {
            inbox.publish(number).await;
        }
        installation.delivered_once(210).await;
        let three = installation.start("worker");
        let printed_by_two = two.stop();
        for number in 210..220 {
            inbox.publish(number).await;
        }
        installation.delivered_once(220).await;

        let printed = [printed_by_one, printed_by_two, three.stop(), api.stop()].concat();
        assert!(!printed.contains(" WARN ") && !printed.contains("ERROR"), "{printed}");
    });
}

/// Promise 2, with a whole server: what the queue loses, the store still has.
#[test]
fn what_redis_forgets_comes_back() {
    block_on(async {
        let installation = Installation::new(RedisServer::started()).await;
        let (api, worker) = (installation.start("api"), installation.start("worker"));
        let inbox = installation.inbox(&api).await;
        inbox.publish(0).await;
        // Then it is idle, and is not stopped while it writes.
        inbox.client.newest_in(&["delivered"]).await;
        worker.signal("STOP");
        for number in 1..=20 {
            inbox.publish(number).await;
        }
        installation.redis.tell("FLUSHALL");
        worker.signal("CONT");
        installation.delivered_once(21).await;
    });
}

/// A Redis that does not answer keeps nobody waiting: were each mail to wait for it as long as a worker does, they would
/// take 80 seconds.
#[test]
fn a_redis_that_hangs_keeps_no_mail_out() {
    block_on(async {
        let installation = Installation::new(RedisServer::started()).await;
        let (api, _worker) = (installation.start("api"), installation.start("worker"));
        let inbox = installation.inbox(&api).await;
        inbox.publish(0).await;
        installation.delivered_once(1).await;
        installation.redis.pause();
        for number in 1..=40 {
            inbox.publish(number).await;
        }
        installation.redis.resume();
        installation.delivered_once(41).await;
    });
}

#[test]
fn a_server_starts_without_its_redis_and_delivers_when_it_is_there() {
    block_on(async {
        let mut installation = Installation::new(RedisServer::stopped()).await;
        let server = installation.start("all");
        let inbox = installation.inbox(&server).await;
        inbox.publish(0).await;
        installation.redis.start();
        installation.delivered_once(1).await;
        let printed = server.stop();
        assert!(printed.contains("Redis cannot be used now; trying again until it can"), "{printed}");
    });
}

#[test]
fn a_worker_needs_no_admin_token_and_answers_about_itself_alone() {
    block_on(async {
        let installation = Installation::new(RedisServer::started()).await;
        let settings = installation.settings.clone().with(ROLE, "worker").with("INTEGRATION_ADMIN_TOKEN", "");
        let worker = Server::with(settings);
        let client = Client::of(&worker);
        for (path, status) in [("/livez", 200), ("/openapi.json", 200), ("/v1/organizations", 404)] {
            assert_eq!(client.call("GET", path, &json!({})).await.0, status, "{path}");
        }
    });
}

/// A service manager sees that a worker gets nothing to do.
#[test]
fn a_worker_is_ready_when_it_reaches_its_redis() {
    block_on(async {
        let mut installation = Installation::new(RedisServer::stopped()).await;
        let worker = installation.start("worker");
        let client = Client::of(&worker);
        let (status, problem) = client.call("GET", "/readyz", &json!({})).await;
        assert_eq!((status, &problem["code"]), (503, &json!("queue_unavailable")));
        assert_eq!(client.call("GET", "/livez", &json!({})).await.0, 200);
        installation.redis.start();
        for _ in 0..1_000 {
            if client.call("GET", "/readyz", &json!({})).await.0 == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("still not ready");
    });
}

/// The embedded queue would take the attempts of the others for abandoned.
#[test]
fn a_store_has_one_server_with_the_embedded_queue_or_several_without() {
    block_on(async {
        let installation = Installation::new(RedisServer::started()).await;
        let alone = installation.settings.clone().with(QUEUE, "embedded");
        let shared = installation.start("worker");
        let refused = run(&["serve"], &alone.environment());
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).starts_with("error: another server works on "), "{}", stderr(&refused));
        shared.stop();

        let owner = Server::with(alone);
        let refused = run(&["serve"], &installation.settings.environment());
        assert!(stderr(&refused).starts_with("error: another server works on "), "{}", stderr(&refused));
        owner.stop();
    });
}

/// Whatever goes wrong, the password shows nowhere, and everything that is said about it is one line.
#[test]
fn the_password_appears_nowhere() {
    block_on(async {
        let installation = Installation::new(RedisServer::started()).await;
        let Installation { settings, redis, .. } = &installation;
        let settings = settings.clone().with("INTEGRATION_LOG", "trace,redis=trace,tokio=trace,sqlx=trace");
        let api = Server::with(settings.clone().with(ROLE, "api"));
        let worker = Server::with(settings.clone().with(ROLE, "worker"));
        let inbox = installation.inbox(&api).await;
        inbox.publish(0).await;
        installation.delivered_once(1).await;
        let mut printed = vec![stdout(&run(&["doctor"], &settings.environment())).to_owned()];
        assert!(
            printed[0].contains("ok    queue          Redis answers, is new enough and drops nothing\n"),
            "{printed:?}"
        );
        redis.tell("CONFIG SET maxmemory-policy allkeys-lru");
        printed.push(stdout(&run(&["doctor"], &settings.environment())).to_owned());
        assert!(printed[1].contains("FAIL  queue          Redis may drop entries"), "{printed:?}");
        redis.tell("CLIENT KILL TYPE normal");
        inbox.publish(1).await;
        installation.delivered_once(2).await;
        printed.extend([api.kill(), worker.kill()]);

        let wrong = settings.clone().with(QUEUE, &redis.url_with("hunter2"));
        for (settings, line) in [
            (
                settings.clone(),
                "Redis may drop entries when its memory is full; set its `maxmemory-policy` to `noeviction`",
            ),
            (wrong, "Redis cannot be used as the queue: it refuses the user name or the password"),
        ] {
            let refused = run(&["serve"], &settings.environment());
            assert_eq!(refused.status.code(), Some(1));
            let said = stderr(&refused).lines().last().unwrap().to_owned();
            assert_eq!(said, format!("error: INTEGRATION_DISPATCH_QUEUE: {line}"));
            printed.push(stderr(&refused).to_owned());
        }
        for text in &printed {
            assert!(!text.contains(PASSWORD) && !text.contains("hunter2"), "{text}");
        }
    });
}
