//! `cargo xtask test`: everything that must hold before a change is merged.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use xtask::cluster::node;
use xtask::{cargo_tools, packages, say};

use super::fuzz;
use super::tally::Tally;

/// Format, lints, documentation, dependencies, all tests and the fuzz targets, in this order.
///
/// Every step runs, whatever the others say. The last line is `N passed, N
/// failed` over all test binaries; a step that fails otherwise counts as one failure. The tests on a real node take
/// root: without it they are NOT RUN, which the lines before the last one say.
#[derive(Args)]
pub(crate) struct Test {
    /// Stop after the first step that fails.
    #[arg(long)]
    fail_fast: bool,
}

/// How a step went.
struct Outcome {
    name: &'static str,
    verdict: Verdict,
    took: Duration,
    /// None of its tests says that it failed.
    uncounted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Good,
    Failed,
    /// It cannot be made on this machine: why.
    NotRun(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("ok"),
            Self::Failed => f.write_str("FAILED"),
            Self::NotRun(why) => write!(f, "NOT RUN: {why}"),
        }
    }
}

impl Test {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let mut tally = Tally::default();
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (name, check) in STEPS {
            if self.fail_fast && outcomes.iter().any(|outcome| outcome.verdict == Verdict::Failed) {
                break;
            }
            outcomes.push(step(name, check, &mut tally)?);
        }
        for Outcome { name, verdict, took, .. } in &outcomes {
            println!("{name:<12} {:>4} s  {verdict}", took.as_secs());
        }
        for line in &tally.lines {
            println!("{line}");
        }
        let failed = tally.failed + outcomes.iter().filter(|outcome| outcome.uncounted).count();
        println!("{} passed, {failed} failed", tally.passed);
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Says whether all is well; an error is for a check that could not be made.
type Check = fn(&mut Tally) -> Result<Verdict>;

/// How long each fuzz target looks for new inputs. What matters here is that everything known stays good; `cargo xtask
/// fuzz` looks longer.
const FUZZ_SECONDS: u64 = 15;

/// Where the tests on a real node are in the test binary.
const NODE: &str = "on_node::";

/// The cheap ones first. A real node and the played one are not run at the same time.
const STEPS: [(&str, Check); 8] = [
    ("packages", |_| {
        let all = [&packages::BUILD[..], &packages::TESTS, &packages::NODE].concat();
        Ok(match packages::install_missing(&all)?.as_slice() {
            [] => Verdict::Good,
            missing => Verdict::NotRun(format!("install {} for the tests that need it", missing.join(", "))),
        })
    }),
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
    ("tests", |tally| run_tests(tally, &["--workspace", "--", "--skip", NODE])),
    ("fuzz", |_| Ok(if fuzz::run_all(FUZZ_SECONDS)? { Verdict::Good } else { Verdict::Failed })),
    ("node tests", |tally| match node::missing().as_slice() {
        [] => run_tests(tally, &["--workspace", "--test", "suite", "--", NODE]),
        missing => Ok(Verdict::NotRun(missing.join("; "))),
    }),
];

fn step(name: &'static str, check: Check, tally: &mut Tally) -> Result<Outcome> {
    say(&format!("== {name}"));
    let (started, failed) = (Instant::now(), tally.failed);
    let verdict = check(tally).with_context(|| format!("step `{name}`"))?;
    let took = started.elapsed();
    say(&format!("== {name}: {verdict} in {} s", took.as_secs()));
    let uncounted = verdict == Verdict::Failed && tally.failed == failed;
    Ok(Outcome { name, verdict, took, uncounted })
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(args).current_dir(xtask::workspace()).stdin(Stdio::null());
    cargo
}

fn succeeds(command: &mut Command) -> Result<Verdict> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("running {command:?}"))?;
    Ok(verdict(status))
}

fn verdict(status: ExitStatus) -> Verdict {
    if status.success() { Verdict::Good } else { Verdict::Failed }
}

/// Tests, their output passed on line by line while it is counted.
fn run_tests(tally: &mut Tally, which: &[&str]) -> Result<Verdict> {
    let mut tests = cargo(&["test", "--locked", "--no-fail-fast"]);
    tests.args(which);
    let mut child = tests.stdout(Stdio::piped()).spawn().context("running cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("reading the output of cargo test")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.read(&line);
    }
    Ok(verdict(child.wait().context("waiting for cargo test")?))
}
