//! What the answers of every service lead to, through the shared rules and over a restart.

mod services;
mod site;

use std::{slice, time::Duration};

use integrations_core::{
    AttemptOutcome, Clock as _, Dispatch, DispatchStatus, FailReason, HoldReason, IntegrationStatus, Reach, Reason,
    later,
};
use integrations_testkit::suite::block_on;

use services::{Answer, Outcome, Service, fine, lost, telegram_id};
use site::{DELAY, Route, Site, UNCONFIRMED_WAIT};

/// Subjects that stand in no request but those of their own messages.
const FIRST: &str = "Alpha";
const SECOND: &str = "Bravo";
const NEIGHBOUR: &str = "Charlie";
const STRANGER: &str = "Foxtrot";
const ALL: [&str; 4] = [FIRST, SECOND, NEIGHBOUR, STRANGER];

const A_SECOND: Duration = Duration::from_secs(1);

#[test]
fn telegram_leads_where_its_answers_say() {
    every_row(&services::telegram());
}

#[test]
fn webhook_leads_where_its_answers_say() {
    every_row(&services::webhook());
}

#[test]
fn discord_leads_where_its_answers_say() {
    every_row(&services::discord());
}

#[test]
fn slack_leads_where_its_answers_say() {
    every_row(&services::slack());
}

#[test]
fn ntfy_leads_where_its_answers_say() {
    every_row(&services::ntfy());
}

#[test]
fn matrix_leads_where_its_answers_say() {
    every_row(&services::matrix());
}

fn every_row(service: &Service) {
    for (answer, outcome) in &service.rows {
        block_on(async {
            let met = Met::with(service, answer, *outcome).await;
            match *outcome {
                Outcome::Waits(reach, seconds) => met.waits(reach, Duration::from_secs(seconds)).await,
                Outcome::Stops(status) => met.stops(status).await,
                Outcome::Moves(place) => met.moves(place).await,
                Outcome::Retries => met.retries().await,
                Outcome::Unconfirmed => met.unconfirmed().await,
                Outcome::Fails => met.fails().await,
            }
        });
    }
}

/// A message has met an answer.
struct Met {
    row: String,
    site: Site,
    route: Route,
    /// The same account and another place.
    neighbour: Route,
    /// Another account.
    stranger: Route,
}

impl Met {
    async fn with(service: &Service, answer: &Answer, outcome: Outcome) -> Self {
        let row = format!("{} {outcome:?} after {}", service.kind, String::from_utf8_lossy(&answer.bytes));
        let site = Site::new().await;
        let route = site.connect(service, 1, 2).await;
        let neighbour = site.connect(service, 1, 3).await;
        let stranger = site.connect(service, 4, 5).await;
        let script: &[Answer] = match outcome {
            // The account and the new place are looked at before the message is sent there.
            Outcome::Moves(place) => &[fine(1), fine(place), fine(place)],
            _ => &[],
        };
        let service = site.answers(slice::from_ref(answer).iter().chain(script)).await;
        site.publish(route, FIRST).await;
        site.work().await;
        assert_eq!(service.received(&ALL)[0], FIRST, "{row}");
        Self { row, site, route, neighbour, stranger }
    }

    async fn waits(mut self, reach: Reach, wait: Duration) {
        let until = later(self.site.clock.now(), wait);
        let held = Some(Reason::Hold(HoldReason::Throttled));
        let dispatch = self.expect(FIRST, DispatchStatus::RetryScheduled, held, &[AttemptOutcome::Throttled]).await;
        assert_eq!(dispatch.state.due_at, Some(until), "{}", self.row);

        self.site.restart().await;
        let service = self.site.answers([&fine(1)]).await;
        self.site.publish(self.route, SECOND).await;
        self.site.publish(self.neighbour, NEIGHBOUR).await;
        self.site.publish(self.stranger, STRANGER).await;
        let not_reached: &[&str] = match reach {
            Reach::Destination => &[NEIGHBOUR, STRANGER],
            Reach::Credential => &[STRANGER],
            Reach::Provider => &[],
        };
        self.site.work().await;
        assert_eq!(service.received(&ALL), not_reached, "{}", self.row);
        self.site.clock.advance(wait.checked_sub(A_SECOND).unwrap());
        self.site.work().await;
        assert_eq!(service.received(&ALL), not_reached, "{}: too early", self.row);
        self.site.clock.advance(A_SECOND);
        self.site.work().await;
        assert_eq!(service.received(&[FIRST, SECOND]), [FIRST, SECOND], "{}", self.row);
        assert_eq!(service.received(&ALL).len(), ALL.len(), "{}", self.row);
        self.expect_delivered(FIRST, &[AttemptOutcome::Throttled]).await;
        self.expect_delivered(SECOND, &[]).await;
    }

    async fn stops(mut self, status: IntegrationStatus) {
        let (hold, outcome) = match status {
            IntegrationStatus::Paused => (HoldReason::IntegrationPaused, AttemptOutcome::Gone),
            _ => (HoldReason::IntegrationDisabled, AttemptOutcome::Unauthorized),
        };
        let held = Some(Reason::Hold(hold));
        self.expect(FIRST, DispatchStatus::RetryScheduled, held, &[outcome]).await;

        self.site.restart().await;
        let integration = self.site.integration(self.route).await;
        assert_eq!(integration.status, status, "{}", self.row);
        assert!(integration.status_reason.is_some(), "{}: it is not said why", self.row);
        let service = self.site.answers([&fine(1)]).await;
        self.site.publish(self.route, SECOND).await;
        self.site.publish(self.neighbour, NEIGHBOUR).await;
        self.site.work().await;
        assert_eq!(service.received(&ALL), [NEIGHBOUR], "{}", self.row);
        self.expect(SECOND, DispatchStatus::Pending, held, &[]).await;

        let service = self.site.answers(&[fine(1), fine(2)]).await;
        self.site.activate(self.route).await;
        self.site.work().await;
        assert_eq!(service.received(&ALL), [FIRST, SECOND], "{}", self.row);
        self.expect_delivered(FIRST, &[outcome]).await;
        self.expect_delivered(SECOND, &[]).await;
    }

    async fn moves(self, place: u8) {
        self.expect_delivered(FIRST, &[AttemptOutcome::Moved]).await;
        let connection = self.site.integration(self.route).await.connection;
        assert_eq!(connection.config["chatId"], telegram_id(place).to_string(), "{}", self.row);
    }

    async fn retries(self) {
        let dispatch = self.expect(FIRST, DispatchStatus::RetryScheduled, None, &[AttemptOutcome::Unavailable]).await;
        assert_eq!(dispatch.state.due_at, Some(later(self.site.clock.now(), DELAY)), "{}", self.row);
        let service = self.site.answers([&fine(1)]).await;
        self.site.clock.advance(DELAY);
        self.site.work().await;
        assert_eq!(service.received(&ALL), [FIRST], "{}", self.row);
        self.expect_delivered(FIRST, &[AttemptOutcome::Unavailable]).await;
    }

    async fn unconfirmed(self) {
        let once = [AttemptOutcome::Unconfirmed];
        let dispatch = self.expect(FIRST, DispatchStatus::RetryScheduled, None, &once).await;
        assert_eq!(dispatch.state.due_at, Some(later(self.site.clock.now(), UNCONFIRMED_WAIT)), "{}", self.row);
        let _service = self.site.answers([&lost()]).await;
        self.site.clock.advance(UNCONFIRMED_WAIT);
        self.site.work().await;
        let failed = Some(Reason::Fail(FailReason::Unconfirmed));
        self.expect(FIRST, DispatchStatus::Failed, failed, &[AttemptOutcome::Unconfirmed; 2]).await;
    }

    async fn fails(self) {
        let failed = Some(Reason::Fail(FailReason::Rejected));
        self.expect(FIRST, DispatchStatus::Failed, failed, &[AttemptOutcome::Rejected]).await;
        let service = self.site.answers([&fine(1)]).await;
        self.site.publish(self.route, SECOND).await;
        self.site.work().await;
        assert_eq!(service.received(&ALL), [SECOND], "{}", self.row);
        self.expect_delivered(SECOND, &[]).await;
    }

    async fn expect_delivered(&self, subject: &str, before: &[AttemptOutcome]) {
        let outcomes = [before, &[AttemptOutcome::Delivered]].concat();
        self.expect(subject, DispatchStatus::Delivered, None, &outcomes).await;
    }

    async fn expect(
        &self,
        subject: &str,
        status: DispatchStatus,
        reason: Option<Reason>,
        outcomes: &[AttemptOutcome],
    ) -> Dispatch {
        let (dispatch, attempts) = self.site.dispatch(subject).await;
        let row = format!("{}: {:?}", self.row, dispatch.state);
        assert_eq!((dispatch.state.status, dispatch.state.reason), (status, reason), "{row}");
        let ended: Vec<_> = attempts.iter().filter_map(|attempt| attempt.outcome).collect();
        assert_eq!(ended, outcomes, "{row}");
        dispatch
    }
}
