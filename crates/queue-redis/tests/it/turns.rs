//! Whatever is waiting, and however it is taken: nobody gets a second turn before everybody had a first.

use integrations_core::{DispatchQueue as _, QueueEntry, Shares};
use integrations_testkit::suite::block_on;
use proptest::{collection::vec, prelude::*};
use queue_redis::{RedisConfig, RedisQueue};

use crate::{
    redis_server::shared,
    world::{Entries, config, fresh_name},
};

/// How much of each lane of each organization.
type Amounts = Vec<Vec<usize>>;

struct Backlog {
    waiting: Amounts,
    given: Amounts,
    entries: Vec<(QueueEntry, usize, usize)>,
    shares: Shares,
}

impl Backlog {
    fn new(waiting: Amounts, shares: Shares) -> Self {
        let mut new = Entries::new();
        let mut entries = Vec::new();
        for (organization, lanes) in waiting.iter().enumerate() {
            let id = new.organization();
            for (lane, amount) in lanes.iter().enumerate() {
                entries.extend((0..*amount).map(|_| (new.due(id, &lane.to_string()), organization, lane)));
            }
        }
        let given = waiting.iter().map(|lanes| vec![0; lanes.len()]).collect();
        Self { waiting, given, entries, shares }
    }

    fn give(&mut self, given: &[QueueEntry]) {
        for entry in given {
            let (_, organization, lane) = self.entries.iter().find(|(known, ..)| known == entry).unwrap();
            self.given[*organization][*lane] += 1;
        }
    }

    /// Whether that lane could give more if its organization may.
    fn lane_can(&self, organization: usize, lane: usize) -> bool {
        let given = self.given[organization][lane];
        given < self.waiting[organization][lane].min(self.shares.lane)
    }

    fn of(&self, organization: usize) -> usize {
        self.given[organization].iter().sum()
    }

    fn organization_can(&self, organization: usize) -> bool {
        let lanes = 0..self.waiting[organization].len();
        self.of(organization) < self.shares.organization
            && lanes.into_iter().any(|lane| self.lane_can(organization, lane))
    }

    fn assert_fair(&self) {
        let all = 0..self.waiting.len();
        let most = all.clone().map(|organization| self.of(organization)).max().unwrap_or(0);
        for organization in all {
            assert!(self.of(organization) <= self.shares.organization);
            assert!(!self.organization_can(organization) || self.of(organization) + 1 >= most, "{:?}", self.given);
            let lanes = &self.given[organization];
            let most = lanes.iter().max().unwrap_or(&0);
            for (lane, given) in lanes.iter().enumerate() {
                assert!(*given <= self.shares.lane);
                assert!(!self.lane_can(organization, lane) || given + 1 >= *most, "{:?}", self.given);
            }
        }
    }

    fn is_exhausted(&self) -> bool {
        !(0..self.waiting.len()).any(|organization| self.organization_can(organization))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn turns_are_fair_over_any_series_of_reservations(
        waiting in vec(vec(0..7_usize, 1..5), 1..5),
        (lane, organization) in (1..5_usize, 1..9_usize),
        sizes in vec(1..6_usize, 1..12),
    ) {
        block_on(async {
            let shares = Shares { lane, organization };
            let mut backlog = Backlog::new(waiting, shares);
            let queue = RedisQueue::connect(RedisConfig { shares, ..config(shared(), &fresh_name()) }).await.unwrap();
            let entries: Vec<_> = backlog.entries.iter().map(|(entry, ..)| entry.clone()).collect();
            queue.push(&entries).await.unwrap();
            for size in sizes.into_iter().chain([1_000]) {
                let given = queue.reserve(size).await.unwrap().entries;
                backlog.give(&given);
                backlog.assert_fair();
                assert!(given.len() == size || backlog.is_exhausted());
            }
        });
    }
}
