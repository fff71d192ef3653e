//! [`Ground`]: what the demo's apps need on a real node: their images, a database, and the Secret that opens it.

use anyhow::Result;
use xtask::cluster::node::Namespaces;
use xtask::cluster::{ControlPlane, StateDir};
use xtask::image;
use xtask::postgres::{Database, Options, Postgres};

use super::stage::{FOLDER, portfolio};
use super::{narrator::Narrator, run};

/// Image of `portfolio migrate exec`.
pub(super) const RUNNER: &str = "docker.io/local/portfolio:1";
/// Login of the app and of its migrations.
const SECRET: &str = "shop-db";

pub(super) struct Ground {
    postgres: Postgres,
    database: Database,
}

impl Ground {
    /// Needs the namespace `shop`.
    pub(super) fn prepare(cluster: &ControlPlane, node: &Namespaces) -> Result<Self> {
        Narrator::say("making images of the example app and of portfolio, without a registry");
        for version in ["1", "2"] {
            cluster.import(&image::shop(version)?)?;
        }
        cluster.import(&image::portfolio(&portfolio())?)?;
        Narrator::say("starting PostgreSQL beside the node");
        let state = StateDir::new(xtask::workspace().join(FOLDER).join("postgres"))?;
        let postgres = Postgres::start(state, &Options::on_node(node))?;
        let database = postgres.database()?;
        let literal = |key: &str, value: &str| format!("--from-literal={key}={value}");
        let login =
            [literal("username", &database.owner.name), literal("password", &database.owner.password)];
        run(cluster.kubectl().args(["create", "secret", "generic", SECRET, "--namespace=shop"]).args(login))?;
        Ok(Self { postgres, database })
    }

    /// The example app, at a version; `more` are further lines of its spec.
    pub(super) fn shop(&self, version: &str, more: &str) -> String {
        let (address, name) = (self.postgres.address(), &self.database.name);
        format!(
            "apiVersion: portfolio.dev/v1alpha1\n\
             kind: PortfolioApp\n\
             metadata: {{name: shop, namespace: shop}}\n\
             spec:\n  \
               image: docker.io/local/shop:{version}\n  \
               replicas: 3\n  \
               port: 8080\n  \
               env: {{PGHOST: {}, PGPORT: {}, PGDATABASE: {name}}}\n  \
               secrets:\n    \
                 PGUSER: {{secret: {SECRET}, key: username}}\n    \
                 PGPASSWORD: {{secret: {SECRET}, key: password}}\n  \
               probes: {{ready: {{path: /ready, period: 1s}}}}\n  \
               rollout: {{deadline: 15s, drain: 2s}}\n  \
               migrations: [shop-db]\n{more}",
            address.ip(),
            address.port()
        )
    }

    /// The migration that it names: the SQL files of a folder.
    pub(super) fn migration(&self) -> String {
        let (address, name) = (self.postgres.address(), &self.database.name);
        format!(
            "apiVersion: portfolio.dev/v1alpha1\n\
             kind: DatabaseMigration\n\
             metadata: {{name: shop-db, namespace: shop}}\n\
             spec:\n  \
               database: {{host: {}, port: {}, name: {name}, sslMode: disable, secretRef: {{name: {SECRET}}}}}\n  \
               dir: ./migrations\n",
            address.ip(),
            address.port()
        )
    }

    /// What the database says, a line a row.
    pub(super) fn ask(&self, sql: &str) -> Result<String> {
        let rows = self.postgres.query(&self.database.name, sql)?;
        Ok(rows.iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n"))
    }

    /// The URL for people who have psql.
    pub(super) fn url(&self) -> String {
        let Database { name, owner } = &self.database;
        format!("postgres://{}:{}@{}/{name}", owner.name, owner.password, self.postgres.address())
    }
}
