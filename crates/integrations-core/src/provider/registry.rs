//! The providers of an installation, by kind.

use std::{collections::BTreeMap, sync::Arc};

use super::{DynProvider, Provider};

/// A set of providers. One line for each: `Registry::new().with(Telegram::new(url))`.
#[derive(Clone, Default)]
pub struct Registry {
    providers: BTreeMap<&'static str, Arc<dyn DynProvider>>,
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more provider; it replaces one of the same kind.
    #[must_use]
    pub fn with(mut self, provider: impl Provider) -> Self {
        self.providers.insert(provider.kind(), Arc::new(provider));
        self
    }

    /// The provider of that kind.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn DynProvider>> {
        self.providers.get(kind)
    }

    /// All of them, sorted by kind.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn DynProvider>> {
        self.providers.values()
    }
}
