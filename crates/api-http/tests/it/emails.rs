//! Raw mail.

use api_http::RequestLimits;
use axum::body::Body;
use bytes::Bytes;
use http::Method;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::api::{Api, Client, redacted};

const MAIL: &str = "From: Ada <ada@shop.example>\r\nTo: alerts@localhost\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
    Message-ID: <1@shop.example>\r\n\r\nHello Grace.\r\n";

async fn subscribed(api: &Api) -> Client {
    let tenant = api.tenant().await;
    let integration = tenant.integration("one").await;
    tenant.address("alerts", &[&integration]).await;
    tenant.address("ops", &[]).await;
    tenant
}

#[tokio::test]
async fn a_mail_is_accepted_for_each_recipient_that_is_known() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let path = "/v1/emails?recipient=nobody@localhost&recipient=Alerts@LocalHost&recipient=ops%40localhost\
        &recipient=not%20an%20address&recipient=alerts@localhost&unrelated=1";
    let accepted = tenant.post_mail(path, MAIL).await;
    assert_json_snapshot!("accepted_mail", redacted(accepted.expect(202)));
    api.work().await;
    assert_eq!(api.postbox.delivered()[0].subject.as_deref(), Some("Grüße"));
}

#[tokio::test]
async fn the_same_raw_mail_is_a_duplicate_and_another_is_not() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let first = tenant.post_mail("/v1/emails?recipient=alerts@localhost", MAIL).await.expect(202);
    let again = "/v1/emails?recipient=ops@localhost&recipient=alerts@localhost";
    let second = tenant.post_mail(again, MAIL).await.expect(202);
    assert_eq!((&second["data"][0]["duplicate"], &second["data"][1]["duplicate"]), (&json!(false), &json!(true)));
    assert_eq!(second["data"][1]["id"], first["data"][0]["id"]);
    // The same Message-ID in other bytes is another mail.
    let third = tenant.post_mail(again, format!("{MAIL}\r\n")).await.expect(202);
    assert_eq!(third["data"][1]["duplicate"], false);
}

#[tokio::test]
async fn one_to_a_hundred_recipients() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let path = |count: usize| {
        let recipients: Vec<_> = (0..count).map(|n| format!("recipient=a{n}@localhost")).collect();
        format!("/v1/emails?recipient=ops@localhost&{}", recipients.join("&"))
    };
    let accepted = tenant.post_mail(&path(99), MAIL).await.expect(202);
    assert_eq!(accepted["data"].as_array().unwrap().len(), 100);
    tenant.post_mail(&path(100), MAIL).await.problem(400, "too_many_recipients");
    for none in ["/v1/emails", "/v1/emails?", "/v1/emails?recipients=ops@localhost"] {
        tenant.post_mail(none, MAIL).await.problem(400, "too_many_recipients");
    }
}

#[tokio::test]
async fn none_known_is_not_found() {
    let api = Api::new();
    let (tenant, stranger) = (subscribed(&api).await, api.tenant().await);
    for unknown in ["recipient=nobody@localhost&recipient=x", "recipient=", "recipient=%00@localhost", "recipient=%ff"]
    {
        tenant.post_mail(&format!("/v1/emails?{unknown}"), MAIL).await.problem(404, "unknown_address");
    }
    stranger.post_mail("/v1/emails?recipient=ops@localhost", MAIL).await.problem(404, "unknown_address");
}

#[tokio::test]
async fn a_plus_sign_means_itself() {
    let api = Api::new();
    let tenant = api.tenant().await;
    tenant.address("ops+eu", &[]).await;
    for path in ["/v1/emails?recipient=ops+eu@localhost", "/v1/emails?recipient=ops%2Beu@localhost"] {
        let accepted = tenant.post_mail(path, MAIL).await.expect(202);
        assert_eq!(accepted["data"][0]["recipient"], "ops+eu@localhost");
    }
}

#[tokio::test]
async fn what_is_no_mail_is_refused_and_what_is_cut_off_is_not() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let path = "/v1/emails?recipient=ops@localhost";
    for unreadable in [&b""[..], b" \r\n ", b"{\"not\": \"a mail\"}", &[0, 255, 254, 10, 10]] {
        tenant.post_mail(path, Bytes::copy_from_slice(unreadable)).await.problem(400, "unreadable_mail");
    }
    let whole = "From: ada@shop.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n--b--";
    for end in ["From: a".len(), 40, whole.len() - 8] {
        tenant.post_mail(path, &whole[..end]).await.expect(202);
    }
    tenant.post_mail(path, Bytes::from_static(b"Subject: \xff\xfe\0\r\n\r\n\x80")).await.expect(202);
}

#[tokio::test]
async fn any_media_type_but_json_is_taken() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let path = "/v1/emails?recipient=ops@localhost";
    tenant.ask(Method::POST, path, MAIL).await.expect(202);
    for media_type in ["application/octet-stream", "text/plain; charset=x", "application/x-www-form-urlencoded", "?"] {
        tenant.clone().with_header("content-type", media_type).ask(Method::POST, path, MAIL).await.expect(202);
    }
    let refused = tenant.post(path, json!({ "from": "ada@shop.example" })).await;
    refused.problem(415, "unsupported_media_type");
}

fn in_pieces(pieces: usize, length: usize) -> Body {
    let mut pieces: Vec<_> = vec![Bytes::from(vec![b'x'; length]); pieces];
    pieces.insert(0, Bytes::from_static(b"Subject: Hi\r\n\r\n"));
    Body::from_stream(futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
}

#[tokio::test]
async fn too_large_a_mail_is_refused_with_and_without_a_length() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let path = "/v1/emails?recipient=ops@localhost";
    let most = (25 << 20) - MAIL.len();
    tenant.post_mail(path, format!("{MAIL}{}", "x".repeat(most))).await.expect(202);
    tenant.post_mail(path, format!("{MAIL}{}", "x".repeat(most + 1))).await.problem(413, "payload_too_large");
    tenant.post_mail(path, in_pieces(26, 1 << 20)).await.problem(413, "payload_too_large");
    let announced = tenant.clone().with_header("content-length", &((25 << 20) + 1).to_string());
    announced.post_mail(path, MAIL).await.problem(413, "payload_too_large");
}

#[tokio::test]
async fn mail_beyond_what_memory_is_for_is_put_off() {
    let limits = RequestLimits { mail_bytes_at_once: 3_000, ..RequestLimits::default() };
    let api = Api::limited(RequestLimits { mail_bytes_at_once_per_organization: 2_000, ..limits });
    let (one, two) = (subscribed(&api).await, api.tenant().await);
    two.address("two", &[]).await;
    let path = "/v1/emails?recipient=ops@localhost";
    let refused = one.post_mail(path, in_pieces(3, 1_000)).await;
    refused.problem(503, "busy");
    assert_eq!(refused.header("retry-after"), Some("2"));

    // One organization takes in as much as it may, and stops there.
    let (sender, slow) = slow_mail();
    let asked = tokio::spawn({
        let one = one.clone();
        async move { one.post_mail(path, slow).await }
    });
    sender.send(Bytes::from(format!("Subject: Hi\r\n\r\n{}", "x".repeat(1_900)))).await.unwrap();
    sender.reserve().await.unwrap().send(Bytes::from_static(b"."));
    while one.post_mail(path, in_pieces(1, 500)).await.status != 503 {
        tokio::task::yield_now().await;
    }
    two.post_mail("/v1/emails?recipient=two@localhost", in_pieces(1, 500)).await.expect(202);
    two.post_mail("/v1/emails?recipient=two@localhost", in_pieces(2, 900)).await.problem(503, "busy");
    drop(sender);
    asked.await.unwrap().expect(202);
    one.post_mail(path, in_pieces(1, 500)).await.expect(202);
}

/// A body that comes as it is sent.
fn slow_mail() -> (tokio::sync::mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async {
        let piece: Bytes = receiver.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), receiver))
    });
    (sender, Body::from_stream(pieces))
}

#[tokio::test]
async fn all_recipients_are_one_commit() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let path = "/v1/emails?recipient=alerts@localhost&recipient=ops@localhost";
    let accepted = tenant.post_mail(path, MAIL).await.expect(202);
    let counts: Vec<&Value> = accepted["data"].as_array().unwrap().iter().map(|one| &one["dispatchCount"]).collect();
    assert_eq!(counts, [&json!(1), &json!(0)]);
}
