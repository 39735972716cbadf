//! Mail that is broken, cut off, or no mail.

use inbound_email::{EmailError, Limits, parse};

use crate::support::{assert_presentable, read};

fn text_mail(header: &str, body: &[u8]) -> String {
    let parsed = read([format!("From: a@example.com\r\n{header}\r\n\r\n").as_bytes(), body].concat());
    assert_presentable(&parsed);
    parsed.email.preview
}

#[test]
fn what_is_no_mail_is_refused_with_the_reason() {
    let refused = |raw: &[u8]| parse(raw, &Limits::default()).unwrap_err();
    assert_eq!(refused(b""), EmailError::Empty);
    assert_eq!(refused(b"\xEF\xBB\xBF \r\n\r\n"), EmailError::Empty);
    for raw in [
        b"hello, world".as_slice(),
        b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj: x\n",
        b"\x00\x01\x02\xff:\n\n",
        b"{\"from\": \"a@example.com\",\n \"subject\": \"x\"}",
        b"X-Unknown: 1\r\nX-Other: 2\r\n\r\nFrom: a@example.com\r\n",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    ] {
        assert_eq!(refused(raw), EmailError::Unreadable, "{raw:?}");
    }
    let limits = Limits { message_bytes: 10, ..Limits::default() };
    let too_large = parse(b"Subject: long", &limits).unwrap_err();
    assert_eq!(too_large, EmailError::TooLarge { bytes: 13, limit: 10 });
    assert_eq!(too_large.to_string(), "the mail has 13 bytes, more than the 10 that are accepted");
    assert!(parse(b"Subject: x", &limits).is_ok());
}

#[test]
fn headers_are_found_in_spite_of_what_surrounds_them() {
    let raw = "\u{feff}\r\n\r\nFrom b@example.com Thu Jan  1 00:00:00 2026\r\nno colon here\r\n\
               SUBJECT\t: shouted\r\nSubject: second\r\nfrom:\r\n\ta@example.com\r\n\r\nSubject: body";
    let parsed = read(raw);
    assert_eq!(parsed.email.subject.as_deref(), Some("shouted"));
    assert_eq!((parsed.email.from.as_str(), parsed.email.preview.as_str()), ("a@example.com", "Subject: body"));
}

#[test]
fn a_body_that_begins_with_blanks_is_a_body() {
    assert_eq!(text_mail("X: y", b"  indented\r\n text"), "indented text");
    assert_eq!(text_mail("X: y", b"-- \r\nonly a signature"), "-- only a signature");
}

#[test]
fn any_character_set_reads_as_something() {
    for (label, body, expected) in [
        ("utf-8", "Grüße".as_bytes(), "Grüße"),
        ("UTF8", b"broken \xff\xc3", "broken \u{fffd}\u{fffd}"),
        ("iso-8859-1", b"caf\xe9", "café"),
        ("\"windows-1251\"", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        ("shift_jis", b"\x93\xfa\x96\x7b\xff", "日本\u{fffd}"),
        ("us-ascii", "really UTF-8: é".as_bytes(), "really UTF-8: é"),
        ("x-no-such-set", b"caf\xe9", "café"),
        ("utf-16le", b"h\0i\0", "hi"),
        ("", "Grüße".as_bytes(), "Grüße"),
    ] {
        assert_eq!(text_mail(&format!("Content-Type: text/plain; charset={label}"), body), expected, "{label}");
    }
    assert_eq!(text_mail("MIME-Version: 1.0", b"caf\xe9 without a label"), "café without a label");
}

#[test]
fn broken_transfer_encodings_are_undone_as_far_as_they_go() {
    for (encoding, body, expected) in [
        ("base64", "SGVsbG8sIHdvcmxkIQ==", "Hello, world!"),
        ("BASE64 ", "SGVs\r\nbG8s\r\nIHdv", "Hello, wo"),
        ("base64", "SGVsbG8=\r\n-- \r\nlist footer", "Hello"),
        ("base64", "this is no base64, is it?", "this is no base64, is it?"),
        ("quoted-printable", "Gr=C3=BC=C3=9Fe =\r\nfolded=", "Grüße folded"),
        ("quoted-printable", "1 =\u{a0}2, =ZZ and =C3=A9", "1 =\u{a0}2, =ZZ and é"),
        ("Quoted-Printable", "a == b", "a == b"),
        ("x-unknown", "as is", "as is"),
    ] {
        let preview = text_mail(&format!("Content-Transfer-Encoding: {encoding}"), body.as_bytes());
        assert_eq!(preview, expected.replace('\u{a0}', " "), "{encoding}: {body}");
    }
}

#[test]
fn multiparts_that_cannot_be_taken_apart_are_read_as_they_stand() {
    assert_eq!(text_mail("Content-Type: multipart/mixed", b"--a\r\n\r\nb"), "--a b");
    assert_eq!(text_mail("Content-Type: multipart/mixed; boundary=\"\"", b"--\r\n\r\nb"), "-- b");
    assert_eq!(text_mail("Content-Type: multipart/mixed; boundary=a", b"the boundary never comes"), "");
    assert_eq!(text_mail("Content-Type: multipart/mixed; boundary=a", b"--a\r\n--a\r\n--a--\r\n--a\r\n\r\nb"), "");
    assert_eq!(text_mail("Content-Type: multipart/mixed; boundary=a", b"--a \t\r\n\r\nnever closed"), "never closed");
    assert_eq!(text_mail("Content-Type: ;;;=", b"text"), "text");
}
