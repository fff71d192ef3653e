//! Pages of `portfolio explain`: of a code, of a field, and the list of all codes.

use std::collections::BTreeSet;

use clap::builder::styling::Style;
use serde_json::{Value, json};
use textwrap::{Options, fill};

use super::table::Columns;
use crate::cli::Paint;
use crate::cli::ui::{BAD, BOLD, BUSY, GOOD};
use crate::document::Code;
use crate::document::explain::{Field, Page, page};

/// How wide prose is at most; longer lines are hard to read.
const MOST_WIDTH: u16 = 100;

/// Every code with its title.
pub fn codes(paint: Paint, width: Option<u16>) -> String {
    let mut table = Columns::new(&["CODE", "RULE", "WHAT IT IS ABOUT"]);
    for code in Code::ALL {
        table.row([code.to_string(), code.rule().to_owned(), code.title().to_owned()]);
    }
    table.text(width, paint, "CODE", |_| Some(BOLD))
}

/// The page of a code.
pub fn code(code: Code, paint: Paint, width: Option<u16>) -> String {
    let heading = paint.paint(BOLD, format_args!("{code} {}: {}", code.rule(), code.title()));
    let Some(Page { prose, wrong, right, .. }) = page(code) else { return format!("{heading}\n") };
    format!(
        "{heading}\n\n{}\n\n{}\n\n{}\n{}\n\n{}",
        markdown(prose, paint, width),
        paint.paint(BAD, "Wrong:"),
        example(wrong, right, BAD, paint),
        paint.paint(GOOD, "Right:"),
        example(right, wrong, GOOD, paint),
    )
}

/// What there is to know of a field.
pub fn field(field: &Field, paint: Paint, width: Option<u16>) -> String {
    let mut facts = vec![("Type", field.shape.clone())];
    if field.required {
        facts.push(("Required", "yes".to_owned()));
    }
    facts.extend(field.default.iter().map(|default| ("Default", default.clone())));
    let (nested, single): (Vec<_>, Vec<_>) =
        field.examples.iter().partition(|example| example.is_array() || example.is_object());
    if !single.is_empty() {
        let texts: Vec<String> =
            single.into_iter().map(|example| yaml(example).trim_end().to_owned()).collect();
        facts.push(("Examples", texts.join(", ")));
    }
    let mut text = format!("{}\n\n", paint.paint(BOLD, &field.path));
    for (name, value) in facts {
        let value =
            fill(&value, options(width).initial_indent("            ").subsequent_indent("            "));
        text.push_str(&format!("  {name:<8}  {}\n", coded(value.trim_start(), paint)));
    }
    if !field.description.is_empty() {
        text.push_str(&format!("\n{}\n", markdown(&field.description, paint, width)));
    }
    for example in nested {
        let name = field.path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]");
        let lines = yaml(&json!({name: example}));
        let lines: Vec<String> = lines.lines().map(|line| format!("    {line}\n")).collect();
        text.push_str(&format!("\n{}\n\n{}", paint.paint(GOOD, "Example:"), lines.concat()));
    }
    if field.choices.len() > 1 {
        let mut table = Columns::new(&["VALUE", "WHAT IT MEANS"]);
        for choice in &field.choices {
            table.row([choice.text.clone(), choice.description.clone()]);
        }
        text.push_str(&format!("\n{}", table.text(width, paint, "VALUE", |_| Some(BOLD))));
    }
    if !field.children.is_empty() {
        let mut table = Columns::new(&["FIELD", "TYPE", "WHAT IT IS FOR"]);
        for child in &field.children {
            let required = if child.required { ", required" } else { "" };
            let shape = format!("{}{required}", child.shape);
            table.row([child.name.clone(), shape, child.description.clone()]);
        }
        text.push_str(&format!("\n{}", table.text(width, paint, "FIELD", |_| Some(BOLD))));
    }
    text
}

/// As it would be written in a document.
fn yaml(value: &Value) -> String {
    // JSON has no value that YAML could not hold.
    serde_saphyr::to_string(value).unwrap_or_default()
}

fn options(width: Option<u16>) -> Options<'static> {
    Options::new(usize::from(width.unwrap_or(MOST_WIDTH).min(MOST_WIDTH))).break_words(false)
}

/// Paragraphs and lists with code in backticks: all that pages have.
fn markdown(prose: &str, paint: Paint, width: Option<u16>) -> String {
    let blocks = prose.split("\n\n").flat_map(|block| {
        let mut items: Vec<String> = Vec::new();
        for line in block.lines().map(str::trim) {
            match items.last_mut() {
                Some(item) if !line.starts_with("- ") => *item = format!("{item} {line}"),
                Some(_) | None => items.push(line.to_owned()),
            }
        }
        let last = items.len().saturating_sub(1);
        items.into_iter().enumerate().map(move |(at, item)| (item, at == last))
    });
    let mut text = String::new();
    for (item, is_last) in blocks {
        let options = options(width);
        let options = if item.starts_with("- ") { options.subsequent_indent("  ") } else { options };
        text.push_str(&coded(&fill(&item, options), paint));
        text.push_str(if is_last { "\n\n" } else { "\n" });
    }
    text.trim_end().to_owned()
}

/// What is in backticks stands out by its colour instead, where there are colours.
fn coded(text: &str, paint: Paint) -> String {
    if !paint.0 {
        return text.to_owned();
    }
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { part.to_owned() } else { paint.paint(BUSY, part) }).collect()
}

/// Indented, with the lines in colour that the other example does not have.
fn example(text: &str, other: &str, style: Style, paint: Paint) -> String {
    let same: BTreeSet<&str> = other.lines().collect();
    let line = |line: &str| {
        let line = if same.contains(line) { line.to_owned() } else { paint.paint(style, line) };
        format!("    {line}").trim_end().to_owned() + "\n"
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::explain::fields;

    #[test]
    fn the_page_of_a_code_looks_like_this() {
        insta::assert_snapshot!(code(Code::UnknownField, Paint(false), Some(72)));
    }

    #[test]
    fn colours_show_the_lines_that_differ() {
        let text = code(Code::UnknownField, Paint(true), None);
        assert!(text.contains(&format!("    {}\n", Paint(true).paint(BAD, "  replica: 3"))), "{text}");
        assert!(text.contains(&format!("    {}\n", Paint(true).paint(GOOD, "  replicas: 3"))), "{text}");
        assert!(text.contains("    kind: PortfolioApp\n"), "{text}");
        assert!(text.contains(&Paint(true).paint(BUSY, "portfolio schema")), "{text}");
    }

    #[test]
    fn no_page_is_wider_than_the_terminal() {
        for of in Code::ALL {
            let text = code(*of, Paint(false), Some(80));
            let prose = text.lines().skip(1).filter(|line| !line.starts_with("    "));
            for line in prose {
                assert!(line.chars().count() <= 80, "{of}: {line}");
            }
        }
    }

    #[test]
    fn lists_keep_their_items() {
        let text = markdown("One\ntwo:\n- a b\n  c\n- d\n\nThree", Paint(false), Some(20));
        assert_eq!(text, "One two:\n- a b c\n- d\n\nThree");
    }

    #[test]
    fn fields_look_like_this() {
        let shown = |path: &str| -> String {
            let found = fields(path).unwrap();
            found.iter().map(|one| field(one, Paint(false), Some(80)) + "\n").collect()
        };
        insta::assert_snapshot!(
            ["app.rollout.deadline", "app.storage", "app.storage.accessMode", "app.image"]
                .map(shown)
                .join("---\n")
        );
    }

    #[test]
    fn the_list_names_every_code() {
        let text = codes(Paint(false), None);
        assert_eq!(text.lines().count(), Code::ALL.len() + 1);
        assert!(text.contains("PF0103  UnknownField"), "{text}");
    }
}
