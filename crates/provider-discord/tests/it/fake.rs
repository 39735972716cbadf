//! A Discord of one webhook, written from its documentation: it knows the webhook's address, counts what it is sent, and
//! refuses what Discord refuses.

use std::sync::{Mutex, PoisonError};

use http::Method;
use integrations_core::{HttpClient, HttpError, HttpRequest, HttpResponse};
use integrations_testkit::scripted_http::{body, with_header};
use serde_json::{Value, json};
use url::Url;

use crate::bench::{HOOK, TOKEN, hook, refusal, says};

/// The thread that exists in the webhook's channel.
pub(crate) const THREAD: &str = "1194285672123039744";

/// What can be the matter with the webhook.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Matter {
    Nothing,
    Deleted,
    NewToken,
    IsForum,
    Busy,
}

/// A message that arrived.
pub(crate) struct Post {
    pub(crate) thread: Option<String>,
    pub(crate) body: Value,
}

pub(crate) struct FakeDiscord {
    pub(crate) matter: Matter,
    posts: Mutex<Vec<Post>>,
}

impl FakeDiscord {
    pub(crate) fn new(matter: Matter) -> Self {
        Self { matter, posts: Mutex::default() }
    }

    pub(crate) fn posts(self) -> Vec<Post> {
        self.posts.into_inner().unwrap()
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let path: Vec<_> = request.url.path_segments().unwrap().collect();
        let ["api", "v10", "webhooks", id, token] = path[..] else { return refusal(404, 0, "404: Not Found") };
        let agent = request.headers.get("user-agent").and_then(|agent| agent.to_str().ok());
        if !agent.is_some_and(|agent| agent.starts_with("DiscordBot (")) {
            return refusal(403, 40_333, "internal network error");
        }
        if self.matter == Matter::Deleted || id != HOOK {
            return refusal(404, 10_015, "Unknown Webhook");
        }
        if self.matter == Matter::NewToken || token != TOKEN {
            return refusal(401, 50_027, "Invalid Webhook Token");
        }
        if self.matter == Matter::Busy {
            let body = json!({ "message": "You are being rate limited.", "retry_after": 0.73, "global": false });
            let limited = with_header(says(429, &body), http::header::RETRY_AFTER, "1");
            return with_header(limited, http::HeaderName::from_static("x-ratelimit-scope"), "user");
        }
        if request.method == Method::GET { hook() } else { self.post(&request.url, body(request)) }
    }

    fn post(&self, url: &Url, body: &[u8]) -> HttpResponse {
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return refusal(400, 50_109, "The request body contains invalid JSON.");
        };
        let thread = query("thread_id");
        if self.matter == Matter::IsForum && thread.is_none() {
            return refusal(400, 220_001, "Webhooks posted to forum channels must have a thread_name or thread_id");
        }
        if thread.as_ref().is_some_and(|thread| thread != THREAD) {
            return refusal(404, 10_003, "Unknown Channel");
        }
        if let Err(fault) = check(&body) {
            return says(400, &json!({ "message": "Invalid Form Body", "code": 50_035, "errors": fault }));
        }
        self.posts.lock().unwrap_or_else(PoisonError::into_inner).push(Post { thread, body });
        if query("wait").as_deref() == Some("true") { crate::bench::sent() } else { says(204, &Value::Null) }
    }
}

#[async_trait::async_trait]
impl HttpClient for FakeDiscord {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        Ok(self.answer(&request))
    }
}

/// The limits of an embed, in code points.
pub(crate) fn check(body: &Value) -> Result<(), String> {
    let mut total = 0;
    let mut within = |what: &str, text: &Value, range: std::ops::RangeInclusive<usize>| {
        let count = text.as_str().ok_or(format!("{what} is no text"))?.trim().chars().count();
        total += count;
        range.contains(&count).then_some(()).ok_or(format!("{what} has {count} characters"))
    };
    let embeds = body["embeds"].as_array().ok_or("no embeds")?;
    for embed in embeds {
        within("title", &embed["title"], 1..=256)?;
        if let Some(description) = embed.get("description") {
            within("description", description, 1..=4096)?;
        }
        let fields = embed["fields"].as_array().ok_or("no fields")?;
        for field in fields {
            within("name", &field["name"], 1..=256)?;
            within("value", &field["value"], 1..=1024)?;
        }
        if fields.len() > 25 {
            return Err("too many fields".to_owned());
        }
    }
    if total > 6000 || embeds.len() > 10 { Err(format!("{total} characters in all")) } else { Ok(()) }
}
