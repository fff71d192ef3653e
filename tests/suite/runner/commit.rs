//! The connection is lost just as the transaction ends: nobody can tell from the outside whether it is applied.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::world::{Ended, World};

/// `COMMIT` as the simple protocol has it (PostgreSQL manual, "Message Formats", Query).
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// What becomes of the message.
#[derive(Clone, Copy)]
enum Cut {
    /// The server never hears it.
    Before,
    /// The server hears it, its answer is lost.
    After,
}

/// A way to the server that breaks at the first `COMMIT`. Its threads end with the connections.
fn breaking(server: SocketAddr, cut: Cut) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(server).unwrap());
            let (to_client, from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || pass(from_server, to_client, |_| None));
            thread::spawn(move || {
                pass(client, server, |bytes| {
                    let at = bytes.windows(COMMIT.len()).position(|window| window == COMMIT)?;
                    Some(match cut {
                        Cut::Before => at,
                        Cut::After => at + COMMIT.len(),
                    })
                });
            });
        }
    });
    address
}

/// Passes bytes on until either side closes, or up to where `cut` says.
fn pass(mut from: TcpStream, mut to: TcpStream, cut: impl Fn(&[u8]) -> Option<usize>) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let end = cut(&buffer[..length]);
        if end.is_some() {
            // First, so that no answer to what is passed on gets through.
            let _ = from.shutdown(Shutdown::Both);
        }
        if to.write_all(&buffer[..end.unwrap_or(length)]).is_err() || end.is_some() {
            break;
        }
    }
    for side in [from, to] {
        let _ = side.shutdown(Shutdown::Both);
    }
}

fn cut_off(world: &World, cut: Cut) -> Ended {
    let way = breaking(world.server.address(), cut);
    let mut command = world.command(&[]);
    command.env("PGHOST", way.ip().to_string()).env("PGPORT", way.port().to_string());
    command.env("PGSSLMODE", "disable").env_remove("PGSSLROOTCERT");
    world.finish(command).with(21)
}

#[test]
fn whether_a_lost_commit_was_heard_is_what_the_next_run_sees() {
    for (cut, pending) in [(Cut::Before, vec![1]), (Cut::After, vec![])] {
        let world = World::with(&[("1_marks.sql", "CREATE TABLE marks AS SELECT 1 AS mark;")]);
        let ended = cut_off(&world, cut);
        ended.says("1_marks.sql: the connection was lost at its end, so it is applied or changed nothing");
        assert_eq!(ended.applied(), [0_u64; 0]);
        assert_eq!(world.exec(&["--lock-wait=20s"]).with(0).applied(), pending);
        assert_eq!(
            (world.history(), world.query("SELECT mark FROM marks")),
            (vec!["1".into()], vec!["1".into()])
        );
    }
}
