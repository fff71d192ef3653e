//! Git over HTTP and HTTPS: git's own `http-backend` (git-http-backend(1))
//! behind a small server that asks for credentials, counts and can break down.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use base64::Engine as _;
use tokio::sync::oneshot;
use xtask::authority::Authority;

use super::socket::Socket;
use super::{Repo, eventually, git};

/// Whom the server lets in.
#[derive(Debug, Clone)]
pub enum Access {
    Anybody,
    Basic { user: String, password: String },
    Bearer { token: String },
}

/// A git server for one repository, until it is dropped.
pub struct GitHttp {
    served: Arc<Served>,
    address: SocketAddr,
    /// The CA to trust, in a file beside the repository; none for plain HTTP.
    ca: Option<PathBuf>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Served {
    root: PathBuf,
    access: Access,
    broken: AtomicBool,
    requests: Mutex<Vec<String>>,
}

impl GitHttp {
    /// Plain HTTP.
    pub fn http(repo: &Repo, access: Access) -> Self {
        Self::start(repo, access, None)
    }

    /// HTTPS with a certificate of a CA that nobody knows: see [`ca`](Self::ca).
    pub fn https(repo: &Repo, access: Access) -> Self {
        let authority = Authority::new("git server of a test").unwrap();
        Self::start(repo, access, Some(&authority))
    }

    fn start(repo: &Repo, access: Access, authority: Option<&Authority>) -> Self {
        let root = repo.bare().parent().unwrap().to_path_buf();
        let ca = authority.map(|authority| {
            let path = root.join("ca.crt");
            std::fs::write(&path, authority.certificate()).unwrap();
            path
        });
        let identity = authority.map(|authority| authority.issue(&["127.0.0.1", "localhost"]).unwrap());
        let served =
            Arc::new(Served { root, access, broken: AtomicBool::new(false), requests: Mutex::default() });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&served));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let socket = Socket::new(listener, identity.as_ref());
                tokio::select! {
                    served = axum::serve(socket, app) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { served, address, ca, stop: Some(stop), thread: Some(thread) }
    }

    /// Without credentials: clients send theirs when they are asked.
    pub fn url(&self) -> String {
        let scheme = if self.ca.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/origin.git", self.address)
    }

    /// The CA file of an HTTPS server.
    pub fn ca(&self) -> Option<&PathBuf> {
        self.ca.as_ref()
    }

    /// Answers 503 from now on, or works again.
    pub fn break_down(&self, broken: bool) {
        self.served.broken.store(broken, Ordering::SeqCst);
    }

    /// How often clients have looked what there is.
    pub fn polls(&self) -> usize {
        self.requests().iter().filter(|request| request.contains("/info/refs")).count()
    }

    /// Waits until clients have looked `more` times from now on.
    #[track_caller]
    pub fn until_polled(&self, more: usize) {
        let goal = self.polls() + more;
        eventually(Duration::from_mins(1), &format!("{more} more polls"), || self.polls() >= goal);
    }

    /// What was asked so far: method and path with query.
    pub fn requests(&self) -> Vec<String> {
        self.served.requests.lock().unwrap().clone()
    }
}

impl Drop for GitHttp {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(
    State(served): State<Arc<Served>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    served.requests.lock().unwrap().push(format!("{method} {uri}"));
    if served.broken.load(Ordering::SeqCst) {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    }
    if !served.access.admits(&headers) {
        let mut refused = status(StatusCode::UNAUTHORIZED);
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, "Basic realm=\"git\"".parse().unwrap());
        return refused;
    }
    tokio::task::spawn_blocking(move || backend(&served, &method, &uri, &headers, body)).await.unwrap()
}

impl Access {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let expected = match self {
            Self::Anybody => return true,
            Self::Basic { user, password } => {
                let credentials =
                    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                format!("Basic {credentials}")
            }
            Self::Bearer { token } => format!("Bearer {token}"),
        };
        headers.get(header::AUTHORIZATION).is_some_and(|sent| sent.as_bytes() == expected.as_bytes())
    }
}

/// One request by CGI (RFC 3875).
fn backend(served: &Served, method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response<Body> {
    let sent = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut command: Command = git(&served.root);
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &served.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method.as_str())
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", sent("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", sent("content-encoding"))
        .env("GIT_PROTOCOL", sent("git-protocol"))
        .env("REMOTE_USER", "tester")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Beside the reading: git may answer before it has read everything.
    let writing = std::thread::spawn(move || stdin.write_all(&body));
    let output = child.wait_with_output().unwrap();
    let _ = writing.join();
    from_cgi(&output.stdout).unwrap_or_else(|| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn from_cgi(output: &[u8]) -> Option<Response<Body>> {
    let end = output.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&output[..end]).ok()?, &output[end + 4..]);
    let mut response = Response::builder();
    for line in head.lines() {
        let (name, value) = line.split_once(": ")?;
        response = match name {
            "Status" => response.status(value.get(..3)?),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(body.to_vec())).ok()
}

fn status(code: StatusCode) -> Response<Body> {
    Response::builder().status(code).body(Body::empty()).unwrap()
}
