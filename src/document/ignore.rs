//! Which files of a source hold documents: `*.yaml` and `*.yml`, but hidden ones and what
//! `.portfolioignore` names.
//!
//! Its lines are those of gitignore(5): `#` comments, `!` takes back, a slash within anchors the pattern to the
//! source's folder, a slash at the end asks for a folder.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::diagnostic::quoted;
use super::{Code, Diagnostic, Span};

/// Name of the file, in the source's folder.
pub(in crate::document) const IGNORE_FILE: &str = ".portfolioignore";

/// The patterns of a `.portfolioignore`.
#[derive(Default)]
pub(in crate::document) struct Ignore {
    globs: GlobSet,
    /// For each glob, whether it takes back.
    keeps: Vec<bool>,
}

impl Ignore {
    /// Reads the patterns; a line that is none is reported and makes no difference otherwise.
    pub(in crate::document) fn read(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut builder = GlobSetBuilder::new();
        let mut keeps = Vec::new();
        for (number, line) in (1_u32..).zip(text.lines()) {
            let pattern = line.trim_end();
            if pattern.is_empty() || pattern.starts_with('#') {
                continue;
            }
            let (keep, pattern) = match pattern.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, pattern),
            };
            for form in forms(pattern) {
                match GlobBuilder::new(&form).literal_separator(true).build() {
                    Ok(glob) => {
                        builder.add(glob);
                        keeps.push(keep);
                    }
                    Err(error) => {
                        let length = u32::try_from(line.chars().count()).unwrap_or(1);
                        let message = format!("{} is not a pattern: {}", quoted(line), error.kind());
                        let span = Span { line: number, column: 1, length };
                        diagnostics.push(Diagnostic::error(Code::IgnorePattern, span, message));
                        break;
                    }
                }
            }
        }
        match builder.build() {
            Ok(globs) => Self { globs, keeps },
            Err(error) => {
                let message = format!("the patterns are too much together: {error}");
                diagnostics.push(Diagnostic::error(Code::IgnorePattern, Span::START, message));
                Self::default()
            }
        }
    }

    /// Whether this path, relative to the source's folder, is left out. The last pattern that matches decides.
    pub(in crate::document) fn ignores(&self, path: &str) -> bool {
        self.globs.matches(path).last().and_then(|last| self.keeps.get(*last)).is_some_and(|keep| !keep)
    }
}

/// The globs of a pattern: the path itself, unless a folder is asked for, and everything below it.
fn forms(pattern: &str) -> Vec<String> {
    let (folder, pattern) = match pattern.strip_suffix('/') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let anchored = match pattern.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None if pattern.contains('/') => pattern.to_owned(),
        None => format!("**/{pattern}"),
    };
    let below = format!("{anchored}/**");
    if folder { vec![below] } else { vec![anchored, below] }
}

/// Whether some part of a path is hidden.
pub(in crate::document) fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

/// Whether a path is that of a YAML file.
pub(in crate::document) fn is_yaml(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name.rsplit_once('.'), Some((_, "yaml" | "yml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let mut diagnostics = Vec::new();
        let ignore = Ignore::read(
            "# comment\n\ncharts/\n*.tmp.yaml\n/top.yaml\na/*/c.yaml\n!keep.tmp.yaml\n",
            &mut diagnostics,
        );
        assert_eq!(diagnostics, []);
        for path in
            ["charts/x.yaml", "deep/charts/t/x.yaml", "a.tmp.yaml", "b/a.tmp.yaml", "top.yaml", "a/b/c.yaml"]
        {
            assert!(ignore.ignores(path), "{path}");
        }
        for path in
            ["charts.yaml", "b/top.yaml", "a/b/b/c.yaml", "keep.tmp.yaml", "b/keep.tmp.yaml", "x.yaml"]
        {
            assert!(!ignore.ignores(path), "{path}");
        }
    }

    #[test]
    fn a_line_that_is_no_pattern_is_reported_where_it_is() {
        let mut diagnostics = Vec::new();
        let ignore = Ignore::read("a.yaml\nx[\n", &mut diagnostics);
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].span.line, 2);
        assert!(ignore.ignores("a.yaml"));
    }

    #[test]
    fn hidden_and_yaml_files_are_told_by_their_names() {
        assert!(is_hidden("a/.git/b.yaml") && is_hidden(".a.yaml") && !is_hidden("a.b/c.yaml"));
        assert!(is_yaml("a/b.yml") && is_yaml("b.x.yaml") && !is_yaml("yaml") && !is_yaml("a.yaml/b"));
    }
}
