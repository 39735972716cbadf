//! The calls of the scripts, each with what follows from its answer.

use std::sync::Arc;

use integrations_core::{Clock, Finished, QueueEntry};
use redis::ScriptInvocation;

use crate::{
    Fault,
    link::Link,
    scripts::{Reply, Request, Scripts},
    wakes::Wakes,
};

pub(crate) struct Calls {
    pub(crate) link: Arc<Link>,
    pub(crate) scripts: Scripts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wakes: Arc<Wakes>,
}

impl Calls {
    /// At most [`crate::scripts::BATCH`] entries.
    pub(crate) async fn push(&self, entries: &[QueueEntry]) -> Result<(), Fault> {
        self.carry_out(self.scripts.push(entries, self.clock.now())).await?;
        self.wakes.pushed();
        Ok(())
    }

    /// At most [`crate::scripts::BATCH`].
    pub(crate) async fn finish(&self, finished: &[Finished]) -> Result<(), Fault> {
        self.carry_out(self.scripts.finish(finished, self.clock.now())).await
    }

    pub(crate) async fn reserve(&self, request: &Request) -> Result<Reply, Fault> {
        self.link.run(&self.scripts.reserve(request)).await
    }

    /// For what does no harm when it is done twice. That a connection was cut while nobody used it, as at every restart
    /// of the server, shows at the next call: so that one gets a new connection.
    async fn carry_out(&self, script: ScriptInvocation<'_>) -> Result<(), Fault> {
        let aside = match self.link.run(&script).await {
            Err(Fault::Connection) => self.link.run(&script).await?,
            answer => answer?,
        };
        self.tell_of(aside);
        Ok(())
    }

    pub(crate) fn tell_of(&self, aside: usize) {
        if aside > 0 {
            tracing::warn!(entries = aside, "malformed entries of the queue were set aside");
        }
    }
}
