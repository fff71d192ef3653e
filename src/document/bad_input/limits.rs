//! The rows of values beyond their limits and of names that collide, in the order of the fields.

use super::{Code, OURS, Row, app, files, head, migration, migration_text, raw, spec};

/// A migration of nothing but a database and a tool.
fn database(database: &str) -> String {
    format!(
        "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {{name: db, namespace: shop}}\nspec:\n  database: {database}\n  command: {{image: \"a:1\", command: [a]}}\n"
    )
}

/// Every such value.
#[rustfmt::skip]
#[allow(clippy::too_many_lines, clippy::enum_glob_use, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    use Code::*;
    vec![
        // Images and pods.
        spec("an image with capitals in its path", &[(InvalidImage, "a.yaml:8:46")],
            "jobs: {clean: {schedule: 0 3 * * *, image: \"example.com/Shop:1\"}}"),
        spec("a digest that is too short", &[(InvalidImage, "a.yaml:8:46")], "jobs: {clean: {schedule: 0 3 * * *, image: \"a@sha256:12ab\"}}"),
        spec("an image without its tag after the colon", &[(InvalidImage, "a.yaml:8:31")], "sidecars: [{name: b, image: \"b:\"}]"),
        spec("more replicas than Kubernetes can count", &[(InvalidNumber, "a.yaml:8:13")], "replicas: 2147483648"),
        spec("an autoscaler up to more than can be counted", &[(InvalidNumber, "a.yaml:8:22")], "autoscaling: {max: 3000000000}"),
        spec("more percent than there can be", &[(InvalidScaling, "a.yaml:8:33")], "autoscaling: {max: 5, memory: 10001}"),
        spec("a budget that the autoscaler's fewest pods cannot keep", &[(DisruptionStuck, "a.yaml:9:30")],
            "autoscaling: {min: 2, max: 5}\ndisruption: {minAvailable: 2}"),
        spec("a share of pods beyond number", &[(DisruptionStuck, "a.yaml:9:30")], "replicas: 2147483647\ndisruption: {minAvailable: 100%}"),
        spec("a group below zero", &[(InvalidNumber, "a.yaml:8:21")], "security: {group: -1}"),
        spec("retries beyond number", &[(InvalidNumber, "a.yaml:8:62")],
            "jobs: {clean: {schedule: 0 3 * * *, command: [a], retries: 2147483648}}"),

        // Ports and what leads to them.
        spec("a port's name with capitals", &[(InvalidPortName, "a.yaml:8:11")], "ports: {HTTP: 80}"),
        spec("a port's name of digits", &[(InvalidPortName, "a.yaml:8:11")], "ports: {\"80\": 80}"),
        spec("a port that is the short one's", &[(DuplicatePort, "a.yaml:9:20")], "port: 80\nports: {metrics: 80}"),
        spec("port 0 in full", &[(InvalidPort, "a.yaml:8:23")], "ports: {dns: {port: 0, protocol: UDP}}"),
        spec("a port below zero", &[(InvalidValue, "a.yaml:8:14")], "ports: {a: -1}"),
        spec("a Service at port 0", &[(InvalidPort, "a.yaml:9:19")], "port: 80\nservice: {port: 0}"),
        spec("a Service of an app without a port", &[(NoPort, "a.yaml:8:3")], "service: {type: NodePort}"),
        spec("a type of Service in another case", &[(UnknownValue, "a.yaml:9:19")], "port: 80\nservice: {type: Nodeport}"),
        spec("a host with a port", &[(InvalidHost, "a.yaml:9:19")], "port: 80\ningress: {host: \"shop.example.com:443\"}"),
        spec("a host with capitals", &[(InvalidHost, "a.yaml:9:19")], "port: 80\ningress: {host: Shop.example.com}"),
        spec("a wildcard in the middle", &[(InvalidHost, "a.yaml:9:19")], "port: 80\ningress: {host: a.*.example.com}"),
        spec("a host whose label is too long", &[(InvalidHost, "a.yaml:9:19")],
            "port: 80\ningress: {host: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com}"),
        spec("a host that is there twice", &[(InvalidHost, "a.yaml:9:47")],
            "port: 80\ningress: {hosts: [{host: a.example}, {host: a.example}]}"),
        spec("a path that is there twice", &[(InvalidHost, "a.yaml:9:55")],
            "port: 80\ningress: {hosts: [{host: a.example, paths: [/a, /b, /a]}]}"),
        spec("a path beside hosts", &[(HostAndHosts, "a.yaml:9:13")], "port: 80\ningress: {path: /a, hosts: [{host: a.example}]}"),
        spec("an Ingress for no host", &[(HostAndHosts, "a.yaml:9:13")], "port: 80\ningress: {hosts: []}"),
        spec("a class of Ingress with spaces", &[(InvalidReference, "a.yaml:9:41")], "port: 80\ningress: {host: a.example, className: my nginx}"),
        spec("a certificate with capitals", &[(InvalidReference, "a.yaml:9:35")], "port: 80\ningress: {host: a.example, tls: Shop_TLS}"),

        // Probes.
        spec("a probe all the time", &[(NotPositive, "a.yaml:9:37")], "port: 80\nprobes: {ready: {path: /, period: 0s}}"),
        spec("a probe without time", &[(NotPositive, "a.yaml:9:38")], "port: 80\nprobes: {ready: {path: /, timeout: 0s}}"),
        spec("a probe that may not fail", &[(NotPositive, "a.yaml:9:39")], "port: 80\nprobes: {ready: {path: /, failures: 0}}"),
        spec("a probe in half seconds", &[(InvalidValue, "a.yaml:9:37")], "port: 80\nprobes: {ready: {path: /, period: 500ms}}"),
        spec("a command at a port", &[(ProbeKind, "a.yaml:9:40")], "port: 80\nprobes: {ready: {command: [a], port: 80}}"),
        spec("a probe of port 0", &[(UndeclaredPort, "a.yaml:9:35")], "port: 80\nprobes: {ready: {path: /, port: 0}}"),
        spec("a path with spaces", &[(InvalidUrlPath, "a.yaml:9:26")], "port: 80\nprobes: {ready: {path: /a b}}"),
        spec("a probe of an app without a port", &[(NoPort, "a.yaml:8:12")], "probes: {ready: {tcp: true}}"),
        spec("an empty command to check with", &[(ProbeKind, "a.yaml:8:20")], "probes: {ready: {command: []}}"),

        // Variables and files.
        spec("a variable that begins with a digit", &[(InvalidEnvName, "a.yaml:8:9")], "env: {1A: b}"),
        spec("a key of a Secret with a slash", &[(InvalidReference, "a.yaml:8:33")], "secrets: {A: {secret: s, key: a/b}}"),
        spec("a Secret of a backup without a name", &[(InvalidReference, "a.yaml:8:64")],
            "backup: {onDelete: true, command: [a], secrets: {A: {secret: \"\", key: k}}}"),
        spec("a backup's variable in env and secrets", &[(EnvTwice, "a.yaml:8:65")],
            "backup: {onDelete: true, command: [a], env: {A: b}, secrets: {A: {secret: s, key: k}}}"),
        spec("files of Secrets with a name with capitals", &[(InvalidReference, "a.yaml:8:17")], "secretFiles: {TLS: {secret: s, path: /tls}}"),
        spec("files of two Secrets at the same path", &[(MountConflict, "a.yaml:8:66")],
            "secretFiles: {a: {secret: s, path: /tls}, b: {secret: t, path: /tls/}}"),
        spec("files of a Secret in the configuration", &[(MountConflict, "a.yaml:10:40")],
            "config: {a.toml: x}\nconfigPath: /app\nsecretFiles: {tls: {secret: s, path: /app/tls}}"),
        spec("a configuration file above its folder", &[(ConfigFileName, "a.yaml:8:12")], "config: {..: c}"),
        spec("a configuration at a relative path", &[(InvalidMountPath, "a.yaml:9:15")], "config: {a.toml: x}\nconfigPath: app/config"),
        spec("a configuration in the place of everything", &[(InvalidMountPath, "a.yaml:9:15")], "config: {a.toml: x}\nconfigPath: /"),

        // Volumes.
        spec("a volume with capitals", &[(InvalidReference, "a.yaml:9:13"), (RecreateRollout, "a.yaml:9:13")], "replicas: 1\nstorage: {Data: {size: 1Gi, mountPath: /data}}"),
        spec("a volume of no size", &[(RecreateRollout, "a.yaml:9:13"), (NotPositive, "a.yaml:9:26")], "replicas: 1\nstorage: {data: {size: 0, mountPath: /data}}"),
        spec("a volume of less than no size", &[(RecreateRollout, "a.yaml:9:13"), (InvalidValue, "a.yaml:9:26")], "replicas: 1\nstorage: {data: {size: -1Gi, mountPath: /data}}"),
        spec("a volume beyond what can be counted", &[(RecreateRollout, "a.yaml:9:13"), (InvalidValue, "a.yaml:9:26")],
            "replicas: 1\nstorage: {data: {size: 9Ei, mountPath: /data}}"),
        spec("a volume of a class with capitals", &[(RecreateRollout, "a.yaml:9:13"), (InvalidReference, "a.yaml:9:56")],
            "replicas: 1\nstorage: {data: {size: 1Gi, mountPath: /data, class: Fast}}"),
        spec("a volume in the place of everything", &[(RecreateRollout, "a.yaml:9:13"), (InvalidMountPath, "a.yaml:9:42")], "replicas: 1\nstorage: {data: {size: 1Gi, mountPath: /}}"),
        spec("a volume at a path with a colon", &[(RecreateRollout, "a.yaml:9:13"), (InvalidMountPath, "a.yaml:9:42")],
            "replicas: 1\nstorage: {data: {size: 1Gi, mountPath: \"/a:b\"}}"),
        spec("two volumes at the same path", &[(RecreateRollout, "a.yaml:9:13"), (MountConflict, "a.yaml:9:73")],
            "replicas: 1\nstorage: {a: {size: 1Gi, mountPath: /data}, b: {size: 1Gi, mountPath: /data}}"),
        spec("a writable folder above itself", &[(InvalidMountPath, "a.yaml:8:13")], "scratch: {/a/../b: 1Mi}"),
        spec("a writable folder of no size", &[(NotPositive, "a.yaml:8:17")], "scratch: {/a: 0}"),
        spec("a backup of a volume twice", &[(RecreateRollout, "a.yaml:9:13"), (UnknownVolume, "a.yaml:10:58")],
            "replicas: 1\nstorage: {data: {size: 1Gi, mountPath: /data}}\nbackup: {onDelete: true, command: [a], volumes: [data, data]}"),

        // Times.
        spec("a schedule on a day that never comes", &[(InvalidSchedule, "a.yaml:8:28")], "jobs: {clean: {schedule: 0 3 31 2 *, command: [a]}}"),
        spec("a schedule whose range runs backwards", &[(InvalidSchedule, "a.yaml:8:28")], "jobs: {clean: {schedule: 0 5-3 * * *, command: [a]}}"),
        spec("a backup's schedule of seconds", &[(InvalidSchedule, "a.yaml:8:22")], "backup: {schedule: 0 0 1 * * *, command: [a]}"),
        spec("a backup without time", &[(NotPositive, "a.yaml:8:52")], "backup: {onDelete: true, command: [a], deadline: 0s}"),
        spec("a rollout without time", &[(NotPositive, "a.yaml:8:23")], "rollout: {deadline: 0s}"),
        spec("longer ready than the deadline by default", &[(DeadlineTooShort, "a.yaml:8:23")], "rollout: {minReady: 15m}"),
        spec("a duration of hours and a half", &[(InvalidValue, "a.yaml:8:23")], "rollout: {deadline: 1.5h}"),
        spec("a duration with a space", &[(InvalidValue, "a.yaml:8:21")], "deletion: {grace: 10 m}"),
        spec("a duration beyond ten years", &[(InvalidValue, "a.yaml:8:20")], "rollout: {grace: 4000d}"),
        spec("a duration below zero", &[(InvalidValue, "a.yaml:8:20")], "rollout: {drain: -5s}"),
        spec("a window of more than a week", &[(InvalidSchedule, "a.yaml:8:20")], "window: {allow: [0 9 * * * for 8d]}"),
        spec("a share with a space", &[(InvalidValue, "a.yaml:8:23")], "rollout: {maxSurge: 25 %}"),
        spec("more surge than can be counted", &[(InvalidValue, "a.yaml:8:23")], "rollout: {maxSurge: 70000}"),

        // Others.
        spec("a single address", &[(InvalidCidr, "a.yaml:8:25")], "network: {to: [{cidr: 10.0.0.1}]}"),
        spec("a prefix that is too long", &[(InvalidCidr, "a.yaml:8:25")], "network: {to: [{cidr: 10.0.0.0/33}]}"),
        spec("an exception of everything", &[(InvalidCidr, "a.yaml:8:46")], "network: {to: [{cidr: 10.0.0.0/8, except: [10.0.0.0/8]}]}"),
        spec("port 0 of another", &[(InvalidPort, "a.yaml:8:35")], "network: {to: [{app: b, ports: [0]}]}"),
        spec("a login that is there twice", &[(InvalidReference, "a.yaml:8:30")], "pull: {secrets: [registry, registry]}"),
        spec("a dependency with capitals", &[(InvalidDependency, "a.yaml:8:21")], "dependsOn: [{app: Cart}]"),
        spec("a dependency in a namespace with spaces", &[(InvalidNamespace, "a.yaml:8:38")], "dependsOn: [{app: cart, namespace: my shop}]"),
        spec("a dependency that is there twice", &[(InvalidDependency, "a.yaml:8:27")], "dependsOn: [{app: a-b}, {app: a-b}]"),
        spec("a migration with capitals", &[(InvalidDependency, "a.yaml:8:16")], "migrations: [Shop_DB]"),
        spec("a migration that is there twice", &[(InvalidDependency, "a.yaml:8:25")], "migrations: [shop-db, shop-db]"),
        spec("an ignored field of nothing", &[(InvalidTarget, "a.yaml:8:29")], "drift: {ignore: [{target: deployment, path: /spec/replicas}]}"),
        spec("a taint's value with spaces", &[(InvalidToleration, "a.yaml:8:45")], "placement: {tolerations: [{key: a, value: b c}]}"),
        spec("a toleration without end", &[(InvalidNumber, "a.yaml:8:76")],
            "placement: {tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 99999999999999999999}]}"),
        spec("an environment without a name", &[(InvalidEnvironment, "a.yaml:8:18")], "environments: {\"\": {replicas: 1}}"),
        files("an account of two apps", &[(ObjectCollision, "b.yaml:8:26")], &[
            ("a.yaml", &app("a", "serviceAccount: {name: shop}")),
            ("b.yaml", &app("b", "serviceAccount: {name: shop}")),
        ]),
        head("annotations that are too large together", &[(InvalidAnnotation, "a.yaml:3:21")],
            &format!("{OURS}metadata: {{name: a, annotations: {{b: {}, c: {}}}}}\n", "x".repeat(200_000), "y".repeat(100_000))),

        // Migrations.
        migration("no migration in the list", &[(MigrationSource, "a.yaml:6:3")], "migrations: []"),
        migration("a migration that waits for a lock for ever", &[(NotPositive, "a.yaml:7:16")],
            "command: {image: \"a:1\", command: [a]}\nlockTimeout: 0s"),
        migration("a timeout without a unit", &[(InvalidValue, "a.yaml:7:21")], "command: {image: \"a:1\", command: [a]}\nstatementTimeout: 300"),
        migration("a timeout that PostgreSQL cannot count", &[(InvalidValue, "a.yaml:7:21")],
            "command: {image: \"a:1\", command: [a]}\nstatementTimeout: 30d"),
        migration("a migration without time", &[(NotPositive, "a.yaml:7:13")], "command: {image: \"a:1\", command: [a]}\ndeadline: 0s"),
        migration("retries of a migration below zero", &[(InvalidNumber, "a.yaml:7:12")], "command: {image: \"a:1\", command: [a]}\nretries: -1"),
        migration("a schema without a name", &[(InvalidReference, "a.yaml:7:11")], "command: {image: \"a:1\", command: [a]}\nschema: \" \""),
        migration("a tool's image with spaces", &[(InvalidImage, "a.yaml:6:20")], "command: {image: my tool, command: [a]}"),
        migration("a tool's variable with a space", &[(InvalidEnvName, "a.yaml:6:47")], "command: {image: \"a:1\", command: [a], env: {A B: c}}"),
        migration("a tool's variable in env and secrets", &[(EnvTwice, "a.yaml:6:64")],
            "command: {image: \"a:1\", command: [a], env: {A: b}, secrets: {A: {secret: s, key: k}}}"),
        migration("a tool's Secret with a key with spaces", &[(InvalidReference, "a.yaml:6:71")],
            "command: {image: \"a:1\", command: [a], secrets: {A: {secret: s, key: a b}}}"),
        migration("a runner without memory", &[(NotPositive, "a.yaml:7:41")],
            "command: {image: \"a:1\", command: [a]}\nrunner: {resources: {limits: {memory: 0}}}"),
        migration("a version of two migrations", &[(MigrationVersion, "a.yaml:6:64")],
            "migrations: [{version: 1, name: a, sql: SELECT 1}, {version: 01, name: b, sql: SELECT 1}]"),
        migration("a migration's name with spaces", &[(MigrationFileName, "a.yaml:6:35")], "migrations: [{version: 1, name: a b, sql: SELECT 1}]"),
        migration("a migration without statements", &[(MigrationFile, "a.yaml:6:43")], "migrations: [{version: 1, name: a, sql: \"\"}]"),
        migration("a way back without statements", &[(MigrationFile, "a.yaml:6:63")],
            "migrations: [{version: 1, name: a, sql: SELECT 1, rollback: \" \"}]"),
        raw("a database with a port in its host, none of its own and no name", &[(InvalidHost, "a.yaml:5:20"), (InvalidPort, "a.yaml:5:42"), (InvalidReference, "a.yaml:5:51")],
            &database("{host: \"pg.data:5432\", port: 0, name: \"\", secretRef: {name: login}}")),
        raw("Secrets and keys that cannot be", &[(InvalidReference, "a.yaml:5:51"), (InvalidReference, "a.yaml:5:71"), (InvalidReference, "a.yaml:5:103")],
            &database("{host: pg, name: a, secretRef: {name: My_DB, usernameKey: a b}, caSecret: {name: ca, key: ../ca}}")),
        raw("a migration whose name is too long for its Jobs", &[(DerivedNameTooLong, "a.yaml:3:18")],
            &migration_text("command: {image: \"a:1\", command: [a]}").replace("name: db,", &format!("name: {},", "d".repeat(46)))),
    ]
}
