//! Secrets in a text, whatever it is written in: known forms, `key = value` lines, flags, lists, pairs of YAML.

use std::sync::LazyLock;

use regex::Regex;

use super::forms::{is_harmless, regex, replace, replace_all};
use super::{Redactor, names};

/// What may stand in quotes, in one that nobody closed, or bare up to where such a value ends.
const VALUE: &str = r#"(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|''|\\.)*)'|"(?P<open>[^"]+)$|'(?P<left>[^']+)$|(?P<bare><(?:redacted \d+|held back)>|\$\(\w+\)|\$\{[^{}]*\}|[^\s,;&"'`<>(){}\[\]-][^\s,;&"'`<>)}\]]*))"#;
/// A name and its value within a line.
const PAIR: &str = r#"(?P<name>[A-Za-z0-9_.-]+)["']?\s*(?:=>|:=|=|:)\s*-?"#;
/// The same within `{…}` of YAML, where a value may have blanks in it.
const FLOW: &str = r#"[{,]\s*["']?(?P<name>[A-Za-z0-9_.-]+)["']?\s*:\s+(?P<bare>\$\{[^{}]*\}|[^\s,"'{}\[\]](?:[^,{}\[\]]*[^\s,{}\[\]])?)"#;
/// A flag and the item of a list behind it: `["--password", "x"]`.
const ITEM: &str = r#"(?:^|[\s\["'])(?P<name>--?[A-Za-z][A-Za-z0-9_.-]*)["']?\s*,\s*"#;
/// `--password x`, as a text holds it.
const FLAG: &str = r#"(?:^|[\s\["'(=])(?P<name>--?[A-Za-z][A-Za-z0-9_.-]+)\s+"#;
/// `tokens: [a, b]`
const LIST: &str = r#"(?P<name>[A-Za-z0-9_.-]+)["']?\s*[:=]\s*\[\s*(?P<bare>[^\[\]{}]*[^\[\]{}\s])\s*\]"#;
/// `<password>x</password>`
const ELEMENT: &str = r"<(?P<name>[A-Za-z0-9_:.-]+)[^<>]*>(?P<bare>[^<>]+)</";
/// A line that begins with a name: its value goes to the end.
const LINE: &str = r#"^\s*(?:- |export |set |--)?(?P<name>[A-Za-z0-9_.-]+)\s*(?:=>|:=|=|:)(?P<gap>\s+|\s*)(?P<value>[^\s"'{\[].*)$"#;
/// A line that is a name alone: its value stands below.
const ABOVE: &str = r#"^\s*(?:- )?["']?(?P<name>[A-Za-z0-9_.-]+)["']?\s*:\s*$"#;
/// A line that is an item of a list, or goes on from the line before.
const BELOW: &str = r#"^\s*(?:-\s+)?["']?(?P<value>[^\s"'{\[#](?:.*[^\s"',])?)["']?,?\s*$"#;

static PAIRS: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    let with_value = |pattern: &str| regex(&format!("{pattern}{VALUE}"));
    [regex(FLOW), with_value(PAIR), with_value(ITEM), with_value(FLAG), regex(LIST), regex(ELEMENT)]
});
static WHOLE_LINE: LazyLock<Regex> = LazyLock::new(|| regex(LINE));
static NAME_ALONE: LazyLock<Regex> = LazyLock::new(|| regex(ABOVE));
static VALUE_ALONE: LazyLock<Regex> = LazyLock::new(|| regex(BELOW));

/// The text with marks in the place of secrets.
pub(super) fn redact(text: &str, redactor: &mut Redactor) -> String {
    let text = replace_all(text, |secret| redactor.mark(secret));
    let mut lines = Lines { redactor, block: None, above: None, flag: None, named: String::new() };
    text.split_inclusive('\n').map(|line| lines.redact(line)).collect()
}

/// The lines of a text, one after the other.
struct Lines<'a> {
    redactor: &'a mut Redactor,
    /// How far the name of a secret is indented whose value is on the lines below it.
    block: Option<usize>,
    /// The same of a name that may have a list below it, or its value.
    above: Option<usize>,
    /// The item of a list on the line before, if it is a flag.
    flag: Option<String>,
    /// What the last `name:` said, for the `value:` that follows.
    named: String,
}

impl Lines<'_> {
    fn redact(&mut self, line: &str) -> String {
        let body = line.trim_end_matches(['\n', '\r']);
        let end = line.get(body.len()..).unwrap_or_default();
        if body.trim().is_empty() {
            return line.to_owned();
        }
        let indent = body.len() - body.trim_start().len();
        let text = body.trim_start();
        if self.block.is_some_and(|block| indent <= block) {
            self.block = None;
        }
        // YAML lets a list stand as far left as its name.
        if self.above.is_some_and(|above| indent < above || (indent == above && !text.starts_with("- "))) {
            self.above = None;
        }
        if self.block.is_some() {
            return format!("{}{}{end}", body.get(..indent).unwrap_or_default(), self.redactor.mark(text));
        }
        if let Some(shown) = self.below(body) {
            return format!("{shown}{end}");
        }
        format!("{}{end}", self.line(body))
    }

    /// A value whose name stands on a line above it.
    fn below(&mut self, line: &str) -> Option<String> {
        let flag = self.flag.take();
        let captures = VALUE_ALONE.captures(line)?;
        let value = captures.name("value")?;
        let text = value.as_str();
        if text.starts_with('-') && !text.contains(['=', ' ']) {
            self.flag = Some(text.to_owned());
        }
        let is_pair = text.contains(": ") || text.ends_with(':') || text.contains('=');
        let by_flag = flag.is_some_and(|flag| names::is_secret(&flag, text));
        if !(by_flag || (self.above.is_some() && !is_pair)) || is_harmless(text) {
            return None;
        }
        let mark = self.redactor.mark(text);
        Some(format!("{}{mark}{}", line.get(..value.start())?, line.get(value.end()..)?))
    }

    fn line(&mut self, line: &str) -> String {
        if line.trim_start().starts_with("- ") {
            self.named.clear();
        }
        if let Some(name) = NAME_ALONE.captures(line).and_then(|captures| captures.name("name"))
            && names::is_secret(name.as_str(), "")
        {
            self.above = Some(name.start());
        }
        if let Some(captures) = WHOLE_LINE.captures(line)
            && let (Some(name), Some(value)) = (captures.name("name"), captures.name("value"))
            && self.is_secret(name.as_str(), value.as_str())
        {
            // YAML: what stands below and further right belongs to the value, or is all of it.
            let secret = value.as_str().trim_end().trim_end_matches(',');
            if matches!(secret.trim_end_matches(['-', '+']), "|" | ">") {
                self.block = Some(name.start());
                return line.to_owned();
            }
            // A comma belongs to the notation; blanks at the end stay where they can be seen.
            if !is_harmless(secret) {
                self.block = Some(name.start());
                let (before, rest) = (line.get(..value.start()), line.get(value.start() + secret.len()..));
                let mark = self.redactor.mark(secret);
                return format!("{}{mark}{}", before.unwrap_or_default(), rest.unwrap_or_default());
            }
        }
        PAIRS.iter().fold(line.to_owned(), |line, pattern| {
            replace(pattern, &line, |captures| {
                let value = ["double", "single", "open", "left", "bare"]
                    .iter()
                    .find_map(|group| captures.name(group))?;
                let name = captures.name("name")?;
                if !self.is_secret(name.as_str(), value.as_str()) {
                    return None;
                }
                if captures.name("open").or_else(|| captures.name("left")).is_some() {
                    self.block = Some(name.start());
                }
                Some((value.range(), self.redactor.mark(value.as_str())))
            })
        })
    }

    /// A `value` is called what the `name` before it says, as Kubernetes writes variables.
    fn is_secret(&mut self, name: &str, value: &str) -> bool {
        match name {
            "name" => value.trim().trim_matches(['"', '\'', ',']).clone_into(&mut self.named),
            "value" => return names::is_secret(&self.named, value),
            _ => {}
        }
        names::is_secret(name, value)
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
            ("password: 'a''b'", "password: '<redacted 1>'"),
            (r#"password: "hunter2"#, r#"password: "<redacted 1>"#),
            ("{a: b, password: correct horse, x: 1}", "{a: b, password: <redacted 1>, x: 1}"),
            ("{name: DB_PASSWORD, value: hunter2}", "{name: DB_PASSWORD, value: <redacted 1>}"),
            (
                r#"{"name": "DB_PASSWORD", "value": "hunter2"}"#,
                r#"{"name": "DB_PASSWORD", "value": "<redacted 1>"}"#,
            ),
            ("args: [--db-password, hunter2, --port, 80]", "args: [--db-password, <redacted 1>, --port, 80]"),
            (r#"args: ["--db-password", "hunter 2"]"#, r#"args: ["--db-password", "<redacted 1>"]"#),
            ("tool --db-password 'hunter 2' -v", "tool --db-password '<redacted 1>' -v"),
            ("tokens: [one, two]", "tokens: [<redacted 1>]"),
            ("redis-server --requirepass hunter2", "redis-server --requirepass <redacted 1>"),
            ("TOKEN=$(cat /t) run --password hunter2", "TOKEN=$(cat /t) run --password <redacted 1>"),
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
            "an api-key is needed",
            "attributes:\n  - key: service.name\n    action: upsert\n",
            "{secret: ${NAME}, key: url}",
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
    fn a_value_goes_on_below() {
        becomes("password: one\n  two\nport: 80\n", "password: <redacted 1>\n  <redacted 2>\nport: 80\n");
        becomes(
            "password: \"one\n  two\"\nport: 80\n",
            "password: \"<redacted 1>\n  <redacted 2>\nport: 80\n",
        );
        becomes("- token: one\n  port: 80\n", "- token: <redacted 1>\n  port: 80\n");
        becomes("- token: |\n    one\n  port: 80\n", "- token: |\n    <redacted 1>\n  port: 80\n");
    }

    #[test]
    fn a_value_is_called_what_the_line_before_it_says() {
        becomes(
            "- name: DB_PASSWORD\n  value: hunter2\n- name: LOG_LEVEL\n  value: info\n",
            "- name: DB_PASSWORD\n  value: <redacted 1>\n- name: LOG_LEVEL\n  value: info\n",
        );
        becomes(
            "args:\n- --db-password\n- hunter2\n- --port\n- '80'\n",
            "args:\n- --db-password\n- <redacted 1>\n- --port\n- '80'\n",
        );
        becomes("tokens:\n  - one\nports:\n  - 80\n", "tokens:\n  - <redacted 1>\nports:\n  - 80\n");
        becomes("DB_PASSWORD:\n  hunter2\nport: 80\n", "DB_PASSWORD:\n  <redacted 1>\nport: 80\n");
        becomes("secrets:\n  URL: {file: x}\n", "secrets:\n  URL: {file: x}\n");
    }

    #[test]
    fn passwords_in_urls_are_found_wherever_they_are() {
        becomes(
            "url: postgres://shop:p%40ss@db.example.com/shop",
            "url: postgres://shop:<redacted 1>@db.example.com/shop",
        );
        becomes("redis://:abc@cache:6379/0", "redis://:<redacted 1>@cache:6379/0");
        becomes("amqp://u:a@b@mq", "amqp://u:<redacted 1>@mq");
        becomes("x: postgres://shop:h1/nter2?x@db\n", "x: postgres://shop:<redacted 1>@db\n");
        becomes("'postgres://shop:a#b@db' x@y", "'postgres://shop:<redacted 1>@db' x@y");
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
