//! What counts as an attachment, and which text is the mail's.

use inbound_email::ParsedEmail;

use crate::support::read;

/// A mail whose parts, each a header, an empty line and a body, stand in a multipart of the given subtype.
fn mail(subtype: &str, parts: &[&str]) -> ParsedEmail {
    read(format!("From: a@example.com\r\nContent-Type: multipart/{subtype}; boundary=x\r\n\r\n{}", body("x", parts)))
}

fn body(boundary: &str, parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect::<String>();
    format!("{parts}--{boundary}--\r\n")
}

const PLAIN: &str = "Content-Type: text/plain\r\n\r\nplain text";
const HTML: &str = "Content-Type: text/html\r\n\r\n<p>HTML text</p>";
const PDF: &str = "Content-Type: application/pdf\r\n\r\n%PDF";

#[test]
fn parts_that_are_attachments_count() {
    for part in [
        PDF,
        "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx",
        "Content-Type: text/plain; name=notes.txt\r\n\r\nx",
        "Content-Type: text/html\r\nContent-Disposition: inline; filename=page.html\r\n\r\nx",
        "Content-Type: text/csv\r\n\r\n1,2",
        "Content-Type: image/png\r\nContent-ID: <a>\r\n\r\nx",
        "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx",
        "Content-Disposition: ATTACHMENT;\r\n\tfilename*0*=utf-8''%E2%82%AC;\r\n filename*1=.txt\r\n\r\nx",
    ] {
        let parsed = mail("mixed", &[PLAIN, part]);
        assert_eq!((parsed.email.attachment_count, parsed.email.preview.as_str()), (1, "plain text"), "{part}");
    }
}

#[test]
fn parts_that_no_reader_calls_attachments_do_not_count() {
    let calendar = "Content-Type: text/calendar; name=invite.ics\r\n\r\nBEGIN:VCALENDAR";
    assert_eq!(mail("alternative", &[PLAIN, HTML, calendar]).email.attachment_count, 0);
    let picture =
        "Content-Type: image/png; name=logo.png\r\nContent-ID: <logo>\r\nContent-Disposition: inline\r\n\r\nx";
    assert_eq!(mail("related", &[HTML, picture]).email.attachment_count, 0);
    let attached = picture.replace("inline", "attachment");
    assert_eq!(mail("related", &[HTML, &attached]).email.attachment_count, 1);
    let signature = "Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nx";
    assert_eq!(mail("signed", &[PLAIN, signature]).email.attachment_count, 0);
    let status = "Content-Type: message/delivery-status\r\n\r\nAction: failed";
    let returned = "Content-Type: message/rfc822\r\n\r\nSubject: returned\r\n\r\nx";
    assert_eq!(mail("report", &[PLAIN, status, returned]).email.attachment_count, 1);
}

#[test]
fn a_digest_is_made_of_mails() {
    let parsed = mail("digest", &["\r\nSubject: one\r\n\r\nx", "\r\nSubject: two\r\n\r\ny", PLAIN]);
    assert_eq!((parsed.email.attachment_count, parsed.email.preview.as_str()), (2, "plain text"));
}

#[test]
fn the_first_text_that_is_not_blank_is_the_preview() {
    let blank = "Content-Type: text/plain\r\n\r\n \r\n\u{200b}\r\n";
    let footer = "Content-Type: text/plain\r\n\r\n_____ list footer";
    for (subtype, parts, expected) in [
        ("alternative", vec![PLAIN, HTML], "plain text"),
        ("alternative", vec![HTML, PLAIN], "plain text"),
        ("alternative", vec![blank, HTML], "HTML text"),
        ("mixed", vec![blank, HTML, footer], "HTML text"),
        ("mixed", vec![PLAIN, footer], "plain text"),
        ("mixed", vec!["\r\nno header at all", HTML], "no header at all"),
        ("mixed", vec![PDF], ""),
    ] {
        assert_eq!(mail(subtype, &parts).email.preview, expected, "{subtype} {parts:?}");
    }
}

#[test]
fn multiparts_within_multiparts_are_one_mail() {
    let alternative =
        format!("Content-Type: multipart/alternative; boundary=\"x y\"\r\n\r\n{}", body("x y", &[PLAIN, HTML]));
    let related = format!("Content-Type: multipart/related; boundary=xx\r\n\r\n{}", body("xx", &[&alternative]));
    let parsed = mail("mixed", &[&related, PDF, PDF]);
    assert_eq!((parsed.email.attachment_count, parsed.email.preview.as_str()), (2, "plain text"));
}

#[test]
fn a_mail_within_a_mail_is_not_opened() {
    let inner = format!(
        "Subject: inner\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n{}",
        body("inner", &[HTML, PDF, PDF])
    );
    for encoding in ["7bit", "base64", "quoted-printable"] {
        let part = format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{inner}");
        let parsed = mail("mixed", &[&part, PLAIN]);
        assert_eq!((parsed.email.attachment_count, parsed.email.preview.as_str()), (1, "plain text"), "{encoding}");
    }
}
