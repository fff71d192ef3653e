//! How changes look: as a table, as a unified diff of YAML, as JSON.

use clap::builder::styling::Style;
use serde_json::{Value, json};
use similar::TextDiff;

use super::changes::{Change, Changes, What};
use super::fields::FieldChange;
use crate::cli::Paint;
use crate::cli::input::counted;
use crate::cli::report::table::Columns;
use crate::cli::ui::{BAD, BOLD, BUSY, DIM, GOOD, WARN};
use crate::document::DocumentId;
use crate::object::Object;
use crate::render::to_yaml;

/// Fields that a row of the table names.
const FIELDS_SHOWN: usize = 4;
/// Characters of a value that a row shows.
const VALUE_SHOWN: usize = 40;

/// One row an object, then what it means.
pub(super) fn table(changes: &Changes, width: Option<u16>, paint: Paint) -> String {
    let mut text = String::new();
    if !changes.objects.is_empty() {
        let mut table = Columns::new(&["CHANGE", "OBJECT", "FIELDS"]);
        for change in &changes.objects {
            table.row([word(change.what).to_owned(), change.object.to_string(), what(change)]);
        }
        text.push_str(&table.text(width, paint, "CHANGE", style));
        text.push('\n');
    }
    text.push_str(&summary(changes));
    text
}

/// What a push would mean, in a few lines.
pub(super) fn summary(changes: &Changes) -> String {
    let mut lines = Vec::new();
    let counts: Vec<String> =
        [What::Created, What::Changed, What::Replaced, What::Deleted, What::Kept, What::Refused]
            .into_iter()
            .map(|what| (what, changes.objects.iter().filter(|change| change.what == what).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!("{count} {}", word(what)))
            .collect();
    lines.push(if counts.is_empty() {
        "no object changes".to_owned()
    } else {
        format!("{}: {}", counted(changes.objects.len(), "object", "objects"), counts.join(", "))
    });
    if !changes.restarts.is_empty() {
        let count = counted(changes.restarts.len(), "app", "apps");
        lines.push(format!("this push restarts {count}: {}", names(&changes.restarts)));
    }
    if !changes.migrations.is_empty() {
        lines.push(format!("migrations that differ: {}", names(&changes.migrations)));
    }
    for (id, why) in &changes.held {
        lines.push(format!("{id} stays as it is: {why}"));
    }
    lines.join("\n") + "\n"
}

fn names<'a>(ids: impl IntoIterator<Item = &'a DocumentId>) -> String {
    let names: Vec<String> = ids.into_iter().map(|id| format!("{}/{}", id.namespace, id.name)).collect();
    names.join(", ")
}

fn what(change: &Change) -> String {
    match change.what {
        What::Created | What::Deleted => String::new(),
        What::Kept => "the volume stays; `deletion.volumes: delete` would take it".to_owned(),
        What::Replaced => {
            let name = change.after.as_ref().map(|after| after.reference.name.as_str()).unwrap_or_default();
            let is_content = |field: &&FieldChange| field.path != "metadata.name";
            let fields: Vec<FieldChange> = change.fields.iter().filter(is_content).cloned().collect();
            format!("by {name}; {}", field_words(&fields))
        }
        What::Refused => format!("cannot change once applied: {}", field_words(&change.fields)),
        What::Changed => field_words(&change.fields),
    }
}

fn field_words(fields: &[FieldChange]) -> String {
    let mut words: Vec<String> = fields
        .iter()
        .take(FIELDS_SHOWN)
        .map(|field| match (&field.before, &field.after) {
            (Some(before), Some(after)) => format!("{}: {} -> {}", field.path, shown(before), shown(after)),
            (None, _) => format!("+{}", field.path),
            (_, None) => format!("-{}", field.path),
        })
        .collect();
    if fields.len() > FIELDS_SHOWN {
        words.push(format!("{} more", fields.len() - FIELDS_SHOWN));
    }
    words.join(", ")
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > VALUE_SHOWN || line.len() < text.trim_end().len() {
        format!("{}…", line.chars().take(VALUE_SHOWN).collect::<String>())
    } else {
        line.to_owned()
    }
}

/// A unified diff of the objects' YAML.
pub(super) fn unified(changes: &Changes, paint: Paint) -> String {
    let mut text = String::new();
    for change in changes.objects.iter().filter(|change| change.what != What::Kept) {
        let (before, after) = (yaml(change.before.as_ref()), yaml(change.after.as_ref()));
        let name = |side: char, object: Option<&Object>| {
            object.map_or_else(|| "/dev/null".to_owned(), |object| format!("{side}/{}", object.reference))
        };
        let names = (name('a', change.before.as_ref()), name('b', change.after.as_ref()));
        let diff = TextDiff::from_lines(&before, &after);
        let diff = diff.unified_diff().context_radius(3).header(&names.0, &names.1).to_string();
        for line in diff.lines() {
            let style = match line.as_bytes() {
                [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => Some(BOLD),
                [b'-', ..] => Some(BAD),
                [b'+', ..] => Some(GOOD),
                [b'@', ..] => Some(BUSY),
                _ => None,
            };
            text.push_str(&style.map_or_else(|| line.to_owned(), |style| paint.paint(style, line)));
            text.push('\n');
        }
    }
    text
}

fn yaml(object: Option<&Object>) -> String {
    let text = object.map(|object| to_yaml(std::slice::from_ref(object))).unwrap_or_default();
    text.strip_prefix("---\n").unwrap_or(&text).to_owned()
}

/// For programs.
pub(super) fn to_json(changes: &Changes) -> String {
    let objects: Vec<Value> = changes
        .objects
        .iter()
        .map(|change| {
            json!({
                "object": change.object,
                "document": change.document,
                "change": change.what,
                "fields": change.fields,
                "replacedBy": match change.what {
                    What::Replaced => change.after.as_ref().map(|after| &after.reference),
                    _ => None,
                },
            })
        })
        .collect();
    let held: Vec<Value> =
        changes.held.iter().map(|(id, why)| json!({"document": id, "message": why})).collect();
    format!(
        "{:#}\n",
        json!({
            "objects": objects,
            "restarts": changes.restarts,
            "migrations": changes.migrations,
            "held": held,
        })
    )
}

const fn word(what: What) -> &'static str {
    match what {
        What::Created => "created",
        What::Changed => "changed",
        What::Replaced => "replaced",
        What::Deleted => "deleted",
        What::Kept => "kept",
        What::Refused => "refused",
    }
}

fn style(word: &str) -> Option<Style> {
    match word {
        "created" => Some(GOOD),
        "changed" | "replaced" => Some(WARN),
        "deleted" | "refused" => Some(BAD),
        "kept" => Some(DIM),
        _ => None,
    }
}
