//! Reading mails in tests.

use std::{path::PathBuf, sync::mpsc, thread, time::Duration};

use inbound_email::{EmailError, Limits, ParsedEmail, parse};
use integrations_core::text::is_deceptive;

/// Reads a mail that must be readable.
pub(crate) fn read(raw: impl AsRef<[u8]>) -> ParsedEmail {
    parse(raw.as_ref(), &Limits::default()).unwrap()
}

/// Reads on a thread with the stack that tokio gives to its threads, and fails if that takes longer than a minute:
/// what is linear takes a second or two here even without optimization, what is not takes minutes.
pub(crate) fn read_on_a_small_stack(raw: Vec<u8>) -> Result<ParsedEmail, EmailError> {
    let (sender, receiver) = mpsc::channel();
    let work = move || sender.send(parse(&raw, &Limits::default())).expect("a waiting receiver");
    thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap();
    receiver.recv_timeout(Duration::from_secs(60)).expect("an answer in time")
}

/// The sample mails with their names, sorted.
pub(crate) fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect();
    samples.sort();
    samples
}

/// What holds for every mail: clean single lines, bounded lengths, and a label that shows the address.
pub(crate) fn assert_presentable(parsed: &ParsedEmail) {
    let mail = &parsed.email;
    let subject = mail.subject.as_deref().unwrap_or_default();
    let message_id = mail.message_id.as_deref().unwrap_or_default();
    for text in [&mail.from, &mail.sender_label, subject, &mail.preview, message_id] {
        assert!(!text.chars().any(is_deceptive), "{text:?}");
        assert_eq!(text.trim(), text);
    }
    assert!(mail.preview.chars().count() <= 280);
    assert!(subject.chars().count() <= 998 && message_id.chars().count() <= 998);
    assert!(mail.sender_label.chars().count() <= 128 + 3 + 320);
    assert!(mail.sender_label == mail.from || mail.sender_label.ends_with(&format!(" <{}>", mail.from)));
    assert_eq!(mail.email_id, None);
}
