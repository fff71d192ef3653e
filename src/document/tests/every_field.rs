//! Every field of a document, with everything that can be done wrong with it whatever it is for: a value of another
//! type, an empty one, one beyond a limit, a key that is not known, a field or an item that is there twice. Fields and
//! mistakes are derived from the schema, so that a new field is among them; the documents that they are made in are those
//! of the golden files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::accepted::{ACCEPTED, is_accepted};
use self::documents::{documents, goldens};
use self::mistakes::mistakes;
use self::walk::{Field, fields};
use self::write::{Written, write};
use super::*;

mod accepted;
mod documents;
mod mistakes;
mod walk;
mod write;

/// Longer than what fits beside its place.
const MOST_LETTERS: usize = 250;

/// What is said about this text.
fn diagnostics(text: &str) -> Vec<Diagnostic> {
    let mut options = options();
    options.policy.privileged = true;
    let tree = tree(&[("a.yaml", text), ("config/app.toml", "a = 1\n"), ("sql/0001_a.sql", "SELECT 1;\n")]);
    load(&tree, &options, &mut Cache::default()).diagnostics
}

/// A document that sets a field, and what is said about it.
struct Carrier {
    document: Value,
    said: Vec<Diagnostic>,
}

/// The documents that are good, but for what is refused until a later version.
fn carriers(kind: DocumentKind) -> Vec<Carrier> {
    let carriers = documents(kind)
        .into_iter()
        .map(|document| Carrier { said: diagnostics(&serde_yaml::to_string(&document).unwrap()), document });
    let is_bad = |one: &Diagnostic| one.is_error() && one.code != Code::NotSupportedYet;
    carriers.filter(|carrier| !carrier.said.iter().any(is_bad)).collect()
}

/// What is said about a mistake, beside what was said before it was made.
#[derive(Default)]
struct Answer {
    lines: String,
    is_refused: bool,
    /// What is said of another place than where the mistake is, or in a form that people cannot read.
    astray: Vec<String>,
}

impl Answer {
    fn to(written: &Written, before: &[Diagnostic]) -> Self {
        let is_new = |one: &&Diagnostic| {
            !before.iter().any(|other| (other.code, &other.message) == (one.code, &one.message))
        };
        let mut answer = Self::default();
        for one in diagnostics(&written.text).iter().filter(is_new) {
            let label = || one.labels.iter().find_map(|label| written.spot(label.span));
            let place = match (written.spot(one.span), label()) {
                (Some(spot), _) => format!("at the {spot}"),
                (None, Some(spot)) => format!("pointing to the {spot}"),
                (None, None) => {
                    answer.astray.push(one.to_string());
                    format!("at {}:{}", one.span.line, one.span.column)
                }
            };
            answer.is_refused |=
                one.is_error() && place != format!("at {}:{}", one.span.line, one.span.column);
            for text in one.help.iter().chain([&one.message]) {
                if text.contains(char::is_control) || text.chars().count() > MOST_LETTERS {
                    answer.astray.push(format!("it fits no line: {text}"));
                }
            }
            answer.lines.push_str(&format!("    {}[{}] {place}: {}\n", one.severity, one.code, one.message));
            if let Some(help) = &one.help {
                answer.lines.push_str(&format!("      help: {help}\n"));
            }
        }
        answer
    }
}

/// What is said about all mistakes of a kind of document, and what of it is not as it should be.
struct Report {
    kind: DocumentKind,
    shown: String,
    wrong: Vec<String>,
    /// Entries of the list of what is accepted.
    used: BTreeSet<usize>,
    /// What is said about a field in other words than its name, with the first field that it is said of.
    seen: BTreeMap<String, String>,
}

impl Report {
    fn of(kind: DocumentKind) -> Self {
        let carriers = carriers(kind);
        let (shown, wrong, used, seen) = Default::default();
        let mut report = Self { kind, shown, wrong, used, seen };
        for field in fields(kind) {
            let carrier =
                carriers.iter().find_map(|carrier| Some((carrier, field.place_in(&carrier.document)?)));
            match carrier {
                Some((carrier, path)) => report.field(&field, carrier, &path),
                None => report.wrong.push(format!("{field}: no valid document has it")),
            }
        }
        report
    }

    fn field(&mut self, field: &Field, carrier: &Carrier, path: &[String]) {
        let mut block = String::new();
        for mistake in mistakes(field) {
            let written = write(&carrier.document, path, &mistake);
            let answer = Answer::to(&written, &carrier.said);
            block.push_str(&format!("  {}\n{}", written.shown, answer.lines));
            match is_accepted(self.kind, field, &written.shown) {
                _ if answer.is_refused => {}
                Some((at, reason)) => {
                    self.used.insert(at);
                    if answer.lines.is_empty() {
                        block.push_str(&format!("    accepted: {reason}\n"));
                    }
                    continue;
                }
                None => self.wrong.push(format!("{field}: {}: it is accepted", written.shown)),
            }
            self.wrong.extend(answer.astray.iter().map(|one| format!("{field}: {}: {one}", written.shown)));
        }
        let name = path.iter().rev().find(|part| part.parse::<usize>().is_err()).map_or("", String::as_str);
        let nameless = block.replace(&format!("`{name}"), "`·");
        let first = self.seen.entry(nameless).or_insert_with(|| field.to_string());
        if *first == field.to_string() {
            self.shown.push_str(&format!("{field}\n{block}\n"));
        } else {
            self.shown.push_str(&format!("{field}\n  as {first}\n\n"));
        }
    }
}

#[test]
fn whatever_is_done_wrong_with_a_field_is_said_where_it_is() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for kind in DocumentKind::ALL {
        let report = Report::of(kind);
        insta::assert_snapshot!(kind.name(), report.shown);
        wrong.extend(report.wrong);
        used.extend(report.used);
    }
    let unused = ACCEPTED.iter().enumerate().filter(|(at, _)| !used.contains(at));
    wrong.extend(unused.map(|(_, accepted)| format!("nothing is accepted as {accepted:?}")));
    assert!(wrong.is_empty(), "{} mistakes:\n{}", wrong.len(), wrong.join("\n"));
}

/// The document with a field of its `spec` in an overlay, and the path of what is in it there. What `spec` needs stays.
fn in_overlay(document: &Value, path: &[String]) -> Option<(Value, Vec<String>)> {
    let (spec, field) = match path {
        [spec, field, ..] if spec == "spec" && field != "environments" => (spec, field),
        _ => return None,
    };
    let mut document = document.clone();
    let fields = document[spec].as_object_mut()?;
    let value = if field == "image" { fields[field].clone() } else { fields.remove(field)? };
    let mut overlay = serde_json::Map::new();
    overlay.insert(field.clone(), value);
    fields.insert("environments".to_owned(), serde_json::json!({"prod": overlay}));
    let path =
        ["spec", "environments", "prod"].map(str::to_owned).into_iter().chain(path[1..].iter().cloned());
    Some((document, path.collect()))
}

#[test]
fn a_mistake_in_an_overlay_is_said_there() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for kind in DocumentKind::ALL {
        let carriers = carriers(kind);
        for field in fields(kind) {
            let carrier =
                carriers.iter().find_map(|carrier| Some((carrier, field.place_in(&carrier.document)?)));
            let Some((carrier, path)) = carrier else { continue };
            let Some((overlaid, overlaid_path)) = in_overlay(&carrier.document, &path) else { continue };
            let said = diagnostics(&serde_yaml::to_string(&overlaid).unwrap());
            for mistake in mistakes(&field) {
                let plain = write(&carrier.document, &path, &mistake);
                let overlaid = write(&overlaid, &overlaid_path, &mistake);
                // Null takes a field away there, and merges a map with nothing.
                let is_merged = matches!(overlaid.shown.as_str(), "null" | "{}");
                let is_refused = Answer::to(&plain, &carrier.said).is_refused;
                compared += usize::from(is_refused && !is_merged);
                if is_refused && !is_merged && !Answer::to(&overlaid, &said).is_refused {
                    wrong.push(format!("{field}: {}\n{}", overlaid.shown, overlaid.text));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} mistakes:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn every_field_is_set_in_a_golden_object() {
    for kind in DocumentKind::ALL {
        let goldens = goldens(kind);
        let without: Vec<String> = fields(kind)
            .iter()
            .filter(|field| field.is_leaf() && goldens.iter().all(|golden| field.place_in(golden).is_none()))
            .map(ToString::to_string)
            .filter(|field| !documents::shows_in_no_object(field))
            .collect();
        assert_eq!(without, Vec::<String>::new());
    }
}
