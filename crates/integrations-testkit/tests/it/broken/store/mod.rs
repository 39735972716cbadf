//! Stores with one defect each, in front of the one in memory.

mod kept;
mod worked;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use integrations_core::{
    Dispatch, DispatchId, OrganizationId, Store,
    memory::MemoryStore,
    store::{AccountStore as _, NewEvent, Page, StartedAttempt},
};
use integrations_testkit::{
    decorate::StoreDecorator,
    decorate_store,
    store::{
        StoreHarness, accounts, addresses, begin, daily_limit, dispatches, events, first_attempts, integrations, lanes,
        lost_answers, races, recovery, reopen, repeats, reports, settle, tenants,
    },
};
use jiff::Timestamp;

use super::bites;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Defect {
    None,
    BeginForgetsTheRate,
    BeginForgetsTheDailyLimit,
    BeginComesEarly,
    BeginMixesItsAnswers,
    BeginStopsAtTheFirst,
    SettleForgetsTheGeneration,
    SettleForgetsTheWait,
    SettleAnswersTooShortly,
    SettleForgetsTheRevision,
    RecordForgetsTheKey,
    RecordForgetsTheContent,
    RecordKeepsKeysForEver,
    RecordForgetsTheBound,
    RecordTellsNoEntries,
    RecordStopsAtTheFirstRefusal,
    RecordForgetsTheSlots,
    FirstAttemptsForgetThePolicy,
    FirstAttemptsAreNotStored,
    InterruptForgetsTheLease,
    InterruptForgetsTheLimit,
    InterruptTellsNobody,
    DueLooksTooFar,
    DueMixesTheOrder,
    ReleaseReleasesNothing,
    CancelAlwaysSaysYes,
    ReplayTellsNoEntry,
    AttemptsComeBackwards,
    AttemptsAreOfALaterMoment,
    DispatchesAreForAll,
    IntegrationsAreForAll,
    AddressesAreDeletedByAll,
    ListsForgetTheFilter,
    ListsEndEarly,
    ListsComeBackwards,
    TheLimitIsForgotten,
    TheRevisionIsForgotten,
    SubscriptionsAreMadeAnew,
    TheCanaryIsReplaced,
    EverythingIsGoneAfterwards,
}

use Defect as D;

struct Broken {
    inner: MemoryStore,
    defect: Defect,
    /// The newest attempt of each dispatch.
    begun: Mutex<HashMap<DispatchId, StartedAttempt>>,
    /// Each dispatch as it was when it was last read with its attempts.
    read: Mutex<HashMap<DispatchId, Dispatch>>,
}

impl Broken {
    fn is(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    async fn organizations(&self) -> Vec<OrganizationId> {
        let all = self.inner.list_organizations(Page::first(100)).await.unwrap();
        all.items.into_iter().map(|organization| organization.id).collect()
    }

    fn changed(&self, event: &NewEvent) -> NewEvent {
        let mut event = event.clone();
        event.deduplication = event.deduplication.filter(|_| !self.is(D::RecordForgetsTheKey));
        if let Some(key) = &mut event.deduplication {
            if self.is(D::RecordForgetsTheContent) {
                key.fingerprint = [0; 32];
            }
            if self.is(D::RecordKeepsKeysForEver) {
                key.expires_at = Timestamp::MAX;
            }
        }
        event
    }
}

impl StoreDecorator for Broken {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }
}

decorate_store!(Broken: AccountStore);

struct Harness(Arc<Broken>);

impl StoreHarness for Harness {
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    async fn reopen(&self) -> Arc<dyn Store> {
        if self.0.is(D::EverythingIsGoneAfterwards) { Arc::new(MemoryStore::new()) } else { self.store() }
    }
}

fn broken(defect: Defect) -> Harness {
    Harness(Arc::new(Broken { inner: MemoryStore::new(), defect, begun: Mutex::default(), read: Mutex::default() }))
}

bites! { Defect, broken;
    BeginForgetsTheRate: lanes::a_rate_is_kept,
    BeginForgetsTheDailyLimit: daily_limit::the_limit_is_exact_in_one_call,
    BeginComesEarly: begin::nothing_starts_before_it_is_due,
    BeginMixesItsAnswers: begin::dispatches_of_one_call_are_independent,
    BeginStopsAtTheFirst: begin::dispatches_of_one_call_are_independent,
    SettleForgetsTheGeneration: reports::promise_03_a_late_worker_changes_nothing,
    SettleForgetsTheWait: settle::throttled,
    SettleAnswersTooShortly: settle::unavailable_and_timeout,
    SettleForgetsTheRevision: reports::a_verdict_on_old_settings_is_no_verdict,
    RecordForgetsTheKey: repeats::repeats_are_found_in_the_organization,
    RecordForgetsTheContent: repeats::another_content_is_a_mismatch,
    RecordKeepsKeysForEver: repeats::keys_expire,
    RecordForgetsTheBound: events::too_much_waiting_is_exact,
    RecordTellsNoEntries: events::entries_tell_the_queue,
    RecordStopsAtTheFirstRefusal: events::events_of_one_call_are_independent,
    RecordForgetsTheSlots: first_attempts::what_gets_a_slot_has_begun,
    FirstAttemptsForgetThePolicy: first_attempts::what_may_not_start_is_held,
    FirstAttemptsAreNotStored: first_attempts::what_gets_no_slot_waits,
    InterruptForgetsTheLease: recovery::only_ended_leases_are_taken,
    InterruptForgetsTheLimit: recovery::interrupting_comes_in_pieces,
    InterruptTellsNobody: recovery::open_attempts_are_closed_after_a_crash,
    DueLooksTooFar: recovery::due_work_is_found_in_order,
    DueMixesTheOrder: recovery::due_work_is_found_in_order,
    ReleaseReleasesNothing: daily_limit::a_raised_limit_releases,
    CancelAlwaysSaysYes: lost_answers::wishes_of_people_are_done_once,
    ReplayTellsNoEntry: dispatches::ended_dispatches_are_replayed,
    AttemptsComeBackwards: lost_answers::a_begun_attempt_comes_back_with_its_lease,
    AttemptsAreOfALaterMoment: races::a_dispatch_and_its_attempts_are_of_one_moment,
    DispatchesAreForAll: tenants::reads_are_isolated,
    IntegrationsAreForAll: tenants::reads_are_isolated,
    AddressesAreDeletedByAll: tenants::writes_are_isolated,
    ListsForgetTheFilter: dispatches::lists_are_filtered,
    ListsEndEarly: integrations::integrations_are_listed_in_order,
    ListsComeBackwards: dispatches::lists_are_newest_first,
    TheLimitIsForgotten: integrations::the_limit_is_exact,
    TheRevisionIsForgotten: integrations::an_outdated_change_is_refused,
    SubscriptionsAreMadeAnew: addresses::subscriptions_that_stay_keep_their_identifier,
    TheCanaryIsReplaced: accounts::the_first_canary_stays,
    EverythingIsGoneAfterwards: reopen::everything_reads_the_same,
}
