//! `/sandbox/...`: the Telegram side over HTTP, for programs in any language.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::control_views as views;
use crate::world::{Fault, NewBot, NewChat, NewTopic, Standing, Topic, World, WorldError};

type Result<T> = std::result::Result<T, Problem>;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/bots", post(add_bot))
        .route("/bots/{bot}/revoke", post(revoke_token))
        .route("/chats", get(views::chats).post(add_chat))
        .route("/chats/{chat}", get(views::chat))
        .route("/chats/{chat}/text", get(views::chat_text))
        .route("/chats/{chat}/topics", post(set_topic))
        .route("/chats/{chat}/topics/{topic}", axum::routing::delete(delete_topic))
        .route("/chats/{chat}/{deed}", post(act))
        .route("/faults", post(script).delete(clear_faults))
        .route("/requests", get(views::requests))
        .route("/received", get(views::received))
}

/// What cannot be done, as JSON.
pub(super) struct Problem(StatusCode, String);

impl Problem {
    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, what.into())
    }
}

impl From<WorldError> for Problem {
    fn from(error: WorldError) -> Self {
        let status = match error {
            WorldError::UnknownBot(_) | WorldError::UnknownChat(_) => StatusCode::NOT_FOUND,
            WorldError::Exists(_) => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

/// What the body says, in JSON, whatever its type claims to be; without a body it is an empty object.
struct Told<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let problem = |words: String| Problem(StatusCode::BAD_REQUEST, words);
        let body = Bytes::from_request(request, state).await.map_err(|error| problem(error.body_text()))?;
        let json: &[u8] = if body.is_empty() { b"{}" } else { &body };
        serde_json::from_slice(json).map(Self).map_err(|error| problem(format!("the body does not fit: {error}")))
    }
}

async fn add_bot(State(world): State<Arc<World>>, Told(bot): Told<NewBot>) -> Result<Json<Value>> {
    Ok(Json(json!({"token": world.add_bot(bot)?})))
}

async fn revoke_token(State(world): State<Arc<World>>, Path(bot): Path<i64>) -> Result<Json<Value>> {
    Ok(Json(json!({"token": world.revoke_token(bot)?})))
}

async fn add_chat(State(world): State<Arc<World>>, Told(chat): Told<NewChat>) -> Result<StatusCode> {
    world.add_chat(chat)?;
    Ok(StatusCode::CREATED)
}

async fn set_topic(
    State(world): State<Arc<World>>,
    Path(chat): Path<i64>,
    Told(topic): Told<NewTopic>,
) -> Result<StatusCode> {
    world.set_topic(chat, topic.id, Some(Topic { name: topic.name, closed: topic.closed }))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_topic(State(world): State<Arc<World>>, Path((chat, topic)): Path<(i64, i64)>) -> Result<StatusCode> {
    world.set_topic(chat, topic, None)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn script(State(world): State<Arc<World>>, Told(fault): Told<Fault>) -> StatusCode {
    world.script(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(world): State<Arc<World>>) -> StatusCode {
    world.clear_faults();
    StatusCode::NO_CONTENT
}

/// What a deed may need to be told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Deed {
    /// The bot that it is about; without one, every bot that has met the chat.
    bot: Option<i64>,
    /// What somebody says.
    text: Option<String>,
}

async fn act(
    State(world): State<Arc<World>>,
    Path((chat, deed)): Path<(i64, String)>,
    Told(Deed { bot, text }): Told<Deed>,
) -> Result<Json<Value>> {
    let standing = match deed.as_str() {
        "join" | "start" | "unblock" => Standing::Member,
        "promote" => Standing::Administrator,
        "mute" => Standing::Restricted,
        "leave" => Standing::Left,
        "kick" | "block" => Standing::Kicked,
        "migrate" => return Ok(Json(json!({"migratedTo": world.migrate(chat)?}))),
        "say" => return Ok(Json(json!({"messageId": world.say(chat, text.unwrap_or_default())?}))),
        "deactivate" => {
            world.deactivate(chat)?;
            return Ok(Json(json!({"deactivated": chat})));
        }
        _ => return Err(Problem::not_found(format!("nobody can {deed} a chat"))),
    };
    let known = world.chat(chat).ok_or(WorldError::UnknownChat(chat))?;
    let bots = bot.map_or_else(|| known.bots.keys().copied().collect(), |bot| vec![bot]);
    for bot in &bots {
        world.set_standing(chat, *bot, standing)?;
    }
    Ok(Json(json!({"bots": bots, "standing": standing})))
}
