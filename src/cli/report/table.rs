//! Tables without lines, as kubectl prints them. The last column breaks where the terminal ends.

use clap::builder::styling::Style;
use comfy_table::{ContentArrangement, Table, presets};

use crate::cli::Paint;

/// A table: headers in upper case, one row a thing.
#[derive(Clone, Debug)]
pub struct Columns {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// A table without rows.
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row. What is empty is shown as `-`, so that columns can be told apart by programs as well.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(
            cells.into_iter().map(|cell| if cell.is_empty() { "-".to_owned() } else { cell }).collect(),
        );
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, `width` columns wide at most. The first word of each cell of the column `styled` gets its style.
    pub fn text(
        &self,
        width: Option<u16>,
        paint: Paint,
        styled: &str,
        style: impl Fn(&str) -> Option<Style>,
    ) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(self.header.iter().copied());
        table.set_content_arrangement(match width {
            Some(_) => ContentArrangement::Dynamic,
            None => ContentArrangement::Disabled,
        });
        if let Some(width) = width {
            table.set_width(width);
        }
        for row in &self.rows {
            table.add_row(row.iter().map(String::as_str));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let mut at = None;
        let mut text = String::new();
        for line in table.lines() {
            let line = line.trim_end();
            // Where the column begins shows in the header: layout knows nothing of colours.
            let begin = *at.get_or_insert_with(|| line.find(styled).unwrap_or(usize::MAX));
            text.push_str(&coloured(line, begin, paint, &style));
            text.push('\n');
        }
        text
    }
}

fn coloured(line: &str, column: usize, paint: Paint, style: impl Fn(&str) -> Option<Style>) -> String {
    let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (before, rest) = line.split_at(at);
    let word = rest.split(' ').next().unwrap_or_default();
    match style(word) {
        Some(style) if !word.is_empty() => {
            format!("{before}{}{}", paint.paint(style, word), rest.get(word.len()..).unwrap_or_default())
        }
        Some(_) | None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::GOOD;

    fn table() -> Columns {
        let mut table = Columns::new(&["NAME", "STATE", "MESSAGE"]);
        table.row(["shop/web".to_owned(), "Ready".to_owned(), String::new()]);
        table.row([
            "shop/cart".to_owned(),
            "Failed".to_owned(),
            "it is a long story of many words".to_owned(),
        ]);
        table
    }

    #[test]
    fn columns_stand_below_each_other_and_long_texts_break() {
        insta::assert_snapshot!(table().text(None, Paint(false), "STATE", |_| None));
        insta::assert_snapshot!(table().text(Some(40), Paint(false), "STATE", |_| None));
    }

    #[test]
    fn colours_do_not_move_columns() {
        let text = table().text(None, Paint(true), "STATE", |word| (word == "Ready").then_some(GOOD));
        assert!(text.contains("\u{1b}[32mReady\u{1b}[0m   -"), "{text:?}");
    }
}
