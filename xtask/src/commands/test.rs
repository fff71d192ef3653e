//! `cargo xtask test`: everything that must hold before a change is merged.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use xtask::{cargo_tools, say};

use super::tally::Tally;

/// Format, lints, documentation, dependencies and all tests, in this order.
///
/// Every step runs, whatever the others say. The last line is `N passed, N
/// failed` over all test binaries; a step that fails otherwise counts as one failure.
#[derive(Args)]
pub(crate) struct Test {
    /// Stop after the first step that fails.
    #[arg(long)]
    fail_fast: bool,
}

/// How a step went.
struct Outcome {
    name: &'static str,
    passed: bool,
    took: Duration,
}

impl Test {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let mut tally = Tally::default();
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (name, check) in STEPS {
            if self.fail_fast && outcomes.iter().any(|outcome| !outcome.passed) {
                break;
            }
            outcomes.push(step(name, || check(&mut tally))?);
        }
        for Outcome { name, passed, took } in &outcomes {
            println!("{name:<12} {:>4} s  {}", took.as_secs(), if *passed { "ok" } else { "FAILED" });
        }
        for line in &tally.lines {
            println!("{line}");
        }
        let failed_steps = outcomes.iter().filter(|outcome| !outcome.passed).count();
        // The tests' own step is counted by its tests, unless it failed before any of them could.
        let failed = tally.failed + failed_steps - usize::from(tally.failed > 0);
        println!("{} passed, {failed} failed", tally.passed);
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Says whether all is well; an error is for a check that could not be made.
type Check = fn(&mut Tally) -> Result<bool>;

/// The cheap ones first.
const STEPS: [(&str, Check); 5] = [
    ("format", |_| succeeds(&mut cargo(&["fmt", "--all", "--check"]))),
    ("clippy", |_| {
        succeeds(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    }),
    ("rustdoc", |_| {
        let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
        succeeds(doc.env("RUSTDOCFLAGS", "-D warnings"))
    }),
    ("dependencies", |_| {
        succeeds(Command::new(cargo_tools::MACHETE.installed()?).current_dir(xtask::workspace()))
    }),
    ("tests", run_tests),
];

fn step(name: &'static str, run: impl FnOnce() -> Result<bool>) -> Result<Outcome> {
    say(&format!("== {name}"));
    let started = Instant::now();
    let passed = run().with_context(|| format!("step `{name}`"))?;
    let took = started.elapsed();
    say(&format!("== {name}: {} in {} s", if passed { "ok" } else { "FAILED" }, took.as_secs()));
    Ok(Outcome { name, passed, took })
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(args).current_dir(xtask::workspace()).stdin(Stdio::null());
    cargo
}

fn succeeds(command: &mut Command) -> Result<bool> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("running {command:?}"))?;
    Ok(status.success())
}

/// All tests, their output passed on line by line while it is counted.
fn run_tests(tally: &mut Tally) -> Result<bool> {
    let mut tests = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    let mut child = tests.stdout(Stdio::piped()).spawn().context("running cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("reading the output of cargo test")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.read(&line);
    }
    Ok(child.wait().context("waiting for cargo test")?.success())
}
