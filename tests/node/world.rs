//! [`World`]: a sandbox on the node, with a database of its own that pods reach.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use xtask::cluster::node::Namespaces;
use xtask::cluster::{self, ControlPlane, StateDir};
use xtask::image;
use xtask::postgres::{Database, Options, Postgres};

use crate::support::{Daemon, Sandbox, eventually};

/// Pods are started, probed and drained by the clock.
pub(super) const SOON: Duration = Duration::from_mins(2);
pub(super) const SHOP: &str = "docker.io/local/shop";
pub(super) const BUSYBOX: &str = "docker.io/local/busybox:1";
/// The table of the shop, version 1.
pub(super) const ORDERS: &str =
    "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL);\n";
/// Where the login is, as the documents say.
const SECRET: &str = "shop-db";

/// A test's own namespaces, repository and database.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) database: Database,
    postgres: &'static Postgres,
}

impl World {
    /// A new one; none, said loudly, where no node can run.
    pub(super) fn new() -> Option<Self> {
        let (cluster, postgres) = ground()?;
        let sandbox = Sandbox::on(cluster);
        let database = postgres.database().unwrap();
        let literal = |key: &str, value: &str| format!("--from-literal={key}={value}");
        let (name, password) = (&database.owner.name, &database.owner.password);
        let login = [literal("username", name), literal("password", password)];
        sandbox.kubectl(&["create", "secret", "generic", SECRET, &login[0], &login[1]]);
        Some(Self { sandbox, database, postgres })
    }

    /// Starts the daemon, with the image of its own that runs SQL.
    pub(super) fn daemon(&self) -> Daemon {
        Daemon::start(&self.sandbox, &self.config())
    }

    pub(super) fn config(&self) -> String {
        let config = self.sandbox.config(&self.sandbox.repo.url(), "");
        format!("runnerImage: docker.io/local/portfolio:1\n{config}")
    }

    /// The node's network.
    pub(super) fn node(&self) -> &Namespaces {
        self.sandbox.cluster().node().unwrap()
    }

    /// Writes the example app; `more` are further fields of its spec, a line each.
    pub(super) fn write_shop(&self, version: &str, more: &str) {
        let (address, database) = (self.postgres.address(), &self.database.name);
        let mut spec = format!(
            "image: \"{SHOP}:{version}\"\nport: 8080\n\
             env: {{PGHOST: {}, PGPORT: {}, PGDATABASE: {database}, PGSSLMODE: disable}}\n\
             secrets: {{PGUSER: {{secret: {SECRET}, key: username}}, PGPASSWORD: {{secret: {SECRET}, key: password}}}}\n\
             probes: {{ready: {{path: /ready, period: 1s}}}}\n",
            address.ip(),
            address.port()
        );
        spec.push_str(more);
        self.sandbox.repo.write("apps/shop.yaml", &self.document("PortfolioApp", "shop", &spec));
    }

    /// Writes the app's migration: SQL files of the folder `migrations` beside it.
    pub(super) fn write_migration(&self, more: &str) {
        self.sandbox.repo.write("apps/shop-db.yaml", &self.migration(&format!("dir: ./migrations\n{more}")));
    }

    /// Writes a migration by another tool.
    pub(super) fn write_tool(&self, script: &str) {
        let command = format!("command: {{image: \"{BUSYBOX}\", command: [/bin/sh, -c, {script:?}]}}\n");
        self.sandbox.repo.write("apps/shop-db.yaml", &self.migration(&command));
    }

    /// As [`write_migration`](Self::write_migration), of a server at another port; `more` says what is run, too.
    pub(super) fn write_migration_at(&self, port: u16, more: &str) {
        self.sandbox.repo.write("apps/shop-db.yaml", &self.migration_by("shop-db", port, more));
    }

    fn migration(&self, more: &str) -> String {
        self.migration_called("shop-db", more)
    }

    pub(super) fn migration_called(&self, name: &str, more: &str) -> String {
        self.migration_by(name, self.postgres.address().port(), more)
    }

    fn migration_by(&self, name: &str, port: u16, more: &str) -> String {
        let (host, database) = (self.postgres.address().ip(), &self.database.name);
        let database = format!(
            "database: {{host: {host}, port: {port}, name: {database}, sslMode: disable, secretRef: {{name: {SECRET}}}}}"
        );
        self.document("DatabaseMigration", name, &format!("{database}\n{more}"))
    }

    /// Runs statements in the database, as superuser.
    #[track_caller]
    pub(super) fn execute(&self, sql: &str) {
        self.postgres.execute(&self.database.name, sql).unwrap();
    }

    /// A document of the sandbox's namespace.
    pub(super) fn document(&self, kind: &str, name: &str, spec: &str) -> String {
        let spec = spec.trim_end().replace('\n', "\n  ");
        format!(
            "apiVersion: portfolio.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {}}}\nspec:\n  {spec}\n",
            self.sandbox.namespace
        )
    }

    pub(super) fn write_sql(&self, file: &str, sql: &str) {
        self.sandbox.repo.write(&format!("apps/migrations/{file}"), sql);
    }

    /// The first column of the first row, as text.
    #[track_caller]
    pub(super) fn ask(&self, sql: &str) -> String {
        self.postgres.ask(&self.database.name, sql).unwrap()
    }

    /// The pods with this label, as Kubernetes tells them.
    pub(super) fn pods(&self, selector: &str) -> Vec<Value> {
        self.list("pods", selector)
    }

    pub(super) fn list(&self, what: &str, selector: &str) -> Vec<Value> {
        let json = self.sandbox.kubectl(&["get", what, "--selector", selector, "--output=json"]);
        let mut list: Value = serde_json::from_str(&json).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }

    pub(super) fn names_of_pods(&self, selector: &str) -> Vec<String> {
        let name = |pod: &Value| pod["metadata"]["name"].as_str().unwrap().to_owned();
        self.pods(selector).iter().map(name).collect()
    }

    /// Where the Service of an app is.
    pub(super) fn address_of(&self, app: &str) -> SocketAddr {
        let service = self.sandbox.get(&format!("service/{app}")).unwrap();
        let (address, port) = (&service["spec"]["clusterIP"], &service["spec"]["ports"][0]["port"]);
        format!("{}:{port}", address.as_str().unwrap()).parse().unwrap()
    }

    /// Waits until an app is Ready at a revision: its pods have to start for that.
    #[track_caller]
    pub(super) fn until_ready(&self, app: &str, revision: &str) {
        eventually(SOON, &format!("{app} is Ready at {revision}"), || {
            let record = self.sandbox.record(app);
            let ready = record["phase"] == "Ready" && record["applied"]["revision"] == *revision;
            if ready {
                Ok(())
            } else {
                Err(format!("{} {}\n{}", record["phase"], record["message"], self.status(app)))
            }
        });
    }

    /// What `portfolio status NAME` prints.
    pub(super) fn status(&self, name: &str) -> String {
        let output = self.sandbox.portfolio(&["status", name]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until `portfolio status NAME` says all of this; returns the text.
    #[track_caller]
    pub(super) fn until_status(&self, name: &str, wanted: &[&str]) -> String {
        eventually(SOON, &format!("the status of {name} says {wanted:?}"), || {
            let text = self.status(name);
            if wanted.iter().all(|wanted| text.contains(wanted)) { Ok(text) } else { Err(text) }
        })
    }
}

/// The node and the database server of this run; both end with the process.
pub(super) fn ground() -> Option<(&'static ControlPlane, &'static Postgres)> {
    static GROUND: OnceLock<Option<(&'static ControlPlane, Postgres)>> = OnceLock::new();
    let ground = GROUND.get_or_init(|| {
        let missing = cluster::node::missing();
        if !missing.is_empty() {
            return None;
        }
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let cluster = cluster::shared_node(scratch).unwrap_or_else(|error| panic!("{error:#}"));
        for image in [image::shop("1"), image::shop("2"), image::portfolio(portfolio())] {
            cluster.import(&image.unwrap()).unwrap();
        }
        let state = StateDir::new(scratch.join(format!("postgres-node-{}", std::process::id()))).unwrap();
        let postgres = Postgres::start(state, &Options::on_node(cluster.node().unwrap()));
        Some((cluster, postgres.unwrap_or_else(|error| panic!("{error:#}"))))
    });
    if ground.is_none() {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        xtask::say(&format!("NOT RUN: {test}: {}", cluster::node::missing().join("; ")));
    }
    ground.as_ref().map(|(cluster, postgres)| (*cluster, postgres))
}

/// The binary under test.
fn portfolio() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_portfolio"))
}
