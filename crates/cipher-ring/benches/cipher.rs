//! What it costs to seal and to open the secret of an integration.
#![allow(clippy::unwrap_used, missing_docs, reason = "benchmarks")]

use std::{hint::black_box, sync::Arc};

use cipher_ring::{Key, RingCipher};
use criterion::{Criterion, criterion_group, criterion_main};
use integrations_core::{IntegrationId, OrganizationId, SealContext, SecretBytes, SecretCipher};
use integrations_testkit::clock::SeqEntropy;

fn cipher(criterion: &mut Criterion) {
    let entropy = Arc::new(SeqEntropy::new(0));
    let cipher = RingCipher::new(Key::generate(&*entropy), [], entropy);
    let context = SealContext::Integration {
        organization: OrganizationId::from_bytes([1; 16]),
        integration: IntegrationId::from_bytes([2; 16]),
        version: 3,
    };
    let plain: SecretBytes = br#"{"botToken":"123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"}"#.to_vec().into();
    let sealed = cipher.seal(context, &plain).unwrap();
    criterion.bench_function("seal a bot token", |bench| {
        bench.iter(|| cipher.seal(context, black_box(&plain)).unwrap());
    });
    criterion.bench_function("open a bot token", |bench| {
        bench.iter(|| cipher.open(context, black_box(&sealed)).unwrap());
    });
}

criterion_group!(benches, cipher);
criterion_main!(benches);
