//! What was looked up a moment ago, so that the store is not asked for it with every request.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use integrations_core::later;
use jiff::Timestamp;

/// How many entries are kept; beyond it all are dropped, which costs one lookup each.
const MAX_ENTRIES: usize = 10_000;

/// A memory of what was found lately. What was not found is not kept.
pub(crate) struct Recent<K, V> {
    lifetime: Duration,
    kept: Mutex<Kept<K, V>>,
}

struct Kept<K, V> {
    entries: HashMap<K, (Timestamp, V)>,
    /// Rises when everything is forgotten: what was looked up before that is not kept any more.
    epoch: u64,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// A memory that keeps what was found for `lifetime`.
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, kept: Mutex::new(Kept { entries: HashMap::new(), epoch: 0 }) }
    }

    /// What is known of `key`, or what `lookup` finds now.
    pub(crate) async fn get_or<E>(
        &self,
        key: K,
        now: Timestamp,
        lookup: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        let epoch = {
            let kept = self.lock();
            if let Some((until, value)) = kept.entries.get(&key)
                && now < *until
            {
                return Ok(Some(value.clone()));
            }
            kept.epoch
        };
        let found = lookup.await?;
        if let Some(value) = &found {
            let mut kept = self.lock();
            if kept.entries.len() >= MAX_ENTRIES {
                kept.entries.clear();
            }
            if kept.epoch == epoch {
                kept.entries.insert(key, (later(now, self.lifetime), value.clone()));
            }
        }
        Ok(found)
    }

    /// Forgets everything, lookups that are under way included.
    pub(crate) fn forget(&self) {
        let mut kept = self.lock();
        kept.entries.clear();
        kept.epoch += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    async fn look(recent: &Recent<u8, u8>, second: i64, found: Option<u8>) -> Option<u8> {
        let now = Timestamp::from_second(second).unwrap();
        recent.get_or(1, now, async { Ok::<_, Infallible>(found) }).await.unwrap()
    }

    #[tokio::test]
    async fn an_entry_is_used_until_its_time_is_over() {
        let recent = Recent::new(Duration::from_secs(5));
        assert_eq!(look(&recent, 0, None).await, None);
        assert_eq!(look(&recent, 0, Some(7)).await, Some(7));
        assert_eq!(look(&recent, 4, None).await, Some(7));
        assert_eq!(look(&recent, 5, None).await, None);
    }

    #[tokio::test]
    async fn what_is_forgotten_during_a_lookup_is_not_kept() {
        let recent = Recent::new(Duration::from_secs(5));
        let lookup = async {
            recent.forget();
            Ok::<_, Infallible>(Some(7))
        };
        assert_eq!(recent.get_or(1, Timestamp::UNIX_EPOCH, lookup).await.unwrap(), Some(7));
        assert_eq!(look(&recent, 0, None).await, None);
    }
}
