//! How changes look, and the words that all forms share.

mod json;
mod markdown;
mod table;
mod unified;

use clap::builder::styling::Style;
use serde_json::Value;

use super::change::{Change, Changes, What};
use super::fields::FieldChange;
use crate::cli::input::counted;
use crate::cli::ui::{BAD, DIM, GOOD, WARN};
use crate::document::{DocumentId, visible};

pub(in crate::cli) use json::Report;
pub(super) use json::to_json;
pub(super) use markdown::markdown;
pub(super) use table::table;
pub(super) use unified::unified;

/// Fields that a row of the table names.
const FIELDS_SHOWN: usize = 4;
/// Characters of a value that a row shows.
const VALUE_SHOWN: usize = 40;

/// What a push would mean, in a few lines.
pub(super) fn summary(changes: &Changes) -> String {
    let mut lines = vec![counts(changes)];
    lines.extend(restarts(changes));
    let volumes: Vec<String> = changes
        .objects
        .iter()
        .filter(|change| change.takes_data())
        .map(|change| change.object.to_string())
        .collect();
    if !volumes.is_empty() {
        let count = counted(volumes.len(), "volume", "volumes");
        lines.push(format!("this push deletes {count} and what is on it: {}", volumes.join(", ")));
    }
    if !changes.migrations.is_empty() {
        lines.push(format!("migrations that differ: {}", names(&changes.migrations)));
    }
    for (id, why) in &changes.held {
        lines.push(format!("{id} stays as it is: {why}"));
    }
    lines.join("\n") + "\n"
}

/// `10 objects: 4 created, 1 changed`
fn counts(changes: &Changes) -> String {
    let counts: Vec<String> = What::ALL
        .into_iter()
        .map(|what| (what, changes.of(what).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {}", what.word()))
        .collect();
    if counts.is_empty() {
        return "no object changes".to_owned();
    }
    format!("{}: {}", counted(changes.objects.len(), "object", "objects"), counts.join(", "))
}

/// `this push restarts 3 apps: shop/web, …`
fn restarts(changes: &Changes) -> Option<String> {
    let count = counted(changes.restarts.len(), "app", "apps");
    (!changes.restarts.is_empty())
        .then(|| format!("this push restarts {count}: {}", names(&changes.restarts)))
}

fn names<'a>(ids: impl IntoIterator<Item = &'a DocumentId>) -> String {
    let names: Vec<String> = ids.into_iter().map(|id| format!("{}/{}", id.namespace, id.name)).collect();
    names.join(", ")
}

/// `ConfigMap/shop/web-config-1a… -> web-config-2b…`
fn title(change: &Change) -> String {
    match change.replaced_by() {
        Some(successor) => format!("{} -> {}", change.object, successor.name),
        None => change.object.to_string(),
    }
}

/// What people have to know of a change before its fields; empty where there is nothing.
fn remark(change: &Change) -> String {
    let ours = match change.what {
        What::Kept => "the volume stays; `deletion.volumes: delete` would take it with its app",
        What::Deleted if change.takes_data() => "the volume and what is on it",
        What::Refused if change.why.is_none() => "cannot change once applied",
        What::Changed if change.restarts => "restarts the app",
        What::Created | What::Changed | What::Replaced | What::Deleted | What::Refused | What::NotOurs => "",
    };
    let parts = [ours, change.why.as_deref().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The fields that differ. The name of what takes an object's place is in its title.
fn shown_fields(change: &Change) -> Vec<&FieldChange> {
    let is_name = |field: &FieldChange| change.what == What::Replaced && field.path == "metadata.name";
    change.fields.iter().filter(|field| !is_name(field)).collect()
}

/// A value in a few characters of one line.
fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > VALUE_SHOWN || line.len() < text.trim_end().len() {
        format!("{}…", visible(&line.chars().take(VALUE_SHOWN).collect::<String>()))
    } else {
        visible(line).into_owned()
    }
}

fn style(word: &str) -> Option<Style> {
    match word {
        "created" => Some(GOOD),
        "changed" | "replaced" | "not" => Some(WARN),
        "deleted" | "refused" => Some(BAD),
        "kept" => Some(DIM),
        _ => None,
    }
}
