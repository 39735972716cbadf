//! The faults that are still to come.

use super::Fault;

/// The faults that are still to come, in the order in which they were scripted.
#[derive(Default)]
pub(crate) struct Script(Vec<Fault>);

impl Script {
    pub(super) fn push(&mut self, fault: Fault) {
        if fault.times != Some(0) {
            self.0.push(fault);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that hits a call.
    pub(super) fn take(&mut self, bot: i64, method: &str, chat: Option<i64>) -> Option<Fault> {
        let hits = |fault: &Fault| fault.concerns(bot, method) && fault.is_for(chat);
        self.0.iter().position(hits).and_then(|at| self.use_up(at))
    }

    /// The fault that resets a call of which only the first line is known.
    pub(super) fn take_reset(&mut self, bot: i64, method: &str) -> Option<Fault> {
        let at = self.0.iter().position(|fault| fault.concerns(bot, method))?;
        if self.0.get(at)?.is_blind_reset() { self.use_up(at) } else { None }
    }

    fn use_up(&mut self, at: usize) -> Option<Fault> {
        let fault = self.0.get_mut(at)?;
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        let hit = fault.clone();
        if hit.times == Some(0) {
            self.0.remove(at);
        }
        Some(hit)
    }
}
