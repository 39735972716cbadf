//! `/bot<token>/<method>`: from a request to a call, and from its answer to a response.

use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::connection::Link;
use super::faulty;
use crate::api::{self, Answer, Args, Success};
use crate::world::{Call, Fault, Refusal, World, bot_of_token, millis};

/// The most bytes of a body that are read.
const MOST_BODY: usize = 1 << 20;

pub(super) async fn answer(State(world): State<Arc<World>>, request: Request) -> Response {
    let path = request.uri().path().replace("%3A", ":").replace("%3a", ":");
    let target = path.strip_prefix("/bot").and_then(|path| path.split_once('/'));
    let named = target.and_then(|(token, method)| Some((bot_of_token(token)?, token, method)));
    let Some((bot, token, method)) = named else { return response(Err(Refusal::new(404, "Not Found"))) };
    let link = request.extensions().get::<Link>().cloned().unwrap_or_default();
    let call = Pending { world: &world, bot, token, method };

    if let Some(fault) = world.change(|state, _| state.take_reset(bot, method)) {
        call.log(None, Some(&fault), None);
        return link.reset().await;
    }
    let args = match read_args(request).await {
        Ok(args) => args,
        Err(refusal) => {
            let answer = Err(refusal);
            call.log(None, None, Some(&answer));
            return response(answer);
        }
    };
    let chat_id = args.find("chat_id");
    let fault = world.change(|state, _| state.take_fault(bot, method, chat_id));
    let Some(fault) = fault else { return response(call.make(&args, None).await) };
    let answer = if fault.is_processed() {
        Some(call.make(&args, Some(&fault)).await)
    } else {
        call.log(chat_id, Some(&fault), None);
        None
    };
    faulty::respond(fault, answer, token, &link).await
}

async fn read_args(request: Request) -> Result<Args, Refusal> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST_BODY).await.map_err(|_| Refusal::new(413, "Request Entity Too Large"))?;
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Args::read(parts.uri.query().unwrap_or_default(), content_type.unwrap_or_default(), &body)
}

/// A call whose method and bot are known.
struct Pending<'a> {
    world: &'a World,
    bot: i64,
    token: &'a str,
    method: &'a str,
}

impl Pending<'_> {
    /// Does what the call asks for, and logs it in the same moment.
    async fn make(&self, args: &Args, fault: Option<&Fault>) -> Answer {
        let is_authorized = self.world.read(|state| state.is_authorized(self.bot, self.token));
        let chat_id = args.find("chat_id");
        if !is_authorized {
            let answer = Err(Refusal::new(401, "Unauthorized"));
            self.log(chat_id, fault, Some(&answer));
            return answer;
        }
        if self.method.eq_ignore_ascii_case("getUpdates") {
            let answer = api::get_updates(self.world, self.bot, args).await;
            self.log(chat_id, fault, Some(&answer));
            return answer;
        }
        self.world.change(|state, now| {
            let answer = api::call(state, now, self.bot, self.method, args);
            state.log(self.entry(chat_id, fault, Some(&answer), millis(now)));
            answer
        })
    }

    fn log(&self, chat_id: Option<&str>, fault: Option<&Fault>, answer: Option<&Answer>) {
        self.world.change(|state, now| state.log(self.entry(chat_id, fault, answer, millis(now))));
    }

    fn entry(&self, chat_id: Option<&str>, fault: Option<&Fault>, answer: Option<&Answer>, at_ms: u64) -> Call {
        let success = answer.and_then(|answer| answer.as_ref().ok());
        Call {
            sequence: 0,
            at_ms,
            bot_id: self.bot,
            method: self.method.to_owned(),
            chat_id: chat_id.map(str::to_owned),
            processed: success.is_some(),
            message_id: success.and_then(|success| success.message_id),
            status: fault.map_or_else(|| answer.map(status), |fault| fault.status(answer.map(status))),
            fault: fault.map(Fault::name),
        }
    }
}

fn status(answer: &Answer) -> u16 {
    answer.as_ref().map_or_else(|refusal| refusal.status, |_| 200)
}

/// The answer in the shape of the Bot API.
pub(super) fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(status(&answer)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = answer.as_ref().err().and_then(|refusal| refusal.retry_after);
    let mut response = (status, Json(answer.map_or_else(failure, success))).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn success(success: Success) -> Value {
    let mut body = Map::new();
    body.insert("ok".into(), true.into());
    body.insert("result".into(), success.result);
    body.extend(success.description.map(|word| ("description".to_owned(), word.into())));
    Value::Object(body)
}

fn failure(refusal: Refusal) -> Value {
    let mut parameters = Map::new();
    parameters.extend(refusal.retry_after.map(|seconds| ("retry_after".to_owned(), seconds.into())));
    parameters.extend(refusal.migrate_to_chat_id.map(|chat| ("migrate_to_chat_id".to_owned(), chat.into())));
    let mut body = Map::new();
    body.insert("ok".into(), false.into());
    body.insert("error_code".into(), refusal.status.into());
    body.insert("description".into(), refusal.description.into());
    if !parameters.is_empty() {
        body.insert("parameters".into(), Value::Object(parameters));
    }
    Value::Object(body)
}
