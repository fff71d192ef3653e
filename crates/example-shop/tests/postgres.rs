//! The executable and its orders, with a real database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::postgres::{Database, Postgres, shared};
use xtask::signal::{self, Signal};

const TABLE: &str =
    "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL)";
const ADD_QUANTITY: &str = "ALTER TABLE orders ADD COLUMN quantity integer";
const PATIENCE: Duration = Duration::from_secs(30);

fn database() -> (&'static Postgres, Database) {
    let server = shared(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap_or_else(|error| panic!("{error:#}"));
    let database = server.database().unwrap();
    execute(server, &database, TABLE);
    (server, database)
}

fn execute(server: &Postgres, database: &Database, sql: &str) {
    let as_owner = format!("SET ROLE {}; {sql}", database.owner.name);
    server.execute(&database.name, &as_owner).unwrap();
}

/// The executable, told of the database.
fn command(version: &str, server: &Postgres, database: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_example-shop"));
    command
        .env_clear()
        .envs([("LISTEN", "127.0.0.1:0"), ("POD_NAME", "shop-abc"), ("SHOP_VERSION", version)])
        .envs([("PGHOST", "localhost"), ("PGSSLMODE", "verify-full"), ("PGAPPNAME", "shop-abc")])
        .env("PGPORT", server.address().port().to_string())
        .env("PGSSLROOTCERT", server.ca_file().unwrap())
        .env("PGDATABASE", &database.name)
        .env("PGUSER", &database.owner.name)
        .env("PGPASSWORD", &database.owner.password)
        .stderr(Stdio::piped());
    command
}

/// A running one; it ends with the value.
struct Running {
    child: Child,
    address: String,
    log: BufReader<ChildStderr>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before it listened");
            if let Some((_, address)) = line.trim().split_once("listening on ") {
                break address.to_owned();
            }
        };
        Self { child, address, log }
    }

    fn ask(&self, method: &str, path: &str) -> (u16, String) {
        ask(&self.address, method, path)
    }

    /// Its exit code and the rest of what it said.
    fn terminate(mut self) -> (Option<i32>, String) {
        signal::send(&self.child, Signal::TERM).unwrap();
        let mut said = String::new();
        self.log.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: &str, method: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn json_of((status, body): (u16, String)) -> (u16, Value) {
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}")))
}

fn wait_until_ready(shop: &Running) {
    let deadline = Instant::now() + PATIENCE;
    while shop.ask("GET", "/ready") != (200, "ok\n".to_owned()) {
        assert!(Instant::now() < deadline, "it does not become ready");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn both_versions_work_beside_each_other_once_the_migration_has_run() {
    let (server, database) = database();
    let old = Running::start(command("1", server, &database));
    wait_until_ready(&old);
    assert_eq!(json_of(old.ask("POST", "/orders?item=tea")), (201, json!({"id": 1, "item": "tea"})));

    execute(server, &database, ADD_QUANTITY);
    let new = Running::start(command("2", server, &database));
    let mugs = json!({"id": 2, "item": "mug", "quantity": 3});
    assert_eq!(json_of(new.ask("POST", "/orders?item=mug&quantity=3")), (201, mugs.clone()));
    assert_eq!(json_of(new.ask("GET", "/orders")), (200, json!([mugs, {"id": 1, "item": "tea"}])));
    let seen_by_old = json!([{"id": 2, "item": "mug"}, {"id": 1, "item": "tea"}]);
    assert_eq!(json_of(old.ask("GET", "/orders")), (200, seen_by_old));
}

#[test]
fn version_2_refuses_to_start_before_its_migration() {
    let (server, database) = database();
    let output = command("2", server, &database).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("column \"quantity\" does not exist"), "{said}");
    assert!(said.contains("has its migration run?"), "{said}");
}

#[test]
fn a_column_that_goes_while_it_runs_is_a_failed_request_but_no_end() {
    let (server, database) = database();
    execute(server, &database, ADD_QUANTITY);
    let new = Running::start(command("2", server, &database));
    wait_until_ready(&new);
    execute(server, &database, "ALTER TABLE orders DROP COLUMN quantity");
    assert_eq!(new.ask("GET", "/orders").0, 500);
    assert_eq!(new.ask("GET", "/ready").0, 200);
}

#[test]
fn connections_carry_the_name_of_the_pod_and_are_given_back() {
    let (server, database) = database();
    let shop = Running::start(command("1", server, &database));
    wait_until_ready(&shop);
    let connections =
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'shop-abc'";
    // There is no way to read a value: a statement fails or does not.
    let assert_connected = |expected: &str| {
        server.execute(&database.name, &format!("DO $$ BEGIN ASSERT {expected} ({connections}); END $$"))
    };
    assert_connected("EXISTS").unwrap();
    assert_eq!(shop.terminate().0, Some(0));
    let deadline = Instant::now() + PATIENCE;
    // A backend is listed for a moment after its client has left.
    while let Err(error) = assert_connected("NOT EXISTS") {
        assert!(Instant::now() < deadline, "{error:#}");
        thread::yield_now();
    }
}

#[test]
fn what_was_accepted_is_answered_before_it_ends() {
    let (server, database) = database();
    let shop = Running::start(command("1", server, &database));
    let address = shop.address.clone();
    // Both are read at once, so the answer to the first says that the second was accepted.
    let mut slow = TcpStream::connect(&address).unwrap();
    let requests =
        ["/health", "/slow?ms=500"].map(|path| format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n"));
    slow.write_all(requests.concat().as_bytes()).unwrap();
    assert_eq!(slow.read(&mut [0; 1]).unwrap(), 1);
    let (code, said) = shop.terminate();
    assert_eq!(code, Some(0), "{said}");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\nafter 500 ms\n"), "{answer}");
    assert!(TcpStream::connect(&address).is_err(), "it still accepts");
}

#[test]
fn an_unreachable_database_is_waited_for() {
    let (server, database) = database();
    let mut elsewhere = command("1", server, &database);
    elsewhere.env("PGPORT", "1");
    let shop = Running::start(elsewhere);
    assert_eq!(shop.ask("GET", "/ready").0, 503);
    assert_eq!(shop.ask("GET", "/health").0, 200);
    assert_eq!(shop.terminate().0, Some(0));
}

#[test]
fn a_misspelt_tls_mode_is_refused() {
    let (server, database) = database();
    let output = command("1", server, &database).env("PGSSLMODE", "verify_full").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("PGSSLMODE=verify_full"));
}
