//! Who a mail is from, and how its subject, identifier and date read.

use crate::support::{assert_presentable, read};

fn from(value: &str) -> (String, String) {
    let parsed = read(format!("From: {value}\r\nSubject: x\r\n\r\nhello"));
    assert_presentable(&parsed);
    (parsed.email.from, parsed.email.sender_label)
}

fn subject(value: impl AsRef<[u8]>) -> Option<String> {
    let raw = [b"From: a@example.com\r\nSubject: ", value.as_ref(), b"\r\n\r\nhello"].concat();
    let parsed = read(raw);
    assert_presentable(&parsed);
    parsed.email.subject
}

#[test]
fn a_label_is_a_name_with_its_address() {
    for (value, address, label) in [
        ("Ana <ana@example.com>", "ana@example.com", "Ana <ana@example.com>"),
        ("ana@example.com", "ana@example.com", "ana@example.com"),
        ("<ana@example.com>", "ana@example.com", "ana@example.com"),
        ("\"ana@example.com\" <ana@example.com>", "ana@example.com", "ana@example.com"),
        ("ana@example.com (Ana)", "ana@example.com", "Ana <ana@example.com>"),
        ("\"Silva, Ana\" <ana@example.com>", "ana@example.com", "Silva, Ana <ana@example.com>"),
        ("=?utf-8?B?WsO8cmljaA==?= <z@example.com>", "z@example.com", "Zürich <z@example.com>"),
        ("\"=?utf-8?Q?J=C3=B6rg?=\" <j@example.com>", "j@example.com", "Jörg <j@example.com>"),
        ("Zoë <zoë@exämple.com>", "zoë@exämple.com", "Zoë <zoë@exämple.com>"),
        ("Ana\r\n <ana@example.com>", "ana@example.com", "Ana <ana@example.com>"),
        ("Team: ana@example.com, bo@example.com;", "ana@example.com", "ana@example.com"),
        ("ana@example.com, Bo <bo@example.com>", "ana@example.com", "ana@example.com"),
    ] {
        assert_eq!(from(value), (address.to_owned(), label.to_owned()), "{value}");
    }
}

#[test]
fn a_name_cannot_pass_for_the_address() {
    let (_, label) = from("=?utf-8?Q?Bank_=3Chelp=40bank.example=3E?= <x@evil.example>");
    assert_eq!(label, "Bank help@bank.example <x@evil.example>");
    let (_, label) = from("Bank \u{202e}elpmaxe.knab\u{202c} <x@evil.example>");
    assert_eq!(label, "Bank elpmaxe.knab <x@evil.example>");
    let (_, label) = from("\u{3164}\u{200b} <x@evil.example>");
    assert_eq!(label, "x@evil.example");
    let (_, label) = from(&format!("{} <x@evil.example>", "long ".repeat(500)));
    assert!(label.ends_with("… <x@evil.example>") && label.chars().count() < 160, "{label}");
}

#[test]
fn what_is_no_address_is_passed_over() {
    for value in ["Ana", "<>", "a <b@example.com> <c@example.com>", "a@b@c", "@example.com", "ana@", ""] {
        assert_eq!(from(value).0, "unknown", "{value}");
        let raw = format!("From: {value}\r\nReturn-Path: <bounce@example.com>\r\nSender: s@example.com\r\n\r\n");
        assert_eq!(read(raw).email.sender_label, "s@example.com");
    }
    assert_eq!(read("Return-Path: <bounce@example.com>\r\n\r\n").email.from, "bounce@example.com");
    assert_eq!(read("Return-Path: <>\r\n\r\n").email.sender_label, "unknown");
}

#[test]
fn subjects_are_decoded() {
    for (value, expected) in [
        ("plain", "plain"),
        ("=?utf-8?B?w6k=?= =?utf-8?Q?=C3=A8?=\r\n =?iso-8859-1?Q?=E0?=", "éèà"),
        ("Re: =?UTF-8?Q?a_b?= c", "Re: a b c"),
        ("=?Shift_JIS?B?k/qWew==?=", "日本"),
        ("roh: Grüße", "roh: Grüße"),
        ("folded\r\n\tover\r\n  lines", "folded over lines"),
        ("<b>bold</b> & co", "<b>bold</b> & co"),
        ("=?utf-8?Q?a=0D=0ABcc:_x=00=E2=80=AEy?=", "a Bcc: xy"),
        ("half =?utf-8?B?w6", "half =?utf-8?B?w6"),
        ("=?x-unknown?Q?=E9t=E9?=", "\u{fffd}t\u{fffd}"),
        ("nul\0 and bell\u{7}", "nul and bell"),
    ] {
        assert_eq!(subject(value).as_deref(), Some(expected), "{value}");
    }
    assert_eq!(subject(b"caf\xe9 in Latin-1").as_deref(), Some("café in Latin-1"));
    assert_eq!(subject(""), None);
    assert_eq!(subject("=?utf-8?Q?=E2=80=8B?="), None);
    assert_eq!(subject("x".repeat(3_000)).unwrap().chars().count(), 998);
}

#[test]
fn identifiers_and_dates_are_read_where_they_are_there() {
    let parsed = read("Message-ID: <a.b@example.com>\r\nDate: Tue, 3 Feb 2026 09:00:00 +0100 (CET)\r\n\r\n");
    assert_eq!(parsed.email.message_id.as_deref(), Some("a.b@example.com"));
    assert_eq!(parsed.date.unwrap().to_string(), "2026-02-03T08:00:00Z");

    let parsed = read("message-id : bare@example.com\r\nDATE:\r\n 3 Feb 26 09:00 GMT\r\n\r\n");
    assert_eq!(parsed.email.message_id.as_deref(), Some("bare@example.com"));
    assert_eq!(parsed.date.unwrap().to_string(), "2026-02-03T09:00:00Z");

    for date in ["yesterday", "Tue, 31 Feb 2026 09:00:00 +0000", "99 Xxx 99999999999999 99:99:99 +9999", ""] {
        let parsed = read(format!("Date: {date}\r\nMessage-ID: <>\r\n\r\n"));
        assert_eq!((parsed.date, parsed.email.message_id), (None, None), "{date}");
    }
}
