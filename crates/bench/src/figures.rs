//! What a run gave, and the middle of several.

use std::time::Duration;

use crate::limits::Limits;

/// What a run gave.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The case and its size.
    pub(crate) name: String,
    pub(crate) events: usize,
    /// Messages a second, from the first event sent to the last message received.
    pub(crate) rate: f64,
    /// Microseconds of the server's processor time a message.
    pub(crate) cpu: f64,
    /// From an event's due time to its receipt: the median, and that of all but 1 % and 0.1 %.
    pub(crate) latency: Option<[Duration; 3]>,
    /// The most memory the server ever had, in MiB.
    pub(crate) memory: f64,
    pub(crate) limits: Limits,
    /// Processes that wanted to run in the minute before.
    pub(crate) load_average: f64,
    /// What it is to reach, and whether it did.
    pub(crate) targets: Vec<(String, bool)>,
}

impl Line {
    /// The rate as a part of the bare client's.
    pub(crate) fn ratio(&self) -> f64 {
        self.rate / self.limits.bare
    }

    pub(crate) fn target(&mut self, what: &str, met: bool) {
        self.targets.push((what.to_owned(), met));
    }
}

/// Of each figure the one in the middle. The targets are judged anew by whoever knows them.
pub(crate) fn medians(runs: &[Line]) -> Option<Line> {
    let first = runs.first()?.clone();
    let of = |figure: fn(&Line) -> f64| middle(runs.iter().map(figure).collect());
    let latency = first.latency.map(|_| {
        let of = |number: usize| {
            let all = runs.iter().filter_map(|run| run.latency?.get(number).map(Duration::as_secs_f64));
            Duration::from_secs_f64(middle(all.collect()))
        };
        [of(0), of(1), of(2)]
    });
    Some(Line {
        rate: of(|line| line.rate),
        cpu: of(|line| line.cpu),
        latency,
        memory: of(|line| line.memory),
        limits: Limits {
            bare: of(|line| line.limits.bare),
            sync: Duration::from_secs_f64(of(|line| line.limits.sync.as_secs_f64())),
            rows: first.limits.rows.map(|_| of(|line| line.limits.rows.unwrap_or_default())),
        },
        load_average: of(|line| line.load_average),
        ..first
    })
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// The median of latencies, and that of all but 1 % and 0.1 %.
pub(crate) fn percentiles(mut latencies: Vec<Duration>) -> [Duration; 3] {
    latencies.sort();
    [500, 990, 999].map(|of_thousand| {
        let place = (latencies.len() * of_thousand).div_ceil(1000).saturating_sub(1);
        latencies.get(place).copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let millis = |numbers: std::ops::RangeInclusive<u64>| numbers.map(Duration::from_millis).collect();
        assert_eq!(percentiles(millis(1..=1000)), [500, 990, 999].map(Duration::from_millis));
        assert_eq!(percentiles(millis(5..=5)), [Duration::from_millis(5); 3]);
        assert_eq!(middle(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
