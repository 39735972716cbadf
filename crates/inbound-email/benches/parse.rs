//! What it costs to read a mail of 20 KiB: text, HTML and an attachment.
#![allow(clippy::unwrap_used, missing_docs, reason = "benchmarks")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inbound_email::{Limits, parse};

const HEADER: &str = "From: =?UTF-8?Q?J=C3=B6rg_Wei=C3=9F?= <joerg@shop.example>\r\n\
    To: orders@mail.example\r\n\
    Subject: =?UTF-8?Q?Ihre_Rechnung_f=C3=BCr_M=C3=A4rz?=\r\n\
    Date: Wed, 1 Apr 2026 06:02:09 +0200\r\n\
    Message-ID: <20260401.7@shop.example>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=mixed\r\n\r\n";

/// A text of 4 KiB in two forms, and 12 KiB of an attachment.
fn mail() -> Vec<u8> {
    let text = "Gr=C3=BC=C3=9Fe aus M=C3=BCnchen, Ihr Paket ist auf dem Weg.\r\n".repeat(66);
    let html = "<p>Gr=C3=BC=C3=9Fe aus <b>M&uuml;nchen</b>, Ihr Paket ist unterwegs.</p>\r\n".repeat(55);
    let file = format!("{}\r\n", "JVBERi0xLjQK".repeat(6)).repeat(165);
    format!(
        "{HEADER}--mixed\r\nContent-Type: multipart/alternative; boundary=alternative\r\n\r\n\
         --alternative\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{text}\r\n\
         --alternative\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{html}\r\n--alternative--\r\n\r\n\
         --mixed\r\nContent-Type: application/pdf; name=invoice.pdf\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=invoice.pdf\r\n\r\n{file}\r\n--mixed--\r\n"
    )
    .into_bytes()
}

fn read(criterion: &mut Criterion) {
    let (mail, limits) = (mail(), Limits::default());
    let parsed = parse(&mail, &limits).unwrap();
    assert_eq!((parsed.email.attachment_count, parsed.incomplete), (1, None));
    assert!(parsed.email.preview.starts_with("Grüße aus München"));
    assert_eq!(mail.len() >> 10, 20);

    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(mail.len() as u64));
    group.bench_function("multipart of 20 KiB", |bench| bench.iter(|| parse(black_box(&mail), &limits).unwrap()));
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
