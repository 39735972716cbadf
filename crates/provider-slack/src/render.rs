//! A notification as text that each service shows as it is.

use integrations_core::{
    provider::Notification,
    text::{self, Unit},
};

use crate::Chat;

/// Slack shows 4000 characters of a message (<https://docs.slack.dev/reference/methods/chat.postMessage#truncating>).
/// Mattermost splits longer messages than 16383, on old databases than 4000 (`PostMessageMaxRunesV2`, `V1`). Unless set
/// otherwise, Rocket.Chat takes 5000 (`Message_MaxAllowedSize`). UTF-16 units are never fewer than characters.
pub const MAX_TEXT: usize = 4000;
/// Longer links are left out.
const MAX_URL: usize = 1024;
const MAX_LABEL: usize = 64;

const UNIT: Unit = Unit::Utf16;

/// The only three characters that mean something to Slack wherever they stand; mentions and named links begin with the
/// second (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).
const MRKDWN: &[(char, &str)] = &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;")];
/// The same in a link, and what would end its address.
const LINK: &[(char, &str)] = &[('&', "&amp;"), ('<', "%3C"), ('>', "%3E"), ('|', "%7C")];
/// The only character that can end a code block.
const CODE: &[(char, &str)] = &[('`', "'")];

/// Renders a notification. All of its texts stay text, and mention nobody, whatever they hold.
#[must_use]
pub fn render(notification: &Notification, chat: Chat) -> String {
    let link = notification.actions.first().filter(|action| action.url.as_str().len() <= MAX_URL);
    let text = format!("{}\n{}", notification.heading(), notification.plain_text());
    match chat {
        Chat::Slack => {
            let link = link.map(|action| {
                let url: String = text::escaped(action.url.as_str(), LINK).collect();
                let label = UNIT.fit(text::escaped(&text::single_line(&action.label), MRKDWN), MAX_LABEL);
                format!("\n<{url}|{label}>")
            });
            let link = link.unwrap_or_default();
            UNIT.fit(text::escaped(text.trim_end(), MRKDWN), MAX_TEXT - UNIT.count(&link)) + &link
        }
        // Nothing is markup in a code block: no mention, no image that is fetched, no link under another name.
        Chat::Mattermost | Chat::RocketChat => {
            let link = link.map(|action| format!("\n{}", action.url)).unwrap_or_default();
            let text = without_mentions(&format!("\n{}", text.trim_end()));
            let room = MAX_TEXT - UNIT.count(&link) - "```\n```".len();
            format!("```{}\n```{link}", UNIT.fit(text::escaped(&text, CODE), room))
        }
    }
}

/// Clean text in which nothing is a mention, even where code blocks are searched for some: those begin with `@` at the
/// start of a word, so a space without width keeps it from the name. Addresses stay as they are.
fn without_mentions(clean: &str) -> String {
    ["\n@", " @", ">@"].iter().fold(clean.to_owned(), |text, at| text.replace(at, &format!("{at}\u{200b}")))
}
