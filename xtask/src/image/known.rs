//! The images that the node tests and the demo run.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Image, libraries};
use crate::go_tools::cache_dir;

const PAUSE: &str = include_str!("pause.c");
const BUSYBOX: &str = "/bin/busybox";
/// What tests ask busybox to be.
const APPLETS: [&str; 8] = ["cat", "echo", "false", "httpd", "sh", "sleep", "true", "wget"];
/// Where Debian and its like keep the certificates of public authorities, and where OpenSSL and rustls look first.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// `docker.io/local/pause:1`: the sandbox of every pod. Its `/pause` is compiled once, into the cache.
pub fn pause() -> Result<Image> {
    Ok(Image::new("docker.io/local/pause:1")
        .file(&compiled_pause()?, "/pause", 0o755)
        .entrypoint(&["/pause"]))
}

/// `docker.io/local/busybox:1`, with `sh`, `httpd`, `wget` and a few more by name.
pub fn busybox() -> Result<Image> {
    let program = Path::new(BUSYBOX);
    ensure!(
        program.is_file() && libraries(program)?.is_empty(),
        "no statically linked {BUSYBOX} on this machine: `apt-get install busybox-static`"
    );
    let image = Image::new("docker.io/local/busybox:1").file(program, BUSYBOX, 0o755).entrypoint(&[BUSYBOX]);
    Ok(APPLETS.iter().fold(image, |image, applet| image.link(&format!("/bin/{applet}"), "busybox")))
}

/// `docker.io/local/shop:<version>`: the example app, built now when it has changed. `SHOP_VERSION` is `version`.
pub fn shop(version: &str) -> Result<Image> {
    let program = built("example-shop")?;
    let image =
        Image::new(&format!("docker.io/local/shop:{version}")).executable(&program, "/bin/example-shop")?;
    Ok(image.env("SHOP_VERSION", version).entrypoint(&["/bin/example-shop"]))
}

/// `docker.io/local/portfolio:1` around the binary that is tested: `env!("CARGO_BIN_EXE_portfolio")`.
///
/// Not built here: outside of `cargo test` the same package has other features, and so another binary.
pub fn portfolio(binary: &Path) -> Result<Image> {
    let mut image = Image::new("docker.io/local/portfolio:1").executable(binary, "/bin/portfolio")?;
    if Path::new(CERTIFICATES).is_file() {
        image = image.file(Path::new(CERTIFICATES), CERTIFICATES, 0o644).env("SSL_CERT_FILE", CERTIFICATES);
    }
    Ok(image.entrypoint(&["/bin/portfolio"]))
}

/// By the content of its source, so that it appears once and whole.
fn compiled_pause() -> Result<PathBuf> {
    let folder = cache_dir()?.join("images");
    let program = folder.join(format!("pause-{}", hex::encode(Sha256::digest(PAUSE))));
    if program.is_file() {
        return Ok(program);
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let unfinished = program.with_extension(std::process::id().to_string());
    let mut compiler = Command::new("cc")
        .args(["-static", "-Os", "-s", "-Wall", "-Werror", "-x", "c", "-", "-o"])
        .arg(&unfinished)
        .stdin(Stdio::piped())
        .spawn()
        .context("running cc: a C compiler is needed")?;
    // Dropped at the end of the statement: the compiler waits for the end of its input.
    let told = compiler.stdin.take().map(|mut input| input.write_all(PAUSE.as_bytes()));
    let status = compiler.wait().context("waiting for cc")?;
    ensure!(status.success(), "cc could not make a static pause ({status}); it needs libc.a (`libc6-dev`)");
    told.transpose().context("writing to cc")?;
    fs::rename(&unfinished, &program).with_context(|| format!("making {}", program.display()))?;
    Ok(program)
}

/// The executable of a package of this workspace, of the same name.
fn built(package: &str) -> Result<PathBuf> {
    let cargo = Command::new("cargo")
        .args([
            "build",
            "--locked",
            "--message-format=json-render-diagnostics",
            "--package",
            package,
            "--bin",
        ])
        .arg(package)
        .current_dir(crate::workspace())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("running cargo")?;
    ensure!(cargo.status.success(), "{package} does not build ({})", cargo.status);
    let messages = String::from_utf8_lossy(&cargo.stdout);
    executable(&messages, package).with_context(|| format!("cargo names no executable of {package}"))
}

/// Found in cargo's messages, a JSON object a line: the folder depends on configuration and environment (Cargo
/// book, "External tools").
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;
    use crate::image::Entry;

    #[test]
    fn pause_is_static_and_ends_when_it_is_told_to() {
        let program = compiled_pause().unwrap();
        assert!(libraries(&program).unwrap().is_empty());
        for signal in [Signal::TERM, Signal::INT] {
            let mut running = Command::new(&program).spawn().unwrap();
            let pid = Pid::from_child(&running);
            // Until its handlers are there a signal would kill it, which a first process cannot be.
            let status = PathBuf::from(format!("/proc/{}/status", running.id()));
            while !fs::read_to_string(&status).unwrap().contains("SigCgt:\t0000000000014002") {
                assert_eq!(running.try_wait().unwrap(), None);
                std::thread::yield_now();
            }
            kill_process(pid, signal).unwrap();
            assert_eq!(running.wait().unwrap().code(), Some(0));
        }
    }

    #[test]
    fn busybox_has_its_applets_by_name() {
        let image = busybox().unwrap();
        let links = image.entries.values().filter(|entry| matches!(entry, Entry::Link { .. })).count();
        assert_eq!(links, APPLETS.len());
    }

    #[test]
    fn an_executable_brings_its_libraries() {
        let this = std::env::current_exe().unwrap();
        let image = portfolio(&this).unwrap();
        let of_libc = |path: &&String| path.contains("libc.so");
        assert!(image.entries.keys().any(|path| of_libc(&path)), "{:?}", image.entries.keys());
        assert!(image.entries.contains_key("etc/nsswitch.conf"));
    }

    #[test]
    fn the_executable_is_the_one_that_cargo_names() {
        let messages = "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"shop\"},\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"other\"},\"executable\":\"/t/other\"}\n\
                        {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"shop\"},\"executable\":\"/t/shop\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages, "shop"), Some(PathBuf::from("/t/shop")));
        assert_eq!(executable(messages, "third"), None);
    }
}
