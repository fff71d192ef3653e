//! The documents that are measured: apps as people write them, each of eight objects.

use std::fmt::Write as _;
use std::sync::Arc;

use portfolio::document::{Entry, Options, Tree};
use portfolio::object::Owner;
use portfolio::render;

/// Objects of each app.
pub const OBJECTS: usize = 8;

/// The document of an app of eight objects: `ServiceAccount`, `ConfigMap`, `PersistentVolumeClaim`, Service,
/// `NetworkPolicy`, `PodDisruptionBudget`, Deployment and Ingress.
pub fn app(number: usize) -> String {
    let team = number % 50;
    format!(
        "\
apiVersion: portfolio.dev/v1alpha1
kind: PortfolioApp
metadata:
  name: app-{number}
  namespace: team-{team}
  labels: {{team: team-{team}}}
spec:
  image: registry.example.com/team-{team}/app-{number}:1.4.{team}
  replicas: 3
  port: 8080
  env:
    LOG_LEVEL: info
    WORKERS: 4
    CACHE_BYTES: 1_000_000
  secrets:
    DATABASE_URL: {{secret: app-{number}-db, key: url}}
  config:
    app.toml: |
      [http]
      workers = {team}
      timeout = \"30s\"
  resources:
    requests: {{cpu: 100m, memory: 128Mi}}
  probes:
    ready: {{path: /ready}}
    live: {{path: /health, period: 20s}}
  storage:
    data: {{size: 10Gi, mountPath: /data, accessMode: ReadWriteMany}}
  ingress: {{host: app-{number}.example.com, className: nginx, tls: app-{number}-tls}}
"
    )
}

/// The same with overlays for two environments.
pub fn app_with_environments(number: usize) -> String {
    let mut text = app(number);
    text.push_str("  environments:\n");
    text.push_str("    staging: {replicas: 1, env: {LOG_LEVEL: debug}}\n");
    let _ = writeln!(text, "    prod: {{replicas: 5, ingress: {{host: app-{number}.example.org}}}}");
    text
}

/// The same with a mistake in one of every `every` documents: a misspelt field, a wrong type, a value without a
/// unit, a port that is not there.
pub fn app_with_mistakes(number: usize, every: usize) -> String {
    let text = app(number);
    if !number.is_multiple_of(every) {
        return text;
    }
    match number / every % 4 {
        0 => text.replace("replicas: 3", "replica: 3"),
        1 => text.replace("replicas: 3", "replicas: three"),
        2 => text.replace("period: 20s", "period: 20"),
        _ => text.replace("ready: {path: /ready}", "ready: {path: /ready, port: web}"),
    }
}

/// A tree with each document in a file of its own, in folders of a hundred.
pub fn one_in_each(count: usize, document: impl Fn(usize) -> String) -> Tree {
    tree((0..count).map(|number| (path(number), document(number))))
}

/// A tree with a hundred documents in each file.
pub fn hundred_in_each(count: usize, document: impl Fn(usize) -> String) -> Tree {
    let files = (0..count).step_by(100).map(|first| {
        let documents: Vec<_> = (first..count.min(first + 100)).map(&document).collect();
        (format!("apps/{first}.yaml"), documents.join("---\n"))
    });
    tree(files)
}

/// Where the document of this number is.
pub fn path(number: usize) -> String {
    format!("apps/{:03}/app-{number}.yaml", number / 100)
}

/// A tree of these files; the paths stand in for the ids of their blobs.
pub fn tree(files: impl Iterator<Item = (String, String)>) -> Tree {
    let entry =
        |path: &str, text: String| Entry::File { id: path.to_owned(), bytes: Arc::from(text.into_bytes()) };
    Tree { entries: files.map(|(path, text)| (path.clone(), entry(&path, text))).collect() }
}

/// Bytes of a tree's files.
pub fn bytes(tree: &Tree) -> u64 {
    let size = |entry: &Entry| match entry {
        Entry::File { bytes, .. } => bytes.len() as u64,
        Entry::Refused(_) => 0,
    };
    tree.entries.values().map(size).sum()
}

/// No limit to the number of documents.
pub fn options() -> Options {
    Options { max_documents: usize::MAX, ..Options::new(render::judge) }
}

/// Whom the objects belong to.
pub fn owner() -> Owner {
    Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() }
}
