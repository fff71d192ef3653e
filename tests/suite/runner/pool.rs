//! A real PgBouncer between the runner and the server.

use xtask::postgres::Pooler;

use super::world::{Ended, World};

fn exec_through(pooler: &Pooler, world: &World) -> Ended {
    let mut command = world.command(&[]);
    command
        .env("PGHOST", pooler.address().ip().to_string())
        .env("PGPORT", pooler.address().port().to_string());
    command.env("PGSSLMODE", "disable").env_remove("PGSSLROOTCERT");
    world.finish(command)
}

#[test]
fn a_pool_of_transactions_is_refused_and_keeps_nothing() {
    let world = World::with(&[("1_a.sql", "CREATE TABLE a (id bigint);")]);
    let pooler = Pooler::start(world.server, &world.database, "transaction").unwrap();
    for _ in 0..3 {
        let refused = exec_through(&pooler, &world).with(20);
        refused.says("pools transactions");
        refused.says("PGHOST");
    }
    // No lock and no setting stays in the sessions of the pool, where others would be served with it.
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(world.query(locks), ["0"]);
    assert_eq!(world.query("SELECT to_regnamespace('portfolio') IS NULL"), ["t"]);
    world.exec(&["--lock-wait=5s"]).with(0);
}

#[test]
fn a_pool_of_sessions_is_as_good_as_the_server() {
    let world = World::with(&[("1_a.sql", "CREATE TABLE a (id bigint);")]);
    let pooler = Pooler::start(world.server, &world.database, "session").unwrap();
    exec_through(&pooler, &world).with(0);
    assert_eq!(world.history(), ["1"]);
    // It gives the lock back with the session.
    world.exec(&["--lock-wait=5s"]).with(0);
}
