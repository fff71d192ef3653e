//! `validate --watch` and `render --watch`, with somebody who edits files meanwhile.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use xtask::signal::{self, Signal};

use super::repository::{Repository, app};
use crate::support::{SOON, eventually};

/// A `portfolio` that runs until it is told to stop.
struct Running {
    child: Child,
    out: Stream,
    err: Stream,
}

/// What was written so far.
struct Stream {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn of(mut from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = from.read(&mut buffer)
                && count > 0
            {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Waits until this was written after the first `from` bytes; where what follows begins.
    #[track_caller]
    fn until(&self, from: usize, expected: &str) -> usize {
        eventually(SOON, &format!("writes {expected:?}"), || {
            let text = self.text();
            text.get(from..)
                .and_then(|rest| rest.find(expected))
                .map(|at| from + at + expected.len())
                .ok_or(text)
        })
    }
}

impl Running {
    fn start(repository: &Repository, arguments: &[&str]) -> Self {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("portfolio"));
        command.args(arguments).current_dir(repository.path()).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, err) = (Stream::of(child.stdout.take().unwrap()), Stream::of(child.stderr.take().unwrap()));
        Self { child, out, err }
    }

    /// Ctrl-C; the exit code, and everything it wrote to stdout.
    fn stop(mut self) -> (i32, String) {
        signal::send(&self.child, Signal::INT).unwrap();
        let status = self.child.wait().unwrap();
        for stream in [&mut self.out, &mut self.err] {
            stream.reader.take().unwrap().join().unwrap();
        }
        (status.code().unwrap(), self.out.text())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn documents_are_checked_again_with_every_change() {
    let repository = Repository::new(&[("apps/web.yaml", &app("web", "  replica: 3\n"))]);
    let running = Running::start(&repository, &["validate", "--watch"]);
    running.out.until(0, "PF0103");
    let at = running.err.until(0, "Ctrl-C ends it");

    repository.write("apps/web.yaml", &app("web", "  replicas: 3\n"));
    let at = running.err.until(at, "1 file changed: apps/web.yaml");
    let at = running.err.until(at, "nothing to say");

    repository.write("apps/.web.yaml.swp", "an editor's own");
    repository.write("apps/cart.yaml", &app("cart", "  prot: 80\n"));
    running.err.until(at, "1 file changed: apps/cart.yaml");
    running.out.until(0, "`prot`");

    let (code, out) = running.stop();
    assert_eq!(code, 0);
    assert_eq!(out.matches("error[PF0103]").count(), 2, "{out}");
}

#[test]
fn objects_are_rendered_again_and_what_changed_is_named() {
    let repository = Repository::new(&[("apps/web.yaml", &app("web", "  replicas: 1\n"))]);
    let running = Running::start(&repository, &["render", "apps", "--watch"]);
    let from = running.out.until(0, "replicas: 1");
    let at = running.err.until(0, "Ctrl-C ends it");

    repository.write("apps/web.yaml", &app("web", "  replicas: 3\n"));
    let at = running.err.until(at, "1 file changed: apps/web.yaml");
    let at = running.err.until(at, "2 objects changed: PodDisruptionBudget/shop/web, Deployment/shop/web");
    let from = running.out.until(from, "replicas: 3");

    repository.write("apps/web.yaml", &app("web", "  replica: 4\n"));
    let at = running.err.until(at, "nothing is rendered: 1 error in 1 document");

    repository.write("apps/web.yaml", &app("web", "  replicas: 3 # as before\n"));
    let at = running.err.until(at, "no object changes");
    assert!(!running.out.text()[from..].contains("replicas"), "what is the same is not printed again");

    repository.write("apps/cart.yaml", &app("cart", "  replicas: 1\n"));
    running.err.until(at, "3 objects changed: ServiceAccount/shop/cart");
    running.out.until(from, "name: cart");
    assert_eq!(running.stop().0, 0);
}

#[test]
fn a_folder_of_objects_follows_the_documents_and_not_itself() {
    let repository = Repository::new(&[("apps/web.yaml", &app("web", "  replicas: 1\n"))]);
    let running = Running::start(&repository, &["render", "--watch", "--output-dir", "rendered"]);
    let at = running.err.until(0, "Ctrl-C ends it");
    let deployment = repository.path().join("rendered/shop/deployment-web.yaml");
    assert!(std::fs::read_to_string(&deployment).unwrap().contains("replicas: 1"));

    repository.write("apps/web.yaml", &app("web", "  replicas: 3\n"));
    let at = running.err.until(at, "4 files in rendered: 2 written, 2 unchanged, 0 removed");
    assert!(std::fs::read_to_string(&deployment).unwrap().contains("replicas: 3"));

    repository.remove("apps/web.yaml");
    repository.write("apps/cart.yaml", &app("cart", "  replicas: 1\n"));
    running.err.until(at, "4 removed");
    let said = running.err.text();
    let headings: Vec<&str> = said.lines().filter(|line| line.starts_with("── ")).collect();
    assert!(headings.iter().all(|line| line.contains("apps/") && !line.contains("rendered/")), "{said}");
    let (code, out) = running.stop();
    assert_eq!((code, out.as_str()), (0, ""));
}

#[test]
fn a_folder_that_is_not_there_cannot_be_watched() {
    let answer = Repository::new(&[]).run(&["render", "nowhere", "--watch"]);
    assert_eq!(answer.code, 2);
}

#[test]
fn what_is_written_beside_the_documents_wakes_nobody() {
    let repository = Repository::new(&[
        ("apps/web.yaml", &app("web", "  configFrom: ./config\n")),
        ("apps/config/app.toml", "a = 1\n"),
    ]);
    let running = Running::start(&repository, &["validate", "--watch"]);
    let at = running.err.until(0, "Ctrl-C ends it");
    repository.write("v.log", "what was said\n");
    repository.write("apps/notes.txt", "nothing\n");
    repository.write("apps/config/app.toml", "a = 2\n");
    running.err.until(at, "1 file changed: apps/config/app.toml");
    repository.write(".portfolioignore", "old/\n");
    let at = running.err.until(at, "1 file changed: .portfolioignore");
    assert!(!running.err.text()[..at].contains("v.log"), "{}", running.err.text());
    assert_eq!(running.stop().0, 0);
}
