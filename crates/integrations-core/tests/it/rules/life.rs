//! One dispatch, and everything that can happen to it in any order.

use std::time::Duration;

use integrations_core::{
    CancelReason, Clock, DeliveryError, FailureKind, HoldReason, IntegrationStatus, Reach, Receipt, Step,
    rules::{BeginFacts, Beginning, DAY, IntegrationChange, Ledger, SettleFacts},
};
use integrations_testkit::builders::{connection, failure};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::witness::Witness;

/// Something that happens.
#[derive(Debug, Clone)]
enum Happening {
    /// So many seconds pass.
    Pass(u64),
    PassUntilDue,
    Begin,
    /// A worker tries while the daily limit is used up for that many seconds.
    BeginOverLimit(u64),
    Deliver,
    Fail(Failing),
    Crash,
    Cancel,
    Replay,
    SetStatus(IntegrationStatus),
    Release,
    DeleteIntegration,
}

#[derive(Debug, Clone)]
struct Failing {
    kind: FailureKind,
    reach: Reach,
    /// The wait that the service asks for, in seconds.
    asked: Option<u64>,
    /// The jitter that is drawn, in seconds.
    jitter: u64,
}

prop_compose! {
    fn failing()(
        kind in select(vec![
            FailureKind::Throttled,
            FailureKind::Unavailable,
            FailureKind::Timeout,
            FailureKind::Rejected,
            FailureKind::Unauthorized,
            FailureKind::Gone,
            FailureKind::Moved,
            FailureKind::Unconfirmed,
            FailureKind::Misconfigured,
        ]),
        reach in select(vec![Reach::Destination, Reach::Credential, Reach::Provider]),
        asked in option::of(0..5_000_u64),
        jitter in 0..20_u64,
    ) -> Failing {
        // Waits are asked for by services that can take nothing now.
        let asks = matches!(kind, FailureKind::Throttled | FailureKind::Unavailable);
        Failing { kind, reach, asked: asked.filter(|_| asks), jitter }
    }
}

impl Failing {
    fn error(&self) -> DeliveryError {
        let error = match self.kind {
            FailureKind::Moved => DeliveryError::moved(connection("elsewhere"), "moved"),
            kind => failure(kind),
        };
        error.reaching(self.reach).with_retry_after(self.asked.map(Duration::from_secs))
    }
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        30 => (0..3_000_u64).prop_map(Happening::Pass),
        60 => Just(Happening::PassUntilDue),
        120 => Just(Happening::Begin),
        10 => (1..86_400_u64).prop_map(Happening::BeginOverLimit),
        10 => Just(Happening::Deliver),
        100 => failing().prop_map(Happening::Fail),
        20 => Just(Happening::Crash),
        10 => Just(Happening::Cancel),
        20 => Just(Happening::Replay),
        30 => select(IntegrationStatus::ALL).prop_map(Happening::SetStatus),
        20 => Just(Happening::Release),
        1 => Just(Happening::DeleteIntegration),
    ]
}

impl Witness {
    fn live(&mut self, happening: &Happening) {
        match happening {
            Happening::Pass(seconds) => self.clock.advance(Duration::from_secs(*seconds)),
            Happening::PassUntilDue => {
                let due = self.state.due_at.unwrap_or_else(|| self.clock.now());
                self.clock.set(due.max(self.clock.now()));
            }
            Happening::Begin => self.begin(Ledger::default()),
            Happening::BeginOverLimit(seconds) => {
                let opened_at = self.clock.now() - (DAY - Duration::from_secs(*seconds));
                self.begin(Ledger { ahead: 0, opened_at: Some(opened_at) });
            }
            Happening::Deliver => self.settle(&Ok(Receipt::default()), 0),
            Happening::Fail(failing) => self.settle(&Err(failing.error()), failing.jitter),
            Happening::Crash => {
                let next = self.policy.interrupted(&self.state, self.deleted, self.clock.now());
                self.see(Step::Interrupt, next);
            }
            Happening::Cancel => self.see(Step::Cancel, self.state.canceled(CancelReason::Requested)),
            Happening::Replay => {
                let next = self.state.replayed(self.clock.now()).filter(|_| self.deleted.is_none());
                self.see(Step::Replay, next);
            }
            Happening::SetStatus(status) => {
                self.integration.status = *status;
                self.integration.revision += 1;
            }
            Happening::Release => self.release(),
            Happening::DeleteIntegration => {
                self.deleted = Some(CancelReason::IntegrationDeleted);
                self.see(Step::Cancel, self.state.canceled(CancelReason::IntegrationDeleted));
            }
        }
    }

    fn begin(&mut self, ledger: Ledger) {
        let beginning = self.policy.begin(BeginFacts {
            now: self.clock.now(),
            state: &self.state,
            integration: self.deleted.is_none().then_some(&self.integration),
            lanes: self.lanes,
            ledger,
        });
        let Beginning::Write { state, .. } = beginning else { return };
        let step = match (state.lease_until, state.due_at) {
            (Some(_), _) => Step::Begin,
            (None, Some(_)) => Step::Hold,
            (None, None) => Step::Expire,
        };
        self.see(step, Some(*state));
    }

    fn settle(&mut self, result: &Result<Receipt, DeliveryError>, jitter: u64) {
        let settlement = self.policy.settle(SettleFacts {
            now: self.clock.now(),
            state: &self.state,
            result,
            jitter: Duration::from_secs(jitter),
            deleted: self.deleted,
            outdated: self.deleted.is_some() || self.integration.revision != self.used_revision,
        });
        let Some(settlement) = settlement else { return };
        self.hear(result);
        if let Some(park) = settlement.park {
            let lane = match park.reach {
                Reach::Destination => &mut self.lanes.destination,
                Reach::Credential => &mut self.lanes.credential,
                Reach::Provider => &mut self.lanes.provider,
            };
            lane.park(park.until);
        }
        if let Some(change) = settlement.integration {
            match change {
                IntegrationChange::Stop { status, .. } => self.integration.status = status,
                IntegrationChange::Move(connection) => self.integration.connection = *connection,
            }
            self.integration.revision += 1;
        }
        self.see(Step::Settle, Some(settlement.state));
    }

    /// What stores release: dispatches of integrations that are active again, and those that the daily limit holds.
    fn release(&mut self) {
        let stopped =
            self.is_held_for(HoldReason::IntegrationPaused) || self.is_held_for(HoldReason::IntegrationDisabled);
        let active = self.integration.status == IntegrationStatus::Active;
        if stopped && active || self.is_held_for(HoldReason::DailyLimit) {
            self.see(Step::Release, self.state.released(self.clock.now()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Only permitted changes, and at each of them every promise holds.
    #[test]
    fn every_life_keeps_the_promises(life in vec(happening(), 1..80)) {
        let mut witness = Witness::new();
        for happening in life {
            witness.live(&happening);
        }
    }
}
