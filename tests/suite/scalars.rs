//! What is written as the value of a variable is what the container gets, whatever YAML could take it for: read back from
//! the API server, after our rendering and kubectl's own reading of it.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::support::Sandbox;

/// As it is written after `NAME: `, and what becomes of it.
#[rustfmt::skip]
const TAKEN: [(&str, &str); 71] = [
    // Booleans, nulls and their like, of YAML 1.1 and 1.2.
    ("on", "on"), ("off", "off"), ("yes", "yes"), ("No", "No"), ("y", "y"), ("n", "n"), ("true", "true"), ("True", "True"),
    ("FALSE", "FALSE"), ("\"null\"", "null"), ("'~'", "~"), ("nil", "nil"), ("none", "none"),
    // Numbers.
    ("0", "0"), ("1_000", "1_000"), ("0x1f", "0x1f"), ("0o17", "0o17"), ("017", "017"), ("0b101", "0b101"), ("1.10", "1.10"),
    ("1.0", "1.0"), ("5.", "5."), (".5", ".5"), ("+1", "+1"), ("-0", "-0"), ("1e3", "1e3"), ("1E+3", "1E+3"), (".inf", ".inf"),
    ("-.INF", "-.INF"), (".nan", ".nan"), ("99999999999999999999", "99999999999999999999"), ("1,000", "1,000"),
    // Times.
    ("12:30:45", "12:30:45"), ("190:20:30", "190:20:30"), ("2024-01-01", "2024-01-01"),
    ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"), ("2024-01-01 10:00:00 +1", "2024-01-01 10:00:00 +1"),
    // Quotes.
    ("\"yes\"", "yes"), ("'no'", "no"), ("''", ""), ("\"\"", ""), ("'it''s'", "it's"), ("\"a\\nb\\tc\\\\\"", "a\nb\tc\\"),
    ("\"\\x41\\u00e9\\U0001F600\"", "Aé😀"), ("\"\\N\\_\\L\\P\"", "\u{85}\u{a0}\u{2028}\u{2029}"), ("\" a \"", " a "),
    ("\"a\n      b\"", "a b"), ("'a\n\n      b'", "a\nb"), ("\"a\\\n      b\"", "ab"), ("\"\\0\\e\\x7f\"", "\0\u{1b}\u{7f}"),
    // Plain texts.
    ("a   ", "a"), ("a # a remark", "a"), ("a#b", "a#b"), ("a\n      b", "a b"), ("http://a:80/b?c=d&e", "http://a:80/b?c=d&e"),
    ("é日本😀", "é日本😀"), ("=", "="), ("<<", "<<"), ("$(HOME) $$", "$(HOME) $$"), ("-1-", "-1-"), ("a\tb", "a\tb"),
    // Tags say no more than that it is a text.
    ("!!str 1", "1"), ("! 010", "010"), ("!!int 0x1F", "0x1F"),
    // Blocks.
    ("|\n      a\n       b\n      on\n", "a\n b\non\n"), ("|-\n      a\n", "a"), ("|+\n      a\n\n", "a\n\n"),
    ("|2\n        a\n", "  a\n"), (">\n      a\n      b\n\n      c\n", "a b\nc\n"), (">-\n      1\n", "1"),
    ("|\n      # no remark\n", "# no remark\n"),
];

/// What is no text, and by which rule.
const REFUSED: [(&str, &str); 15] = [
    ("", "PF0106"),
    ("~", "PF0106"),
    ("null", "PF0106"),
    ("Null", "PF0106"),
    ("NULL", "PF0106"),
    ("# a remark", "PF0106"),
    ("!!binary aGk=", "PF0011"),
    ("!env A", "PF0011"),
    ("&a b", "PF0009"),
    ("*a", "PF0009"),
    ("{}", "PF0105"),
    ("[a]", "PF0105"),
    ("@a", "PF0006"),
    ("%a", "PF0006"),
    ("a: b", "PF0006"),
];

fn document(values: &[&str]) -> String {
    let mut document = "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nmetadata: {name: web, namespace: NAMESPACE}\n\
                        spec:\n  image: example.com/web:1.0\n  env:\n"
        .to_owned();
    for (number, value) in values.iter().enumerate() {
        let end = if value.ends_with('\n') { "" } else { "\n" };
        write!(document, "    V{number}: {value}{end}").unwrap();
    }
    document
}

fn portfolio(sandbox: &Sandbox, command: &str, document: &str) -> (bool, String, String) {
    let file = sandbox.path().join("web.yaml");
    fs::write(&file, document.replace("NAMESPACE", &sandbox.namespace)).unwrap();
    let mut portfolio = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
    let output = portfolio.arg(command).arg(&file).current_dir(sandbox.path()).env_clear().output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_api_server_stores_of_each_variable_exactly_what_was_written() {
    let sandbox = Sandbox::new();
    let (rendered, objects, talk) =
        portfolio(&sandbox, "render", &document(&TAKEN.map(|(written, _)| written)));
    assert!(rendered, "{talk}");
    let file = sandbox.path().join("objects.yaml");
    fs::write(&file, objects).unwrap();
    // Not `--server-side`: kubectl sends that unescaped, and the server then reads YAML of 1.1 out of it.
    let apply = ["apply", "--dry-run=server", "--output=json", "--filename"];
    let stored = sandbox.kubectl(&[&apply[..], &[file.to_str().unwrap()]].concat());
    let stored: Value = serde_json::from_str(&stored).unwrap();
    let mut items = stored["items"].as_array().unwrap().iter();
    let deployment = items.find(|item| item["kind"] == "Deployment").unwrap();
    let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    assert_eq!(env.len(), TAKEN.len());
    for (number, (written, expected)) in TAKEN.iter().enumerate() {
        let variable = env.iter().find(|variable| variable["name"] == format!("V{number}")).unwrap();
        // The server leaves out a value that is empty.
        assert_eq!(variable["value"].as_str().unwrap_or_default(), *expected, "{written:?}");
    }
}

#[test]
fn what_is_no_text_is_refused() {
    let sandbox = Sandbox::new();
    for (written, code) in REFUSED {
        let (valid, said, talk) = portfolio(&sandbox, "validate", &document(&[written]));
        let said = said + &talk;
        assert!(!valid && said.contains(&format!("[{code}]")), "{written:?}: {said}");
    }
}
