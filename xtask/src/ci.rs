//! `cargo xtask ci`: the gate, one step after the other.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::{bench, codegen, deny, deps, process, test, tidy};

/// A name and what it runs.
type Step = (&'static str, fn() -> Result<()>);

/// In this order, so that what is quick to check fails first wherever that costs nothing.
const STEPS: [Step; 10] = [
    ("fmt", fmt),
    ("clippy", clippy),
    ("deps", deps::run),
    ("tidy", tidy::run),
    ("test", test::all),
    ("examples", examples),
    ("bench", bench::smoke),
    ("doc", doc),
    ("codegen", codegen::check),
    ("deny", deny::run),
];

/// Runs every step and stops at the first that fails.
pub(crate) fn run() -> Result<()> {
    let start = now();
    for (name, step) in STEPS {
        println!("ci: {name}");
        let start = now();
        step().with_context(|| format!("the gate stopped at `{name}`"))?;
        println!("ci: {name} ok, {:.1} s", seconds(start));
    }
    println!("ci: everything ok, {:.1} s", seconds(start));
    Ok(())
}

fn fmt() -> Result<()> {
    process::run(&mut process::cargo(["fmt", "--all", "--check"])).context("`cargo fmt --all` mends it")
}

fn clippy() -> Result<()> {
    let args = "clippy --workspace --all-targets -- -D warnings";
    process::run(&mut process::cargo(args.split(' ')))
}

/// Tests only build them; here they run, and each ends by itself.
fn examples() -> Result<()> {
    process::run(&mut process::cargo(["run", "--quiet", "--package", "examples", "--example", "embed"]))
}

fn doc() -> Result<()> {
    let mut doc = process::cargo(["doc", "--workspace", "--no-deps"]);
    process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for the reader; no decision hangs on it")]
fn now() -> Instant {
    Instant::now()
}

fn seconds(start: Instant) -> f32 {
    start.elapsed().as_secs_f32()
}
