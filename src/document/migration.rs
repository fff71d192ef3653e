//! [`Migration`]: a `DatabaseMigration` after environment merge, its SQL files read.
//!
//! The file name is the model: `0007_add_total.sql` expands, `.backfill.sql` and `.contract.sql` say so, and a
//! `.down.sql` beside it takes it back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::{Duration, Milliseconds, Scalar};
use super::{DocumentId, Resources, SecretKey, Window};

/// A valid `DatabaseMigration`: identity, its specification, and what it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// Identity.
    pub id: DocumentId,
    /// Labels carried to every object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations carried to every object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The specification, `environments` merged away.
    pub spec: MigrationSpec,
    /// What `dir` or `migrations` say, by ascending version. Empty with `command`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<MigrationStep>,
}

impl Migration {
    /// The longest name: its Jobs are called `<name>-<10 hex>-<attempt>`, and a pod's label holds that.
    pub const MAX_NAME: usize = 45;

    /// Name of the ServiceAccount that its pods run as, and of their network policy.
    pub fn account(&self) -> String {
        format!("{}-migration", self.id.name)
    }
}

/// One version of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrationStep {
    /// Its place in the order; gaps are fine.
    pub version: u64,
    /// What it is for.
    pub name: String,
    /// When it may run.
    pub phase: MigrationPhase,
    /// The file, or the name that an inline migration would have as a file.
    pub file: String,
    /// The statements.
    pub sql: String,
    /// The statements that take it back, run only by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
}

/// When a migration may run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum MigrationPhase {
    /// Before new code; safe while old code runs.
    #[default]
    Expand,
    /// Before new code; repeated until it changes no row.
    Backfill,
    /// Only after it is proven that no old code is left.
    Contract,
}

/// The `spec` of a `DatabaseMigration`. Exactly one of `dir`, `migrations` and `command`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MigrationSpec {
    /// The database and how to log in. A team's own tool knows its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// A folder of SQL files, relative to this document's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// Migrations written into the document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<InlineMigration>,
    /// The team's own tool, run once per content: as long as the document is there, its daemon remembers what has run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<MigrationCommand>,
    /// Schema that statements without one refer to. Default `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// How long a statement may queue for a lock. Default 300ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_timeout: Option<Milliseconds>,
    /// How long a statement may take; 0 for any time, the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_timeout: Option<Milliseconds>,
    /// The longest a run may take. Default 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Duration>,
    /// How often a pod that failed is followed by another one within an attempt, where that can help. Default 2; 0 with
    /// `command`, which is not known to be safe to repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Exceptions from the linter's rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<LintException>,
    /// When the contract phase may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    /// How a backup is made before the contract phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<MigrationBackup>,
    /// The pod that runs the migration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Runner>,
    /// Freezes everything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

impl MigrationSpec {
    /// Schema that statements without one refer to.
    pub fn schema(&self) -> &str {
        self.schema.as_deref().unwrap_or("public")
    }
}

/// A database and how to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Database {
    /// Host name or address.
    pub host: String,
    /// Port. Default 5432.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Name of the database.
    pub name: String,
    /// How much TLS. Default verify-full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_mode: Option<SslMode>,
    /// Certificates of the authorities that the server is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret: Option<SecretFile>,
    /// User name and password.
    pub secret_ref: Login,
}

impl Database {
    /// Where the server listens.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(5432)
    }
}

/// How much TLS, as in libpq.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// None.
    Disable,
    /// Encrypted, the server is not checked.
    Require,
    /// The server's certificate is checked.
    VerifyCa,
    /// The server's certificate and name are checked.
    #[default]
    VerifyFull,
}

/// A key of a Secret that is a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretFile {
    /// Name of the Secret.
    pub name: String,
    /// Key within it.
    pub key: String,
}

/// The Secret with user name and password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// Name of the Secret.
    pub name: String,
    /// Key of the user name. Default `username`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_key: Option<String>,
    /// Key of the password. Default `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_key: Option<String>,
}

/// A migration written into the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InlineMigration {
    /// A whole number, as text or not: `"0001"`.
    pub version: Scalar,
    /// What it is for: letters, digits, `_`.
    pub name: String,
    /// When it may run. Default expand.
    #[serde(default)]
    pub phase: MigrationPhase,
    /// The statements.
    pub sql: String,
    /// The statements that take it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
}

/// The team's own migration tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MigrationCommand {
    /// Container image.
    pub image: String,
    /// Entrypoint and arguments.
    pub command: Vec<String>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Scalar>,
    /// Environment variables from Secrets that exist.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretKey>,
}

/// An exception from a rule of the linter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LintException {
    /// Name of the rule, such as `ban-drop-column`.
    pub rule: String,
    /// Why it is all right here.
    pub reason: String,
}

/// When the contract phase may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contract {
    /// By itself, or after a person approved it. Default automatic.
    #[serde(default)]
    pub when: ContractWhen,
    /// How long to wait once no old code is left. Default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Duration>,
    /// The only times at which it may start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Whether a fresh backup is needed. Default none.
    #[serde(default)]
    pub backup: BackupPolicy,
}

/// What starts the contract phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContractWhen {
    /// The proof that no old code is left.
    #[default]
    Automatic,
    /// A person's approval, too.
    Approval,
}

/// Whether the contract phase needs a fresh backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BackupPolicy {
    /// It needs one.
    Required,
    /// It does not.
    #[default]
    None,
}

/// How a backup is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MigrationBackup {
    /// Container image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Entrypoint and arguments. Default: `pg_dump --format=custom` to a volume that is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}

/// The pod that runs a migration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Runner {
    /// Container image. Default: the daemon's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Requests and limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The database role that the app's connections use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_role: Option<String>,
}
