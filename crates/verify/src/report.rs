//! What a program found, in figures and in words.

use std::{collections::BTreeSet, fmt, path::PathBuf, time::Duration};

use crate::marker::Marker;

/// How many faults are told in words.
const TOLD: usize = 20;

/// What a program found.
#[derive(Debug, Default)]
pub struct Report {
    /// The program.
    pub program: &'static str,
    /// Accepted events.
    pub accepted: usize,
    /// Those of them that arrived wherever they should.
    pub delivered: usize,
    /// Those of them that did not arrive, without a stated reason.
    pub lost: usize,
    /// Accepted events that did not arrive, or of which the server does not know what it should.
    pub(crate) gone: BTreeSet<Marker>,
    /// Messages beyond the first of their kind, of whatever events.
    pub repeated: usize,
    /// Those of them for which the server's attempt log has a lost answer.
    pub explained: usize,
    /// Those of them for which it has none.
    pub unexplained: usize,
    /// How often the server was killed.
    pub kills: u32,
    /// How long it all took.
    pub duration: Duration,
    /// Where chance started, if there was any.
    pub seed: Option<u64>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// Everything that must not be. Empty if all is well.
    pub faults: Vec<String>,
    /// Where the server's data and log are kept, if all is not well.
    pub kept: Option<PathBuf>,
}

impl Report {
    pub(crate) fn of(program: &'static str) -> Self {
        Self { program, ..Self::default() }
    }
}

impl fmt::Display for Report {
    /// The notes, the faults, and last a table with one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        for fault in self.faults.iter().take(TOLD) {
            writeln!(f, "FAULT: {fault}")?;
        }
        if let Some(more @ 1..) = self.faults.len().checked_sub(TOLD) {
            writeln!(f, "FAULT: and {more} more")?;
        }
        if let Some(folder) = &self.kept {
            writeln!(f, "the server's data and log are kept in {}", folder.display())?;
        }
        let Self { program, accepted, delivered, lost, repeated, explained, unexplained, kills, .. } = self;
        let seconds = self.duration.as_secs_f64();
        let seed = self.seed.map_or_else(|| "-".to_owned(), |seed| seed.to_string());
        write!(
            f,
            "\n\
             | program | accepted | delivered | lost | repeated | explained | unexplained | kills | duration | seed |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n\
             | {program} | {accepted} | {delivered} | {lost} | {repeated} | {explained} | {unexplained} | {kills} \
             | {seconds:.1} s | {seed} |\n"
        )
    }
}
