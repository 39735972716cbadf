//! What it costs to render a mail for Telegram: an ordinary one, and one that is all markup and has to be cut.
#![allow(missing_docs, reason = "benchmarks")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use integrations_core::{EmailReceived, Message, provider::Content};
use integrations_testkit::sample;
use provider_telegram::render_html;

fn mails(criterion: &mut Criterion) {
    for (name, mail) in [
        ("render an ordinary mail", sample::mail()),
        ("render a mail full of markup", sample::mail_full_of(&"<b>&\"".repeat(1_000))),
    ] {
        measure(criterion, name, mail);
    }
}

fn measure(criterion: &mut Criterion, name: &str, mail: EmailReceived) {
    let event = sample::event(mail);
    let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
    criterion.bench_function(name, |bench| bench.iter(|| render_html(&black_box(&message).notification())));
}

criterion_group!(benches, mails);
criterion_main!(benches);
