//! Tokens and who a bot is.

use serde_json::json;
use telegram_sandbox::{NewBot, WorldError};

use crate::client::{ADA, BOT, Fixture};

#[tokio::test]
async fn a_bot_learns_who_it_is() {
    let telegram = Fixture::start().await;
    let me = telegram.call("getMe", json!({})).await.ok();
    assert_eq!((&me["id"], &me["is_bot"], &me["username"]), (&json!(BOT), &json!(true), &json!("inbox_bot")));
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized_and_a_malformed_one_is_not_found() {
    let telegram = Fixture::start().await;
    let unauthorized = (401, "Unauthorized".to_owned());
    let not_found = (404, "Not Found".to_owned());
    assert_eq!(telegram.get(&format!("/bot{BOT}:wrong/getMe")).await.refusal(), unauthorized);
    assert_eq!(telegram.get("/bot7:unknown/getMe").await.refusal(), unauthorized);
    for path in
        ["/botabc/getMe", "/bot42/getMe", "/bot42:/getMe", "/bot042:a/getMe", "/bot42:a%20b/getMe", "/x", "/bot"]
    {
        assert_eq!(telegram.get(path).await.refusal(), not_found, "{path}");
    }
    let long = format!("/bot42:{}/getMe", "a".repeat(80));
    assert_eq!(telegram.get(&long).await.refusal(), not_found);
}

#[tokio::test]
async fn a_token_may_come_percent_encoded() {
    let telegram = Fixture::start().await;
    telegram.get(&telegram.path("getMe").replace(':', "%3A")).await.ok();
}

#[tokio::test]
async fn a_revoked_token_is_unauthorized_and_the_new_one_works() {
    let mut telegram = Fixture::start().await;
    let new = telegram.world().revoke_token(BOT).unwrap();
    assert_eq!(telegram.send(ADA, "x").await.refusal(), (401, "Unauthorized".into()));
    telegram.token = new;
    telegram.send(ADA, "x").await.ok();
}

#[tokio::test]
async fn an_unknown_method_is_not_found() {
    let telegram = Fixture::start().await;
    for method in ["sendPhoto", "nonsense"] {
        let refusal = telegram.call(method, json!({})).await.refusal();
        assert_eq!(refusal, (404, "Not Found: method not found".into()));
    }
}

#[tokio::test]
async fn a_bot_keeps_its_own_token_but_not_somebody_elses() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    assert_eq!(world.add_bot(NewBot::new(7).token("7:mine")).as_deref(), Ok("7:mine"));
    assert_eq!(world.add_bot(NewBot::new(7)), Err(WorldError::Exists(7)));
    assert_eq!(world.add_bot(NewBot::new(8).token("7:mine")), Err(WorldError::WrongToken));
    assert_eq!(world.add_bot(NewBot::new(8).token("8:no spaces")), Err(WorldError::WrongToken));
    assert_eq!(world.add_bot(NewBot::new(-8)), Err(WorldError::WrongToken));
    let debug = format!("{:?}", NewBot::new(7).token("7:mine"));
    assert!(!debug.contains("mine"), "{debug}");
}
