//! Queues with one defect each, in front of the one in memory.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use integrations_core::{
    Clock as _, DispatchId, DispatchQueue, Finished, LaneKey, OrganizationId, QueueEntry, QueueError, Reservation,
    Shares, memory::MemoryQueue,
};
use integrations_testkit::{
    clock::ManualClock,
    queue::{LEASE, QueueHarness, SHARES, arriving, waiting},
};
use jiff::Timestamp;

use super::bites;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Defect {
    None,
    PushPutsOff,
    PushDoubles,
    PushGivesWhatIsReserved,
    PushWakesNobody,
    ReserveForgetsTheShareOfLanes,
    ReserveForgetsTheShareOfOrganizations,
    ReserveComesEarly,
    ReserveTellsNoTime,
    ReserveLosesOne,
    LeasesNeverEnd,
    FinishForgetsTheTime,
    FinishForgetsNothing,
    NewIsOnlyPromised,
    NewForgetsTheShares,
    NewOvertakes,
    NewIsNotExpected,
    LanesAreOne,
    OrganizationsAreOne,
    TheSequenceIsForgotten,
}

use Defect as D;

struct Broken {
    inner: MemoryQueue,
    defect: Defect,
    clock: Arc<ManualClock>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// As they were pushed first.
    entries: HashMap<DispatchId, QueueEntry>,
    reserved: HashSet<DispatchId>,
    /// What is given out once more.
    doubled: Vec<QueueEntry>,
}

impl Broken {
    fn is(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    /// What the queue behind it is told.
    fn changed(&self, entry: &QueueEntry) -> QueueEntry {
        let mut entry = entry.clone();
        if self.is(D::LanesAreOne) {
            entry.lane = LaneKey::from_stored(entry.organization.to_string());
        }
        if self.is(D::OrganizationsAreOne) {
            (entry.organization, entry.lane) =
                (OrganizationId::from_bytes([1; 16]), LaneKey::from_stored("one".to_owned()));
        }
        if self.is(D::TheSequenceIsForgotten) {
            entry.sequence = u64::MAX - entry.sequence;
        }
        entry
    }
}

#[async_trait::async_trait]
impl DispatchQueue for Broken {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        let mut passed_on = Vec::new();
        {
            let mut known = self.known.lock().unwrap();
            for entry in entries {
                let is_known = known.entries.insert(entry.dispatch, entry.clone()).is_some();
                let is_reserved = known.reserved.contains(&entry.dispatch);
                if is_known && !is_reserved && self.is(D::PushDoubles)
                    || is_reserved && self.is(D::PushGivesWhatIsReserved)
                {
                    known.doubled.push(entry.clone());
                }
                if !is_known || !self.is(D::PushPutsOff) {
                    passed_on.push(self.changed(entry));
                }
            }
        }
        self.inner.push(&passed_on).await
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        let mut reservation = self.inner.reserve(max).await?;
        let mut known = self.known.lock().unwrap();
        for entry in &mut reservation.entries {
            *entry = known.entries[&entry.dispatch].clone();
            known.reserved.insert(entry.dispatch);
        }
        reservation.entries.append(&mut known.doubled);
        if self.is(D::ReserveLosesOne) && max > 1 {
            reservation.entries.pop();
        }
        reservation.next_due = reservation.next_due.filter(|_| !self.is(D::ReserveTellsNoTime));
        Ok(reservation)
    }

    fn reserve_new(&self, entry: &QueueEntry) -> bool {
        let mut entry = entry.clone();
        if self.is(D::NewForgetsTheShares) {
            entry.lane = LaneKey::from_stored(entry.dispatch.to_string());
        }
        if self.is(D::NewIsOnlyPromised) {
            return true;
        }
        self.inner.reserve_new(&entry) || self.is(D::NewOvertakes)
    }

    fn expect_new(&self, entry: &QueueEntry) {
        if !self.is(D::NewIsNotExpected) {
            self.inner.expect_new(entry);
        }
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        let mut finished = finished.to_vec();
        for finished in &mut finished {
            self.known.lock().unwrap().reserved.remove(&finished.dispatch);
            if self.is(D::FinishForgetsTheTime) {
                finished.again_at = finished.again_at.map(|_| self.clock.now());
            }
            if self.is(D::FinishForgetsNothing) {
                finished.again_at = finished.again_at.or(Some(self.clock.now()));
            }
        }
        self.inner.finish(&finished).await
    }

    async fn pushed(&self) {
        if self.is(D::PushWakesNobody) {
            std::future::pending::<()>().await;
        }
        self.inner.pushed().await;
    }
}

struct Harness(Arc<Broken>);

impl QueueHarness for Harness {
    fn queue(&self) -> Arc<dyn DispatchQueue> {
        self.0.clone()
    }

    fn now(&self) -> Timestamp {
        let ahead = Duration::from_secs(if self.0.is(D::ReserveComesEarly) { 60 } else { 0 });
        self.0.clock.now() - ahead
    }

    async fn pass(&self, time: Duration) {
        self.0.clock.advance(time);
    }
}

fn broken(defect: Defect) -> Harness {
    let clock = Arc::new(ManualClock::new());
    let shares = match defect {
        D::ReserveForgetsTheShareOfLanes => Shares { lane: 1_000, ..SHARES },
        D::ReserveForgetsTheShareOfOrganizations => Shares { organization: 1_000, ..SHARES },
        _ => SHARES,
    };
    let lease = if defect == D::LeasesNeverEnd { Duration::from_secs(86_400) } else { LEASE };
    let inner = MemoryQueue::new(clock.clone(), shares, lease);
    Harness(Arc::new(Broken { inner, defect, clock, known: Mutex::default() }))
}

bites! { Defect, broken;
    PushPutsOff: waiting::the_earlier_time_wins,
    PushDoubles: waiting::pushing_twice_is_one_entry,
    PushGivesWhatIsReserved: waiting::pushing_what_is_reserved_changes_nothing,
    ReserveForgetsTheShareOfLanes: waiting::a_lane_has_no_more_in_flight_than_its_share,
    ReserveForgetsTheShareOfOrganizations: waiting::an_organization_has_no_more_in_flight_than_its_share,
    ReserveComesEarly: waiting::an_entry_waits_until_it_is_due,
    ReserveTellsNoTime: waiting::an_entry_waits_until_it_is_due,
    ReserveLosesOne: waiting::every_entry_is_given_exactly_once,
    LeasesNeverEnd: waiting::reserved_work_comes_back_when_its_lease_ends,
    FinishForgetsTheTime: waiting::a_finished_entry_can_come_again,
    FinishForgetsNothing: waiting::pushing_twice_is_one_entry,
    NewIsOnlyPromised: arriving::what_is_new_can_be_reserved_at_once,
    NewForgetsTheShares: arriving::what_is_reserved_at_once_keeps_to_the_shares,
    NewOvertakes: arriving::what_is_reserved_at_once_overtakes_nobody,
    NewIsNotExpected: arriving::what_is_expected_goes_first,
    LanesAreOne: waiting::lanes_take_turns,
    OrganizationsAreOne: waiting::organizations_take_turns,
    TheSequenceIsForgotten: waiting::a_lane_is_in_order_of_due_time_then_sequence,
}

/// The case would wait for ever, so it is looked at once: nothing in it takes time.
#[test]
fn a_push_that_wakes_nobody_is_noticed() {
    let run = |defect| {
        let harness = broken(defect);
        let case = std::pin::pin!(waiting::a_push_before_the_wait_is_not_missed(&harness));
        case.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
    };
    assert!(run(D::None));
    assert!(!run(D::PushWakesNobody));
}
