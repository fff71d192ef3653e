//! Job: one run of a migration. Kubernetes tries again what is worth it; what a retry cannot mend fails at once.

use k8s_openapi::api::batch::v1::{
    Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, Container, EnvVar, KeyToPath, PodSpec, PodTemplateSpec, SecretVolumeSource,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::content::Content;
use super::{Run, job_name};
use crate::document::{
    Database, Duration, Migration, MigrationCommand, MigrationSpec, Milliseconds, SecretFile, SecretKey,
    SslMode, exit,
};
use crate::render::carried::Carried;
use crate::render::labels::{self, Named};
use crate::render::subject::{int, some_items};
use crate::render::{names, pod, resources, volumes};

/// Name of the container, by which the failure policy knows it.
pub const CONTAINER: &str = "migrate";
const DEFAULT_DEADLINE: Duration = Duration::from_secs(3600);
const DEFAULT_RETRIES: u32 = 2;
const DEFAULT_LOCK_TIMEOUT: Milliseconds = Milliseconds::new(300);
/// A runner that is told to stop cancels its statement and says so.
const GRACE_SECONDS: i64 = 30;
const SQL: &str = "/migrations";
const CA: &str = "/etc/portfolio/ca";
const CA_FILE: &str = "ca.crt";
/// Where Kubernetes reads a container's last words from.
const REPORT: &str = "/dev/termination-log";

pub(super) fn render(
    migration: &Migration,
    carried: &Carried<'_>,
    named: &Named<'_>,
    sql: Option<&str>,
    run: Run<'_>,
) -> Job {
    let spec = &migration.spec;
    let container = match &spec.command {
        Some(command) => own_tool(command),
        None => runner(migration, run),
    };
    let runner = spec.runner.as_ref();
    let wanted = runner.and_then(|runner| runner.resources.as_ref());
    let container = Container {
        name: CONTAINER.to_owned(),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        resources: Some(resources::with_scratch(wanted, volumes::DEFAULT_TMP)),
        security_context: Some(pod::container_security(None)),
        volume_mounts: Some(mounts(spec, sql)),
        ..container
    };
    let content = run.content.cloned().unwrap_or_else(|| Content::of(migration));
    Job {
        metadata: carried.meta(job_name(migration, &content, run.attempt)),
        spec: Some(JobSpec {
            active_deadline_seconds: Some(int(spec.deadline.unwrap_or(DEFAULT_DEADLINE).as_secs()).into()),
            backoff_limit: Some(int(spec.retries.unwrap_or(default_retries(spec)))),
            pod_failure_policy: spec.command.is_none().then(failure_policy),
            // The next pod starts only once the last one has ended: never two at once.
            pod_replacement_policy: Some("Failed".to_owned()),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels::job_pod(named)), ..ObjectMeta::default() }),
                spec: Some(PodSpec {
                    service_account_name: Some(migration.account()),
                    automount_service_account_token: Some(false),
                    enable_service_links: Some(false),
                    restart_policy: Some("Never".to_owned()),
                    termination_grace_period_seconds: Some(GRACE_SECONDS),
                    security_context: Some(pod::pod_security(None)),
                    containers: vec![container],
                    volumes: Some(volumes(spec, sql)),
                    ..PodSpec::default()
                }),
            },
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// Nobody but the team knows whether its tool may be run again after it failed half-way.
fn default_retries(spec: &MigrationSpec) -> u32 {
    if spec.command.is_some() { 0 } else { DEFAULT_RETRIES }
}

/// What cannot be mended by trying again fails the Job, and a pod that was evicted does not count as tried: of our own
/// runner the exit code tells.
fn failure_policy() -> PodFailurePolicy {
    let hopeless = PodFailurePolicyRule {
        action: "FailJob".to_owned(),
        on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
            container_name: Some(CONTAINER.to_owned()),
            operator: "In".to_owned(),
            values: vec![exit::FAILED, exit::PART_WAY],
        }),
        on_pod_conditions: None,
    };
    let disrupted = PodFailurePolicyRule {
        action: "Ignore".to_owned(),
        on_exit_codes: None,
        on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
            type_: "DisruptionTarget".to_owned(),
            status: "True".to_owned(),
        }]),
    };
    PodFailurePolicy { rules: vec![hopeless, disrupted] }
}

fn own_tool(command: &MigrationCommand) -> Container {
    let secrets = command.secrets.iter().map(|(name, key)| pod::env_from_secret(name, key));
    let plain = command.env.iter().map(|(name, value)| pod::env_var(name, &value.0));
    Container {
        image: Some(command.image.clone()),
        command: some_items(command.command.clone()),
        env: some_items(secrets.chain(plain).collect()),
        termination_message_policy: Some(pod::LAST_WORDS.to_owned()),
        ..Container::default()
    }
}

/// `portfolio migrate exec`; the image's entrypoint is `portfolio`.
fn runner(migration: &Migration, run: Run<'_>) -> Container {
    let spec = &migration.spec;
    let image = spec.runner.as_ref().and_then(|runner| runner.image.as_deref()).unwrap_or(run.image);
    let document = format!("{}/{}", migration.id.namespace, migration.id.name);
    let lock_timeout = spec.lock_timeout.unwrap_or(DEFAULT_LOCK_TIMEOUT).to_string();
    let statement_timeout = spec.statement_timeout.unwrap_or_default().to_string();
    let mut options = vec![
        ("dir", SQL),
        ("document", document.as_str()),
        ("schema", spec.schema()),
        ("lock-timeout", lock_timeout.as_str()),
        ("statement-timeout", statement_timeout.as_str()),
        ("report", REPORT),
    ];
    if !run.revision.is_empty() {
        options.push(("revision", run.revision));
    }
    let args = ["migrate", "exec"].map(str::to_owned).into_iter();
    let options = options.into_iter().map(|(name, value)| format!("--{name}={value}"));
    Container {
        image: Some(image.to_owned()),
        args: Some(args.chain(options).collect()),
        // Validation lets no SQL without a database pass.
        env: spec.database.as_ref().map(connection),
        ..Container::default()
    }
}

/// The variables that every PostgreSQL client reads (PostgreSQL manual, libpq, "Environment Variables").
fn connection(database: &Database) -> Vec<EnvVar> {
    let login = &database.secret_ref;
    let secret = |key: Option<&String>, default: &str| SecretKey {
        secret: login.name.clone(),
        key: key.map_or_else(|| default.to_owned(), Clone::clone),
        optional: false,
    };
    let mode = match database.ssl_mode.unwrap_or_default() {
        SslMode::Disable => "disable",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    };
    let mut env = vec![
        pod::env_var("PGHOST", &database.host),
        pod::env_var("PGPORT", &database.port().to_string()),
        pod::env_var("PGDATABASE", &database.name),
        pod::env_from_secret("PGUSER", &secret(login.username_key.as_ref(), "username")),
        pod::env_from_secret("PGPASSWORD", &secret(login.password_key.as_ref(), "password")),
        pod::env_var("PGSSLMODE", mode),
    ];
    if database.ca_secret.is_some() {
        env.push(pod::env_var("PGSSLROOTCERT", &format!("{CA}/{CA_FILE}")));
    }
    env
}

fn volumes(spec: &MigrationSpec, sql: Option<&str>) -> Vec<Volume> {
    let mut volumes = vec![volumes::empty_dir(volumes::TMP, volumes::DEFAULT_TMP)];
    if let Some(ca) = ca(spec) {
        volumes.push(Volume {
            name: "ca".to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(ca.name.clone()),
                items: Some(vec![KeyToPath {
                    key: ca.key.clone(),
                    path: CA_FILE.to_owned(),
                    ..KeyToPath::default()
                }]),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        });
    }
    if let Some(name) = sql {
        volumes.push(Volume {
            name: "sql".to_owned(),
            config_map: Some(ConfigMapVolumeSource {
                name: name.to_owned(),
                ..ConfigMapVolumeSource::default()
            }),
            ..Volume::default()
        });
    }
    volumes
}

fn mounts(spec: &MigrationSpec, sql: Option<&str>) -> Vec<VolumeMount> {
    let read_only =
        |name: &str, path| VolumeMount { read_only: Some(true), ..volumes::mount(name.to_owned(), path) };
    let mut mounts = vec![volumes::mount(names::scratch_volume(volumes::TMP), volumes::TMP)];
    mounts.extend(ca(spec).map(|_| read_only("ca", CA)));
    mounts.extend(sql.map(|_| read_only("sql", SQL)));
    mounts
}

/// The team's own tool knows itself how to reach its database.
fn ca(spec: &MigrationSpec) -> Option<&SecretFile> {
    spec.database.as_ref()?.ca_secret.as_ref().filter(|_| spec.command.is_none())
}
