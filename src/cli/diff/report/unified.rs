//! [`unified`]: the objects' YAML, as `diff -u` shows it.

use similar::TextDiff;

use super::{remark, title};
use crate::cli::Paint;
use crate::cli::diff::change::{Change, Changes, What};
use crate::cli::ui::{BAD, BOLD, BUSY, GOOD, WARN};
use crate::document::visible_lines;
use crate::object::Object;
use crate::render::to_yaml;

/// A diff that `patch` would read. What cannot be shown that way is a line of remark.
pub(in crate::cli::diff) fn unified(changes: &Changes, paint: Paint) -> String {
    let mut text = String::new();
    for change in changes.objects.iter().filter(|change| change.what != What::Kept) {
        if matches!(change.what, What::Refused | What::NotOurs) {
            let line = format!("# {} {}: {}", change.what.word(), title(change), remark(change));
            text.push_str(&paint.paint(WARN, line));
            text.push('\n');
        }
        for line in of_object(change).lines() {
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

/// The diff of one object; empty where there is nothing to show.
pub(super) fn of_object(change: &Change) -> String {
    let (before, after) = (yaml(change.before.as_ref()), yaml(change.after.as_ref()));
    let name = |side: char, object: Option<&Object>| {
        object.map_or_else(|| "/dev/null".to_owned(), |object| format!("{side}/{}", object.reference))
    };
    let names = (name('a', change.before.as_ref()), name('b', change.after.as_ref()));
    let diff = TextDiff::from_lines(&before, &after);
    let diff = diff.unified_diff().context_radius(3).header(&names.0, &names.1).to_string();
    visible_lines(&diff).into_owned()
}

fn yaml(object: Option<&Object>) -> String {
    let text = object.map(|object| to_yaml(std::slice::from_ref(object))).unwrap_or_default();
    text.strip_prefix("---\n").unwrap_or(&text).to_owned()
}
