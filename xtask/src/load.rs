//! [`Load`]: people who use an app all the time, through its Service, from the network of a node.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::node::Namespaces;

/// Longer than any request of a healthy app takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What requests came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answered with 200, the whole of it.
    pub answered: usize,
    /// Nobody took the connection: after the end of an app that is right.
    pub refused: usize,
    /// Taken and not answered so, or not reached: when, and why.
    pub failed: Vec<String>,
}

/// What every user asks for.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The Service, or whoever else answers.
    pub to: SocketAddr,
    /// Path and query.
    pub path: &'static str,
    /// How many ask at once, each with a connection a request.
    pub users: usize,
    /// Between two requests of a user.
    pub pause: Duration,
}

impl Load {
    /// Keeps asking as long as `work` takes; `work` may ask how many requests were answered by now.
    pub fn during<T>(self, node: &Namespaces, work: impl FnOnce(&dyn Fn() -> usize) -> T) -> (T, Tally) {
        let (tally, over, answered) =
            (Mutex::new(Tally::default()), AtomicBool::new(false), AtomicUsize::new(0));
        let began = Instant::now();
        let note =
            |why: String| lock(&tally).failed.push(format!("{:.1} s: {why}", began.elapsed().as_secs_f32()));
        let user = || {
            while !over.load(Ordering::Relaxed) {
                match self.request() {
                    Ok(()) => _ = answered.fetch_add(1, Ordering::Relaxed),
                    Err(Trouble::Refused) => lock(&tally).refused += 1,
                    Err(Trouble::Failed(why)) => note(why),
                }
                thread::sleep(self.pause);
            }
        };
        let done = thread::scope(|scope| {
            for _ in 0..self.users {
                scope.spawn(|| node.inside(user).unwrap_or_else(|error| note(format!("{error:#}"))));
            }
            // However it ends.
            let _stop = StopOnDrop(&over);
            work(&|| answered.load(Ordering::Relaxed))
        });
        let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        tally.answered = answered.into_inner();
        (done, tally)
    }

    fn request(&self) -> Result<(), Trouble> {
        let mut stream =
            TcpStream::connect_timeout(&self.to, TIMEOUT).map_err(|error| match error.kind() {
                // The address of a Service that is gone leads nowhere.
                ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable => Trouble::Refused,
                _ => Trouble::Failed(format!("connecting: {error}")),
            })?;
        let failed =
            |what: &'static str| move |error: std::io::Error| Trouble::Failed(format!("{what}: {error}"));
        stream.set_read_timeout(Some(TIMEOUT)).map_err(failed("setting up"))?;
        let Self { to, path, .. } = self;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(failed("sending"))?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed("reading"))?;
        if is_good(&answer) { Ok(()) } else { Err(Trouble::Failed(format!("answered {answer:?}"))) }
    }
}

enum Trouble {
    Refused,
    Failed(String),
}

fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 200, and as much as was announced.
fn is_good(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    let announced = lines.find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    status.starts_with("HTTP/1.1 200 ") && announced == Some(body.len())
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_cut_or_is_an_error_is_not_good() {
        assert!(is_good("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntea"));
        assert!(!is_good("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nte"));
        assert!(!is_good("HTTP/1.1 200 OK\r\n\r\ntea"));
        assert!(!is_good("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nno!"));
        assert!(!is_good(""));
    }
}
