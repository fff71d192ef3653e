//! git's own `http-backend` behind a small HTTP server, with or without TLS, as a forge would run it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// An authority of our own, and what it signs.
pub(super) struct Authority {
    pub(super) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A server's TLS configuration for `name`.
    pub(super) fn tls(&self, name: &str) -> Arc<rustls::ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if name == "expired" {
            params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        server_config(certificate.der().clone(), &key)
    }
}

/// A certificate that signed itself and calls itself an authority, as `openssl req -x509` makes them.
pub(super) fn self_signed() -> (String, Arc<rustls::ServerConfig>) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), server_config(certificate.der().clone(), &key))
}

fn server_config(
    certificate: rustls::pki_types::CertificateDer<'static>,
    key: &KeyPair,
) -> Arc<rustls::ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}

/// How the server answers.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Runs `git http-backend`.
    Serve,
    /// Redirects to another server.
    Redirect(String),
    /// Closes the connection in the middle of what `git http-backend` says to a fetch.
    CutPacks,
    /// Takes the request and says nothing.
    Silent,
}

/// What the threads share.
struct Shared {
    root: PathBuf,
    /// The one `Authorization` header that is let in.
    wanted: Mutex<Option<String>>,
    answer: Mutex<Answer>,
    requests: AtomicUsize,
    fetches: AtomicUsize,
    authorizations: Mutex<Vec<String>>,
}

/// A git server on a port of this machine.
pub(super) struct Server {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

impl Server {
    pub(super) fn start(root: &Path, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            wanted: Mutex::new(None),
            answer: Mutex::new(Answer::Serve),
            requests: AtomicUsize::new(0),
            fetches: AtomicUsize::new(0),
            authorizations: Mutex::new(Vec::new()),
        });
        let accepting = Arc::clone(&shared);
        // Lives until the test process ends; each connection has a thread.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, tls) = (Arc::clone(&accepting), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(&shared, stream),
                    Some(config) => {
                        let connection = rustls::ServerConnection::new(config).unwrap();
                        serve(&shared, rustls::StreamOwned::new(connection, stream));
                    }
                });
            }
        });
        Self { port, shared }
    }

    pub(super) fn demand(&self, header: &str) {
        *self.shared.wanted.lock().unwrap() = Some(header.to_owned());
    }

    pub(super) fn answer(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    pub(super) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Requests for a pack.
    pub(super) fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }

    pub(super) fn authorizations(&self) -> Vec<String> {
        self.shared.authorizations.lock().unwrap().clone()
    }
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn serve(shared: &Shared, stream: impl Read + Write) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream) {
        shared.requests.fetch_add(1, Ordering::SeqCst);
        if request.method == "POST" {
            shared.fetches.fetch_add(1, Ordering::SeqCst);
        }
        let given = request.header("authorization").map(str::to_owned);
        shared.authorizations.lock().unwrap().extend(given.clone());
        let wanted = shared.wanted.lock().unwrap().clone();
        let answer = shared.answer.lock().unwrap().clone();
        let bytes = if wanted.is_some() && wanted != given {
            b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\n\r\n"
                .to_vec()
        } else {
            match answer {
                Answer::Redirect(base) => format!(
                    "HTTP/1.1 302 Found\r\nLocation: {base}{}\r\nContent-Length: 0\r\n\r\n",
                    request.target
                )
                .into_bytes(),
                Answer::CutPacks if request.method == "POST" => {
                    let whole = backend(shared, &request);
                    stream.get_mut().write_all(&whole[..whole.len() - 30]).ok();
                    stream.get_mut().flush().ok();
                    return;
                }
                Answer::Serve | Answer::CutPacks => backend(shared, &request),
                Answer::Silent => {
                    std::thread::park();
                    return;
                }
            }
        };
        if stream.get_mut().write_all(&bytes).is_err() || stream.get_mut().flush().is_err() {
            return;
        }
    }
}

fn read(stream: &mut BufReader<impl Read>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut first = line.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((key, value)) = line.trim().split_once(':') else { break };
        headers.push((key.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    if request.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).ok()?;
            if size == 0 {
                break;
            }
            request.body.extend(&chunk[..size]);
        }
    } else if let Some(length) = request.header("content-length") {
        request.body = vec![0; length.parse().ok()?];
        stream.read_exact(&mut request.body).ok()?;
    }
    Some(request)
}

/// Runs `git http-backend` (git-http-backend(1)) as a CGI program (RFC 3875).
fn backend(shared: &Shared, request: &Request) -> Vec<u8> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &shared.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(coding) = request.header("content-encoding") {
        command.env("HTTP_CONTENT_ENCODING", coding);
    }
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let body = request.body.clone();
    let writing = std::thread::spawn(move || input.write_all(&body).ok());
    let output = child.wait_with_output().unwrap().stdout;
    writing.join().unwrap();
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
    let (head, body) =
        (String::from_utf8_lossy(&output[..end]).into_owned(), &output[(end + 4).min(output.len())..]);
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let fields: Vec<_> = head.lines().filter(|line| !line.starts_with("Status:")).collect();
    let fields = fields.join("\r\n");
    let mut answer =
        format!("HTTP/1.1 {status}\r\n{fields}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend(body);
    answer
}
