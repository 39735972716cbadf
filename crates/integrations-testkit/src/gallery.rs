//! All sample mails side by side as a provider shows them, for one snapshot to look at.

use integrations_core::{EmailReceived, Message, provider::Content};

use crate::sample;

/// Longer texts test limits, and are nothing to look at.
const LONGEST_SHOWN: usize = 512;

/// Renders an ordinary mail, one of which nothing is known, a test message, and every hostile mail that is not long.
/// Each stands under a line that says what it is.
pub fn gallery(render: impl Fn(&Message<'_>) -> String) -> String {
    let mail = |mail: EmailReceived, link: bool| {
        let event = sample::event(mail);
        let open_url = link.then(|| "https://mail.example/inbox/7".parse().unwrap());
        render(&Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url })
    };
    let mut shown = vec![
        ("an ordinary mail".to_owned(), mail(sample::mail(), true)),
        ("nothing is known".to_owned(), mail(EmailReceived::default(), false)),
        ("a test message".to_owned(), render(&Message::test("test_1".to_owned(), "Ops & <friends>"))),
    ];
    let hostile = sample::hostile_texts().into_iter().filter(|text| text.chars().count() <= LONGEST_SHOWN);
    shown.extend(hostile.map(|text| (format!("{text:?}"), mail(sample::mail_full_of(&text), false))));
    shown.iter().map(|(name, shown)| format!("=== {name}\n{shown}\n")).collect()
}
