//! Secrets in a text, whatever it is written in: `key = value` lines, URLs, tokens of known services, private keys.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Redactor, names};

/// Forms that are secrets whatever they are called. Where a form has a group, only that is.
const FORMS: [&str; 7] = [
    // PEM, cut off or not (RFC 7468).
    r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    // user:password@ and token@ of a URL (RFC 3986, 3.2.1).
    r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?\#@:"'<>]*:([^\s/?\#"'<>]+)@"#,
    r#"[A-Za-z][A-Za-z0-9+.-]*://([^\s/?\#@:"'<>]{20,})@"#,
    // JSON Web Tokens (RFC 7519), and the header that brings them (RFC 6750, 7617).
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    r"(?i)\b(?:bearer|basic)\s+([A-Za-z0-9+/_=.~-]{12,})",
    // What services put in front of their tokens, so that they are found.
    r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|dt|ptt|rt)-[A-Za-z0-9_-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{20,})",
    // SQL: PASSWORD 'x', IDENTIFIED BY 'x'.
    r"(?i)\b(?:password|identified\s+by)\s+'((?:[^']|'')*)'",
];

/// A name and its value within a line: in quotes, or up to where such a value ends.
const PAIR: &str = r#"(?P<name>[A-Za-z0-9_.-]+)["']?\s*(?:=>|:=|=|:)\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare><redacted \d+>|[^\s,;&"'`<>(){}\[\]][^\s,;&"'`<>)}\]]*))"#;
/// A line that begins with a name: its value goes to the end.
const LINE: &str = r#"^\s*(?:- |export |set |--)?(?P<name>[A-Za-z0-9_.-]+)\s*(?:=>|:=|=|:)(?P<gap>\s+|\s*)(?P<value>[^\s"'{\[].*)$"#;
/// `--password x`, as a text holds it.
const FLAG: &str = r#"(?P<name>--?[A-Za-z][A-Za-z0-9-]+)\s+(?P<bare>[^\s"'-][^\s"']*)"#;
/// `<password>x</password>`
const ELEMENT: &str = r"<(?P<name>[A-Za-z0-9_:.-]+)[^<>]*>(?P<bare>[^<>]+)</";

static ALL_FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| FORMS.iter().map(|form| regex(form)).collect());
static PAIRS: LazyLock<[Regex; 3]> = LazyLock::new(|| [regex(PAIR), regex(FLAG), regex(ELEMENT)]);
static WHOLE_LINE: LazyLock<Regex> = LazyLock::new(|| regex(LINE));

#[expect(clippy::expect_used, reason = "constants, and the tests compile each")]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant")
}

/// The text with marks in the place of secrets.
pub(super) fn redact(text: &str, redactor: &mut Redactor) -> String {
    let mut text = text.to_owned();
    for form in ALL_FORMS.iter() {
        text = replace(form, &text, |captures| {
            let found = captures.get(1).or_else(|| captures.get(0))?;
            Some((found.range(), redactor.mark(found.as_str())))
        });
    }
    let mut lines = Lines { redactor, block: None };
    text.split_inclusive('\n').map(|line| lines.redact(line)).collect()
}

/// Puts something else in the place of a part of each match that `with` answers for. What lies behind the beginning of
/// another match is searched again: `https:` is the name of a value that may hold pairs itself.
fn replace(
    pattern: &Regex,
    text: &str,
    mut with: impl FnMut(&Captures<'_>) -> Option<(Range<usize>, String)>,
) -> String {
    let mut replaced = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    while let Some(captures) = pattern.captures_at(text, at) {
        let begin = captures.name("name").or_else(|| captures.get(0)).map_or(text.len(), |found| found.end());
        if let Some((range, mark)) = with(&captures) {
            replaced.push_str(text.get(copied..range.start).unwrap_or_default());
            replaced.push_str(&mark);
            (copied, at) = (range.end, range.end);
        } else {
            at = begin;
        }
        if at >= text.len() {
            break;
        }
    }
    replaced.push_str(text.get(copied..).unwrap_or_default());
    replaced
}

/// The lines of a text, one after the other.
struct Lines<'a> {
    redactor: &'a mut Redactor,
    /// How far the name of a secret is indented whose value is on the lines below it.
    block: Option<usize>,
}

impl Lines<'_> {
    fn redact(&mut self, line: &str) -> String {
        let body = line.trim_end_matches(['\n', '\r']);
        let end = line.get(body.len()..).unwrap_or_default();
        let indent = body.len() - body.trim_start().len();
        if self.block.is_some_and(|block| !body.trim().is_empty() && indent <= block) {
            self.block = None;
        }
        if self.block.is_some() && !body.trim().is_empty() {
            let mark = self.redactor.mark(body.get(indent..).unwrap_or_default());
            return format!("{}{mark}{end}", body.get(..indent).unwrap_or_default());
        }
        format!("{}{end}", self.line(body, indent))
    }

    fn line(&mut self, line: &str, indent: usize) -> String {
        if let Some(captures) = WHOLE_LINE.captures(line)
            && let (Some(name), Some(value)) = (captures.name("name"), captures.name("value"))
            && names::is_secret(name.as_str(), value.as_str())
        {
            // YAML: the value is what stands below, indented.
            if matches!(value.as_str().trim().trim_end_matches(['-', '+']), "|" | ">") {
                self.block = Some(indent);
                return line.to_owned();
            }
            // A comma belongs to the notation; blanks at the end stay where they can be seen.
            let secret = value.as_str().trim_end().trim_end_matches(',');
            let (before, rest) = (line.get(..value.start()), line.get(value.start() + secret.len()..));
            let mark = self.redactor.mark(secret);
            return format!("{}{mark}{}", before.unwrap_or_default(), rest.unwrap_or_default());
        }
        PAIRS.iter().fold(line.to_owned(), |line, pattern| {
            replace(pattern, &line, |captures| {
                let value = ["double", "single", "bare"].iter().find_map(|group| captures.name(group))?;
                names::is_secret(captures.name("name")?.as_str(), value.as_str())
                    .then(|| (value.range(), self.redactor.mark(value.as_str())))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(text: &str, redacted: &str) {
        assert_eq!(Redactor::default().text(text), redacted);
    }

    #[test]
    fn pairs_are_found_in_every_notation() {
        for (text, redacted) in [
            ("password = hunter2", "password = <redacted 1>"),
            ("db.password=hunter 2", "db.password=<redacted 1>"),
            ("  api_key: abc # mine", "  api_key: <redacted 1>"),
            ("export TOKEN='a b'", "export TOKEN='<redacted 1>'"),
            (r#"  "clientSecret": "abc","#, r#"  "clientSecret": "<redacted 1>","#),
            (r#"{"user":"u","password":"a\"b","x":1}"#, r#"{"user":"u","password":"<redacted 1>","x":1}"#),
            ("{user: u, password: abc, x: 1}", "{user: u, password: <redacted 1>, x: 1}"),
            (
                "curl https://x.example.com/?token=abc&page=2",
                "curl https://x.example.com/?token=<redacted 1>&page=2",
            ),
            ("tool --db-password hunter2 --verbose", "tool --db-password <redacted 1> --verbose"),
            ("<password>hunter2</password>", "<password><redacted 1></password>"),
            ("CREATE ROLE shop PASSWORD 'a''b';", "CREATE ROLE shop PASSWORD '<redacted 1>';"),
            ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer <redacted 1>"),
        ] {
            becomes(text, redacted);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "port = 80\nhost: db.example.com\n",
            "token: ${TOKEN}",
            "password:",
            "secretName: shop-tls",
            "image: registry.example.com:5000/shop@sha256:abc",
            "https://example.com:8080/a?b=c@d",
            "SELECT * FROM tokens WHERE id = 'x';",
        ] {
            becomes(text, text);
        }
    }

    #[test]
    fn the_lines_below_a_name_are_its_value() {
        becomes(
            "tls:\n  key: |\n    one\n\n    two\n  name: x\n",
            "tls:\n  key: |\n    <redacted 1>\n\n    <redacted 2>\n  name: x\n",
        );
    }

    #[test]
    fn passwords_in_urls_are_found_wherever_they_are() {
        becomes(
            "url: postgres://shop:p%40ss@db.example.com/shop",
            "url: postgres://shop:<redacted 1>@db.example.com/shop",
        );
        becomes("redis://:abc@cache:6379/0", "redis://:<redacted 1>@cache:6379/0");
        becomes("amqp://u:a@b@mq", "amqp://u:<redacted 1>@mq");
    }

    #[test]
    fn private_keys_and_known_tokens_need_no_name() {
        becomes(
            "x\n-----BEGIN EC PRIVATE KEY-----\nMHc\nAQEE\n-----END EC PRIVATE KEY-----\ny\n",
            "x\n-----BEGIN EC PRIVATE KEY-----<redacted 1>-----END EC PRIVATE KEY-----\ny\n",
        );
        becomes("-----BEGIN PRIVATE KEY-----\nMHc", "-----BEGIN PRIVATE KEY-----<redacted 1>");
        let certificate = "-----BEGIN CERTIFICATE-----\nMHc\n-----END CERTIFICATE-----\n";
        becomes(certificate, certificate);
        // Put together here, so that no scanner takes the test for a leak.
        let token = format!("{}{}", "ghp_", "a1".repeat(18));
        becomes(&format!("see {token} there"), "see <redacted 1> there");
        let jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "c2lnbmF0dXJl"].join(".");
        becomes(&format!("x {jwt}"), "x <redacted 1>");
    }
}
