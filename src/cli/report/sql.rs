//! A statement that a database refused, as people read it: its line with a caret, and what the server says.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::cli::Paint;
use crate::record::SqlFailure;

/// As rustc would show it, followed by an empty line.
pub fn frame(failure: &SqlFailure, paint: Paint, width: Option<u16>) -> String {
    let renderer = if paint.0 { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(width.map_or(140, usize::from));
    let byte = |column: usize| {
        failure.excerpt.char_indices().nth(column).map_or(failure.excerpt.len(), |(byte, _)| byte)
    };
    let column = failure.column.saturating_sub(1) as usize;
    let start = byte(column);
    let word = failure.excerpt.get(start..).unwrap_or_default();
    let length = word.chars().take_while(|char| char.is_alphanumeric() || *char == '_').count().max(1);
    let title = Level::ERROR.primary_title(failure.message.as_str());
    let title = if failure.sql_state.is_empty() { title } else { title.id(failure.sql_state.as_str()) };
    let snippet = Snippet::source(failure.excerpt.as_str())
        .line_start(failure.line as usize)
        .path(failure.file.as_str())
        .annotation(AnnotationKind::Primary.span(start..byte(column + length)));
    let mut group = title.element(snippet);
    for note in [&failure.detail, &failure.row].into_iter().filter(|note| !note.is_empty()) {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if !failure.hint.is_empty() {
        group = group.element(Level::HELP.message(failure.hint.as_str()));
    }
    format!("{}\n\n", renderer.render(&[group]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_statement_shows_its_line_with_carets() {
        let failure = SqlFailure {
            file: "0007_add_total.sql".to_owned(),
            line: 3,
            column: 15,
            excerpt: "SELECT 'Größe', totl FROM orders;".to_owned(),
            message: "column \"totl\" does not exist".to_owned(),
            sql_state: "42703".to_owned(),
            detail: String::new(),
            row: String::new(),
            hint: "Perhaps you meant to reference the column \"orders.total\".".to_owned(),
        };
        insta::assert_snapshot!(frame(&SqlFailure { column: 17, ..failure }, Paint(false), None));
    }
}
