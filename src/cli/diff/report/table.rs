//! [`table`]: one row an object, then what it means.

use super::{FIELDS_SHOWN, remark, shown, shown_fields, style, summary, title};
use crate::cli::Paint;
use crate::cli::diff::change::{Change, Changes};
use crate::cli::report::table::Columns;

/// A table for a terminal.
pub(in crate::cli::diff) fn table(changes: &Changes, width: Option<u16>, paint: Paint) -> String {
    let mut text = String::new();
    if !changes.objects.is_empty() {
        let mut table = Columns::new(&["CHANGE", "OBJECT", "FIELDS"]);
        for change in &changes.objects {
            table.row([change.what.word().to_owned(), title(change), what(change)]);
        }
        text.push_str(&table.text(width, paint, "CHANGE", style));
        text.push('\n');
    }
    text.push_str(&summary(changes));
    text
}

fn what(change: &Change) -> String {
    let fields = shown_fields(change);
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
    let parts = [remark(change), words.join(", ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
