//! [`Report`]: changes for programs. Its schema is `portfolio schema diff`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::diff::about::About;
use crate::cli::diff::change::{Change, Changes, What};
use crate::cli::diff::fields::FieldChange;
use crate::document::DocumentId;
use crate::object::ObjectRef;

/// What a push would change, object by object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Diff")]
pub(in crate::cli) struct Report<'a> {
    /// What there is now: a revision, or the cluster.
    from: &'a str,
    /// What there would be: a revision, or the files as they are.
    to: &'a str,
    /// Name of the source.
    source: &'a str,
    /// The environment whose overlays were merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    /// How many objects, by what becomes of them.
    counts: Counts,
    /// The objects that differ, by kind and name.
    objects: Vec<ObjectChange<'a>>,
    /// The apps whose pods are replaced, as `Kind/namespace/name`.
    #[schemars(with = "Vec<String>")]
    restarts: Vec<&'a DocumentId>,
    /// The migrations that differ, as `Kind/namespace/name`.
    #[schemars(with = "Vec<String>")]
    migrations: Vec<&'a DocumentId>,
    /// Documents that stay as they are.
    held: Vec<Held<'a>>,
    /// What is wrong with the documents, in one line each.
    errors: &'a [String],
}

/// Objects, by what becomes of them; what does not occur is left out.
type Counts = BTreeMap<What, usize>;

/// An object that differs.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ObjectChange<'a> {
    /// The object, as `Kind/namespace/name`.
    #[schemars(with = "String")]
    object: &'a ObjectRef,
    /// The document that it comes from, as `Kind/namespace/name`.
    #[schemars(with = "String")]
    document: &'a DocumentId,
    /// What becomes of it.
    change: What,
    /// Pods that run are replaced by it.
    restarts: bool,
    /// The fields that differ, where it is there before and after.
    fields: &'a [FieldChange],
    /// The object that takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    replaced_by: Option<&'a ObjectRef>,
    /// Why it is refused, or whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// A document that stays as it is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Held<'a> {
    /// The document, as `Kind/namespace/name`.
    #[schemars(with = "String")]
    document: &'a DocumentId,
    /// Why.
    message: &'a str,
}

impl<'a> Report<'a> {
    fn of(changes: &'a Changes, about: &'a About) -> Self {
        let mut counts = Counts::new();
        for change in &changes.objects {
            *counts.entry(change.what).or_default() += 1;
        }
        Self {
            from: &about.from,
            to: &about.to,
            source: &about.source,
            environment: about.environment.as_deref(),
            counts,
            objects: changes.objects.iter().map(ObjectChange::of).collect(),
            restarts: changes.restarts.iter().collect(),
            migrations: changes.migrations.iter().collect(),
            held: changes.held.iter().map(|(document, message)| Held { document, message }).collect(),
            errors: &changes.errors,
        }
    }
}

impl<'a> ObjectChange<'a> {
    fn of(change: &'a Change) -> Self {
        Self {
            object: &change.object,
            document: &change.document,
            change: change.what,
            restarts: change.restarts,
            fields: &change.fields,
            replaced_by: change.replaced_by(),
            message: change.why.as_deref(),
        }
    }
}

/// The report as JSON.
pub(in crate::cli::diff) fn to_json(changes: &Changes, about: &About) -> String {
    let report = serde_json::to_value(Report::of(changes, about)).unwrap_or_default();
    format!("{report:#}\n")
}
