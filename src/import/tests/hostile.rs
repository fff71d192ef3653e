//! Input that means no good, or was never meant to be read.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::imported;
use crate::document::Code;
use crate::import::{File, Options, import, references};

fn codes(text: &str) -> Vec<Code> {
    imported("a.yaml", text, &Options::default()).errors.iter().map(|error| error.code).collect()
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_its_place() {
    for (text, code, line) in [
        ("a: [", Code::Syntax, 1),
        ("kind: Deployment\n  x: 1\n", Code::Syntax, 2),
        ("kind: A\nkind: B\n", Code::DuplicateKey, 2),
        ("a: *nothing\n", Code::AliasRefused, 1),
        ("a: &a [*a]\n", Code::AliasRefused, 1),
        ("a: !custom 1\n", Code::TagRefused, 1),
        ("<<: 1\nkind: A\n", Code::MergeKey, 1),
        ("? [a]\n: b\n", Code::KeyNotText, 1),
        ("a: 1\n", Code::MissingField, 1),
        ("- a\n", Code::MissingField, 1),
        ("\nkind: Service\n", Code::MissingField, 2),
        ("apiVersion: v1\nkind: Service\nmetadata:\n  labels: {}\n", Code::MissingField, 4),
    ] {
        let imported = imported("a.yaml", text, &Options::default());
        let first = imported.errors.first().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            (first.code, first.span.line, first.file.as_str()),
            (code, line, "a.yaml"),
            "{text}: {first}"
        );
        assert!(imported.apps.is_empty());
    }
    let bytes = |bytes: Vec<u8>| import(&[File { name: "a".into(), bytes }], &Options::default()).errors;
    assert_eq!(bytes(vec![0xff, 0xfe])[0].code, Code::NotUtf8);
    assert_eq!(bytes(b"a: \0".to_vec())[0].code, Code::ForbiddenCharacter);
    assert_eq!(bytes(vec![b' '; 1024 * 1024 + 1])[0].code, Code::FileTooLarge);
    assert_eq!(bytes(Vec::new()), []);
}

#[test]
fn a_few_lines_cannot_ask_for_more_values_than_there_is_memory() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{aliases}]");
    }
    assert_eq!(codes(&bomb), [Code::AliasRefused]);
    let mut merges = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..40 {
        let _ = writeln!(
            merges,
            "a{level}: &a{level} {{<<: *a{}, k{level}: [*a{}, *a{}]}}",
            level - 1,
            level - 1,
            level - 1
        );
    }
    assert!(matches!(codes(&merges)[..], [Code::AliasRefused | Code::TooDeep, ..]));
}

#[test]
fn json_is_read_with_tabs_and_with_characters_in_two_parts() {
    let text = "{\n\t\"apiVersion\": \"apps/v1\",\n\t\"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\"},\n\t\"spec\": {\
        \"selector\": {\"matchLabels\": {\"app\": \"web\"}}, \"template\": {\"metadata\": {\"labels\": {\"app\": \"web\"}}, \
        \"spec\": {\"containers\": [{\"name\": \"app\", \"image\": \"web:1\", \"env\": [{\"name\": \"A\", \
        \"value\": \"\\ud83d\\ude00\\u003c\\t\"}]}]}}}}";
    let imported = imported("a.json", text, &Options::default());
    assert_eq!(imported.errors, []);
    assert!(imported.apps[0].text.contains("😀<"), "{}", imported.apps[0].text);
}

#[test]
fn nesting_has_an_end() {
    let deep = format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(codes(&deep), [Code::TooDeep]);
    let mut by_aliases = "a0: &a0 [[[[[[[[x]]]]]]]]\n".to_owned();
    for level in 1..20 {
        let _ = writeln!(by_aliases, "a{level}: &a{level} [[[[[[[[*a{}]]]]]]]]", level - 1);
    }
    assert_eq!(codes(&by_aliases)[0], Code::TooDeep);
}

#[test]
fn values_of_other_types_than_they_should_have_are_no_trouble() {
    let deployment =
        |spec: &str| format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {spec}\n");
    for spec in [
        "1",
        "[]",
        "{template: []}",
        "{template: {spec: {containers: {}}}}",
        "{template: {spec: {containers: [1, {}, {name: []}]}}}",
        "{replicas: many, selector: 5, template: {spec: {containers: [{image: 1, env: [1], ports: [{containerPort: 99999999}]}]}}}",
        "{replicas: -1, template: {metadata: {labels: {a: 1}}, spec: {containers: [{image: a, volumeMounts: [{}]}], volumes: [{}]}}}",
    ] {
        let imported = imported("a.yaml", &deployment(spec), &Options::default());
        assert!(!imported.is_complete() || !imported.apps.is_empty(), "{spec}");
    }
    for service in [
        "1",
        "[]",
        "{a: 1}",
        "{a: {ports: 1, environment: 5, volumes: x, deploy: [], image: []}}",
        "{a: null}",
    ] {
        let text = format!("services: {service}\n");
        imported("compose.yaml", &text, &Options::default());
        references(&[File { name: "compose.yaml".into(), bytes: text.into_bytes() }]);
    }
}

/// Pieces out of which input is made that nearly means something.
const PIECES: [&str; 40] = [
    "apiVersion: apps/v1\n",
    "kind: Deployment\n",
    "metadata: {name: web}\n",
    "spec:\n",
    "  replicas: 1\n",
    "  template:\n",
    "    spec:\n",
    "      containers:\n",
    "      - name: web\n",
    "        image: web:1\n",
    "        ports: [{containerPort: 80}]\n",
    "        env: [{name: A, value: $(B)}, {name: B, value: c}]\n",
    "---\n",
    "services:\n",
    "  web:\n",
    "    image: ${A:-b}\n",
    "    ports: [80]\n",
    "    volumes: [a:/b]\n",
    "&a ",
    "*a ",
    "<<: *a\n",
    "- ",
    "? ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "|\n",
    ">\n",
    "#",
    "\t",
    "null",
    "\u{feff}",
    "kind: List\nitems:\n",
    "  selector: {matchLabels: {a: b}}\n",
    "    metadata: {labels: {a: b}}\n",
    "    healthcheck: {test: x}\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let files = [File { name: "a".into(), bytes }];
        references(&files);
        import(&files, &Options::default());
    }

    #[test]
    fn no_pieces_make_it_panic(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..30), harden in any::<bool>()) {
        let files = [File { name: "a".into(), bytes: pieces.concat().into_bytes() }];
        references(&files);
        import(&files, &Options { harden, ..Options::default() });
    }

    #[test]
    fn a_fixture_with_a_hole_makes_it_not_panic(file in 0_usize..8, from in 0_usize..6_000, length in 0_usize..40) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/kubernetes");
        let name = ["plain", "helm", "config", "sidecars", "volumes", "jobs", "policies", "ingress"][file];
        let mut text = std::fs::read_to_string(format!("{folder}/{name}.yaml")).unwrap();
        let from = from % text.len();
        text.replace_range(from..(from + length).min(text.len()), "");
        imported("a.yaml", &text, &Options::default());
    }
}
