//! Which chats a bot may see, and where it may write.

use serde_json::json;
use telegram_sandbox::{ChatKind, NewChat, Standing, WorldError};

use crate::client::{ADA, BOT, Fixture};

const GROUP: i64 = -5;
const SUPERGROUP: i64 = -1_000_000_000_001;
const PUBLIC: i64 = -1_000_000_000_002;
const CHANNEL: i64 = -1_000_000_000_003;

async fn fixture() -> Fixture {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world.add_chat(NewChat::group(GROUP, "Family").bot(BOT, Standing::Member)).unwrap();
    world.add_chat(NewChat::supergroup(SUPERGROUP, "Team").bot(BOT, Standing::Member)).unwrap();
    world.add_chat(NewChat::supergroup(PUBLIC, "Fans").username("Fan_Club")).unwrap();
    world.add_chat(NewChat::channel(CHANNEL, "News").username("news").bot(BOT, Standing::Administrator)).unwrap();
    telegram
}

#[tokio::test]
async fn a_chat_is_named_by_its_number_or_its_public_name() {
    let telegram = fixture().await;
    let send = |chat| telegram.call("sendMessage", json!({"chat_id": chat, "text": "x"}));
    for chat in [json!(CHANNEL), json!(CHANNEL.to_string()), json!("@news"), json!("@NEWS")] {
        let sent = send(chat).await.ok();
        assert_eq!(sent["chat"], json!({"id": CHANNEL, "type": "channel", "title": "News", "username": "news"}));
        assert_eq!(sent["sender_chat"]["id"], json!(CHANNEL));
    }
    send(json!("")).await.assert_bad("chat_id is empty");
    telegram.call("sendMessage", json!({"text": "x"})).await.assert_bad("chat_id is empty");
    for chat in [json!("@nobody"), json!("news"), json!(0), json!(-1), json!(null)] {
        send(chat).await.assert_bad("chat not found");
    }
}

#[tokio::test]
async fn the_name_of_a_person_is_not_a_chat() {
    let telegram = fixture().await;
    telegram.world().add_chat(NewChat::private(7, "Bob").username("bob").bot(BOT, Standing::Member)).unwrap();
    telegram.call("getChat", json!({"chat_id": "@bob"})).await.assert_bad("chat not found");
    assert_eq!(telegram.call("getChat", json!({"chat_id": 7})).await.ok()["username"], json!("bob"));
}

#[tokio::test]
async fn a_chat_that_the_bot_never_met_does_not_exist_unless_it_is_public() {
    let telegram = fixture().await;
    telegram.world().add_chat(NewChat::private(7, "Bob")).unwrap();
    telegram.send(7, "x").await.assert_bad("chat not found");
    let public = telegram.call("getChat", json!({"chat_id": "@fan_club"})).await.ok();
    assert_eq!(
        (&public["id"], &public["title"], &public["type"]),
        (&json!(PUBLIC), &json!("Fans"), &json!("supergroup"))
    );
    telegram.send(PUBLIC, "x").await.assert_forbidden("bot is not a member of the supergroup chat");
}

#[tokio::test]
async fn a_person_decides_who_may_write() {
    let telegram = fixture().await;
    let world = telegram.world();
    world.add_chat(NewChat::private(7, "Bob").bot(BOT, Standing::Left)).unwrap();
    telegram.send(7, "x").await.assert_forbidden("bot can't initiate conversation with a user");
    world.set_standing(7, BOT, Standing::Member).unwrap();
    telegram.send(7, "x").await.ok();
    world.set_standing(7, BOT, Standing::Kicked).unwrap();
    telegram.send(7, "x").await.assert_forbidden("bot was blocked by the user");
    telegram.call("getChat", json!({"chat_id": 7})).await.ok();
    world.set_standing(7, BOT, Standing::Member).unwrap();
    telegram.send(7, "x").await.ok();
    world.deactivate(7).unwrap();
    telegram.send(7, "x").await.assert_forbidden("user is deactivated");
    assert_eq!(world.chat(7).unwrap().accepted, 2);
}

#[tokio::test]
async fn outsiders_and_the_muted_cannot_write() {
    let telegram = fixture().await;
    let world = telegram.world();
    for (chat, kind) in [(GROUP, "group"), (SUPERGROUP, "supergroup"), (CHANNEL, "channel")] {
        world.set_standing(chat, BOT, Standing::Kicked).unwrap();
        telegram.send(chat, "x").await.assert_forbidden(&format!("bot was kicked from the {kind} chat"));
        world.set_standing(chat, BOT, Standing::Left).unwrap();
        telegram.send(chat, "x").await.assert_forbidden(&format!("bot is not a member of the {kind} chat"));
    }
    telegram.call("getChat", json!({"chat_id": GROUP})).await.ok();
    let unseen = telegram.call("getChat", json!({"chat_id": SUPERGROUP})).await;
    unseen.assert_forbidden("bot is not a member of the supergroup chat");
    for chat in [GROUP, SUPERGROUP] {
        world.set_standing(chat, BOT, Standing::Restricted).unwrap();
        telegram.send(chat, "x").await.assert_bad("not enough rights to send text messages to the chat");
    }
    world.set_standing(CHANNEL, BOT, Standing::Member).unwrap();
    telegram.send(CHANNEL, "x").await.assert_bad("need administrator rights in the channel chat");
    world.deactivate(GROUP).unwrap();
    telegram.send(GROUP, "x").await.assert_forbidden("the group chat was deleted");
    assert_eq!(world.deactivate(CHANNEL), Err(WorldError::CannotGoAway(CHANNEL)));
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_tells_where_it_went() {
    let telegram = fixture().await;
    telegram.send(GROUP, "before").await.ok();
    let new = telegram.world().migrate(GROUP).unwrap();
    assert_eq!(telegram.world().chat(new).unwrap().kind, ChatKind::Supergroup);

    let refused = telegram.send(GROUP, "during").await;
    refused.assert_bad("group chat was upgraded to a supergroup chat");
    assert_eq!(refused.json()["parameters"], json!({"migrate_to_chat_id": new}));
    telegram.call("getChat", json!({"chat_id": GROUP})).await.ok();
    telegram.send(new, "after").await.ok();
    let texts = |chat| telegram.world().messages(chat).iter().map(|it| it.content.text.clone()).collect::<Vec<_>>();
    assert_eq!((texts(GROUP), texts(new)), (vec!["before".to_owned()], vec!["after".to_owned()]));
    assert_eq!(telegram.world().migrate(GROUP), Err(WorldError::NotAGroup(GROUP)));
    assert_eq!(telegram.world().migrate(ADA), Err(WorldError::NotAGroup(ADA)));
}

#[tokio::test]
async fn a_bot_can_ask_what_it_is_to_a_chat() {
    let telegram = fixture().await;
    let status = async |chat: i64, user: i64| {
        telegram.call("getChatMember", json!({"chat_id": chat, "user_id": user})).await.ok()["status"].clone()
    };
    assert_eq!(status(CHANNEL, BOT).await, json!("administrator"));
    assert_eq!(status(GROUP, BOT).await, json!("member"));
    assert_eq!(status(PUBLIC, BOT).await, json!("left"));
    assert_eq!(status(ADA, ADA).await, json!("member"));
    let admin = telegram.call("getChatMember", json!({"chat_id": CHANNEL, "user_id": BOT})).await.ok();
    assert_eq!(admin["can_post_messages"], json!(true));
    let call = |user| telegram.call("getChatMember", json!({"chat_id": GROUP, "user_id": user}));
    call(json!(999)).await.assert_bad("user not found");
    call(json!("")).await.assert_bad("invalid user_id specified");
}

#[tokio::test]
async fn a_chat_action_needs_the_same_rights_as_a_message() {
    let telegram = fixture().await;
    let act = |chat: i64, action: &str| telegram.call("sendChatAction", json!({"chat_id": chat, "action": action}));
    assert_eq!(act(ADA, "typing").await.ok(), json!(true));
    act(ADA, "dancing").await.assert_bad("wrong parameter action in request");
    telegram.world().set_standing(ADA, BOT, Standing::Kicked).unwrap();
    act(ADA, "typing").await.assert_forbidden("bot was blocked by the user");
}

#[tokio::test]
async fn identifiers_fit_the_kind_of_chat() {
    let telegram = fixture().await;
    let world = telegram.world();
    for chat in
        [NewChat::private(-1, ""), NewChat::group(1, ""), NewChat::group(SUPERGROUP, ""), NewChat::channel(-5, "")]
    {
        assert!(matches!(world.add_chat(chat), Err(WorldError::WrongChatId(_))));
    }
    assert_eq!(world.add_chat(NewChat::private(ADA, "Ada")), Err(WorldError::Exists(ADA)));
    assert_eq!(world.add_chat(NewChat::private(8, "").bot(9, Standing::Member)), Err(WorldError::UnknownBot(9)));
    assert_eq!(world.set_standing(8, BOT, Standing::Member), Err(WorldError::UnknownChat(8)));
    assert_eq!(world.set_standing(ADA, 9, Standing::Member), Err(WorldError::UnknownBot(9)));
}
