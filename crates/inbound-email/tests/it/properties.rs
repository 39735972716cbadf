//! No bytes whatever make the reader panic or let an unclean text out.

use inbound_email::{Limits, parse, preview_of_html};
use integrations_core::text::is_deceptive;
use proptest::{collection::vec, prelude::*, sample::select};

use crate::support::{assert_presentable, samples};

fn check(raw: &[u8]) {
    if let Ok(parsed) = parse(raw, &Limits::default()) {
        assert_presentable(&parsed);
    }
}

/// Of these mails are made, well and badly.
#[rustfmt::skip]
const PIECES: &[&[u8]] = &[
    b"From: ", b"Subject: ", b"Date: ", b"Message-ID: ", b"Sender: ", b"Content-Type: ", b"content-disposition :",
    b"Content-Transfer-Encoding: ", b"Content-ID: <x>", b"multipart/mixed; boundary=b", b"multipart/alternative;",
    b"multipart/related; boundary=", b"multipart/digest; boundary=\"b\"", b"message/rfc822", b"text/html",
    b"text/plain", b"; charset=utf-8", b"; charset=iso-2022-jp", b"; charset=utf-16", b"; charset=utf-7",
    b"; charset=gb18030", b"attachment; filename*0*=utf-8''%ff", b"image/png", b"base64", b"quoted-printable",
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b"--b\r\n", b"--b--\r\n", b"--", b"\r\n\t", b"a@example.com",
    b"<a@example.com>", b"Name ", b"\"", b"(", b")", b"<", b">", b":", b";", b",", b"=?utf-8?B?",
    b"=?utf-8?Q?=E2=80=AE", b"=?iso-2022-jp?B?GyRC", b"?=", b"=?", b"\xe2\x80\xae", b"\xff", b"\xc3", b"\0",
    b"\x1b$B", b"=E2=80=AE", b"=", b"4oCu", b"+AGE-", b"<style>", b"</style>", b"<!--", b"&#8238;", b"&",
    b"Tue, 3 Feb 2026 09:00:00 +0100", b"99999999999", b"text",
];

fn pieces() -> impl Strategy<Value = Vec<&'static [u8]>> {
    vec(select(PIECES), 0..60)
}

proptest! {
    #[test]
    fn random_bytes(raw in vec(any::<u8>(), 0..2_000)) {
        check(&raw);
        check(&[b"From: ".as_slice(), &raw].concat());
        check(&[b"Subject: x\r\nContent-Type: text/html\r\n\r\n".as_slice(), &raw].concat());
    }

    #[test]
    fn mails_put_together_at_random(pieces in pieces()) {
        check(&pieces.concat());
        check(&[b"Subject: x\r\nContent-Type: ".as_slice(), &pieces.concat()].concat());
    }

    #[test]
    fn samples_changed_at_random(
        sample in select(samples()),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..5_u8), 1..30),
    ) {
        let (_, mut raw) = sample;
        for (index, byte, kind) in changes {
            let at = index.index(raw.len());
            match kind {
                0 => raw[at] = byte,
                1 => raw.insert(at, byte),
                2 => raw[at] ^= 1 << (byte % 8),
                3 => raw.extend_from_within(at..),
                _ => raw.truncate(at.max(1)),
            }
            raw.truncate(100_000);
        }
        check(&raw);
    }

    #[test]
    fn html_put_together_at_random(pieces in pieces(), text in any::<String>()) {
        let html = String::from_utf8_lossy(&pieces.concat()).into_owned() + &text;
        let preview = preview_of_html(&html);
        prop_assert!(preview.chars().count() <= 280 && !preview.chars().any(is_deceptive));
    }
}
