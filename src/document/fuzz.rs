//! Bytes from outside: whatever they are, `load` gives an answer, and soon.

use std::fmt::Write as _;
use std::time::{Duration as Time, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{app, file, options, tree};
use super::*;

/// Generous for a debug build on a busy machine; what is quadratic takes minutes.
const SOON: Time = Time::from_secs(20);

fn answer(bytes: &[u8]) -> Loaded {
    let tree = Tree { entries: [("a.yaml".to_owned(), file(bytes))].into() };
    let options = Options { environment: Some("prod".to_owned()), ..options() };
    load(&tree, &options, &mut Cache::default())
}

fn soon(name: &str, text: &str) -> Loaded {
    let start = Instant::now();
    let loaded = answer(text.as_bytes());
    assert!(start.elapsed() < SOON, "{name}: {:?}", start.elapsed());
    loaded
}

const SAMPLE: &str = "apiVersion: portfolio.dev/v1alpha1
kind: PortfolioApp
metadata: {name: a, namespace: shop, labels: {team: web}}
spec:
  image: example.com/a:1
  replicas: 1
  ports: {http: 80, dns: {port: 53, protocol: UDP}}
  env: {A: 1_000, B: |2-
     text
   }
  secrets: {C: {secret: s, key: k}}
  probes: {ready: {path: /, port: http, period: 5s}}
  storage: {data: {size: 1Gi, mountPath: /data}}
  rollout: {maxSurge: 25%, deadline: 10m}
  dependsOn: [{app: b}]
  environments: {prod: {replicas: null, env: {A: null}}, dev: {enabled: false}}
---
apiVersion: portfolio.dev/v1alpha1
kind: DatabaseMigration
metadata: {name: db}
spec: {database: {host: a, name: b, secretRef: {name: c}}, dir: sql}
";

/// Pieces that mean something to YAML or to us.
fn pieces() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\n\t]{0,8}",
        prop_oneof![
            Just("\n"),
            Just("  "),
            Just(": "),
            Just("- "),
            Just("---\n"),
            Just("...\n"),
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just("? "),
            Just("|\n"),
            Just(">-\n"),
            Just("'"),
            Just("\""),
            Just("&a "),
            Just("*a"),
            Just("<<: "),
            Just("!!str "),
            Just("!x "),
            Just("%YAML 1.2\n"),
            Just("\u{feff}"),
            Just("\0"),
            Just("\r"),
            Just("é"),
            Just("null"),
            Just("~"),
            Just("#"),
            Just(","),
            Just("metadata"),
            Just("spec"),
            Just("environments"),
            Just("apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\n"),
        ]
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_have_an_answer(bytes in vec(any::<u8>(), 0..400)) {
        answer(&bytes);
    }

    #[test]
    fn any_yaml_has_an_answer(pieces in vec(pieces(), 0..60)) {
        answer(pieces.concat().as_bytes());
    }

    #[test]
    fn a_document_with_a_mistake_has_an_answer(
        edits in vec((any::<prop::sample::Index>(), 0_usize..8, pieces()), 1..5),
    ) {
        let mut text: Vec<char> = SAMPLE.chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(text.len());
            let end = (at + removed).min(text.len());
            text.splice(at..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        let loaded = answer(text.as_bytes());
        let errors = loaded.diagnostics.iter().any(Diagnostic::is_error);
        prop_assert_eq!(loaded.complete, !errors);
        for id in loaded.documents.keys() {
            prop_assert!(!loaded.blocked.contains_key(id) && !loaded.absent.contains(id));
        }
        for diagnostic in &loaded.diagnostics {
            prop_assert!(diagnostic.span.line > 0 && diagnostic.span.column > 0 && diagnostic.span.length > 0);
            prop_assert!(!diagnostic.message.contains('\n'), "{}", diagnostic.message);
        }
    }

    #[test]
    fn what_is_kept_in_a_record_comes_back_unchanged(replicas in 0_u32..9, value in "[ -~]{0,9}", key in "[a-z]{1,8}") {
        let value = value.replace('\'', "''");
        let text = app("a", &format!("replicas: {replicas}\nenv: {{{key}: '{value}'}}\nports: {{x: 1, y: {{port: 2}}}}"));
        let loaded = answer(text.as_bytes());
        let document = &loaded.documents.values().next().unwrap().document;
        let json = serde_json::to_vec(document).unwrap();
        prop_assert_eq!(&serde_json::from_slice::<Document>(&json).unwrap(), document);
    }
}

#[test]
fn bombs_are_refused_soon() {
    let mut aliases = app("a", "args:").replace("image", "x: &a0 [lol]\n  image");
    for level in 1..100 {
        let before = format!("*a{}", level - 1);
        let _ = writeln!(aliases, "  - &a{level} [{}]", vec![before; 10].join(","));
    }
    let loaded = soon("aliases", &aliases);
    assert!(loaded.documents.is_empty() && !loaded.complete);

    let many =
        |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    for (name, spec) in [
        ("variables", format!("env: {{{}}}", many(20_000, &|at| format!("\"{at} \": x")))),
        ("scratch", format!("scratch: {{{}}}", many(20_000, &|at| format!("/a{at}: 0")))),
        (
            "storage",
            format!("storage: {{{}}}", many(8_000, &|at| format!("a{at}: {{size: 1Gi, mountPath: /a}}"))),
        ),
        ("labels", format!("podLabels: {{{}}}", many(20_000, &|at| format!("portfolio.dev/{at}: x")))),
        ("fields", many(20_000, &|at| format!("replica{at}: 1")).replace(',', "\n")),
        ("types", format!("env: {{{}}}", many(20_000, &|at| format!("a{at}: []")))),
        ("dependencies", format!("dependsOn: [{}]", many(20_000, &|at| format!("{{app: a{at}}}")))),
        ("environments", format!("environments: {{{}}}", many(20_000, &|at| format!("a{at}: {{x: 1}}")))),
        (
            "large environments",
            format!(
                "env: {{{}}}\nenvironments: {{{}}}",
                many(5_000, &|at| format!("a{at}: x")),
                many(32, &|at| format!("e{at}: {{replicas: 1}}"))
            ),
        ),
        ("ports", format!("ports: {{{}}}", many(20_000, &|at| format!("a{at}: 80")))),
    ] {
        let loaded = soon(name, &app("a", &spec));
        assert!(loaded.diagnostics.len() <= 101, "{name}: {}", loaded.diagnostics.len());
    }
    soon("documents", &"---\n".repeat(80_000));
    soon("our documents", &"---\nkind: PortfolioApp\n".repeat(20_000));
    soon("brackets", &"[".repeat(1_000_000));
    soon("maps", &"{a: ".repeat(80_000));
    soon("keys", &"? ".repeat(200_000));
    soon("dashes", &"- ".repeat(200_000));
    soon("quotes", &"\"".repeat(1_000_000));
    soon("line breaks", &"\n".repeat(1_000_000));
    soon("lines", &"a\n".repeat(200_000));
    soon("comments", &"#\n".repeat(200_000));
    soon("anchors", &"- &a b\n".repeat(40_000));
    soon("long key", &format!("{}: a", "k".repeat(1_000_000)));
}

#[test]
fn a_large_source_is_read_soon() {
    let texts: Vec<(String, String)> = (0..2_000)
        .map(|at| (format!("apps/{at}.yaml"), app(&format!("a{at}"), "port: 80\nenv: {A: b}")))
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let start = Instant::now();
    let loaded = load(&tree(&files), &options(), &mut Cache::default());
    assert_eq!((loaded.documents.len(), loaded.complete), (2_000, true));
    assert!(start.elapsed() < SOON);
}
