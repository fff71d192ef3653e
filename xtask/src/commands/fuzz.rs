//! `cargo xtask fuzz`: bytes that nobody wrote, against what reads bytes from outside.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use xtask::{cargo_tools, say, workspace};

/// Fuzz targets, each a file in `fuzz/targets/`.
const TARGETS: [&str; 4] = ["load", "environments", "patches", "import"];

/// The longest input. Documents that mean something are shorter, and long ones teach the fuzzer little.
const MOST_BYTES: usize = 8192;
/// Memory of a run, and of a single allocation: what is read must not become a multiple of itself.
const MOST_MEMORY_MIB: usize = 1024;
const MOST_ALLOCATION_MIB: usize = 64;
/// Seconds that one input may take, on a busy machine.
const MOST_SECONDS: usize = 10;

/// Run the fuzz targets.
///
/// Each starts from its corpus in `fuzz/corpus/` and tries new inputs until its time is up. An input that panics,
/// hangs or takes too much memory is kept in `target/fuzz/artifacts/`; new inputs that reach new code are kept in
/// `target/fuzz/corpus/` for the next run.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// Which; all of them unless named.
    #[arg(value_parser = TARGETS)]
    targets: Vec<String>,

    /// How long to try new inputs, each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,

    /// Write the fewest inputs that reach as much code into `fuzz/corpus/` instead.
    #[arg(long)]
    minimise: bool,
}

impl Fuzz {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let named: Vec<&str> = self.targets.iter().map(String::as_str).collect();
        let targets = if named.is_empty() { &TARGETS[..] } else { &named };
        if self.minimise {
            for target in targets {
                Target::new(target)?.minimise()?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Ok(if all_hold(targets, self.seconds)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Runs every target for a while; whether none found anything.
pub(super) fn run_all(seconds: u64) -> Result<bool> {
    all_hold(&TARGETS, seconds)
}

fn all_hold(targets: &[&str], seconds: u64) -> Result<bool> {
    let mut good = true;
    for target in targets {
        good &= Target::new(target)?.holds(seconds)?;
    }
    Ok(good)
}

struct Target<'a> {
    name: &'a str,
    program: PathBuf,
    /// Below the main target folder, which survives where a build cache is kept.
    output: PathBuf,
    /// What is committed.
    corpus: PathBuf,
}

impl<'a> Target<'a> {
    fn new(name: &'a str) -> Result<Self> {
        let program = cargo_tools::FUZZ.installed()?;
        let output = workspace().join("target/fuzz");
        let corpus = workspace().join("fuzz/corpus").join(name);
        ensure!(corpus.is_dir(), "{} has no inputs to start from", corpus.display());
        Ok(Self { name, program, output, corpus })
    }

    /// A folder of this target in the output, made when it is not there.
    fn folder(&self, kind: &str) -> Result<PathBuf> {
        let folder = self.output.join(kind).join(self.name);
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(folder)
    }

    /// Runs the target in these folders of inputs. Sanitizers need a nightly compiler and look for what only
    /// `unsafe` code does, of which there is none; without them a stable one will do.
    fn command(&self, folders: &[&Path], options: &[String]) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command.args(["fuzz", "run", "--fuzz-dir", "fuzz", "--sanitizer", "none", "--target-dir"]);
        command.arg(&self.output).arg(self.name).args(folders).arg("--");
        command.arg(format!("-max_len={MOST_BYTES}"));
        command.arg(format!("-rss_limit_mb={MOST_MEMORY_MIB}"));
        command.arg(format!("-malloc_limit_mb={MOST_ALLOCATION_MIB}"));
        command.arg(format!("-timeout={MOST_SECONDS}"));
        command.arg(format!("-artifact_prefix={}/", self.folder("artifacts")?.display()));
        command.args(options).current_dir(workspace()).stdin(Stdio::null());
        Ok(command)
    }

    fn holds(&self, seconds: u64) -> Result<bool> {
        say(&format!("== fuzz {}: {seconds} s", self.name));
        let new = self.folder("corpus")?;
        let options = [
            format!("-max_total_time={seconds}"),
            "-print_final_stats=1".to_owned(),
            "-verbosity=0".to_owned(),
        ];
        let mut command = self.command(&[&new, &self.corpus], &options)?;
        let mut child = command.stderr(Stdio::piped()).spawn().context("running cargo-fuzz")?;
        let output = child.stderr.take().context("cargo-fuzz has no output")?;
        let mut tried = 0;
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("reading the output of cargo-fuzz")?;
            let line = String::from_utf8_lossy(&line);
            if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
                tried = count.trim().parse().context("the number of inputs that were tried")?;
            }
            say(&line);
        }
        let status = child.wait().context("waiting for cargo-fuzz")?;
        // A fuzzer that tries nothing finds nothing.
        let known = files(&self.corpus)?.len();
        ensure!(
            !status.success() || tried > known,
            "{}: {tried} inputs were tried, but {known} are known",
            self.name
        );
        say(&format!("== fuzz {}: {tried} inputs", self.name));
        Ok(status.success())
    }

    fn minimise(&self) -> Result<()> {
        let (new, least) = (self.folder("corpus")?, self.folder("least")?);
        for file in files(&least)? {
            fs::remove_file(file)?;
        }
        let status = self.command(&[&least, &self.corpus, &new], &["-merge=1".to_owned()])?.status()?;
        ensure!(status.success(), "merging the corpus of {} failed ({status})", self.name);
        let kept = files(&least)?;
        ensure!(!kept.is_empty(), "nothing would be left of the corpus of {}", self.name);
        for file in files(&self.corpus)? {
            fs::remove_file(file)?;
        }
        for file in &kept {
            fs::copy(file, self.corpus.join(file.file_name().unwrap_or_default()))?;
        }
        say(&format!("{}: {} inputs in {}", self.name, kept.len(), self.corpus.display()));
        Ok(())
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}
