//! What must be true of every answer, whatever was asked.

use std::sync::Arc;

use crate::document::{Cache, Diagnostic, Document, Entry, Loaded, Options, Tree, load};
use crate::object::Owner;
use crate::render::{RendererVersion, Run, judge, render_document, to_yaml};

/// A tree of these files.
pub fn tree<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Tree {
    let entry = |path: &str, bytes: &[u8]| Entry::File { id: path.to_owned(), bytes: Arc::from(bytes) };
    Tree { entries: files.into_iter().map(|(path, bytes)| (path.to_owned(), entry(path, bytes))).collect() }
}

/// Reads the documents for an environment and checks what is said of them.
pub fn answer(tree: &Tree, environment: Option<&str>) -> Loaded {
    let options = Options { environment: environment.map(str::to_owned), ..Options::new(judge) };
    let loaded = load(tree, &options, &mut Cache::default());
    for id in loaded.documents.keys() {
        assert!(!loaded.blocked.contains_key(id) && !loaded.absent.contains(id), "{id}");
    }
    let blocks = |diagnostic: &Diagnostic| diagnostic.is_error() && !diagnostic.code.is_policy();
    assert_eq!(loaded.complete, !loaded.diagnostics.iter().any(blocks));
    for diagnostic in &loaded.diagnostics {
        let span = diagnostic.span;
        assert!(span.line > 0 && span.column > 0 && span.length > 0, "{diagnostic}");
        assert!(!diagnostic.message.contains('\n'), "{diagnostic}");
    }
    for document in loaded.documents.values() {
        rendered(&document.document);
    }
    loaded
}

/// A valid document has objects, the same each time, and survives being kept in a record.
fn rendered(document: &Document) {
    let owner = Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() };
    let objects = |document: &Document| {
        render_document(document, &owner, Run::default(), RendererVersion::CURRENT)
    };
    let first = objects(document);
    assert!(first.is_sorted_by(|one, other| one.reference < other.reference), "{}", document.id());
    for object in &first {
        assert_eq!(object.content["kind"], object.reference.kind.name());
        assert_eq!(object.content["metadata"]["name"], object.reference.name.as_str());
        assert_eq!(object.content["metadata"]["namespace"], document.id().namespace.as_str());
        assert_eq!(object.content["metadata"]["labels"]["portfolio.dev/source"], "main");
    }
    let kept = serde_json::to_vec(document).expect("documents are JSON");
    let kept: Document = serde_json::from_slice(&kept).expect("what was written is read");
    assert_eq!(kept, *document);
    assert_eq!(to_yaml(&objects(&kept)), to_yaml(&first));
}
