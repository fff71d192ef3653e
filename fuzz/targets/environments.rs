//! A `spec` and an overlay, divided by a byte that no UTF-8 text contains.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use pure::document::Loaded;
use pure::{answer, tree};

const HEAD: &str =
    "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nmetadata: {name: a, namespace: b}\nspec:\n";

/// Each line so many columns to the right.
fn indented(text: &str, columns: usize) -> String {
    text.lines().map(|line| format!("{:columns$}{line}\n", "")).collect()
}

fn read(text: &str, environment: Option<&str>) -> Loaded {
    answer(&tree([("a.yaml", text.as_bytes())]), environment)
}

fn hash(loaded: &Loaded) -> Option<&str> {
    loaded.documents.values().next().map(|document| document.document.hash())
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let mut parts = bytes.splitn(2, |byte| *byte == 0xff).map(std::str::from_utf8);
    let (Some(Ok(base)), Some(Ok(overlay))) = (parts.next(), parts.next()) else { return Corpus::Reject };
    // Its documents would be others than the one that is meant.
    if base.contains("environments") || base.contains("---") || overlay.contains("---") {
        return Corpus::Reject;
    }
    let base = format!("{HEAD}{}", indented(base, 2));
    let overlay = indented(overlay, 6);
    let all = format!("{base}  environments:\n    prod:\n{overlay}    test:\n{overlay}");
    let (none, prod, test) = (read(&all, None), read(&all, Some("prod")), read(&all, Some("test")));
    // The same words mean the same in every environment, and nothing where they do not apply.
    assert_eq!(hash(&prod), hash(&test));
    if let Some(none) = hash(&none) {
        assert_eq!(hash(&read(&base, Some("prod"))), Some(none));
    }
    Corpus::Keep
});
