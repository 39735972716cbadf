//! The figures as a table, and the page around it.

use std::{fmt::Write as _, time::Duration};

use crate::{
    cases::{Measured, TURNS},
    clock,
    figures::Line,
    limits::Limits,
    load::CONNECTIONS,
    machine,
    site::CONCURRENCY,
};

/// The lines as a Markdown table.
pub(crate) fn table(lines: &[Line]) -> String {
    let mut table =
        "| case | events | messages/s | of the bare client | server CPU a message | p50 / p99 / p99.9 | memory \
                     | bare client | sync | load | targets |\n\
                     |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n"
            .to_owned();
    for line in lines {
        let Line { name, events, rate, cpu, memory, limits, load_average, .. } = line;
        let latency = line.latency.map_or_else(|| "-".to_owned(), |times| times.map(millis).join(" / ") + " ms");
        let targets =
            line.targets.iter().map(|(what, met)| format!("{what}: {}", if *met { "met" } else { "not met" }));
        let targets = targets.collect::<Vec<_>>().join("; ");
        let Limits { bare, sync, .. } = limits;
        let _ = writeln!(
            table,
            "| {name} | {events} | {rate:.0} | {:.3} | {cpu:.0} µs | {latency} | {memory:.0} MiB | {bare:.0}/s | {} ms \
             | {load_average:.1} | {targets} |",
            line.ratio(),
            millis(*sync)
        );
    }
    table
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

/// The whole page.
pub(crate) fn page(measured: &Measured) -> String {
    let rows = measured.lines.iter().filter_map(|line| line.limits.rows).next_back();
    let rows =
        rows.map_or_else(String::new, |rows| format!(" SQLite alone took {rows:.0} rows/s in commits of a hundred."));
    let runs = match measured.runs {
        1 => "One run of each case".to_owned(),
        runs => format!(
            "Medians of {runs} runs; history and known addresses: of {TURNS} bursts each, on three servers that take turns; \
             new addresses: a single one"
        ),
    };
    format!(
        "{HEAD}\n{runs}, {}, on a virtual machine with {}.{rows}\n\n{}\n{}",
        clock::today(),
        machine::name(),
        table(&measured.lines),
        TAIL.replace("{connections}", &CONNECTIONS.to_string()).replace("{concurrency}", &CONCURRENCY.to_string())
    )
}

const HEAD: &str = include_str!("page/head.md");
const TAIL: &str = include_str!("page/tail.md");
