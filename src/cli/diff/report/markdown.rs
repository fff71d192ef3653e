//! [`markdown`]: one comment on a merge request, which the next push writes over.
//!
//! Its first line is a marker that nobody sees, by which a pipeline finds the comment again. Whatever happens to be in
//! the objects, it stays a comment of this form: values are escaped to the last character, fences are longer than any
//! in them, and what does not fit is left out in whole blocks.

use std::fmt::Write as _;

use super::unified::of_object;
use super::{FIELDS_SHOWN, counts, remark, shown, shown_fields, title};
use crate::cli::diff::about::About;
use crate::cli::diff::change::{Change, Changes, What};
use crate::cli::diff::fields::FieldChange;
use crate::cli::input::counted;
use crate::document::{DocumentId, visible};

/// Characters of a comment. GitHub takes 65,536, GitLab a million.
const LIMIT: usize = 60_000;
/// Characters after which the table ends.
const TABLE_ENDS: usize = 20_000;
/// Names or messages that a line of the summary holds.
const NAMED: usize = 20;
/// Characters of a message.
const MESSAGE: usize = 300;

/// The comment.
pub(in crate::cli::diff) fn markdown(changes: &Changes, about: &About) -> String {
    let mut comment = Comment::default();
    comment.push(&format!("{}\n", about.marker()));
    comment.push(&head(changes, about));
    comment.push(&calls(changes));
    comment.push(&troubles(changes));
    table(&mut comment, changes);
    details(&mut comment, changes, about);
    comment.text
}

/// A text that knows its length.
#[derive(Default)]
struct Comment {
    text: String,
    chars: usize,
}

impl Comment {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.chars += text.chars().count();
    }

    fn fits(&self, text: &str, limit: usize) -> bool {
        self.chars + text.chars().count() <= limit
    }
}

fn head(changes: &Changes, about: &About) -> String {
    let place = about.environment.as_deref().map(|name| format!(" in {}", code(name))).unwrap_or_default();
    let counts = counts(changes);
    let sides = format!("{} → {}", code(&about.from), code(&about.to));
    format!("### What this push changes{place}\n\n**{counts}** ({sides})\n\n")
}

/// What a reviewer must not overlook.
fn calls(changes: &Changes) -> String {
    let mut text = String::new();
    let refs = |wanted: fn(&Change) -> bool| -> Vec<String> {
        changes
            .objects
            .iter()
            .filter(|change| wanted(change))
            .map(|change| change.object.to_string())
            .collect()
    };
    let volumes = refs(Change::takes_data);
    if !volumes.is_empty() {
        let count = counted(volumes.len(), "volume", "volumes");
        let _ = writeln!(
            text,
            "> [!CAUTION]\n> **This push deletes {count} and what is on it:** {}\n",
            listed(&volumes)
        );
    }
    let ids = |ids: &mut dyn Iterator<Item = &DocumentId>| -> Vec<String> {
        ids.map(|id| format!("{}/{}", id.namespace, id.name)).collect()
    };
    let restarts = ids(&mut changes.restarts.iter());
    let mut lines = Vec::new();
    if !restarts.is_empty() {
        let count = counted(restarts.len(), "app", "apps");
        lines.push(format!("this push **restarts {count}**: {}", listed(&restarts)));
    }
    let deleted = refs(|change| change.what == What::Deleted && !change.takes_data());
    if !deleted.is_empty() {
        let count = counted(deleted.len(), "object", "objects");
        lines.push(format!("this push **deletes {count}**: {}", listed(&deleted)));
    }
    let kept = refs(|change| change.what == What::Kept);
    if !kept.is_empty() {
        lines.push(format!("volumes that stay without an app: {}", listed(&kept)));
    }
    let migrations = ids(&mut changes.migrations.iter());
    if !migrations.is_empty() {
        lines.push(format!("migrations that differ: {}", listed(&migrations)));
    }
    for line in &lines {
        let _ = writeln!(text, "- {line}");
    }
    if lines.is_empty() { text } else { text + "\n" }
}

/// What does not become as the push wants it.
fn troubles(changes: &Changes) -> String {
    let held: Vec<String> =
        changes.held.iter().map(|(id, why)| format!("{}: {}", code(&id.to_string()), said(why))).collect();
    let is_refused = |change: &&Change| matches!(change.what, What::Refused | What::NotOurs);
    let refused: Vec<String> = changes
        .objects
        .iter()
        .filter(is_refused)
        .map(|change| {
            format!("{} {}: {}", code(&change.object.to_string()), change.what.word(), said(&remark(change)))
        })
        .collect();
    let errors: Vec<String> = changes.errors.iter().map(|error| said(error)).collect();
    let mut text = String::new();
    for (one, many, lines) in [
        ("document stays as it is", "documents stay as they are", &held),
        ("object is left as it is", "objects are left as they are", &refused),
        ("error in the documents", "errors in the documents", &errors),
    ] {
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(text, "> [!WARNING]\n> **{}**", counted(lines.len(), one, many));
        for line in lines.iter().take(NAMED) {
            let _ = writeln!(text, "> - {line}");
        }
        if lines.len() > NAMED {
            let _ = writeln!(text, "> - and {} more", lines.len() - NAMED);
        }
        text.push('\n');
    }
    text
}

fn table(comment: &mut Comment, changes: &Changes) {
    if changes.objects.is_empty() {
        return;
    }
    comment.push("| change | object | fields |\n|---|---|---|\n");
    let mut left = 0;
    for change in ordered(changes) {
        let row = format!("| {} | {} | {} |\n", change.what.word(), code(&title(change)), cell(change));
        if left == 0 && comment.fits(&row, TABLE_ENDS) {
            comment.push(&row);
        } else {
            left += 1;
        }
    }
    if left > 0 {
        comment.push(&format!("\nand {} more\n", counted(left, "object", "objects")));
    }
    comment.push("\n");
}

fn cell(change: &Change) -> String {
    let fields = shown_fields(change);
    let mut words: Vec<String> = fields.iter().take(FIELDS_SHOWN).map(|field| field_cell(field)).collect();
    if fields.len() > FIELDS_SHOWN {
        words.push(format!("{} more", fields.len() - FIELDS_SHOWN));
    }
    words.splice(..0, said_of(change));
    words.join("<br>")
}

fn field_cell(field: &FieldChange) -> String {
    let path = code(&field.path);
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => format!("{path}: {} → {}", code(&shown(before)), code(&shown(after))),
        (None, _) => format!("{path} added"),
        (_, None) => format!("{path} removed"),
    }
}

/// A block an object, as many as fit, and a line about the others.
fn details(comment: &mut Comment, changes: &Changes, about: &About) {
    let blocks: Vec<String> = ordered(changes).into_iter().filter_map(block).collect();
    let rest = |left: usize| {
        let left = counted(left, "object is", "objects are");
        format!(
            "{left} not shown here for want of room: {}\n",
            code(&format!("{} --format unified", about.command))
        )
    };
    let room = LIMIT.saturating_sub(rest(blocks.len()).chars().count());
    let mut left = 0;
    for block in &blocks {
        if comment.fits(block, room) {
            comment.push(block);
        } else {
            left += 1;
        }
    }
    if left > 0 {
        comment.push(&rest(left));
    }
}

/// None where there is no difference to be shown.
fn block(change: &Change) -> Option<String> {
    let diff = if change.what == What::Kept { String::new() } else { of_object(change) };
    if diff.is_empty() {
        return None;
    }
    let (fence, title) = (fence(&diff), code(&title(change)));
    let remark = said_of(change).map(|remark| format!(": {remark}")).unwrap_or_default();
    Some(format!(
        "<details><summary><b>{}</b> {title}{remark}</summary>\n\n{fence}diff\n{diff}{fence}\n\n</details>\n\n",
        change.what.word()
    ))
}

/// What cannot be taken back comes first.
fn ordered(changes: &Changes) -> Vec<&Change> {
    let rank = |change: &&Change| match change.what {
        What::Refused => 0,
        What::NotOurs => 1,
        What::Deleted if change.takes_data() => 2,
        What::Deleted => 3,
        What::Replaced => 4,
        What::Changed => 5,
        What::Created => 6,
        What::Kept => 7,
    };
    let mut ordered: Vec<&Change> = changes.objects.iter().collect();
    ordered.sort_by_key(rank);
    ordered
}

fn listed(names: &[String]) -> String {
    let mut listed: Vec<String> = names.iter().take(NAMED).map(|name| code(name)).collect();
    if names.len() > NAMED {
        listed.push(format!("and {} more", names.len() - NAMED));
    }
    listed.join(", ")
}

/// The remark on a change: in our words as text, in others' as code, since they may mention anybody.
fn said_of(change: &Change) -> Option<String> {
    let remark = Some(remark(change)).filter(|remark| !remark.is_empty())?;
    Some(if change.why.is_some() { said(&remark) } else { escaped(&remark) })
}

/// A message of one line.
fn said(message: &str) -> String {
    code(&cut(message))
}

fn cut(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MESSAGE { line } else { line.chars().take(MESSAGE).chain(['…']).collect() }
}

/// A text as it is, in the type of code: nobody is mentioned in it, nothing becomes a link or an issue.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// A text in which no character means anything to Markdown or HTML, a table's cell included.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let text = text.replace(['\n', '\r', '\t'], " ");
    for char in visible(&text).chars() {
        match char {
            '&' | '<' | '>' | '"' | '\'' | '|' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '!'
            | '~' | '\\' | '$' | '^' | '@' | ':' => {
                let _ = write!(escaped, "&#{};", u32::from(char));
            }
            char => escaped.push(char),
        }
    }
    escaped
}

/// Longer than any run of backticks within.
fn fence(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(3.max(longest + 1))
}

#[cfg(test)]
mod tests;
