//! What the system says about itself and about a process.

use std::fs;

use anyhow::{Context as _, Result};

/// How many ticks of `/proc/<pid>/stat` a second has on Linux (`man 5 proc`, `USER_HZ`).
const TICKS: f64 = 100.0;

/// The machine in a line.
pub(crate) fn name() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")).map(|rest| rest.trim_matches([':', ' ', '\t']));
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    let model = model.unwrap_or("unknown processor");
    format!("{cores} cores of {model}, {} GiB, Linux {}", kib / (1024 * 1024), kernel.trim())
}

/// How many processes wanted to run in the last minute, on average.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

/// Seconds of processor time that a process has used, with all threads that it ever had.
pub(crate) fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the server is gone")?;
    // The second field is a name in parentheses, which may hold spaces; 14 and 15 are user and system time.
    let (_, fields) = stat.rsplit_once(") ").context("unknown form of /proc/<pid>/stat")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
}

/// The most memory that a process ever had, in MiB.
pub(crate) fn most_memory(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the server is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
