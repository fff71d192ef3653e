//! Configurations for the tests of the reader and of the schema: what both take, what both refuse, and what the reader
//! alone can see.

/// With every field that there is.
pub(super) const EVERYTHING: &str = r#"
sources:
  - name: main
    url: https://git.example.com/team/apps.git
    tag: v1.2
    path: ./apps/
    poll: 1m30s
    environment: prod
    auth: {dir: /etc/portfolio/git}
    namespaces: [shop, "team-*"]
drift: {schedule: "*/5 * * * *"}
prune: {maxPercent: 10, minObjects: 3, protectKinds: [Namespace, Deployment, Role]}
apply: {concurrency: 4, timeout: 5s}
allow: {kinds: [Role, ServiceMonitor.v1.monitoring.coreos.com], registries: [ghcr.io/team], privileged: true}
http: {listen: "127.0.0.1:9000"}
leaderElection: false
logging: {format: json, level: "info,portfolio::source=debug"}
runnerImage: registry.example.com/portfolio:1
"#;

/// A few more that are right.
pub(super) const TAKEN: [&str; 17] = [
    "sources: [{name: main, url: ./apps}]",
    "sources: [{name: 1-a, url: 'file:///srv/apps.git', path: ''}]",
    "sources: [{name: main, url: 'git://x:9418/y', branch: release/1.4, path: ./a/..b/}]",
    "sources: [{name: main, url: 'http://[::1]:80/a@b', commit: 1F6e0d8a2b9c4e7f5a3d1c0b8e6f4a2d9c7b5e31}]",
    "sources: [{name: main, url: 'ssh://git.example.com:2222/team/apps.git', auth: {dir: /git}}]",
    "sources: [{name: main, url: 'git@git.example.com:team/apps.git', auth: {dir: /git}}]",
    "sources: [{name: main, url: 'https://x/y', tag: 1.4}]",
    "sources: [{name: a, url: x}, {name: b, url: /y, namespaces: ['*']}]",
    "sources: [{name: a, url: x}]\ndrift: {schedule: ' 0 3  * jan mon-fri '}",
    "sources: [{name: a, url: x}]\nprune: {maxPercent: 0, minObjects: 0, protectKinds: []}",
    "sources: [{name: a, url: x}]\nprune: {maxPercent: 100}",
    "sources: [{name: a, url: x}]\napply: {concurrency: 256, timeout: 1d2h}",
    "sources: [{name: a, url: x}]\nallow: {registries: ['localhost:5000', 'ghcr.io/team/']}",
    "sources: [{name: a, url: x}]\nallow: {kinds: [Role, Role]}",
    "sources: [{name: a, url: x}]\nhttp: {listen: '[::1%2]:0'}",
    "sources: [{name: a, url: x}]\nlogging: {level: WARN}",
    "sources: [{name: a, url: x}]\nlogging: {level: 'off'}",
];

/// Text, and what is said about it.
pub(super) type Refused = (&'static str, &'static str);

/// What is wrong in its structure, in the type of a value, or in its form.
pub(super) const REFUSED: [Refused; 34] = [
    ("sources:\n- name: main\n  ulr: x\n", ":3:3: sources[0]: unknown field `ulr`; did you mean `url`?"),
    ("sources: []\nprun: {}\n", ":2:1: unknown field `prun`; did you mean `prune`?"),
    ("prune: {maxPercent: 101}", "101 is not a percentage"),
    (
        "prune: {maxPercent: -1}",
        "prune.maxPercent: invalid type: integer `-1`, expected a whole number from 0",
    ),
    ("prune:\n  protectKinds:\n  - ingress\n", ":3:5: prune.protectKinds[0]: `ingress` is not a kind"),
    ("prune: {minObjects: many}", "prune.minObjects: invalid type: string \"many\""),
    ("apply: {concurrency: 0}", "0 is not from 1 to 256"),
    ("apply:\n  timeout: soon\n", ":2:12: apply.timeout: `soon` is not a duration"),
    ("drift:\n  schedule: often\n", ":2:13: drift.schedule: `often` is not a cron line"),
    ("allow: {registries: [\"https://ghcr.io\"]}", "allow.registries[0]: `https://ghcr.io` has a scheme"),
    ("allow: {kinds: Role}", "allow.kinds: invalid type: string \"Role\", expected a sequence"),
    ("allow: {kinds: [role]}", "`role` is not a kind"),
    ("allow: {kind: []}", "allow: unknown field `kind`; did you mean `kinds`?"),
    ("allow: {privileged: 1}", "allow.privileged: invalid type: integer `1`, expected a boolean"),
    ("http:\n  listen: here\n", ":2:11: http.listen: invalid socket address"),
    ("logging: {level: inof}", "`inof` is not a level"),
    ("logging: {format: xml}", "unknown variant `xml`"),
    ("sources:\n- name: Main\n  url: x\n", ":2:9: sources[0].name: `Main` must be lower-case"),
    ("sources: [{name: a-records-b, url: x}]", "must not contain `-records-`"),
    ("sources: [{name: main, url: \"ftp://x/y\"}]", "scheme `ftp` is unknown"),
    ("sources: [{name: main, url: \"git@x:y\"}]", "`url` is ssh, which needs `auth: {dir: …}`"),
    ("sources: [{name: main, url: \"ssh://git@x/y\"}]", "with the files `identity` (private key)"),
    ("sources: [{name: main, url: \"https://u:p@x/y\"}]", "put them into files of `auth.dir`"),
    ("sources: [{name: main, url: \"https://x/y\", branch: a, tag: b}]", "write only one of"),
    ("sources: [{name: main, url: \"https://x/y\", commit: abc}]", "write all 40 hexadecimal digits"),
    ("sources: [{name: main, url: \"https://x/y\", branch: refs/heads/a}]", "write the short name: `a`"),
    ("sources: [{name: main, url: \"https://x/y\", branch: \"a..b\"}]", "is not a name that git allows"),
    ("sources: [{name: main, url: \"https://x/y\", path: ../up}]", "remove `..`"),
    ("sources: [{name: main, url: \"https://x/y\", path: /abs}]", "must be relative"),
    ("sources: [{name: main, url: x, namespaces: [Shop]}]", "`Shop` is not a namespace"),
    ("sources: [{name: a}]", "missing field `url`"),
    ("", "there is no source"),
    ("sources: []", "there is no source"),
    ("[]", ":1:1: invalid type: sequence, expected a mapping"),
];

/// What no schema can say, or none that an editor explains well.
pub(super) const REFUSED_BY_THE_READER: [Refused; 11] = [
    (
        "sources: [{name: a, url: x}]\nallow:\n  kinds:\n  - Role\n  - Rolle\n",
        ":5:5: allow.kinds[1]: `Rolle` is not a built-in kind; did you mean `Role`?",
    ),
    (
        "sources: [{name: a, url: x}]\nallow:\n  kinds: [ClusterRole]\n",
        ":3:11: allow.kinds[0]: objects of kind `ClusterRole` are in no namespace",
    ),
    (
        "sources: [{name: main, url: \"ssh://u:p@x/y\", auth: {dir: /git}}]",
        "put the key into the file `identity`",
    ),
    ("sources: [{name: main, url: \"u:p@x:y\", auth: {dir: /git}}]", "put the key into the file `identity`"),
    ("sources: [{name: main, url: \"https://x/y\", poll: 0s}]", "`poll` must be at least 1s"),
    ("sources: [{name: main, url: ./x, branch: main}]", "is a plain folder"),
    ("sources: [{name: main, url: x, environment: prod, auth: {dir: /git}}]", "is a plain folder"),
    ("sources: [{name: a, url: x}, {name: a, url: y}]", "two sources are named `a`"),
    ("sources: [{name: a, name: b, url: y}]", "duplicate field `name`"),
    ("sources: [}", "did not find expected node content"),
    ("sources: [{name: a, url: x}]\n---\nsources: []\n", "more than one document"),
];

/// Fields that are designed but not built.
pub(super) const NOT_YET: [&str; 2] = ["notify: []", "http: {externalUrl: x}"];
/// The same, of a source.
pub(super) const NOT_YET_OF_A_SOURCE: [&str; 4] =
    ["verify: {mode: commit}", "createNamespaces: true", "serviceAccount: x", "semver: 1.x"];
