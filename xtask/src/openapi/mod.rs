//! The structure of Kubernetes' objects, reduced to what `document::structure` checks documents by.
//!
//! `source` fetches what Kubernetes publishes of each supported minor version, `reduce` keeps of it what can
//! be written into an object of a namespace, `enums` adds the values that a text may have, `merge` puts the
//! versions together, noting what came and what went, and `text` writes that down a field a line.

mod enums;
mod merge;
mod reduce;
mod source;
mod text;

use anyhow::Result;

/// A release of each supported minor version, oldest first. Fields come and go with minor versions only.
const RELEASES: [&str; 7] = ["v1.31.14", "v1.32.13", "v1.33.13", "v1.34.4", "v1.35.4", "v1.36.3", "v1.37.2"];

/// The path of the generated file in the checkout.
pub const FILE: &str = "src/document/structure/kubernetes.json";

/// Reads every release and gives the text of [`FILE`]. Takes the network, and half a minute.
pub fn generate() -> Result<String> {
    let downloads = source::Downloads::begin()?;
    let mut merged = merge::Merged::default();
    for release in RELEASES {
        crate::say(&format!("reading Kubernetes {release}"));
        let source = downloads.release(release)?;
        let mut reduced = reduce::Reduced::of(&source.documents()?)?;
        reduced.add_values(&enums::read(&source.generated_openapi()?));
        merged.add(source.minor()?, source.module(), reduced)?;
    }
    text::write(&merged.finish()?)
}
