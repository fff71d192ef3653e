//! What stands before the judges: every example, and generated documents, read and rendered.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use any_app::{AnyApp, KINDS, any_app};
use portfolio::document::{Cache, Document, DocumentId, Entry, Loaded, Options, Tree, load};
use portfolio::object::{Kind, Object, Owner};
use portfolio::render::{RUNNER_IMAGE, RendererVersion, Run, judge, render_document};
use portfolio::source::read_folder;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// How many documents are generated.
pub const COUNT: usize = 1_000;
/// What `PORTFOLIO_SEED` replaces.
const SEED: u64 = 1;
/// The namespace of generated documents.
const NAMESPACE: &str = "judged";

/// A document and its objects.
#[derive(Clone)]
pub struct Case {
    pub origin: Origin,
    /// Its `spec`, as it was understood.
    pub spec: Value,
    pub objects: Vec<Object>,
}

/// Where a document comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A document of an example.
    Example(String),
    /// The generated one of this number.
    Generated(usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Example(id) => write!(f, "the example {id}"),
            Self::Generated(number) => {
                write!(f, "the generated document {number} (PORTFOLIO_SEED={})", seed())
            }
        }
    }
}

impl Case {
    /// Whether there is anything at a JSON pointer of the `spec`.
    pub fn has(&self, pointer: &str) -> bool {
        self.spec.pointer(pointer).is_some()
    }

    /// Whether the `spec` says this at a JSON pointer.
    pub fn says(&self, pointer: &str, what: impl Into<Value>) -> bool {
        self.spec.pointer(pointer) == Some(&what.into())
    }

    /// The number at a JSON pointer of the `spec`.
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.spec.pointer(pointer)?.as_u64()
    }

    /// Whether its Service has a port of this protocol.
    pub fn serves(&self, protocol: &str) -> bool {
        let services = self.objects.iter().filter(|object| object.reference.kind == Kind::Service);
        let mut ports = services.filter_map(|service| service.content["spec"]["ports"].as_array()).flatten();
        ports.any(|port| port["protocol"] == protocol)
    }
}

/// All cases of a run.
pub struct Batch {
    pub cases: Vec<Case>,
}

/// The cases of this run, made once.
pub fn batch() -> &'static Batch {
    static BATCH: LazyLock<Batch> = LazyLock::new(|| {
        let mut cases = examples();
        let apps: Vec<AnyApp> = (0..COUNT).map(|number| tree(number).current()).collect();
        cases.extend(generated(&apps.iter().enumerate().collect::<Vec<_>>()));
        Batch { cases }
    });
    &BATCH
}

fn seed() -> u64 {
    std::env::var("PORTFOLIO_SEED").map_or(SEED, |seed| seed.parse().expect("PORTFOLIO_SEED is a number"))
}

/// The generated app of this number, with the smaller ones that it can become.
pub fn tree(number: usize) -> Box<dyn ValueTree<Value = AnyApp>> {
    thread_local! {
        static ANY_APP: proptest::strategy::BoxedStrategy<AnyApp> = any_app();
    }
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    bytes[8..16].copy_from_slice(&(number as u64).to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    ANY_APP.with(|any_app| any_app.new_tree(&mut runner).unwrap())
}

/// The smallest document like the one of this number of which something still holds, as text.
pub fn smallest(number: usize, tries: u32, holds: impl Fn(&Case) -> bool) -> String {
    let mut tree = tree(number);
    let mut smallest = tree.current();
    let mut moved = tree.simplify();
    for _ in 0..tries {
        if !moved {
            break;
        }
        let app = tree.current();
        let case = generated(&[(number, &app)]).remove(0);
        if holds(&case) {
            smallest = app;
            moved = tree.simplify();
        } else {
            moved = tree.complicate();
        }
    }
    smallest.text(NAMESPACE, &name(number))
}

fn name(number: usize) -> String {
    format!("app-{number:04}")
}

/// Reads the documents of generated apps together, as a daemon would, and renders each.
pub fn generated(apps: &[(usize, &AnyApp)]) -> Vec<Case> {
    let mut tree = Tree::default();
    for (number, app) in apps {
        let name = name(*number);
        let text = app.text(NAMESPACE, &name).into_bytes();
        let files = app.files.clone().into_iter().chain([("app.yaml".to_owned(), text)]);
        tree.entries.extend(files.map(|(path, bytes)| {
            let path = format!("{name}/{path}");
            (path.clone(), Entry::File { id: path, bytes: bytes.into() })
        }));
    }
    let loaded = read(&tree, None);
    apps.iter()
        .map(|(number, _)| {
            let id = DocumentId::app(NAMESPACE, name(*number));
            case(Origin::Generated(*number), &loaded.documents[&id].document)
        })
        .collect()
}

/// The documents of every example, rendered as its `rendered.yaml`.
fn examples() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut cases = Vec::new();
    let folders: BTreeSet<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for folder in folders.iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let loaded = read(&read_folder(folder).unwrap(), (name == "three-environments").then_some("prod"));
        cases.extend(loaded.documents.values().map(|loaded| {
            let origin = Origin::Example(format!("{name}, {}", loaded.document.id()));
            case(origin, &loaded.document)
        }));
    }
    cases
}

/// Everything there must be valid.
fn read(tree: &Tree, environment: Option<&str>) -> Loaded {
    let mut options = Options { environment: environment.map(str::to_owned), ..Options::new(judge) };
    options.policy.privileged = true;
    options.policy.kinds = KINDS.iter().map(|kind| kind.parse().unwrap()).collect();
    let loaded = load(tree, &options, &mut Cache::default());
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    if let Some(error) = errors.first() {
        let text = match tree.entries.get(&error.file) {
            Some(Entry::File { bytes, .. }) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        };
        panic!("{} errors; the first (PORTFOLIO_SEED={}): {error:#?}\n{text}", errors.len(), seed());
    }
    loaded
}

fn case(origin: Origin, document: &Document) -> Case {
    let owner = Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() };
    let run = Run { image: RUNNER_IMAGE, ..Run::default() };
    let spec = match document {
        Document::App(app) => json!(app.spec),
        Document::Migration(migration) => json!(migration.spec),
    };
    Case { origin, spec, objects: render_document(document, &owner, run, RendererVersion::CURRENT) }
}
