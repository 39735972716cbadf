//! Mail that is built to stop, slow down or deceive its reader. Read on the stack of a tokio thread.

use inbound_email::{EmailError, Incomplete, ParsedEmail};

use crate::support::{assert_presentable, read_on_a_small_stack};

const TOP: &str = "From: Eve <eve@example.com>\r\nSubject: hostile\r\n";

/// Reads the mail, whose first fields are [`TOP`], and checks that they were taken.
fn read(rest: impl AsRef<[u8]>) -> ParsedEmail {
    let parsed = read_on_a_small_stack([TOP.as_bytes(), rest.as_ref()].concat()).unwrap();
    assert_presentable(&parsed);
    assert_eq!(parsed.email.sender_label, "Eve <eve@example.com>");
    assert_eq!(parsed.email.subject.as_deref(), Some("hostile"));
    parsed
}

#[test]
fn promise_09_hostile_mail_does_no_harm() {
    for levels in [33_000, 100_000] {
        for level in ["Content-Type: message/rfc822\r\n\r\n", "content-type :\r\n\tMessage/RFC822\r\n\r\n"] {
            let parsed = read(level.repeat(levels));
            assert_eq!((parsed.email.attachment_count, parsed.incomplete), (1, None));
        }
    }
}

#[test]
fn mails_within_mails_behind_an_encoding() {
    let inner = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let parsed = read(format!(
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nthe text\r\n--x\r\n\
         Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{inner}"
    ));
    assert_eq!((parsed.email.attachment_count, parsed.email.preview.as_str()), (1, "the text"));
}

/// Multiparts within each other, with odd spellings of the field.
fn nested_multiparts(levels: usize) -> String {
    let spellings =
        ["Content-Type: multipart/mixed;", "CONTENT-TYPE:\r\n\tMULTIPART/Related ;", "content-type \t:multipart/x;"];
    (0..levels)
        .map(|level| format!("{}\r\n boundary=\"b{level}\"\r\n\r\n--b{level}\r\n", spellings[level % spellings.len()]))
        .collect()
}

#[test]
fn multiparts_within_multiparts() {
    for levels in [21, 1_000, 100_000] {
        let parsed = read(nested_multiparts(levels) + "\r\ntoo deep to be read");
        assert_eq!(parsed.incomplete, Some(Incomplete::Depth));
        assert_eq!(parsed.email.preview, "(Content not read: the parts of the mail are nested too deeply.)");
    }
    let parsed = read(nested_multiparts(20) + "\r\ndeep, but read");
    assert_eq!((parsed.incomplete, parsed.email.preview.as_str()), (None, "deep, but read"));
}

#[test]
fn a_hundred_thousand_parts() {
    let parts = "--x\r\nContent-Type: application/pdf\r\n\r\nx\r\n".repeat(100_000);
    let parsed = read(format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{parts}"));
    assert_eq!((parsed.incomplete, parsed.email.attachment_count), (Some(Incomplete::Parts), 499));
    assert_eq!(parsed.email.preview, "(Content not read: the mail has too many parts.)");

    let parsed = read(format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nthe text\r\n{parts}"));
    assert_eq!((parsed.incomplete, parsed.email.preview.as_str()), (Some(Incomplete::Parts), "the text"));
}

#[test]
fn a_million_header_fields() {
    let parsed = read(format!("{}\r\nthe text", "X-Field: x\r\n".repeat(1_000_000)));
    assert_eq!(parsed.email.preview, "the text");
    let part = format!("--x\r\n{}", "X-Field: x\r\n".repeat(1_000_000));
    let parsed = read(format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{part}\r\nthe text"));
    assert_eq!(parsed.email.preview, "the text");
}

#[test]
fn a_header_line_of_a_mebibyte() {
    let parsed = read(format!("References: {}\r\n\r\nthe text", "<a@b> ".repeat((1 << 20) / 6)));
    assert_eq!(parsed.email.preview, "the text");
}

#[test]
fn header_fields_that_are_slow_to_decode() {
    for piece in ["=?aa?q?x", "=?aa?q?\r\n ", "=?aa?b?\r\n ", "(", "<", "\"\\", "a:", "=?utf-8?Q?a?= "] {
        let value = piece.repeat((1 << 20) / piece.len());
        let raw = ["From", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding"]
            .map(|name| format!("{name}: {value}\r\n"))
            .concat();
        assert_presentable(&read_on_a_small_stack(raw.into_bytes()).unwrap());
    }
    let parameters = |count: usize| (0..count).map(|n| format!(";{n}*1=x")).collect::<String>();
    let parts = format!("--x\r\nContent-Type: a/b{}\r\n\r\n", parameters(4_000)).repeat(400);
    let parsed = read(format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{parts}"));
    assert_eq!(parsed.email.attachment_count, 400);
}

/// As much of the piece as fits into the limit behind `head`.
fn filled_up(head: &str, piece: &str) -> Vec<u8> {
    (head.to_owned() + &piece.repeat(((25 << 20) - TOP.len() - head.len()) / piece.len())).into_bytes()
}

#[test]
fn bodies_as_large_as_allowed() {
    let nested = nested_multiparts(20) + "\r\n";
    for (head, piece) in [
        ("\r\n", "x"),
        ("\r\n", "x\r\n"),
        ("Content-Type: text/html\r\n\r\n", "<div>"),
        ("Content-Transfer-Encoding: base64\r\n\r\n", "QUJD"),
        ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=41=\n"),
        ("Content-Type: multipart/mixed; boundary=x\r\n\r\n", "--x--\r\n"),
        (nested.as_str(), "--\n"),
    ] {
        let parsed = read(filled_up(head, piece));
        assert_eq!(parsed.incomplete, None, "{head}{piece}");
    }
}

#[test]
fn a_byte_more_than_allowed() {
    let raw = vec![b'x'; (25 << 20) + 1];
    assert_eq!(
        read_on_a_small_stack(raw).unwrap_err(),
        EmailError::TooLarge { bytes: (25 << 20) + 1, limit: 25 << 20 }
    );
}

#[test]
fn text_that_pretends_to_be_more_than_text() {
    let parsed = read("Content-Type: text/plain; charset=utf-8\r\n\r\n<b>x</b>\0\u{202e}y\u{1b}[31m\u{2028}z\r\n");
    assert_eq!(parsed.email.preview, "<b>x</b>y[31m z");
}
