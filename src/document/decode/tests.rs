use super::super::scan::scan;
use super::super::{AppSpec, Port, Scalar};
use super::*;

fn root(text: &str) -> Node {
    let mut documents = Vec::new();
    assert_eq!(scan(text, |document| documents.push(document)), None);
    documents.remove(0).root
}

fn spec(text: &str) -> (Option<AppSpec>, Vec<String>) {
    let mut diagnostics = Vec::new();
    let spec = decode(&root(text), "spec", Span::START, &mut diagnostics);
    (spec, diagnostics.iter().map(ToString::to_string).collect())
}

#[test]
fn scalars_of_env_are_exactly_what_was_written() {
    for text in [
        "1_000",
        "on",
        "yes",
        "0x1f",
        "1.10",
        "12:30:45",
        "2024-01-01",
        "true",
        "1e3",
        ".5",
        "0o17",
        "010",
        "-0",
        ".inf",
        "+1",
        "0b1",
        "n",
        "y",
    ] {
        let (spec, diagnostics) = spec(&format!("image: a\nenv: {{A: {text}}}"));
        assert_eq!(diagnostics, Vec::<String>::new(), "{text}");
        assert_eq!(spec.unwrap().env["A"], Scalar(text.to_owned()), "{text}");
    }
    let (spec, _) = spec("image: a\nenv: {A: \"null\", B: '', C: \"a\\nb\"}");
    let env = spec.unwrap().env;
    assert_eq!([&env["A"].0, &env["B"].0, &env["C"].0], ["null", "", "a\nb"]);
}

#[test]
fn every_problem_of_a_document_is_reported_in_one_go() {
    let (partial, diagnostics) = spec(
        "image: [a]\nreplicas: 1_000\nprot: 8080\nsuspend: yes\nenv: {A: null, B: [1]}\nstorage:\n  data: {size: 10gb}\n  more: {size: 1Gi, mountPath: /m}\nports: {a: 70000, b: {port: 1, protocl: UDP}, c: {protocol: UPD}}\njobs: {}\n",
    );
    insta::assert_snapshot!(diagnostics.join("\n"));
    let partial = partial.unwrap();
    assert_eq!(partial.storage.keys().collect::<Vec<_>>(), ["data", "more"]);
    assert!(matches!(&partial.ports["b"], Port::Full(port) if port.port == 1));
}

#[test]
fn a_required_field_that_is_missing_hides_nothing_else() {
    let (partial, diagnostics) = spec("replicas: x\n");
    insta::assert_snapshot!(diagnostics.join("\n"));
    assert_eq!(partial.unwrap().image, "");
}

#[test]
fn what_is_not_a_map_is_one_problem() {
    for text in ["[]", "text", "null", "5"] {
        let (spec, diagnostics) = spec(text);
        assert_eq!((spec, diagnostics.len()), (None, 1), "{text}");
    }
}
