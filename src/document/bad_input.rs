//! One row a rule: what somebody writes, and the code and place of what is said about it. `cli` takes the same
//! rows to show how it looks.

use std::sync::Arc;

mod fields;
mod limits;

use super::tests::{app, file, indented, options, tree};
use super::*;

/// A rule, and input that breaks it.
pub(crate) struct Row {
    /// What the input does wrong.
    pub name: &'static str,
    /// Code and place that are expected, in the order of the places.
    pub expected: &'static [(Code, &'static str)],
    /// The files of the revision.
    pub tree: Tree,
}

/// A document of nothing but what is given.
fn raw(name: &'static str, expected: &'static [(Code, &'static str)], text: &str) -> Row {
    Row { name, expected, tree: tree(&[("a.yaml", text)]) }
}

/// An app `a`: its `spec` is the image in line 7, then these lines.
fn spec(name: &'static str, expected: &'static [(Code, &'static str)], lines: &str) -> Row {
    raw(name, expected, &app("a", lines))
}

/// An app with another head.
fn head(name: &'static str, expected: &'static [(Code, &'static str)], head: &str) -> Row {
    raw(name, expected, &format!("{head}spec:\n  image: a:1\n"))
}

/// Several files.
fn files(name: &'static str, expected: &'static [(Code, &'static str)], files: &[(&str, &str)]) -> Row {
    Row { name, expected, tree: tree(files) }
}

/// Anything in a tree.
fn entry(name: &'static str, expected: &'static [(Code, &'static str)], path: &str, entry: Entry) -> Row {
    Row { name, expected, tree: Tree { entries: [(path.to_owned(), entry)].into() } }
}

/// A migration: its `spec` begins in line 5 with the database, then these lines from line 6.
fn migration(name: &'static str, expected: &'static [(Code, &'static str)], lines: &str) -> Row {
    raw(name, expected, &migration_text(lines))
}

fn migration_text(lines: &str) -> String {
    let lines = indented(lines);
    format!(
        "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {{name: db, namespace: shop}}\nspec:\n  database: {{host: pg.data, name: shop, secretRef: {{name: login}}}}\n{lines}"
    )
}

const OURS: &str = "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\n";

/// Every rule.
#[rustfmt::skip]
#[allow(clippy::too_many_lines, clippy::enum_glob_use, reason = "a table")]
pub(crate) fn rows() -> Vec<Row> {
    use Code::*;
    let long = "a".repeat(60);
    let big = "x".repeat(600_000);
    let mut rows = vec![
        // Files and YAML.
        entry("a file that could not be read", &[(Unreadable, "a.yaml:1:1")], "a.yaml",
            Entry::Refused(Refusal::Unreadable { message: "object not found".to_owned() })),
        entry("a YAML file that is a symbolic link", &[(NotFollowed, "a.yaml:1:1")], "a.yaml", Entry::Refused(Refusal::Symlink)),
        entry("a submodule", &[(NotFollowed, "apps:1:1")], "apps", Entry::Refused(Refusal::Submodule)),
        entry("a link that may be a folder", &[(NotFollowed, "apps:1:1")], "apps", Entry::Refused(Refusal::Symlink)),
        entry("a file that is too large", &[(FileTooLarge, "a.yaml:1:1")], "a.yaml",
            Entry::Refused(Refusal::TooLarge { bytes: 2_000_000 })),
        entry("bytes that are too many", &[(FileTooLarge, "a.yaml:1:1")], "a.yaml",
            Entry::File { id: String::new(), bytes: Arc::from(vec![b'#'; 1_048_577]) }),
        entry("a file in another encoding", &[(NotUtf8, "a.yaml:2:4")], "a.yaml", file(b"a: 1\nb: \xe9\n")),
        entry("a NUL character", &[(ForbiddenCharacter, "a.yaml:2:4")], "a.yaml", file(b"a: 1\nb: \0\n")),
        raw("an open bracket", &[(Syntax, "a.yaml:1:4")], "a: [1, 2\n"),
        raw("a tab as indentation", &[(Syntax, "a.yaml:2:2")], "a:\n\tb: 1\n"),
        spec("a tab before a field", &[(Syntax, "a.yaml:8:3")], "\tport: 80"),
        raw("a field between two columns", &[(Syntax, "a.yaml:9:2")], &format!("{} replicas: 2\n", app("a", "port: 80"))),
        spec("a quote that is not closed", &[(Syntax, "a.yaml:8:12")], "env: {A: \"x}"),
        raw("a value with a colon", &[(Syntax, "a.yaml:1:7")], "a: b c: d\n"),
        raw("a value that begins with a percent sign", &[(Syntax, "a.yaml:1:4")], "a: %b\n"),
        spec("65 levels", &[(TooDeep, "a.yaml:8:74")], &format!("command: {}{}", "[".repeat(70), "]".repeat(70))),
        raw("200 levels", &[(TooDeep, "a.yaml:1:129")], &"[".repeat(200)),
        spec("an anchor and an alias", &[(AliasRefused, "a.yaml:8:11"), (AliasRefused, "a.yaml:9:14")],
            "labels: &a {b: c}\npodLabels: *a"),
        spec("an alias of nothing", &[(AliasRefused, "a.yaml:8:9")], "args: *a"),
        spec("a merge key", &[(MergeKey, "a.yaml:9:5")], "env:\n  <<: {A: b}"),
        spec("a tag", &[(TagRefused, "a.yaml:8:12")], "restart: !!binary aGk="),
        spec("a key that is there twice", &[(DuplicateKey, "a.yaml:9:3")], "replicas: 1\nreplicas: 2"),
        spec("a key that is a list", &[(KeyNotText, "a.yaml:8:11")], "env: {? [a] : b}"),
        files("a line that is no pattern", &[(IgnorePattern, ".portfolioignore:2:1")],
            &[(".portfolioignore", "charts/\nx[\n")]),

        // Shape.
        head("an apiVersion that is not known", &[(UnknownApiVersion, "a.yaml:1:13")],
            "apiVersion: portfolio.dev/v1beta1\nkind: PortfolioApp\nmetadata: {name: a}\n"),
        head("an apiVersion that is nearly ours", &[(UnknownApiVersion, "a.yaml:1:13")],
            "apiVersion: portfolo.dev/v1alpha1\nkind: PortfolioApp\nmetadata: {name: a}\n"),
        head("no version", &[(UnknownApiVersion, "a.yaml:1:13")],
            "apiVersion: portfolio.dev\nkind: PortfolioApp\nmetadata: {name: a}\n"),
        head("a kind that is nearly ours", &[(UnknownKind, "a.yaml:2:7")],
            "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioAp\nmetadata: {name: a}\n"),
        head("a kind in another case", &[(UnknownKind, "a.yaml:2:7")],
            "apiVersion: portfolio.dev/v1alpha1\nkind: portfolioapp\nmetadata: {name: a}\n"),
        head("a kind that is nothing like ours", &[(UnknownKind, "a.yaml:2:7")],
            "apiVersion: portfolio.dev/v1alpha1\nkind: Deployment\nmetadata: {name: a}\n"),
        head("no apiVersion", &[(MissingField, "a.yaml:1:1")], "kind: PortfolioApp\nmetadata: {name: a}\n"),
        head("no kind", &[(MissingField, "a.yaml:1:1")], "apiVersion: portfolio.dev/v1alpha1\nmetadata: {name: a}\n"),
        head("no metadata", &[(MissingField, "a.yaml:1:1")], OURS),
        head("a misspelt head", &[(MissingField, "a.yaml:1:1"), (UnknownField, "a.yaml:3:1")],
            &format!("{OURS}metdata: {{name: a}}\n")),
        raw("no spec", &[(MissingField, "a.yaml:1:1")], &format!("{OURS}metadata: {{name: a}}\n")),
        raw("no image", &[(MissingField, "a.yaml:4:1")], &format!("{OURS}metadata: {{name: a}}\nspec: {{replicas: 1}}\n")),
        head("no name", &[(MissingField, "a.yaml:3:1")], &format!("{OURS}metadata: {{namespace: a}}\n")),
        spec("a misspelt field", &[(UnknownField, "a.yaml:8:3")], "replica: 2"),
        spec("a field of Kubernetes", &[(UnknownField, "a.yaml:8:3")], "livenessProbe: {httpGet: {path: /}}"),
        spec("an overlay's field in the spec", &[(UnknownField, "a.yaml:8:3")], "enabled: false"),
        spec("a misspelt field deep inside", &[(UnknownField, "a.yaml:9:29")],
            "port: 80\nprobes: {ready: {path: /, perod: 5s}}"),
        spec("a list in the place of a map", &[(WrongType, "a.yaml:8:3")], "env: [A]"),
        spec("a text in the place of a list", &[(WrongType, "a.yaml:8:12")], "command: run"),
        spec("a map in the place of a text", &[(WrongType, "a.yaml:8:3")], "restart: {a: b}"),
        spec("a text in the place of a port", &[(WrongType, "a.yaml:8:17")], "ports: {http: \"80\"}"),
        spec("an environment variable that is null", &[(NullValue, "a.yaml:8:12")], "env: {A: null}"),
        spec("a field that is left empty", &[(NullValue, "a.yaml:8:3")], "env:"),
        spec("a boolean of older YAML", &[(InvalidBoolean, "a.yaml:8:12")], "suspend: yes"),
        spec("a number with underscores", &[(InvalidNumber, "a.yaml:8:13")], "replicas: 1_000"),
        spec("a number in quotes", &[(InvalidNumber, "a.yaml:8:13")], "replicas: \"3\""),
        spec("a number below its range", &[(InvalidNumber, "a.yaml:8:13")], "replicas: -1"),
        spec("a number above its range", &[(InvalidNumber, "a.yaml:8:9")], "port: 99999"),
        spec("a huge number", &[(InvalidNumber, "a.yaml:8:13")], &format!("replicas: {}", "9".repeat(100))),
        spec("an octal number of older YAML", &[(InvalidNumber, "a.yaml:8:13")], "replicas: 010"),
        spec("a value in another case", &[(UnknownValue, "a.yaml:8:37")], "ports: {dns: {port: 53, protocol: udp}}"),
        spec("a list of ports", &[(WrongType, "a.yaml:8:3")], "ports: [8080]"),
        spec("a field that is not indented", &[(NullValue, "a.yaml:8:3"), (UnknownField, "a.yaml:9:3")],
            "probes:\nready: {tcp: true}"),
        spec("a volume without a path", &[(MissingField, "a.yaml:8:13")], "storage: {data: {size: 1Gi}}"),
        spec("a quantity that is none", &[(InvalidValue, "a.yaml:8:34")], "resources: {requests: {memory: 64MB}}"),
        spec("a duration without a unit", &[(InvalidValue, "a.yaml:8:23")], "rollout: {deadline: 600}"),

        // Names, labels, annotations.
        head("a name with capitals", &[(InvalidName, "a.yaml:3:18")], &format!("{OURS}metadata: {{name: My_Shop}}\n")),
        head("a name that begins with a digit", &[(InvalidName, "a.yaml:3:18")], &format!("{OURS}metadata: {{name: 7up}}\n")),
        head("a namespace with capitals", &[(InvalidNamespace, "a.yaml:3:32")],
            &format!("{OURS}metadata: {{name: a, namespace: Shop}}\n")),
        spec("a label's value with spaces", &[(InvalidLabel, "a.yaml:8:21")], "podLabels: {team: \"web team\"}"),
        spec("a label's key with spaces", &[(InvalidLabel, "a.yaml:8:15")], "podLabels: {\"a b\": c}"),
        spec("a selector without a value", &[(InvalidLabel, "a.yaml:8:19")], "selector: {app: \"\"}"),
        spec("a restart that is too long", &[(InvalidAnnotation, "a.yaml:8:12")], &format!("restart: {big}")),
        spec("an annotation's key with spaces", &[(InvalidAnnotation, "a.yaml:8:20")], "podAnnotations: {\"a b\": c}"),
        head("a label that is ours", &[(ReservedKey, "a.yaml:3:30")],
            &format!("{OURS}metadata: {{name: a, labels: {{app.kubernetes.io/name: b}}}}\n")),
        raw("a name too long for its volumes", &[(DerivedNameTooLong, "a.yaml:8:14"), (RecreateRollout, "a.yaml:8:14")],
            &app(&long, "storage: { data: {size: 1Gi, mountPath: /data}}\nreplicas: 1")),
        spec("a Secret with capitals", &[(InvalidReference, "a.yaml:8:25")], "secrets: {A: {secret: Shop_DB, key: url}}"),

        // The app.
        raw("an image with spaces", &[(InvalidImage, "a.yaml:4:15")],
            &format!("{OURS}metadata: {{name: a}}\nspec: {{image: my image}}\n")),
        raw("an image without a tag", &[(FloatingTag, "a.yaml:4:15")],
            &format!("{OURS}metadata: {{name: a}}\nspec: {{image: nginx}}\n")),
        spec("a port's name that is too long", &[(InvalidPortName, "a.yaml:8:11")], "ports: {a-very-long-name: 80}"),
        spec("port 0", &[(InvalidPort, "a.yaml:8:9")], "port: 0"),
        spec("a port above 65535", &[(InvalidValue, "a.yaml:8:14")], "ports: {a: 70000}"),
        spec("a port that is there twice", &[(DuplicatePort, "a.yaml:8:21")], "ports: {a: 80, b: 80}"),
        spec("port and ports.http", &[(PortTwice, "a.yaml:9:11")], "port: 80\nports: {http: 81}"),
        spec("a probe of two kinds", &[(ProbeKind, "a.yaml:9:12")], "port: 80\nprobes: {ready: {path: /, tcp: true}}"),
        spec("a probe of no kind", &[(ProbeKind, "a.yaml:9:12")], "port: 80\nprobes: {ready: {period: 5s}}"),
        spec("a probe of a port that is not declared", &[(UndeclaredPort, "a.yaml:9:35")],
            "ports: {http: 80}\nprobes: {ready: {path: /, port: htp}}"),
        spec("an ingress without a port", &[(NoPort, "a.yaml:8:3")], "ingress: {host: a.example}"),
        spec("a headless Service on every node", &[(HeadlessType, "a.yaml:9:39")],
            "port: 80\nservice: {type: NodePort, headless: true}"),
        spec("a port that the Service offers for another", &[(ServicePortTwice, "a.yaml:8:31")],
            "ports: {http: 8080, public: 80}"),
        spec("a Service at the number of another port", &[(ServicePortTwice, "a.yaml:9:19")],
            "ports: {http: 8080, metrics: 9090}\nservice: {port: 9090}"),
        spec("a TCP check of an app without TCP", &[(NotTcp, "a.yaml:9:12")],
            "ports: {dns: {port: 53, protocol: UDP}}\nprobes: {ready: {tcp: true}}"),
        spec("an ingress to UDP", &[(NotTcp, "a.yaml:9:3")],
            "ports: {dns: {port: 53, protocol: UDP}, web: 8080}\ningress: {host: a.example}"),
        spec("live as ready is by default", &[(ProbesAlike, "a.yaml:9:12")], "port: 80\nprobes: {live: {tcp: true}}"),
        spec("ready and live alike", &[(ProbesAlike, "a.yaml:9:30")],
            "port: 80\nprobes: {ready: {path: /}, live: {path: /}}"),
        spec("a URL as host", &[(InvalidHost, "a.yaml:9:19")], "port: 80\ningress: {host: \"https://a.example/x\"}"),
        spec("an address as host", &[(InvalidHost, "a.yaml:9:19")], "port: 80\ningress: {host: 10.0.0.1}"),
        spec("a prefix that servers would shorten", &[(InvalidUrlPath, "a.yaml:9:39")],
            "port: 80\ningress: {host: shop.example, path: /a/../b}"),
        spec("a path without a slash", &[(InvalidUrlPath, "a.yaml:9:26")], "port: 80\nprobes: {ready: {path: health}}"),
        spec("host and hosts", &[(HostAndHosts, "a.yaml:9:30")],
            "port: 80\ningress: {host: a.example, hosts: [{host: b.example}]}"),
        spec("a mount at a relative path", &[(InvalidMountPath, "a.yaml:8:13")], "scratch: {tmp: 1Mi}"),
        spec("two mounts at the same path", &[(MountConflict, "a.yaml:9:13"), (RecreateRollout, "a.yaml:10:13")],
            "replicas: 1\nscratch: {/data/: 1Mi}\nstorage: {data: {size: 1Gi, mountPath: /data}}"),
        spec("a folder within the configuration", &[(MountConflict, "a.yaml:9:13")],
            "config: {a.toml: x}\nscratch: {/etc/a/cache: 1Mi}"),
        spec("an environment variable with a space", &[(InvalidEnvName, "a.yaml:8:9")], "env: {\"A B\": c}"),
        spec("a variable in env and secrets", &[(EnvTwice, "a.yaml:9:13")],
            "env: {A: b}\nsecrets: {A: {secret: s, key: k}}"),
        spec("no memory at all", &[(NotPositive, "a.yaml:8:34")], "resources: {requests: {memory: 0}}"),
        spec("a request above its limit", &[(RequestAboveLimit, "a.yaml:8:34")],
            "resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}"),
        spec("a request for cores above its limit", &[(RequestAboveLimit, "a.yaml:8:31")],
            "resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}"),
        spec("a request for disk above its limit", &[(RequestAboveLimit, "a.yaml:8:45")],
            "resources: {requests: {ephemeral-storage: 2Gi}, limits: {ephemeral-storage: 1G}}"),
        spec("memory in thousandths", &[(FractionOfByte, "a.yaml:8:34")], "resources: {requests: {memory: 512m}}"),
        spec("a size in thousandths", &[(FractionOfByte, "a.yaml:8:25")], "scratch: {/var/cache: 99801m}"),
        spec("memory without a unit", &[(FewBytes, "a.yaml:8:34")], "resources: {requests: {memory: 256}}"),
        spec("two replicas of a volume for one", &[(SingleWriter, "a.yaml:8:13")],
            "replicas: 3\nstorage: {data: {size: 1Gi, mountPath: /data}}"),
        spec("the default replicas of a volume for one", &[(SingleWriter, "a.yaml:8:13")],
            "storage: {data: {size: 1Gi, mountPath: /data}}"),
        spec("one replica of a volume for one", &[(RecreateRollout, "a.yaml:9:13")],
            "replicas: 1\nstorage: {data: {size: 1Gi, mountPath: /data}}"),
        spec("a rollout that cannot move", &[(RolloutStuck, "a.yaml:8:23")], "rollout: {maxSurge: 0, maxUnavailable: 0%}"),
        spec("a deadline before anything is ready", &[(DeadlineTooShort, "a.yaml:8:37")],
            "rollout: {deadline: 1m, minReady: 2m}"),
        spec("a capability that is none", &[(InvalidCapability, "a.yaml:8:29")],
            "security: {capabilities: [CAP_NET_BIND_SERVICE]}"),
        spec("user 0 without root", &[(RootConflict, "a.yaml:8:20")], "security: {user: 0}"),
        spec("root as another user", &[(RootConflict, "a.yaml:8:29")], "security: {user: 5, root: true}"),
        spec("a user and a group beyond 31 bits", &[(InvalidNumber, "a.yaml:8:20"), (InvalidNumber, "a.yaml:8:39")],
            "security: {user: 2147483648, group: 4294967295}"),
        spec("a dependency on two documents", &[(InvalidDependency, "a.yaml:8:15")],
            "dependsOn: [{app: b, migration: c}]"),

        spec("dependencies beyond number", &[(InvalidDependency, "a.yaml:8:3")],
            &format!("dependsOn: [{}]", "{app: b}, ".repeat(101))),

        // Environments.
        spec("environments in a list", &[(InvalidEnvironment, "a.yaml:8:3")], "environments: [prod]"),
        spec("an overlay that is left empty", &[(InvalidEnvironment, "a.yaml:9:5")], "environments:\n  prod:"),
        spec("environments beyond number", &[(InvalidEnvironment, "a.yaml:8:3")],
            &format!("environments: {{{}}}", (0..33).map(|at| format!("e{at}: {{}}")).collect::<Vec<_>>().join(", "))),
        spec("a misspelt field in an overlay", &[(UnknownField, "a.yaml:9:12")], "environments:\n  prod: {replica: 5}"),
        spec("an overlay that is nearly disabled", &[(InvalidBoolean, "a.yaml:9:20")],
            "environments:\n  dev: {enabled: off}"),

        // Files that a document refers to.
        spec("a folder outside of the repository", &[(FolderPath, "a.yaml:8:15")], "configFrom: ../config"),
        spec("an absolute folder", &[(FolderPath, "a.yaml:8:15")], "configFrom: /etc"),
        spec("a folder that is not there", &[(FolderMissing, "a.yaml:8:15")], "configFrom: ./config"),
        Row {
            name: "a link in a folder of configuration files",
            expected: &[(FolderUnreadable, "a.yaml:8:15")],
            tree: Tree {
                entries: [
                    ("a.yaml".to_owned(), file(app("a", "configFrom: config").as_bytes())),
                    ("config/x.toml".to_owned(), Entry::Refused(Refusal::Symlink)),
                ]
                .into(),
            },
        },
        files("configuration files that are too large together", &[(FilesTooLarge, "a.yaml:8:15")],
            &[("a.yaml", &app("a", "configFrom: config")), ("config/x", &big), ("config/y", &format!("{big}y"))]),
        files("a configuration file that is there twice", &[(ConfigCollision, "a.yaml:9:12")],
            &[("a.yaml", &app("a", "configFrom: config\nconfig: {x: y}")), ("config/x", "z")]),
        files("a folder within the folder", &[(ConfigFileName, "a.yaml:8:15")],
            &[("a.yaml", &app("a", "configFrom: config")), ("config/sub/x", "z")]),
        spec("a configuration file with a slash", &[(ConfigFileName, "a.yaml:8:12")], "config: {a/b: c}"),
        files("a document among configuration files", &[(DocumentInFolder, "a.yaml:8:15")],
            &[("a.yaml", &app("a", "configFrom: ."))]),

        // Across documents.
        files("a document that is there twice", &[(DuplicateDocument, "b.yaml:4:9")],
            &[("a.yaml", &app("a", "")), ("b.yaml", &app("a", "port: 80"))]),
        files("documents that wait for each other", &[(DependencyCycle, "a.yaml:8:21"), (DependencyCycle, "b.yaml:8:21")],
            &[("a.yaml", &app("a", "dependsOn: [{app: b}]")), ("b.yaml", &app("b", "dependsOn: [{app: a}]"))]),
        spec("a document that waits for itself", &[(SelfDependency, "a.yaml:8:21")], "dependsOn: [{app: a}]"),
        spec("a dependency that is not there", &[(UnknownDependency, "a.yaml:8:21")], "dependsOn: [{app: cart}]"),
        files("two apps that make the same volume", &[(RecreateRollout, "a.yaml:9:13"), (RecreateRollout, "b.yaml:9:13"), (ObjectCollision, "b.yaml:9:13")],
            &[
                ("a.yaml", &app("a", "replicas: 1\nstorage: {b-c: {size: 1Gi, mountPath: /d}}")),
                ("b.yaml", &app("a-b", "replicas: 1\nstorage: {c: {size: 1Gi, mountPath: /d}}")),
            ]),

        // Migrations.
        migration("nothing to run", &[(MigrationSource, "a.yaml:4:1")], "retries: 1"),
        migration("two things to run", &[(MigrationSource, "a.yaml:7:3")],
            "migrations: [{version: 1, name: a, sql: SELECT 1}]\ncommand: {image: \"a:1\", command: [a]}"),
        files("a migration file without a version", &[(MigrationFileName, "a.yaml:6:8")],
            &[("a.yaml", &migration_text("dir: sql")), ("sql/add_total.sql", "SELECT 1")]),
        files("a version that is there twice", &[(MigrationVersion, "a.yaml:6:8")],
            &[("a.yaml", &migration_text("dir: sql")), ("sql/01_a.sql", "SELECT 1"), ("sql/1_b.sql", "SELECT 1")]),
        migration("a version that is no number", &[(MigrationVersion, "a.yaml:6:26")],
            "migrations: [{version: v1, name: a, sql: SELECT 1}]"),
        files("a way back without a way there", &[(MigrationWithoutUp, "a.yaml:6:8")],
            &[("a.yaml", &migration_text("dir: sql")), ("sql/1_a.sql", "SELECT 1"), ("sql/2_b.down.sql", "SELECT 1")]),
        files("an empty migration file", &[(MigrationFile, "a.yaml:6:8")],
            &[("a.yaml", &migration_text("dir: sql")), ("sql/1_a.sql", "\n")]),
        migration("an exception without a reason", &[(NotSupportedYet, "a.yaml:7:3"), (LintException, "a.yaml:7:43")],
            "command: {image: \"a:1\", command: [a]}\nallow: [{rule: ban-drop-column, reason: \"\"}]"),
        migration("a window without a length", &[(NotSupportedYet, "a.yaml:7:3"), (InvalidSchedule, "a.yaml:7:31")],
            "command: {image: \"a:1\", command: [a]}\ncontract: {window: {allow: [\"0 2 * * 1-5\"]}}"),
    ];
    rows.extend(fields::rows());
    rows.extend(limits::rows());
    rows
}

/// How the rows are read.
pub(crate) fn load_row(row: &Row) -> Loaded {
    load(&row.tree, &options(), &mut Cache::default())
}

#[test]
fn each_mistake_is_reported_with_its_code_where_it_is() {
    let mut wrong = Vec::new();
    for row in rows() {
        let loaded = load_row(&row);
        let found: Vec<(Code, String)> = loaded
            .diagnostics
            .iter()
            .map(|found| (found.code, format!("{}:{}:{}", found.file, found.span.line, found.span.column)))
            .collect();
        let expected: Vec<(Code, String)> =
            row.expected.iter().map(|(code, place)| (*code, (*place).to_owned())).collect();
        if found != expected {
            let lines: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
            wrong.push(format!(
                "{}:\n  expected {expected:?}\n  found    {found:?}\n  {}",
                row.name,
                lines.join("\n  ")
            ));
        }
        let errors = loaded.diagnostics.iter().any(|one| one.is_error() && !one.code.is_policy());
        assert_eq!(loaded.complete, !errors, "{}", row.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_is_in_the_table() {
    let mut missing: Vec<Code> = Code::ALL.to_vec();
    for row in rows() {
        missing.retain(|code| row.expected.iter().all(|(expected, _)| expected != code));
    }
    // These need other options; their own tests are in `tests.rs`.
    missing.retain(|code| *code != Code::TooManyDocuments && !code.is_policy());
    // Those of objects of Kubernetes have a table of their own, `tests/fixtures/containers.yaml`.
    missing.retain(|code| code.number() < Code::KubernetesUnknownField.number());
    assert_eq!(missing, []);
}
