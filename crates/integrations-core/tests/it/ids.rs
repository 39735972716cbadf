//! Identifiers: one spelling each, and derived ones that never change.

use std::time::Duration;

use integrations_core::{AddressId, AttemptId, DispatchId, EventId, IntegrationId, OrganizationId};
use integrations_testkit::clock::{ManualClock, SeqEntropy};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_printed_is_read(bytes in any::<[u8; 16]>()) {
        let id = AddressId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(id.as_bytes(), &bytes);
    }

    #[test]
    fn no_other_text_is_read(text in "(org_|int_|)[0-9a-fA-F-]{30,36}|\\PC*") {
        if let Ok(id) = text.parse::<OrganizationId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn derived_identifiers_sort_beside_their_event(event in any::<[u8; 16]>(), to in any::<[[u8; 16]; 2]>()) {
        let event = EventId::from_bytes(event);
        let [one, two] = to.map(|bytes| DispatchId::derive(event, IntegrationId::from_bytes(bytes)));
        prop_assert_eq!(&one.as_bytes()[..6], &event.as_bytes()[..6]);
        prop_assert_eq!(one == two, to[0] == to[1]);
    }
}

#[test]
fn other_spellings_are_refused() {
    let good = "org_019b76da800070009000a1b2c3d4e5f6";
    assert_eq!(good.parse::<OrganizationId>().unwrap().to_string(), good);
    for bad in [
        "",
        "org_",
        "019b76da800070009000a1b2c3d4e5f6",
        "int_019b76da800070009000a1b2c3d4e5f6",
        "ORG_019b76da800070009000a1b2c3d4e5f6",
        "org_019B76DA800070009000A1B2C3D4E5F6",
        "org_019b76da-8000-7000-9000-a1b2c3d4e5f6",
        "org_{019b76da800070009000a1b2c3d4e5f6}",
        " org_019b76da800070009000a1b2c3d4e5f6",
        "org_019b76da800070009000a1b2c3d4e5f6 ",
        "org_019b76da800070009000a1b2c3d4e5f",
        "org_019b76da800070009000a1b2c3d4e5f60",
        "org_019b76da800070009000a1b2c3d4e5fg",
        "org_org_019b76da800070009000a1b2c3d4e5f6",
    ] {
        let error = bad.parse::<OrganizationId>().unwrap_err();
        assert_eq!(error.to_string(), "not an identifier that starts with `org_`", "{bad}");
    }
}

/// Stores keep dispatches under these: another derivation would deliver everything again.
#[test]
fn derivation_never_changes() {
    let event = EventId::from_bytes([0x11; 16]);
    let dispatch = DispatchId::derive(event, IntegrationId::from_bytes([0x22; 16]));
    assert_eq!(dispatch.to_string(), "dsp_1111111111117488bf713fde5a7e9fef");
    assert_eq!(AttemptId::derive(dispatch, 1).to_string(), "att_1111111111117a49bed84f3993840c5b");
    assert_ne!(AttemptId::derive(dispatch, 1), AttemptId::derive(dispatch, 2));
}

#[test]
fn generated_identifiers_sort_by_time() {
    let (clock, entropy) = (ManualClock::new(), SeqEntropy::default());
    let mut last = EventId::from_bytes([0; 16]);
    for _ in 0..100 {
        let next = EventId::generate(&clock, &entropy);
        assert!(next > last);
        assert_eq!(next.as_bytes()[6] >> 4, 7, "the version of the UUID");
        last = next;
        clock.advance(Duration::from_millis(1));
    }
}
