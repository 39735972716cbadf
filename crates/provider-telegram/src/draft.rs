//! One message on its way into `sendMessage`, and how it is made acceptable if Telegram finds fault with its form.

use integrations_core::{
    provider::{Action, Notification},
    text,
};
use serde::Serialize;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::{
    Config,
    answer::Remedy,
    chat::TopicId,
    render::{render_html, render_plain},
};

/// Fits into 4096 of whatever a server may count: characters, UTF-16 units or bytes.
const SHORT_CHARS: usize = 1024;
const BUTTON_CHARS: usize = 64;
const MAX_BUTTONS: usize = 8;

/// A message that can be sent, in the best form that was not refused yet.
pub(crate) struct Draft<'a> {
    config: &'a Config,
    notification: Notification,
    form: Form,
    buttons: Vec<Value>,
}

#[derive(PartialEq)]
enum Form {
    Html,
    Plain,
    Short,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(config: &'a Config, notification: Notification) -> Self {
        Self { config, form: Form::Html, buttons: buttons(&notification.actions), notification }
    }

    /// Takes the form that `remedy` asks for. False if it has that form already.
    pub(crate) fn remedied(&mut self, remedy: Remedy) -> bool {
        match remedy {
            Remedy::Plain if self.form == Form::Html => self.form = Form::Plain,
            Remedy::Shorter if self.form != Form::Short => self.form = Form::Short,
            Remedy::NoButtons if !self.buttons.is_empty() => self.buttons.clear(),
            _ => return false,
        }
        true
    }

    pub(crate) fn parameters(&self) -> Parameters<'_> {
        Parameters {
            chat_id: self.config.chat_id.to_parameter(),
            message_thread_id: self.config.topic_id,
            text: match self.form {
                Form::Html => render_html(&self.notification),
                Form::Plain => render_plain(&self.notification),
                Form::Short => text::cut(&render_plain(&self.notification), SHORT_CHARS).into_owned(),
            },
            parse_mode: (self.form == Form::Html).then_some("HTML"),
            disable_notification: self.config.silent,
            link_preview_options: LinkPreviewOptions { is_disabled: true },
            reply_markup: (!self.buttons.is_empty()).then_some(Keyboard { inline_keyboard: &self.buttons }),
        }
    }
}

/// The parameters of `sendMessage` (<https://core.telegram.org/bots/api#sendmessage>).
#[derive(Serialize)]
pub(crate) struct Parameters<'a> {
    chat_id: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<TopicId>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parse_mode: Option<&'static str>,
    disable_notification: bool,
    link_preview_options: LinkPreviewOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard<'a>>,
}

#[derive(Serialize)]
struct LinkPreviewOptions {
    is_disabled: bool,
}

#[derive(Serialize)]
struct Keyboard<'a> {
    inline_keyboard: &'a [Value],
}

/// A row with one button for every action that can be one.
fn buttons(actions: &[Action]) -> Vec<Value> {
    let button = |action: &Action| {
        let label = text::short_line(&action.label, BUTTON_CHARS);
        (!label.is_empty() && is_accepted(&action.url)).then(|| json!([{ "text": label, "url": action.url }]))
    };
    actions.iter().filter_map(button).take(MAX_BUTTONS).collect()
}

/// Whether Telegram accepts the link in a button. One that it does not accept costs the whole message.
fn is_accepted(url: &Url) -> bool {
    let is_public = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.contains('.') && !name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()),
        Some(Host::Ipv6(ip)) => {
            !(ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified())
        }
        None => false,
    };
    url.scheme() == "https" && is_public
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_links_become_buttons() {
        let accepted = ["https://mail.example/inbox/1", "https://93.184.216.34/", "https://[2606:2800:220:1::1]/x"];
        let refused = [
            "http://mail.example/",
            "https://localhost/",
            "https://mail/",
            "https://app.localhost./",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
            "https://[::1]/",
            "https://[fd00::1]/",
            "mailto:a@b.example",
        ];
        let is_button = |url: &str| {
            let action = Action { label: "Open".to_owned(), url: url.parse().unwrap() };
            !buttons(&[action]).is_empty()
        };
        assert!(accepted.into_iter().all(is_button));
        for url in refused {
            assert!(!is_button(url), "{url}");
        }
    }

    #[test]
    fn each_remedy_works_once() {
        let action = Action { label: "Open".to_owned(), url: "https://mail.example/".parse().unwrap() };
        let body = Some("<".repeat(4_000));
        let notification = Notification { title: "T".to_owned(), fields: Vec::new(), body, actions: vec![action] };
        let config = serde_json::from_value(json!({ "chatId": "12345" })).unwrap();
        let mut draft = Draft::new(&config, notification);
        let shown = |draft: &Draft<'_>| serde_json::to_value(draft.parameters()).unwrap();
        assert_eq!(shown(&draft)["parse_mode"], "HTML");

        assert!(draft.remedied(Remedy::Plain) && !draft.remedied(Remedy::Plain));
        assert_eq!(shown(&draft)["text"].as_str().unwrap().chars().count(), 4_003);
        assert!(draft.remedied(Remedy::Shorter) && !draft.remedied(Remedy::Shorter) && !draft.remedied(Remedy::Plain));
        assert_eq!(shown(&draft)["text"].as_str().unwrap().chars().count(), SHORT_CHARS);
        assert!(shown(&draft).get("parse_mode").is_none());
        assert!(draft.remedied(Remedy::NoButtons) && !draft.remedied(Remedy::NoButtons));
        assert!(shown(&draft).get("reply_markup").is_none());
        assert!(!draft.remedied(Remedy::NewChat(1)));
    }
}
