//! Getting in: what the server is, who it is, and what is said when it does not let us in.

use std::process::Command;

use tempfile::TempDir;
use xtask::authority::Authority;
use xtask::cluster::StateDir;
use xtask::postgres::{Options, Postgres};

use super::world::{Ended, World};
use crate::support::free_address;

fn world() -> World {
    World::with(&[(
        "1_tls.sql",
        "CREATE TABLE tls AS SELECT ssl, application_name FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
         WHERE pid = pg_backend_pid();",
    )])
}

#[track_caller]
fn with(world: &World, change: impl FnOnce(&mut Command)) -> Ended {
    let mut command = world.command(&["--document=shop/db"]);
    change(&mut command);
    world.finish(command)
}

#[test]
fn the_server_is_checked_and_the_connection_is_encrypted_unless_told_otherwise() {
    let world = world();
    world.exec(&["--document=shop/db"]).with(0);
    assert_eq!(world.query("SELECT * FROM tls"), ["t|portfolio-migrate/shop/db"]);
}

#[test]
fn a_server_of_another_authority_is_refused() {
    let world = world();
    let folder = TempDir::new().unwrap();
    let other = folder.path().join("other.crt");
    std::fs::write(&other, Authority::new("somebody else").unwrap().certificate()).unwrap();
    for mode in ["verify-full", "verify-ca", "require"] {
        let refused = with(&world, |command| {
            command.env("PGSSLROOTCERT", &other).env("PGSSLMODE", mode);
        });
        refused.with(11).says("UnknownIssuer");
    }
    let refused = with(&world, |command| {
        command.env_remove("PGSSLROOTCERT");
    });
    refused.with(11).says("authority in PGSSLROOTCERT");
    let missing = with(&world, |command| {
        command.env("PGSSLROOTCERT", folder.path().join("missing.crt"));
    });
    missing.with(11).says("missing.crt");
    // Encrypted, by whomever, is what `require` without an authority asks for.
    let ended = with(&world, |command| {
        command.env_remove("PGSSLROOTCERT").env("PGSSLMODE", "require");
    });
    ended.with(0);
}

#[test]
fn a_certificate_of_another_name_is_refused_where_the_name_is_checked() {
    let world = world();
    // Linux takes it for this machine; the certificate does not name it.
    let by_another_name = |mode: &str| {
        with(&world, |command| {
            command.env("PGHOST", "0.0.0.0").env("PGSSLMODE", mode);
        })
    };
    by_another_name("verify-full").with(11).says("not valid for name");
    by_another_name("verify-ca").with(0);
}

#[test]
fn a_server_without_tls_is_refused_unless_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let plain =
        Postgres::start(StateDir::new(folder.path().join("plain")).unwrap(), &Options::default()).unwrap();
    let (world, port) = (world(), plain.address().port().to_string());
    let superuser = plain.superuser();
    let to_plain = |command: &mut Command, mode: &str| {
        command.env("PGPORT", &port).env("PGSSLMODE", mode).env("PGDATABASE", "postgres");
        command.env("PGUSER", &superuser.name).env("PGPASSWORD", &superuser.password);
    };
    for mode in ["verify-full", "require"] {
        let refused = with(&world, |command| to_plain(command, mode)).with(11);
        refused.says("server does not support TLS");
        refused.says("ssl = on");
    }
    let ended = with(&world, |command| to_plain(command, "disable")).with(0);
    assert!(!ended.stderr.contains(&superuser.password));
    assert_eq!(plain.query("postgres", "SELECT ssl FROM tls").unwrap(), [["f"]]);
}

#[test]
fn a_server_that_is_not_there_is_said_so() {
    let world = world();
    let port = free_address().port();
    let ended = with(&world, |command| {
        command.env("PGPORT", port.to_string());
    });
    let ended = ended.with(11);
    ended.says(&format!("cannot connect to localhost:{port}/{}", world.database.name));
    ended.says("is the server up?");
    let ended = with(&world, |command| {
        command.env("PGHOST", "nowhere.invalid");
    });
    ended.with(11).says("nowhere.invalid");
}

#[test]
fn a_wrong_login_is_said_so_without_the_password() {
    let world = world();
    let ended = with(&world, |command| {
        command.env("PGPASSWORD", "not-the-canary");
    });
    let ended = ended.with(11);
    ended.says("password authentication failed");
    assert!(!format!("{ended:?}").contains("not-the-canary"), "{ended:#?}");
    let ended = with(&world, |command| {
        command.env("PGDATABASE", "no_such_database");
    });
    ended.with(11).says("create the database, or correct PGDATABASE");
}

#[test]
fn a_server_that_only_reads_is_one_that_cannot_be_reached() {
    let world = world();
    let name = &world.database.name;
    world.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    world.exec(&[]).with(11).says("it only reads");
    // From a database where one may still write.
    world
        .server
        .execute("postgres", &format!("ALTER DATABASE {name} RESET default_transaction_read_only"))
        .unwrap();
    world.exec(&[]).with(0);
}

#[test]
fn what_would_change_the_meaning_of_a_file_is_not_taken_from_the_environment() {
    let world = world();
    let ended = with(&world, |command| {
        command.env("PGOPTIONS", "-c default_tablespace=fast");
    });
    ended.with(20).says("PGOPTIONS");
}
