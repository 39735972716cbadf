//! How many bytes of mail may be in memory at once, in all and of one organization.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use integrations_core::OrganizationId;

/// The account of what is being taken in.
pub(crate) struct Intake {
    limit: usize,
    limit_per_organization: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    by_organization: HashMap<OrganizationId, usize>,
}

/// The bytes of one mail, counted as long as this lives.
pub(crate) struct Share {
    intake: Arc<Intake>,
    organization: OrganizationId,
    bytes: usize,
}

impl Intake {
    /// Nothing is being taken in.
    pub(crate) fn new(limit: usize, limit_per_organization: usize) -> Self {
        Self { limit, limit_per_organization, taken: Mutex::default() }
    }

    /// A share of no bytes yet.
    pub(crate) fn share(self: &Arc<Self>, organization: OrganizationId) -> Share {
        Share { intake: Arc::clone(self), organization, bytes: 0 }
    }
}

impl Share {
    /// Counts more bytes, as they arrive: who announces much and sends little keeps nobody out. `false` if there is no
    /// room for them now.
    pub(crate) fn grow(&mut self, by: usize) -> bool {
        let mut taken = self.intake.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let Taken { total, by_organization } = &mut *taken;
        let of_organization = by_organization.entry(self.organization).or_default();
        if *total + by > self.intake.limit || *of_organization + by > self.intake.limit_per_organization {
            return false;
        }
        *total += by;
        *of_organization += by;
        self.bytes += by;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.intake.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let Taken { total, by_organization } = &mut *taken;
        *total -= self.bytes;
        if let Some(of_organization) = by_organization.get_mut(&self.organization) {
            *of_organization -= self.bytes;
            if *of_organization == 0 {
                by_organization.remove(&self.organization);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_as_long_as_they_are_held() {
        let intake = Arc::new(Intake::new(10, 6));
        let [one, other] = [1, 2].map(|n| OrganizationId::from_bytes([n; 16]));
        let (mut a, mut b, mut c) = (intake.share(one), intake.share(one), intake.share(other));
        assert!(a.grow(4) && b.grow(2));
        assert!(!b.grow(1), "the organization has its part");
        assert!(c.grow(4));
        assert!(!c.grow(1), "all is taken");
        drop(a);
        assert!(c.grow(2) && b.grow(2));
        drop((b, c));
        let taken = intake.taken.lock().unwrap();
        assert_eq!((taken.total, taken.by_organization.len()), (0, 0));
    }
}
