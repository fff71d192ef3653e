//! [`Excerpt`]: a source text without its secrets, in which places of the text can still be found.

use std::ops::Range;

use super::Redactor;

/// A source text without its secrets. It has as many lines as the text; places in a line may have moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    text: String,
    moved: Vec<Moved>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Moved {
    /// Where the secret was.
    secret: Range<usize>,
    /// Where its mark is.
    mark: Range<usize>,
    /// Where what stood behind it begins.
    behind: usize,
}

impl Redactor {
    /// A source text to be shown. None where it could not be told what of the text became what.
    pub fn excerpt(&mut self, source: &str) -> Option<Excerpt> {
        let redacted = self.text(source);
        let values = self.values();
        let mut excerpt = Excerpt { text: String::with_capacity(redacted.len()), moved: Vec::new() };
        let (mut rest, mut from) = (redacted.as_str(), source);
        while let Some(char) = rest.chars().next() {
            let at = source.len() - from.len();
            let marked =
                mark_at(rest).filter(|(mark, _)| !from.starts_with(mark)).and_then(|(mark, number)| {
                    let value = values.get(number.checked_sub(1)?)?;
                    Some((mark, from.strip_prefix(value.as_str())?, value))
                });
            if let Some((mark, after, value)) = marked {
                let start = excerpt.text.len();
                excerpt.text.push_str(mark);
                let end = excerpt.text.len();
                // What follows stays in its line.
                excerpt.text.extend(value.chars().filter(|char| *char == '\n'));
                let (secret, behind) = (at..at + value.len(), excerpt.text.len());
                excerpt.moved.push(Moved { secret, mark: start..end, behind });
                (rest, from) = (rest.get(mark.len()..)?, after);
            } else {
                from = from.strip_prefix(char)?;
                excerpt.text.push(char);
                rest = rest.get(char.len_utf8()..)?;
            }
        }
        from.is_empty().then_some(excerpt)
    }
}

/// The mark with which a text begins, and its number.
fn mark_at(text: &str) -> Option<(&str, usize)> {
    let digits = text.strip_prefix("<redacted ")?.split('>').next()?;
    let mark = text.get(.."<redacted >".len() + digits.len())?;
    Some((mark, digits.parse().ok()?))
}

impl Excerpt {
    /// What may be shown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the bytes of the source text are; a place within a secret is its mark.
    pub fn range(&self, source: Range<usize>) -> Range<usize> {
        let start = match self.before(source.start) {
            Some(moved) if source.start < moved.secret.end => moved.mark.start,
            Some(moved) => moved.behind + (source.start - moved.secret.end),
            None => source.start,
        };
        let end = match self.before(source.end) {
            Some(moved) if source.end <= moved.secret.end => moved.mark.end,
            Some(moved) => moved.behind + (source.end - moved.secret.end),
            None => source.end,
        };
        start..end.max(start)
    }

    /// The last secret that begins before a place.
    fn before(&self, at: usize) -> Option<&Moved> {
        self.moved.iter().rev().find(|moved| moved.secret.start < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, marked: &str, shown: &str) {
        let excerpt = Redactor::default().excerpt(source).unwrap();
        let at = source.find(marked).unwrap();
        assert_eq!(
            excerpt.text().get(excerpt.range(at..at + marked.len())),
            Some(shown),
            "{}",
            excerpt.text()
        );
        assert_eq!(excerpt.text().lines().count(), source.lines().count(), "{}", excerpt.text());
    }

    #[test]
    fn what_stands_beside_a_secret_is_found_where_it_has_moved_to() {
        check("env: {DB_PASSWORD: x, 1X: a}\n", "1X", "1X");
        check("env: {DB_PASSWORD: correct-horse-battery, 1X: a}\n", "1X", "1X");
        check("env: {1X: a, DB_PASSWORD: hunter2}\n", "1X", "1X");
        check("é: {PASSWORD: é, TOKEN: ö, ü: a}\n", "ü", "ü");
    }

    #[test]
    fn a_place_within_a_secret_is_its_mark() {
        check("DB_PASSWORD: hunter2\n", "hunter2", "<redacted 1>");
        check("DB_PASSWORD: hunter2\n", "unt", "<redacted 1>");
        check("url: postgres://u:hunter2@db/x\n", "postgres://u:hunter2@db", "postgres://u:<redacted 1>@db");
    }

    #[test]
    fn lines_keep_their_numbers() {
        check(
            "a: |\n  -----BEGIN PRIVATE KEY-----\n  MHc\n  -----END PRIVATE KEY-----\nbad: 1\n",
            "bad: 1",
            "bad: 1",
        );
        check("key: |\n  one\n  two\nbad: 1\n", "bad: 1", "bad: 1");
    }

    #[test]
    fn a_mark_that_somebody_wrote_is_a_text() {
        check("PASSWORD: <redacted 1>\nTOKEN: abc\nbad: 1\n", "bad: 1", "bad: 1");
    }

    #[test]
    fn a_secret_within_a_secret_is_found_too() {
        check("PASSWORD: redis://:a@b and more\nbad: 1\n", "bad: 1", "bad: 1");
    }
}
