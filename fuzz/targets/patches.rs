//! Patches as a document has them, in JSON, on the objects of an app that has one of nearly each kind.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use pure::document::{App, Document, DocumentId, Patch, Policy};
use pure::object::{Object, Owner};
use pure::render::{RendererVersion, Run, judge, render_document};
use serde_json::json;

/// What says which object it is, and whose.
const IDENTITY: [&str; 5] = [
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/namespace",
    "/metadata/labels/portfolio.dev~1source",
];

fn app(patches: &[Patch]) -> App {
    let spec = json!({
        "image": "example.com/a:1", "replicas": 3, "port": 8080, "config": {"a": "b"},
        "storage": {"data": {"size": "1Gi", "mountPath": "/data", "accessMode": "ReadWriteMany"}},
        "ingress": {"host": "a.example.com"},
        "jobs": {"clean": {"schedule": "0 3 * * *", "command": ["clean"]}},
    });
    let mut app: App =
        serde_json::from_value(json!({"id": DocumentId::app("b", "a"), "spec": spec})).expect("an app");
    app.spec.patches = patches.to_vec();
    app
}

fn objects(app: &App) -> Vec<Object> {
    let owner = Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() };
    let document: Document =
        serde_json::from_value(json!({"app": {"value": app, "hash": ""}})).expect("a document");
    render_document(&document, &owner, Run::default(), RendererVersion::CURRENT)
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(patches) = serde_json::from_slice::<Vec<Patch>>(bytes) else { return Corpus::Reject };
    let patched = app(&patches);
    let findings = judge(&patched, &Policy::default());
    let (before, after) = (objects(&app(&[])), objects(&patched));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        // Whatever a patch does, the object stays the one that it is, and ours.
        assert_eq!(before.reference, after.reference);
        for pointer in IDENTITY {
            assert_eq!(before.content.pointer(pointer), after.content.pointer(pointer), "{pointer}");
        }
    }
    assert!(!patches.is_empty() || findings.is_empty() && before == after);
    Corpus::Keep
});
