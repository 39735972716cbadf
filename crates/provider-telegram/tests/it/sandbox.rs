//! Everything together: the provider, real HTTP, and a Bot API server on this machine.

use std::{net::Ipv4Addr, time::Duration};

use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{
    Connection, DeliveryError, DynProvider, EmailReceived, FailureKind, Message, Receipt, SecretBytes,
    provider::{Content, Service},
};
use integrations_testkit::{sample, suite::block_on};
use provider_telegram::{Telegram, render_html, render_plain};
use serde_json::{Value, json};
use telegram_sandbox::{Action, Fault, NewBot, NewChat, Sandbox, Standing, Topic, World};

const BOT: i64 = 123_456;
const PERSON: i64 = 12345;
const GROUP: i64 = -54321;
const FORUM: i64 = -1_001_234_567_890;
const CHANNEL: i64 = -1_009_876_543_210;

/// A bot that has met a person, a group, a forum and a channel.
struct Stage {
    sandbox: Sandbox,
    telegram: Telegram,
    token: String,
    http: ReqwestClient,
}

impl Stage {
    async fn new() -> Self {
        let sandbox = Sandbox::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        let world = sandbox.world();
        let token = world.add_bot(NewBot::new(BOT).username("mail_bot")).unwrap();
        let chats = [
            NewChat::private(PERSON, "Ada Lovelace").bot(BOT, Standing::Member),
            NewChat::group(GROUP, "Friends").bot(BOT, Standing::Member),
            NewChat::supergroup(FORUM, "Ops").username("ops_team").topic(5, "Mail").bot(BOT, Standing::Member),
            NewChat::channel(CHANNEL, "News").username("my_news").bot(BOT, Standing::Administrator),
        ];
        chats.into_iter().for_each(|chat| world.add_chat(chat).unwrap());
        let config = HttpConfig { total_timeout: Duration::from_millis(500), ..HttpConfig::default() };
        let http = ReqwestClient::trusted(&config).unwrap();
        Self { telegram: Telegram::new(sandbox.base_url().parse().unwrap()), sandbox, token, http }
    }

    fn world(&self) -> &World {
        self.sandbox.world()
    }

    fn service(&self) -> Service<'_> {
        Service { http: &self.http, now: sample::morning() }
    }

    fn secret(&self) -> SecretBytes {
        json!({ "botToken": self.token }).to_string().into_bytes().into()
    }

    async fn verify(&self, config: &Value) -> Result<Connection, DeliveryError> {
        DynProvider::verify(&self.telegram, config, &self.secret(), self.service()).await
    }

    async fn send(&self, config: &Value, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        DynProvider::deliver(&self.telegram, config, &self.secret(), message, self.service()).await
    }

    async fn deliver(&self, chat: i64, mail: EmailReceived) -> Result<Receipt, DeliveryError> {
        let event = sample::event(mail);
        let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
        self.send(&json!({ "chatId": chat }), &message).await
    }

    async fn failure(&self, chat: i64) -> DeliveryError {
        self.deliver(chat, sample::mail()).await.unwrap_err()
    }
}

#[test]
fn from_a_token_to_a_message_in_a_topic() {
    block_on(async {
        let stage = Stage::new().await;
        stage.world().say(FORUM, "hello bot").unwrap();
        let places = DynProvider::targets(&stage.telegram, &stage.secret(), stage.service()).await.unwrap();
        assert_eq!((places[0].id.as_str(), places[0].label.as_str()), ("-1001234567890", "Ops"));
        assert!(places.iter().any(|place| place.id == PERSON.to_string() && place.kind == "private"), "{places:?}");

        let typed = json!({ "chatId": "https://t.me/ops_team/5", "silent": true });
        let connection = stage.verify(&typed).await.unwrap();
        assert_eq!(connection.config, json!({ "chatId": "-1001234567890", "topicId": 5, "silent": true }));

        let event = sample::event(sample::mail());
        let open_url = Some("https://mail.example/inbox/7".parse().unwrap());
        let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url };
        let receipt = stage.send(&connection.config, &message).await.unwrap();

        let arrived = stage.world().messages(FORUM).pop().unwrap();
        assert_eq!(receipt.remote_id, Some(arrived.message_id.to_string()));
        assert_eq!(arrived.content.text, render_plain(&message.notification()));
        assert_eq!(arrived.content.to_html(), render_html(&message.notification()));
        assert!(arrived.silent);
        assert_eq!(arrived.thread_id, Some(5));
        assert_eq!(arrived.buttons[0][0].action, Action::Url("https://mail.example/inbox/7".to_owned()));
    });
}

#[test]
fn every_kind_of_chat_takes_every_hostile_mail() {
    block_on(async {
        let stage = Stage::new().await;
        for text in sample::hostile_texts() {
            for chat in [PERSON, GROUP, FORUM, CHANNEL] {
                stage.deliver(chat, sample::mail_full_of(&text)).await.unwrap();
            }
            let event = sample::event(sample::mail_full_of(&text));
            let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
            let arrived = stage.world().messages(PERSON).pop().unwrap();
            assert_eq!(arrived.content.text, render_plain(&message.notification()));
        }
        let taken_at_once = stage.world().calls(0).iter().all(|call| call.status == Some(200));
        assert!(taken_at_once, "a message was refused in its first form");
    });
}

#[test]
fn being_shut_out_is_gone() {
    block_on(async {
        let stage = Stage::new().await;
        let world = stage.world();
        world.set_standing(PERSON, BOT, Standing::Kicked).unwrap();
        world.set_standing(GROUP, BOT, Standing::Left).unwrap();
        world.set_standing(FORUM, BOT, Standing::Restricted).unwrap();
        world.set_standing(CHANNEL, BOT, Standing::Member).unwrap();
        for chat in [PERSON, GROUP, FORUM, CHANNEL, -98765] {
            assert_eq!(stage.failure(chat).await.kind, FailureKind::Gone, "{chat}");
        }
        world.deactivate(GROUP).unwrap();
        assert_eq!(stage.failure(GROUP).await.kind, FailureKind::Gone);
    });
}

#[test]
fn a_closed_or_deleted_topic_is_gone() {
    block_on(async {
        let stage = Stage::new().await;
        let message = Message::test("msg_1".to_owned(), "Ops");
        let config = json!({ "chatId": FORUM, "topicId": 5 });
        for topic in [Some(Topic { name: "Mail".to_owned(), closed: true }), None] {
            stage.world().set_topic(FORUM, 5, topic).unwrap();
            let error = stage.send(&config, &message).await.unwrap_err();
            assert_eq!(error.kind, FailureKind::Gone, "{error}");
        }
        assert!(stage.world().messages(FORUM).is_empty());
    });
}

#[test]
fn a_revoked_token_is_unauthorized() {
    block_on(async {
        let stage = Stage::new().await;
        stage.world().revoke_token(BOT).unwrap();
        assert_eq!(stage.failure(PERSON).await.kind, FailureKind::Unauthorized);
        let error = stage.verify(&json!({ "chatId": PERSON })).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Unauthorized);
    });
}

#[test]
fn a_migrated_group_is_followed() {
    block_on(async {
        let stage = Stage::new().await;
        let new = stage.world().migrate(GROUP).unwrap();
        let error = stage.failure(GROUP).await;
        assert_eq!(error.kind, FailureKind::Moved, "{error}");
        let connection = *error.moved_to.unwrap();
        assert_eq!(connection.config["chatId"], new.to_string());
        assert_eq!(connection.details["chatType"], "supergroup");

        stage.send(&connection.config, &Message::test("msg_1".to_owned(), "Friends")).await.unwrap();
        assert_eq!(stage.world().messages(new).len(), 1);
    });
}

#[test]
fn trouble_on_the_way_is_told_apart() {
    block_on(async {
        let stage = Stage::new().await;
        let troubles = [
            (Fault::flood(7), FailureKind::Throttled),
            (Fault::html(502), FailureKind::Unavailable),
            (Fault::redirect("https://elsewhere.example/"), FailureKind::Misconfigured),
            (Fault::echo_token(400), FailureKind::Rejected),
            (Fault::garbage().processed(), FailureKind::Unconfirmed),
            (Fault::huge(10_000_000).processed(), FailureKind::Unconfirmed),
            (Fault::stall().processed(), FailureKind::Unconfirmed),
            (Fault::hang().processed(), FailureKind::Unconfirmed),
            (Fault::reset().processed(), FailureKind::Unconfirmed),
        ];
        for (fault, kind) in troubles {
            let (shown, arrived) = (format!("{fault:?}"), stage.world().received_total());
            stage.world().script(fault);
            let error = stage.failure(PERSON).await;
            assert_eq!(error.kind, kind, "{shown}");
            assert_eq!(error.retry_after, (kind == FailureKind::Throttled).then(|| Duration::from_secs(7)));
            assert!(!format!("{error:?}").contains(&stage.token), "{error}");
            let arrived = stage.world().received_total() - arrived;
            assert_eq!(arrived, u64::from(kind == FailureKind::Unconfirmed), "{shown}");
        }
    });
}

#[test]
fn nobody_there_is_unavailable() {
    block_on(async {
        let mut stage = Stage::new().await;
        let gone = Sandbox::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        stage.telegram = Telegram::new(gone.base_url().parse().unwrap());
        gone.shutdown().await;
        assert_eq!(stage.failure(PERSON).await.kind, FailureKind::Unavailable);
    });
}
