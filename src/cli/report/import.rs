//! What came of an import, as people read it: the documents, and a report beside them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::Paint;
use crate::cli::ui::{BAD, BOLD, DIM, GOOD, WARN};
use crate::document::visible;
use crate::import::{Fate, Finding, Imported, ImportedApp, Restart};

/// The documents as one stream of YAML.
pub fn documents(apps: &[ImportedApp]) -> String {
    let mut text = String::new();
    for app in apps {
        text.push_str("---\n");
        text.push_str(&app.text);
    }
    text
}

/// Everything there is to say besides the documents.
pub fn report(imported: &Imported, paint: Paint) -> String {
    let mut text = String::new();
    for app in &imported.apps {
        of_app(app, paint, &mut text);
    }
    if !imported.findings.is_empty() {
        let _ = writeln!(text, "{}", paint.paint(BOLD, "In no document"));
        one_by_one(&imported.findings.iter().collect::<Vec<_>>(), paint, &mut text);
        text.push('\n');
    }
    summary(imported, paint, &mut text);
    text
}

fn of_app(app: &ImportedApp, paint: Paint, text: &mut String) {
    let _ = writeln!(text, "{}", paint.paint(BOLD, &app.id));
    let origins: Vec<String> = app
        .origins
        .iter()
        .map(|(object, place)| format!("{object} ({}:{})", visible(&place.file), place.line))
        .collect();
    let _ = writeln!(text, "  made of {}", origins.join(", "));
    match &app.restart {
        Some(Restart::None) => {
            let _ = writeln!(text, "  adopting it restarts nothing: the pods' template stays the same");
        }
        Some(Restart::Rollout(why)) => {
            let _ = writeln!(
                text,
                "  adopting it replaces the pods once, as `rollout` says, because of {}",
                few(why)
            );
        }
        None => {}
    }
    let mut needs = Vec::new();
    if !app.needs.kinds.is_empty() {
        needs.push(format!("kinds: [{}]", app.needs.kinds.join(", ")));
    }
    if app.needs.privileged {
        needs.push("privileged: true".to_owned());
    }
    if !needs.is_empty() {
        let _ = writeln!(text, "  it needs `allow: {{{}}}` in the daemon's configuration", needs.join(", "));
    }
    let of = |fates: &[Fate]| app.findings.iter().filter(|one| fates.contains(&one.fate)).collect::<Vec<_>>();
    one_by_one(&of(&[Fate::Unfit, Fate::Note, Fate::Folded]), paint, text);
    let owned = of(&[Fate::Owned]);
    if !owned.is_empty() {
        let _ = writeln!(text, "  labels that portfolio sets itself from now on:");
        for finding in owned {
            let _ = writeln!(text, "    {}{}: {}", place(finding), finding.object, finding.message);
        }
    }
    let kept = of(&[Fate::Patched]);
    if !kept.is_empty() {
        let _ = writeln!(text, "  kept by a patch, as no field says it:");
        for finding in kept {
            let _ = writeln!(text, "    {}{} {}", place(finding), finding.object, finding.path);
        }
    }
    together(
        "what portfolio adds and a patch leaves out, so that nothing changes",
        &of(&[Fate::LeftOut]),
        text,
    );
    let (objects, fields): (Vec<_>, Vec<_>) =
        of(&[Fate::Added]).into_iter().partition(|finding| finding.path.is_empty());
    together("added by portfolio", &fields, text);
    let title = if app.restart.is_some() {
        "objects that portfolio adds (import what bears one of these names already, or the document takes it over)"
    } else {
        "objects that portfolio adds"
    };
    together(title, &objects, text);
    text.push('\n');
}

fn one_by_one(findings: &[&Finding], paint: Paint, text: &mut String) {
    for finding in findings {
        let (word, style) = match finding.fate {
            Fate::Unfit => ("did not fit", BAD),
            Fate::Note => ("note", WARN),
            Fate::Folded => ("in other words", GOOD),
            Fate::Owned | Fate::Patched | Fate::LeftOut | Fate::Added => ("", DIM),
        };
        let path = if finding.path.is_empty() { String::new() } else { format!(" {}", finding.path) };
        let _ = writeln!(
            text,
            "  {}: {}{}{path}: {}",
            paint.paint(style, word),
            place(finding),
            finding.object,
            finding.message
        );
    }
}

/// Findings of one kind, object by object.
fn together(title: &str, findings: &[&Finding], text: &mut String) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "  {title}:");
    let mut objects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in findings {
        let (object, path) = match finding.path.strip_prefix("spec.template.") {
            Some(path) => (format!("{}, pods", finding.object), path.strip_prefix("spec.").unwrap_or(path)),
            None => (finding.object.clone(), finding.path.as_str()),
        };
        let own = path.find("[app.kubernetes.io/").and_then(|at| path.get(..at));
        let path = own.map_or_else(|| path.to_owned(), |map| format!("{map}[app.kubernetes.io/…]"));
        let paths = objects.entry(object).or_default();
        if !path.is_empty() && !paths.contains(&path) {
            paths.push(path);
        }
    }
    for (object, paths) in objects {
        let mut line = format!("    {object}");
        for (number, path) in paths.iter().enumerate() {
            let separator = if number == 0 { ": " } else { ", " };
            if line.chars().count() + separator.len() + path.chars().count() > WIDTH && number > 0 {
                let _ = writeln!(text, "{line},");
                line = format!("      {path}");
            } else {
                line.extend([separator, path]);
            }
        }
        let _ = writeln!(text, "{line}");
    }
}

/// What a line of names holds.
const WIDTH: usize = 110;

fn place(finding: &Finding) -> String {
    finding
        .place
        .as_ref()
        .map(|place| format!("{}:{} ", visible(&place.file), place.line))
        .unwrap_or_default()
}

fn few(texts: &[String]) -> String {
    const MOST: usize = 3;
    let shown = texts.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn summary(imported: &Imported, paint: Paint, text: &mut String) {
    let all = imported.apps.iter().flat_map(|app| &app.findings).chain(&imported.findings);
    let unfit = all.filter(|finding| finding.fate == Fate::Unfit).count();
    let documents = match imported.apps.len() {
        1 => "1 document".to_owned(),
        count => format!("{count} documents"),
    };
    let _ = match unfit {
        0 => writeln!(text, "{documents}; {}", paint.paint(GOOD, "everything fitted")),
        1 => writeln!(text, "{documents}; {}", paint.paint(BAD, "1 thing did not fit")),
        count => writeln!(text, "{documents}; {}", paint.paint(BAD, format!("{count} things did not fit"))),
    };
}
