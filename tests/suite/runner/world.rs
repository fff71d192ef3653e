//! A database, a folder of migrations, and runs of the binary over them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use xtask::postgres::{self, Database, Held, Postgres};
use xtask::signal::{self, Signal};

use crate::support::eventually;

/// Long beside what any step takes, even while other tests have the machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// An empty database of the shared server, and an empty folder.
pub struct World {
    pub server: &'static Postgres,
    pub database: Database,
    folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let server = postgres::shared(scratch).unwrap_or_else(|error| panic!("{error:#}"));
        let world =
            Self { server, database: server.database().unwrap(), folder: tempfile::tempdir().unwrap() };
        fs::create_dir(world.dir()).unwrap();
        world
    }

    /// One with these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let world = Self::new();
        for (name, sql) in files {
            world.file(name, sql);
        }
        world
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("migrations")
    }

    /// Writes a file into the folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.dir().join(name), content).unwrap();
    }

    /// As superuser.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.server.execute(&self.database.name, sql).unwrap_or_else(|error| panic!("{sql}: {error:#}"));
    }

    /// The rows of a query, their values joined by `|`.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<String> {
        let rows = self.server.query(&self.database.name, sql);
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:#}"));
        rows.iter().map(|row| row.join("|")).collect()
    }

    /// The versions in the history, in the order in which they were applied.
    #[track_caller]
    pub fn history(&self) -> Vec<String> {
        self.query("SELECT version FROM portfolio.schema_history ORDER BY finished")
    }

    /// A session in which this has been run, until it is dropped.
    #[track_caller]
    pub fn hold(&self, sql: &str) -> Held {
        self.server.hold(&self.database.name, sql).unwrap_or_else(|error| panic!("{sql}: {error:#}"))
    }

    /// Waits until somebody waits for what others hold: `advisory`, `relation`, `transactionid`.
    #[track_caller]
    pub fn until_waiting_for(&self, what: &str) {
        let sql = format!(
            "SELECT 1 FROM pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock' \
             AND wait_event = '{what}'",
            self.database.name
        );
        eventually(PATIENCE, &format!("somebody waits for {what}"), || !self.query(&sql).is_empty());
    }

    /// `portfolio migrate exec`, with nothing of our own environment but what names the database.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portfolio"));
        command.args(["migrate", "exec", "--dir"]).arg(self.dir()).arg("--report").arg(self.report_file());
        command.args(args).env_clear().stdin(Stdio::null());
        command.env("PGHOST", "localhost").env("PGPORT", self.server.address().port().to_string());
        command.env("PGDATABASE", &self.database.name).env("PGUSER", &self.database.owner.name);
        command.env("PGPASSWORD", &self.database.owner.password);
        command.env("PGSSLROOTCERT", self.server.ca_file().unwrap());
        command
    }

    fn report_file(&self) -> PathBuf {
        self.folder.path().join("report.json")
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn exec(&self, args: &[&str]) -> Ended {
        self.finish(self.command(args))
    }

    #[track_caller]
    pub fn finish(&self, command: Command) -> Ended {
        Run::start(command, self).end()
    }

    /// Starts it.
    pub fn start(&self, args: &[&str]) -> Run<'_> {
        Run::start(self.command(args), self)
    }
}

/// A run under way; killed when the value is dropped.
pub struct Run<'w> {
    world: &'w World,
    child: Child,
    lines: Receiver<String>,
    talk: Option<JoinHandle<String>>,
    /// What it has told so far.
    pub events: Vec<Value>,
}

impl<'w> Run<'w> {
    fn start(mut command: Command, world: &'w World) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if tell.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        let talk = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Self { world, child, lines, talk: Some(talk), events: Vec::new() }
    }

    /// What it tells next; nothing when it has ended.
    #[track_caller]
    pub fn next(&mut self) -> Option<Value> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.world.must_be_secret(&line);
                let event: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
                self.events.push(event.clone());
                Some(event)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("it tells nothing more; so far: {:#?}", self.events),
        }
    }

    /// Waits until it tells this.
    #[track_caller]
    pub fn until(&mut self, name: &str) -> Value {
        loop {
            let Some(event) = self.next() else { panic!("it ended without `{name}`: {:#?}", self.events) };
            if event["event"] == name {
                return event;
            }
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as Kubernetes stops a pod.
    pub fn terminate(&mut self) {
        signal::send(&self.child, Signal::TERM).unwrap();
    }

    fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        while self.next().is_some() {}
        let status = eventually(PATIENCE, "the run has ended", || self.has_ended());
        let stderr = self.talk.take().unwrap().join().unwrap();
        let report = fs::read_to_string(self.world.report_file()).unwrap_or_default();
        for text in [&stderr, &report] {
            self.world.must_be_secret(text);
        }
        assert!(report.len() <= 4096, "the report has {} bytes", report.len());
        let code = status.code().unwrap_or_else(|| panic!("{status}\n{stderr}"));
        Ended {
            code,
            events: std::mem::take(&mut self.events),
            report: serde_json::from_str(&report).unwrap_or_else(|_| panic!("no JSON: {report}")),
            stderr,
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

impl World {
    /// Nothing that a run writes may show the password.
    #[track_caller]
    fn must_be_secret(&self, text: &str) {
        assert!(!text.contains(&self.database.owner.password), "it shows the password: {text}");
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub events: Vec<Value>,
    pub report: Value,
    pub stderr: String,
}

impl Ended {
    /// Goes on if the exit code is this one.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// The events of this name.
    pub fn all(&self, name: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event"] == name).collect()
    }

    /// The one event of this name.
    #[track_caller]
    pub fn one(&self, name: &str) -> &Value {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "`{name}` in {:#?}", self.events);
        all[0]
    }

    /// The versions that it applied.
    pub fn applied(&self) -> Vec<u64> {
        self.all("applied").iter().map(|event| event["version"].as_u64().unwrap()).collect()
    }

    /// Whether people are told this.
    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
    }
}

/// How long something takes, which must end within seconds.
#[track_caller]
pub fn within<T>(limit: Duration, what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let value = work();
    assert!(began.elapsed() < limit, "{what} took {:?}", began.elapsed());
    value
}
