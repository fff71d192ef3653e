//! An ssh server that goes silent, at any moment of a conversation.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::repository::Followed;
use super::ssh::Forge;

/// Passes on what the server says, up to `limit` bytes a connection; then nothing, with the connection open.
fn relay(server: u16, limit: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let passed = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&passed);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (mut from, mut to) =
                (client.try_clone().unwrap(), TcpStream::connect(("127.0.0.1", server)).unwrap());
            let (mut server, mut client) = (to.try_clone().unwrap(), client);
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let counting = Arc::clone(&counting);
            std::thread::spawn(move || {
                let mut left = limit;
                let mut bytes = [0; 512];
                while left > 0 {
                    let most = left.min(bytes.len());
                    let Ok(read @ 1..) = server.read(&mut bytes[..most]) else { return };
                    client.write_all(&bytes[..read]).ok();
                    counting.fetch_add(read, Ordering::SeqCst);
                    left -= read;
                }
                std::thread::park();
            });
        }
    });
    (port, passed)
}

/// The forge as it is seen through a relay, which is known like itself.
fn through(forge: &Forge, port: u16) -> Followed {
    let (own, relay) = (forge.server.port(), port);
    let known = fs::read_to_string(forge.auth.path().join("known_hosts")).unwrap();
    let line = forge.server.known_host(0).unwrap().replace(&format!("]:{own} "), &format!("]:{relay} "));
    forge.file("known_hosts", &(known + &line));
    let mut settings = forge.settings.clone();
    let url = settings.location.to_string().replace(&format!(":{own}/"), &format!(":{relay}/"));
    settings.location = url.parse().unwrap();
    Followed::new(settings)
}

#[tokio::test]
async fn a_server_that_goes_silent_is_given_up_wherever_it_was() {
    let forge = Forge::new(&["ed25519"]);
    // More than fits one packet, so that the silence can fall into the pack.
    let noise: Vec<u8> =
        (0..200_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    forge.origin.write("apps/noise.bin", noise);
    forge.origin.commit("Add noise");
    let (port, passed) = relay(forge.server.port(), usize::MAX);
    through(&forge, port).changed().await;
    let whole = passed.load(Ordering::SeqCst);
    // Before its greeting, among the keys, at the login, at the references, in the pack, before its end.
    let polls = [0, 20, 1000, 1500, 2000, 2500, 3000, whole / 2, whole - 20_000].map(|limit| {
        let followed = through(&forge, relay(forge.server.port(), limit).0);
        async move {
            let began = Instant::now();
            (limit, followed.error().await, began.elapsed())
        }
    });
    for (limit, error, took) in futures::future::join_all(polls).await {
        assert_eq!(error.reason(), "TimedOut", "{limit} of {whole}: {error:?}");
        // libssh2 waits once for the answer, and up to three times in taking leave.
        assert!(took < Duration::from_secs(40), "{limit} of {whole}: {took:?}");
    }
}
