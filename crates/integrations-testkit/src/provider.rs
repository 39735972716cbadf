//! What every [`Provider`](integrations_core::Provider) must do, whatever its service.
//!
//! The cases go through [`DynProvider`](integrations_core::DynProvider), as the worker does, so they prove what it
//! will meet. What only one service does (its limits, its error codes) is for that provider's own tests.

mod gallery;
mod harness;

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER};
use integrations_core::{
    Connection, DeliveryError, Egress, EmailReceived, FailureKind, HttpError, HttpRequest, MAX_RESPONSE_BYTES, Message,
    provider::{Content, Halves},
};
use serde_json::{Value, json};

pub use gallery::gallery;
pub use harness::{ProviderHarness, refused};
use harness::{
    assert_hidden, config, deliver, halves, is_repeated, object, pieces, playing, secret, send, service, spellings,
    verify,
};

use crate::{
    sample,
    scripted_http::{ScriptedHttp, answer, body, with_header},
    suite::suite,
};

suite! { $
    provider_conformance in provider for ProviderHarness {
        /// An accepted message gives a receipt.
        async fn success_gives_a_receipt(harness) {
            deliver(harness, &playing(harness.delivered())).await.unwrap();
        }

        /// Places to send to are listed, or refused without a call and with the advice what to do instead.
        async fn places_are_listed_or_refused(harness) {
            let http = playing(harness.listed());
            let answer = harness.provider().targets(&secret(harness), service(&http)).await;
            assert_eq!(http.requests().len(), harness.listed().len());
            if harness.listed().is_empty() {
                let error = answer.expect_err("places out of nothing; if that is meant, say what the service answers");
                assert_eq!(error.kind, FailureKind::Rejected);
                assert!(error.message.contains("by hand"), "{error:?}");
            } else {
                let places = answer.unwrap();
                assert!(!places.is_empty());
                for place in places {
                    assert!(!place.id.is_empty() && !place.label.is_empty() && !place.kind.is_empty(), "{place:?}");
                }
            }
        }

        /// Nothing is sent beside the calls that one delivery takes, so it takes effect once.
        async fn a_delivery_takes_effect_once(harness) {
            let http = playing(harness.delivered());
            deliver(harness, &http).await.unwrap();
            assert_eq!(http.requests().len(), harness.delivered().len());
        }

        /// The message that shows that an integration works is a message like any other.
        async fn a_test_message_is_delivered(harness) {
            let message = Message::test("msg_test".to_owned(), "My <integration> & more");
            send(harness, &playing(harness.delivered()), &message).await.unwrap();
        }

        /// The same message again is the same request, with the same identifier where the service takes one.
        async fn a_repeat_is_the_same_request(harness) {
            let (first, second) = (playing(harness.delivered()), playing(harness.delivered()));
            deliver(harness, &first).await.unwrap();
            deliver(harness, &second).await.unwrap();
            for (first, second) in first.requests().iter().zip(&second.requests()) {
                assert_eq!((&first.method, &first.url, &first.headers), (&second.method, &second.url, &second.headers));
                assert_eq!(body(first), body(second));
                assert_eq!(harness.message_id(first), harness.message_id(second));
            }
            let other = playing(harness.delivered());
            send(harness, &other, &Message::test("msg_2".to_owned(), "x")).await.unwrap();
            let ids = |http: &ScriptedHttp| http.requests().iter().find_map(|request| harness.message_id(request));
            assert!(ids(&first).is_none() || ids(&first) != ids(&other), "two messages share an identifier");
            assert!(ids(&first).is_some() || !harness.idempotent(), "say where the service is told which message it is");
        }

        /// A 429 says how long to wait.
        async fn a_wait_is_kept(harness) {
            let limited = with_header(harness.refusal(429, "Too Many Requests"), RETRY_AFTER, "7");
            let (error, calls) = refused(harness, Ok(limited)).await;
            assert_eq!((error.kind, error.retry_after), (FailureKind::Throttled, Some(Duration::from_secs(7))));
            assert_eq!(calls, 1);
        }

        /// A 429 that does not say how long is still no failure of the message.
        async fn a_limit_without_a_wait_is_throttling(harness) {
            for limited in [harness.refusal(429, "Too Many Requests"), answer(429, "")] {
                let (error, calls) = refused(harness, Ok(limited)).await;
                assert_eq!((error.kind, error.retry_after, calls), (FailureKind::Throttled, None, 1));
            }
        }

        /// Troubles of the service are retried by the rules, not by the provider; also those told by a proxy in HTML.
        async fn server_errors_are_unavailable(harness) {
            for status in [500, 502, 503, 504] {
                for trouble in [harness.refusal(status, "Internal"), answer(status, "<html>Bad Gateway</html>")] {
                    let (error, calls) = refused(harness, Ok(trouble)).await;
                    assert_eq!((error.kind, calls), (FailureKind::Unavailable, 1), "{status}");
                    assert_eq!(error.http_status, Some(status));
                }
            }
        }

        /// A message that is refused for itself is not sent again and again.
        async fn refusals_are_not_repeated(harness) {
            for status in [400, 405, 413, 422] {
                let (error, _) = refused(harness, Ok(harness.refusal(status, "no"))).await;
                assert!(!is_repeated(error.kind), "{status} is {:?}", error.kind);
                assert_eq!(error.http_status, Some(status));
            }
        }

        /// Refused credentials are told from everything else.
        async fn refused_credentials_are_unauthorized(harness) {
            let (error, calls) = refused(harness, Ok(harness.refusal(401, "Unauthorized"))).await;
            assert_eq!((error.kind, calls), (FailureKind::Unauthorized, 1));
        }

        /// What never left may be retried freely.
        async fn what_was_not_sent_is_unavailable(harness) {
            let (error, calls) = refused(harness, Err(HttpError::NotSent { reason: "connection refused" })).await;
            assert_eq!((error.kind, calls), (FailureKind::Unavailable, 1));
        }

        /// A connection that did not open in time sent nothing either.
        async fn a_connection_that_does_not_open_is_a_timeout(harness) {
            let (error, calls) = refused(harness, Err(HttpError::ConnectTimeout)).await;
            assert_eq!((error.kind, calls), (FailureKind::Timeout, 1));
        }

        /// An address that may not be reached does not become one by trying again.
        async fn a_blocked_address_is_not_repeated(harness) {
            let (error, calls) = refused(harness, Err(HttpError::Blocked)).await;
            assert!(!is_repeated(error.kind), "{:?}", error.kind);
            assert_eq!(calls, 1);
        }

        /// A message whose answer was lost may have arrived, unless the service recognises repeats.
        async fn a_lost_answer_is_unconfirmed(harness) {
            let (error, calls) = refused(harness, Err(HttpError::Unknown { reason: "connection reset" })).await;
            assert!(error.kind == FailureKind::Unconfirmed || harness.idempotent(), "{:?}", error.kind);
            assert!(is_repeated(error.kind), "{:?}", error.kind);
            assert_eq!(calls, 1);
        }

        /// A 200 that cannot be read may mean that the message arrived: it is taken as it is, or is unconfirmed.
        async fn an_unreadable_success_is_not_repeated_blindly(harness) {
            let huge = bytes::Bytes::from(vec![b'x'; MAX_RESPONSE_BYTES]);
            let bodies = ["".into(), "OK?".into(), "null".into(), "[".repeat(100_000).into(), vec![0xff, 0].into(), huge];
            for body in bodies {
                for truncated in [false, true] {
                    let mut unreadable = answer(200, body.clone());
                    unreadable.truncated = truncated;
                    let http = ScriptedHttp::always(Ok(unreadable));
                    if let Err(error) = deliver(harness, &http).await {
                        assert!(error.kind == FailureKind::Unconfirmed || !is_repeated(error.kind) || harness.idempotent());
                    }
                    assert!(http.requests().len() <= harness.delivered().len());
                }
            }
        }

        /// A redirect is never followed and never a success.
        async fn redirects_are_not_followed(harness) {
            for status in [301, 302, 303, 307, 308] {
                let elsewhere = with_header(answer(status, ""), LOCATION, "https://elsewhere.example/");
                let (error, calls) = refused(harness, Ok(elsewhere)).await;
                assert!(!is_repeated(error.kind), "{status} is {:?}", error.kind);
                assert_eq!(calls, 1, "{status}");
            }
        }

        /// However a service spells a secret that it echoes, no error shows it.
        async fn errors_never_show_a_secret(harness) {
            for needle in harness.needles() {
                for echo in spellings(&needle).iter().chain(&pieces(&needle)) {
                    for status in [200, 302, 400, 401, 403, 404, 409, 410, 429, 500] {
                        let text = format!("no such path /{echo}/ here, {echo}!");
                        for echoing in [harness.refusal(status, &text), answer(status, text.clone())] {
                            for error in errors(harness, &ScriptedHttp::always(Ok(echoing))).await {
                                assert_hidden(harness, &format!("{error} {error:?}"));
                            }
                        }
                    }
                }
            }
        }

        /// Where tenants choose the URL, errors hold the status and our own words, and nothing that came back: whatever
        /// answers there may stand where the tenant may not look.
        async fn what_answers_at_a_tenants_url_stays_there(harness) {
            const INSIDE: &str = "root:x:0:0";
            let is_guarded = harness.provider().description().egress == Egress::Guarded;
            for status in [200, 302, 400, 401, 403, 404, 409, 410, 418, 429, 500, 503] {
                for answered in [harness.refusal(status, INSIDE), answer(status, INSIDE)] {
                    let http = ScriptedHttp::always(Ok(with_header(answered, LOCATION, INSIDE)));
                    for error in errors(harness, &http).await {
                        let shown = format!("{error} {error:?}");
                        assert!(!(is_guarded && shown.contains(INSIDE)), "use `saying` for the words of others: {shown}");
                        assert_eq!(error.said, None);
                    }
                }
            }
        }

        /// `Debug` of what passes through shows no secret.
        async fn debug_shows_no_secret(harness) {
            let http = playing(harness.delivered());
            let receipt = deliver(harness, &http).await.unwrap();
            let connection = verify(harness, &playing(harness.verified()), &config(harness)).await.unwrap();
            let shown = format!("{:?} {receipt:?} {connection:?} {http:?}", harness.provider().description());
            assert_hidden(harness, &shown);
        }

        /// Hostile mail is delivered, and changes nothing about the request but its content.
        async fn hostile_text_is_delivered(harness) {
            let ordinary = playing(harness.delivered());
            deliver(harness, &ordinary).await.unwrap();
            let ordinary = ordinary.requests();
            for text in sample::hostile_texts() {
                let event = sample::event(sample::mail_full_of(&text));
                let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
                for message in [message, Message::test("msg_1".to_owned(), &text)] {
                    let http = playing(harness.delivered());
                    send(harness, &http, &message).await.unwrap_or_else(|error| panic!("{text:.40?}: {error}"));
                    for (sent, ordinary) in http.requests().iter().zip(&ordinary) {
                        let names = |request: &HttpRequest| {
                            request.headers.keys().map(ToString::to_string).collect::<Vec<_>>()
                        };
                        assert_eq!(names(sent), names(ordinary), "{text:.40?}");
                        assert_eq!(sent.url.origin(), ordinary.url.origin(), "{text:.40?}");
                        assert_eq!(sent.method, ordinary.method, "{text:.40?}");
                    }
                }
            }
        }

        /// A mail of which nothing is known still makes a message.
        async fn an_empty_mail_is_delivered(harness) {
            let event = sample::event(EmailReceived::default());
            let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
            send(harness, &playing(harness.delivered()), &message).await.unwrap();
        }

        /// Stored settings that cannot be used are said to be so, before anything is sent.
        async fn bad_stored_settings_are_misconfigured(harness) {
            let http = ScriptedHttp::playing([]);
            let (event, provider) = (sample::event(sample::mail()), harness.provider());
            let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
            for bad in [json!(null), json!([]), json!(7), json!("x"), json!({"noSuchSetting": 1})] {
                let delivered = provider.deliver(&bad, &secret(harness), &message, service(&http)).await;
                let verified = provider.verify(&bad, &secret(harness), service(&http)).await;
                assert_eq!(delivered.unwrap_err().kind, FailureKind::Misconfigured, "{bad}");
                assert_eq!(verified.unwrap_err().kind, FailureKind::Misconfigured, "{bad}");
            }
            for bad in ["", "\0", "[]", "7", "{\"noSuchSecret\":1}"] {
                let bad = bad.as_bytes().to_vec().into();
                let delivered = provider.deliver(&config(harness), &bad, &message, service(&http)).await;
                assert_eq!(delivered.unwrap_err().kind, FailureKind::Misconfigured);
            }
            assert!(http.requests().is_empty());
        }

        /// Verified settings are stored and read back, are accepted again as they are, and mean the same.
        async fn verified_settings_are_stable(harness) {
            let connection = verify(harness, &playing(harness.verified()), &config(harness)).await.unwrap();
            assert!(!connection.identity.is_empty() && connection.details.is_object(), "{connection:?}");
            assert!(!connection.lanes.destination.key.is_empty() && !connection.lanes.credential.key.is_empty());
            assert_hidden(harness, &serde_json::to_string(&connection).unwrap());
            let stored = serde_json::to_string(&connection).unwrap();
            assert_eq!(serde_json::from_str::<Connection>(&stored).unwrap(), connection);

            let (mut settings, details) = (object(connection.config.clone()), object(connection.details.clone()));
            assert!(details.keys().all(|name| !settings.contains_key(name)), "a detail hides a setting");
            settings.extend(halves(harness).secret);
            let errors = harness.provider().read(settings).err();
            assert_eq!(errors, None, "the normalized settings are refused");
            let again = verify(harness, &playing(harness.verified()), &connection.config).await.unwrap();
            assert_eq!(again, connection);
        }

        /// What goes wrong while settings are checked is told apart as it is while messages are delivered. A service
        /// that cannot be asked without sending a message is not asked.
        async fn verification_says_what_is_wrong(harness) {
            let asks = !harness.verified().is_empty();
            let not_sent = Err(HttpError::NotSent { reason: "connection refused" });
            let cases = [
                (Ok(harness.refusal(401, "Unauthorized")), FailureKind::Unauthorized),
                (Ok(harness.refusal(429, "Too Many Requests")), FailureKind::Throttled),
                (Ok(harness.refusal(503, "Internal")), FailureKind::Unavailable),
                (not_sent, FailureKind::Unavailable),
                (Err(HttpError::ConnectTimeout), FailureKind::Timeout),
            ];
            for (met_with, kind) in cases {
                let http = ScriptedHttp::always(met_with);
                let error = verify(harness, &http, &config(harness)).await.err();
                assert_eq!((error.map(|error| error.kind), http.requests().is_empty()), (asks.then_some(kind), !asks));
            }
        }

        /// The form is an object whose every field has a description, and whose secrets are marked.
        async fn the_schema_describes_a_form(harness) {
            let schema = harness.provider().config_schema();
            assert_eq!(schema["type"], "object");
            assert_eq!(schema["additionalProperties"], false);
            let fields = object(schema["properties"].clone());
            for (name, field) in &fields {
                assert!(field["description"].is_string(), "describe {name}");
            }
            let Halves { public, secret } = halves(harness);
            let is_secret = |name: &String| fields[name].get("writeOnly") == Some(&json!(true));
            assert!(secret.keys().all(is_secret), "{fields:?}");
            assert!(!public.keys().any(is_secret), "{fields:?}");
        }

        /// The provider says what it is: a name, steps, events, and destination fields that are fields.
        async fn the_description_is_complete(harness) {
            let (provider, description) = (harness.provider(), harness.provider().description());
            let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(!provider.kind().is_empty() && provider.kind().bytes().all(lower), "{}", provider.kind());
            assert!(!description.name.is_empty() && !description.setup.trim().is_empty());
            assert!(!description.event_types.is_empty());
            let fields = object(provider.config_schema()["properties"].clone());
            for name in description.destination_fields {
                let field = fields.get(*name).unwrap_or_else(|| panic!("{name} is no field"));
                assert_ne!(field.get("writeOnly"), Some(&json!(true)), "{name} is a secret");
            }
        }

        /// A field that does not exist is an error at its place.
        async fn unknown_fields_are_refused(harness) {
            let mut settings = object(harness.settings());
            settings.insert("noSuchField".to_owned(), json!(1));
            let errors = harness.provider().read(settings).err().expect("an unknown field is accepted");
            assert!(errors.iter().any(|error| error.pointer == "/config/noSuchField"), "{errors:?}");
        }

        /// A required field that is missing is an error at its place.
        async fn missing_fields_are_refused(harness) {
            let required = harness.provider().config_schema()["required"].clone();
            for name in required.as_array().unwrap().iter().filter_map(Value::as_str) {
                let mut settings = object(harness.settings());
                settings.remove(name).unwrap_or_else(|| panic!("the harness's settings lack {name}"));
                let errors = harness.provider().read(settings).err().expect("a missing field is accepted");
                assert!(errors.iter().any(|error| error.pointer == format!("/config/{name}")), "{errors:?}");
            }
        }

        /// Errors about settings never quote them: a secret may stand in the wrong field.
        async fn errors_about_settings_quote_nothing(harness) {
            for name in object(harness.settings()).keys() {
                for needle in harness.needles() {
                    for wrong in [json!([needle]), json!(format!("{needle}\n{needle}"))] {
                        let mut settings = object(harness.settings());
                        settings.insert(name.clone(), wrong);
                        if let Err(errors) = harness.provider().read(settings) {
                            assert_hidden(harness, &format!("{errors:?}"));
                        }
                    }
                }
            }
        }
    }
}

/// What goes wrong in everything that the provider can do.
async fn errors(harness: &impl ProviderHarness, http: &ScriptedHttp) -> Vec<DeliveryError> {
    let delivered = deliver(harness, http).await.err();
    let verified = verify(harness, http, &config(harness)).await.err();
    let listed = harness.provider().targets(&secret(harness), service(http)).await.err();
    [delivered, verified, listed].into_iter().flatten().collect()
}
