//! A day of the whole platform in virtual time, with services that fail, throttle, hang and vanish as a seed says, with
//! crashes, and once more with a store and a queue that fail as well.
//!
//! `SIMULATION_SEEDS=200` runs that many seeds, `SIMULATION_SEED=17` that one alone, `SIMULATION_EVENTS=10000` with so
//! many events. A seed that fails is named.

mod checks;
mod services;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use integrations_core::{
    AddressId, IntegrationId, OrganizationId, Settings,
    memory::MemoryStore,
    rules::{DAY, Policy},
};
use integrations_testkit::{clock::SeqEntropy, fakes::Postbox, faults::Odds, simulation::Simulation};

use self::{
    checks::Day,
    services::{Chance, Manner, Seen, service},
};

const ORGANIZATIONS: usize = 10;
/// The organization that has only good services, and the one that has only dead ones.
const GOOD: usize = 0;
const DEAD: usize = 1;
/// How many integrations each has.
const BOXES: usize = 2;
const DAILY_LIMIT: u32 = 150;
/// The default retry window.
const WINDOW: Duration = Duration::from_secs(21_600);
/// How long a call takes that is never answered.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How often on a day, and how many mails, the organization with the dead services gets at once: more than there are
/// slots, and each of them holds one until it times out.
const BURSTS: usize = 20;
const BURST: usize = 40;

/// How store and queue fail, if they do.
const FAULTS: Odds = Odds { refused: 20, lost: 20, delayed: 0 };

/// What was done by a call whose answer is lost is found by a sweep, within a minute, or when its lease ends, after
/// another; a few times in a row.
const SLACK: Duration = Duration::from_secs(600);

struct Tenant {
    id: OrganizationId,
    address: AddressId,
    published: usize,
}

struct World {
    platform: Simulation,
    chance: Chance,
    seen: Arc<Mutex<Seen>>,
    manners: BTreeMap<IntegrationId, Manner>,
    tenants: Vec<Tenant>,
}

impl World {
    async fn new(seed: u64, policy: &Policy) -> Self {
        let chance = Chance(SeqEntropy::new(seed));
        let settings = Settings { policy: policy.clone(), ..Settings::default() };
        let postbox = Postbox::default();
        let platform = Simulation::on(Arc::new(MemoryStore::new()), postbox.clone(), settings).with_timeout(TIMEOUT);
        let (mut slots, mut manners, mut tenants) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for number in 0..ORGANIZATIONS {
            let id = platform.organization().await;
            let mut integrations = Vec::new();
            for box_number in 0..BOXES {
                let slot = format!("{number}/{box_number}");
                let integration = platform.connect(id, &slot).await;
                let manner = match number {
                    GOOD => Manner::Reliable,
                    DEAD => Manner::Dead,
                    _ => chance.manner(),
                };
                slots.insert(slot, manner);
                manners.insert(integration, manner);
                integrations.push(integration);
            }
            let address = platform.address(id, &format!("a{number}"), &integrations).await;
            tenants.push(Tenant { id, address, published: 0 });
        }
        let seen = service(&postbox, seed, slots, platform.now());
        Self { platform, chance, seen, manners, tenants }
    }

    async fn publish(&mut self, tenant: usize, subject: &str) {
        let tenant = &mut self.tenants[tenant];
        tenant.published += 1;
        self.platform.publish(tenant.id, tenant.address, subject).await;
    }

    async fn live(&mut self, events: usize) {
        let pause = Duration::from_secs(86_400) / u32::try_from(events).unwrap();
        for number in 0..events {
            if number % (events / BURSTS).max(1) == 0 {
                for _ in 0..BURST {
                    self.publish(DEAD, "many at once").await;
                }
                self.platform.work().await;
                self.publish(GOOD, "one in between").await;
            }
            let somebody = usize::try_from(self.chance.below(ORGANIZATIONS as u64)).unwrap();
            self.publish(somebody, "any").await;
            self.platform.run_for(pause).await;
            if self.chance.below(1_000) == 0 {
                self.platform.clock.advance(Duration::from_millis(1));
                self.platform.restart().await;
            }
        }
    }

    async fn check(&self, slack: Duration) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let day = Day { platform: &self.platform, seen: &seen, manners: &self.manners, slack };
        for (number, tenant) in self.tenants.iter().enumerate() {
            let lives = day.check(tenant.id).await;
            assert_eq!(lives.len(), tenant.published * BOXES, "what was accepted is not what is there");
            if number == GOOD {
                day.check_promptness(&lives);
            }
        }
        if slack.is_zero() {
            assert_eq!(seen.too_early, Vec::<String>::new(), "earlier than the service asked");
        }
    }
}

async fn simulate(seed: u64, events: usize, faulty: bool) {
    let policy = Policy { daily_limit: DAILY_LIMIT, ..Policy::default() };
    assert_eq!(policy.retry.window, WINDOW);
    let mut world = World::new(seed, &policy).await;
    if faulty {
        world.platform.set_faults(seed, FAULTS);
        world.platform.restart().await;
    }
    world.live(events).await;
    // The longest that anything can still take: all holds together, and a window.
    world.platform.run_for(policy.max_hold + policy.retry.window + DAY).await;
    world.check(if faulty { SLACK } else { Duration::ZERO }).await;
}

/// Runs the days that are asked for, and names the one that fails.
#[expect(clippy::disallowed_methods, reason = "a person chooses the seeds of a long run")]
fn run(faulty: bool) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(2),
    };
    let events = usize::try_from(number("SIMULATION_EVENTS").unwrap_or(1_000)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for seed in seeds {
        let day = std::panic::AssertUnwindSafe(|| runtime.block_on(simulate(seed, events, faulty)));
        let ended = std::panic::catch_unwind(day);
        assert!(ended.is_ok(), "SIMULATION_SEED={seed} SIMULATION_EVENTS={events} repeats this day alone");
    }
}

/// Promise 4, and most of the others, over a whole day.
#[test]
fn promise_04_no_attempt_too_early_none_too_late() {
    run(false);
}

/// The same while store and queue refuse every fiftieth call and lose the answer of another.
#[test]
fn a_day_on_which_store_and_queue_fail() {
    run(true);
}
