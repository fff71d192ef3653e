//! [`Page`]: what a code means, why it matters, an example that is wrong and the same example right.

use super::pages::PAGES;
use crate::document::Code;

/// The page of a code, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first line, without `# `: code and title.
    pub heading: &'static str,
    /// Paragraphs of Markdown.
    pub prose: &'static str,
    /// YAML that gives the code.
    pub wrong: &'static str,
    /// Other codes that the wrong example gives as well, separated by spaces.
    pub also: &'static str,
    /// The same YAML without the mistake.
    pub right: &'static str,
}

impl Page {
    /// What the page says first: one paragraph, on one line.
    pub fn summary(&self) -> String {
        let first = self.prose.split("\n\n").next().unwrap_or_default();
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The page of a code. Every code has one, which a test sees to.
pub fn page(code: Code) -> Option<Page> {
    let (_, text) = PAGES.iter().find(|(of, _)| *of == code)?;
    parse(text)
}

/// The layout of every page: heading, prose, the wrong block, the right one, nothing else.
pub(super) fn parse(text: &'static str) -> Option<Page> {
    let (heading, rest) = text.strip_prefix("# ")?.split_once("\n\n")?;
    let (prose, rest) = rest.split_once("\n\n```yaml wrong")?;
    let (also, rest) = rest.split_once('\n')?;
    let (wrong, rest) = rest.split_once("```\n\n```yaml right\n")?;
    let right = rest.strip_suffix("```\n")?;
    let also = also.strip_prefix(" also ").unwrap_or(also);
    Some(Page { heading, prose, wrong, also, right })
}
