//! Any bytes as a manifest or a compose file, and as what a compose file refers to. A byte that no UTF-8 text contains
//! divides them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pure::document::Diagnostic;
use pure::import::{File, Imported, Options, import, references};
use pure::{answer, tree};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0xff);
    let files = [File { name: "a.yaml".to_owned(), bytes: parts.next().unwrap_or_default().to_vec() }];
    let referred = parts.next().unwrap_or_default();
    let beside = references(&files).into_iter().map(|reference| (reference, referred.to_vec())).collect();
    let options = Options { beside, ..Options::default() };
    check(&import(&files, &options));
    check(&import(&files, &Options { harden: true, ..options }));
});

/// What is written is a document, whatever it was made of; and input with a mistake gives nothing at all.
fn check(imported: &Imported) {
    assert!(imported.errors.is_empty() || imported.apps.is_empty());
    for app in &imported.apps {
        let loaded = answer(&tree([("a.yaml", app.text.as_bytes())]), None);
        // The configuration may allow less than the document needs, which the import has told.
        let wrong = |found: &&Diagnostic| found.is_error() && !found.code.is_policy();
        assert_eq!(loaded.diagnostics.iter().find(wrong), None, "{}", app.text);
    }
}
