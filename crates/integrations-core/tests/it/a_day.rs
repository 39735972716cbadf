//! A day of the whole platform in virtual time, with services that fail, throttle and vanish as a seed says.
//!
//! `SIMULATION_SEEDS=200` runs that many seeds, `SIMULATION_SEED=17` that one alone, `SIMULATION_EVENTS=10000` with so
//! many events.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use integrations_core::{
    DeliveryError, Dispatch, DispatchId, DispatchStatus, Entropy as _, FailReason, FailureKind, OrganizationId, Reason,
    Settings, elapsed, later,
    memory::MemoryStore,
    rules::{DAY, Policy},
};
use integrations_testkit::{
    clock::SeqEntropy,
    fakes::{Postbox, PostboxCall},
    simulation::Simulation,
};
use jiff::Timestamp;

const ORGANIZATIONS: usize = 10;
const DAILY_LIMIT: u32 = 150;
const MINUTE: u64 = 60_000;

/// How the service behind one box behaves.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Reliable,
    /// Down from one minute of the simulation to another.
    Down {
        from: u64,
        until: u64,
    },
    /// Every so often asks for a wait.
    Throttling {
        one_in: u64,
        wait: Duration,
    },
    /// Every so often fails, loses its answer, or refuses.
    Flaky {
        one_in: u64,
    },
    Dead,
}

/// What the services saw: when each attempt of each message came, and what was asked of it.
#[derive(Default)]
struct Seen {
    attempts: BTreeMap<String, Vec<(Timestamp, Option<FailureKind>)>>,
    /// When a wait was asked for, and until when.
    waits: BTreeMap<String, (Timestamp, Timestamp)>,
    too_early: Vec<String>,
}

struct Chance(SeqEntropy);

impl Chance {
    fn below(&self, end: u64) -> u64 {
        let millis = self.0.up_to(Duration::from_millis(end - 1)).as_millis();
        u64::try_from(millis).unwrap()
    }

    fn manner(&self) -> Manner {
        match self.below(6) {
            0 | 1 => Manner::Reliable,
            2 => {
                let from = self.below(20 * 60);
                Manner::Down { from: from * MINUTE, until: (from + self.below(26 * 60)) * MINUTE }
            }
            3 => Manner::Throttling { one_in: 5, wait: Duration::from_secs(1 + self.below(3_000)) },
            4 => Manner::Flaky { one_in: 3 },
            _ => Manner::Dead,
        }
    }
}

impl Manner {
    fn answer(self, chance: &Chance, since_start: Duration) -> Option<DeliveryError> {
        let error = |kind| Some(DeliveryError::new(kind, "the service says no"));
        match self {
            Self::Reliable => None,
            Self::Down { from, until } => {
                let now = u64::try_from(since_start.as_millis()).unwrap();
                if (from..until).contains(&now) { error(FailureKind::Unavailable) } else { None }
            }
            Self::Throttling { one_in, wait } if chance.below(one_in) == 0 => {
                error(FailureKind::Throttled).map(|error| error.with_retry_after(Some(wait)))
            }
            Self::Flaky { one_in } if chance.below(one_in) == 0 => match chance.below(4) {
                0 => error(FailureKind::Rejected),
                1 => error(FailureKind::Unconfirmed),
                2 => error(FailureKind::Timeout),
                _ => error(FailureKind::Unavailable),
            },
            Self::Dead => error(FailureKind::Timeout),
            Self::Throttling { .. } | Self::Flaky { .. } => None,
        }
    }
}

/// Answers as the manner of the box says, and writes down what it saw.
fn service(postbox: &Postbox, seed: u64, manners: BTreeMap<String, Manner>, start: Timestamp) -> Arc<Mutex<Seen>> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (chance, shared) = (Chance(SeqEntropy::new(seed ^ 0x5eed)), seen.clone());
    postbox.answer_with(move |call: &PostboxCall| {
        let mut seen = shared.lock().unwrap();
        // Attempts of one instant are under way together, so only later ones can know.
        if seen.waits.get(&call.slot).is_some_and(|(asked, until)| *asked < call.now && call.now < *until) {
            seen.too_early.push(call.message.clone());
        }
        let answer = manners[&call.slot].answer(&chance, elapsed(start, call.now));
        if let Some(wait) = answer.as_ref().and_then(|error| error.retry_after) {
            seen.waits.insert(call.slot.clone(), (call.now, later(call.now, wait)));
        }
        let kind = answer.as_ref().map(|error| error.kind);
        seen.attempts.entry(call.message.clone()).or_default().push((call.now, kind));
        answer
    });
    seen
}

async fn simulate(seed: u64, events: usize) {
    let chance = Chance(SeqEntropy::new(seed));
    let policy = Policy { daily_limit: DAILY_LIMIT, ..Policy::default() };
    let settings = Settings { policy: policy.clone(), ..Settings::default() };
    let postbox = Postbox::default();
    let mut platform = Simulation::on(Arc::new(MemoryStore::new()), postbox.clone(), settings);
    let (start, mut manners, mut addresses) = (platform.now(), BTreeMap::new(), Vec::new());
    for number in 0..ORGANIZATIONS {
        let organization = platform.organization().await;
        let mut integrations = Vec::new();
        for box_number in 0..2 {
            let slot = format!("{number}/{box_number}");
            integrations.push(platform.connect(organization, &slot).await);
            manners.insert(slot, if number == 0 { Manner::Reliable } else { chance.manner() });
        }
        addresses.push((organization, platform.address(organization, &format!("a{number}"), &integrations).await));
    }
    let seen = service(&postbox, seed, manners, start);
    let pause = Duration::from_secs(86_400) / u32::try_from(events).unwrap();
    for number in 0..events {
        let (organization, address) = addresses[usize::try_from(chance.below(ORGANIZATIONS as u64)).unwrap()];
        platform.publish(organization, address, &number.to_string()).await;
        platform.run_for(pause).await;
        if chance.below(1_000) == 0 {
            platform.restart().await;
        }
    }
    // The longest that anything can still take: all holds together, and a window.
    platform.run_for(policy.max_hold + policy.retry.window + DAY).await;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    for (organization, _) in &addresses {
        check_organization(&platform, *organization, &seen, seed).await;
    }
    assert_eq!(seen.too_early, Vec::<String>::new(), "seed {seed}: earlier than the service asked");
}

async fn check_organization(platform: &Simulation, organization: OrganizationId, seen: &Seen, seed: u64) {
    let mut openings = Vec::new();
    for dispatch in platform.dispatches(organization).await {
        check_dispatch(&dispatch, seen, seed);
        let attempts = seen.attempts.get(&dispatch.id.to_string());
        openings.extend(attempts.and_then(|attempts| attempts.first()).map(|(first, _)| *first));
    }
    openings.sort_unstable();
    let limit = DAILY_LIMIT as usize;
    for (earlier, later_one) in openings.iter().zip(openings.iter().skip(limit)) {
        assert!(elapsed(*earlier, *later_one) >= DAY, "seed {seed}: more than {limit} windows within a day");
    }
}

/// Every dispatch ends, for the reason that its attempts give.
fn check_dispatch(dispatch: &Dispatch, seen: &Seen, seed: u64) {
    let id: DispatchId = dispatch.id;
    let attempts = seen.attempts.get(&id.to_string()).cloned().unwrap_or_default();
    let kinds: Vec<_> = attempts.iter().map(|(_, kind)| *kind).collect();
    let last = kinds.last().copied().flatten();
    let lost = kinds.iter().filter(|kind| **kind == Some(FailureKind::Unconfirmed)).count();
    let fitting = match dispatch.state.reason {
        None => dispatch.state.status == DispatchStatus::Delivered && kinds.last() == Some(&None),
        Some(Reason::Fail(FailReason::Rejected)) => last == Some(FailureKind::Rejected),
        Some(Reason::Fail(FailReason::Unconfirmed)) => lost == 2,
        Some(Reason::Fail(FailReason::RetryWindowExceeded)) => last.is_some(),
        Some(Reason::Fail(FailReason::HeldTooLong)) => true,
        _ => false,
    };
    assert!(fitting, "seed {seed}: {id} is {:?} after {kinds:?}", dispatch.state);
    assert_eq!(attempts.len(), dispatch.state.attempt_count as usize, "seed {seed}: {id}");
    let delivered = kinds.iter().filter(|kind| kind.is_none()).count();
    assert!(delivered <= 1, "seed {seed}: {id} was delivered {delivered} times");
    let messages: BTreeSet<_> = attempts.iter().map(|(at, _)| at).collect();
    assert_eq!(messages.len(), attempts.len(), "seed {seed}: {id} had two attempts at once");
}

/// Promise 4, and most of the others, over a whole day.
#[test]
#[expect(clippy::disallowed_methods, reason = "a person chooses the seeds of a long run")]
fn promise_04_no_attempt_too_early_none_too_late() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(4),
    };
    let events = number("SIMULATION_EVENTS").unwrap_or(1_000);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for seed in seeds {
        runtime.block_on(simulate(seed, usize::try_from(events).unwrap()));
    }
}
