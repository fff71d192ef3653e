//! `portfolio render`.

use super::repository::{Repository, app};

#[test]
fn the_same_documents_give_the_same_objects_in_order_of_creation() {
    let repository =
        Repository::new(&[("b.yaml", &app("web", "  port: 8080\n")), ("a.yaml", &app("cart", ""))]);
    let answer = repository.run(&["render"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let kinds: Vec<&str> = answer.out.lines().filter(|line| line.starts_with("kind:")).collect();
    assert_eq!(kinds.first(), Some(&"kind: ServiceAccount"));
    assert_eq!(kinds.last(), Some(&"kind: Deployment"));
    assert_eq!(repository.run(&["render"]).out, answer.out);
    assert!(answer.out.contains("portfolio.dev/owner: portfolio-system/main"), "{}", answer.out);
}

#[test]
fn one_document_can_be_picked_for_an_environment() {
    let repository = Repository::new(&[(
        "a.yaml",
        &format!("{}{}", app("web", "  environments: {prod: {replicas: 5}}\n"), app("cart", "")),
    )]);
    let answer =
        repository.run(&["render", "--only", "shop/web", "--environment", "prod", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let items = list["items"].as_array().unwrap();
    assert!(
        items
            .iter()
            .all(|item| item["metadata"]["annotations"]["portfolio.dev/document"] == "PortfolioApp/shop/web")
    );
    let deployment = items.iter().find(|item| item["kind"] == "Deployment").unwrap();
    assert_eq!(deployment["spec"]["replicas"], 5);
}

#[test]
fn nothing_is_rendered_beside_an_error_unless_asked_to() {
    let repository =
        Repository::new(&[("a.yaml", &format!("{}{}", app("web", "  replica: 3\n"), app("cart", "")))]);
    let answer = repository.run(&["render"]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(
        answer.err.contains("--keep-going renders the good ones: PortfolioApp/shop/cart"),
        "{}",
        answer.err
    );
    let answer = repository.run(&["render", "--keep-going"]);
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("name: cart") && !answer.out.contains("name: web"));
    assert!(answer.err.contains("left out because of errors: PortfolioApp/shop/web"), "{}", answer.err);
    let answer = repository.run(&["render", "--only", "cart"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

#[test]
fn an_unknown_document_is_answered_with_the_nearest() {
    let repository = Repository::new(&[("a.yaml", &app("cart", ""))]);
    let answer = repository.run(&["render", "--only", "card"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("did you mean `shop/cart`?"), "{}", answer.err);
}

/// The files below a folder, by their path in it.
fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn a_folder_holds_a_file_an_object_and_loses_what_is_not_rendered_any_more() {
    let repository =
        Repository::new(&[("a.yaml", &app("web", "  port: 8080\n")), ("b.yaml", &app("cart", ""))]);
    let answer = repository.run(&["render", "--output-dir", "out"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, ""), "{}", answer.err);
    let folder = repository.path().join("out");
    let all = files(&folder);
    assert!(all.contains(&"shop/deployment-cart.yaml".to_owned()), "{all:?}");
    // Together they are what is printed otherwise.
    let mut printed: Vec<String> =
        repository.run(&["render"]).out.split_inclusive('\n').map(str::to_owned).collect();
    let mut written: Vec<String> = Vec::new();
    for file in all.iter().filter(|file| file.contains('/')) {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        written.extend(text.split_inclusive('\n').map(str::to_owned));
    }
    printed.sort();
    written.sort();
    assert_eq!(printed, written);

    std::fs::write(folder.join("shop/notes-mine.yaml"), "kind: Mine\n").unwrap();
    repository.remove("b.yaml");
    let answer = repository.run(&["render", "--output-dir", "out"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let left = files(&folder);
    assert!(!left.iter().any(|file| file.contains("cart")), "{left:?}");
    assert!(left.contains(&"shop/notes-mine.yaml".to_owned()), "{left:?}");
}

#[test]
fn nothing_is_written_while_a_document_is_in_error() {
    let repository = Repository::new(&[("a.yaml", &app("web", "")), ("b.yaml", &app("cart", ""))]);
    repository.run(&["render", "--output-dir", "out"]);
    let before = files(&repository.path().join("out"));
    repository.write("a.yaml", &app("web", "  replica: 3\n"));
    repository.write("c.yaml", &app("new", ""));
    let answer = repository.run(&["render", "--output-dir", "out"]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("nothing is rendered"), "{}", answer.err);
    assert_eq!(files(&repository.path().join("out")), before);
    let answer = repository.run(&["render", "--output-dir", "new", "--keep-going"]);
    assert_eq!(answer.code, 2, "a part cannot be told from all of it: {}", answer.err);
}

#[test]
fn a_file_of_somebody_else_stops_it() {
    let repository = Repository::new(&[("a.yaml", &app("web", ""))]);
    repository.write("out/shop/deployment-web.yaml", "kind: Theirs\n");
    let answer = repository.run(&["render", "--output-dir", "out"]);
    assert_eq!(answer.code, 1);
    assert!(
        answer.err.contains("out/shop/deployment-web.yaml") && answer.err.contains("hint:"),
        "{}",
        answer.err
    );
    assert_eq!(files(&repository.path().join("out")), ["shop/deployment-web.yaml"]);
}

/// As kubectl reads them; what it reads otherwise than YAML 1.2 is refused.
#[test]
fn plain_values_of_a_kind_of_somebody_elses_are_what_everybody_reads() {
    let object = |values: &str| {
        let head = "apiVersion: example.com/v1, kind: Thing, metadata: {name: a}";
        Repository::new(&[(
            "web.yaml",
            &app("web", &format!("  objects: [{{{head}, spec: {{{values}}}}}]\n")),
        )])
    };
    let render = ["render", "--allow-kind", "Thing.v1.example.com", "--format", "json"];
    let answer = object("ratio: .5, hex: 0x1f, plus: +1, whole: 5., yes: True, text: '.5', version: 1.2.3")
        .run(&render);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let list: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let thing = list["items"].as_array().unwrap().iter().find(|object| object["kind"] == "Thing").unwrap();
    let expected = serde_json::json!({
        "ratio": 0.5, "hex": 31, "plus": 1, "whole": 5, "yes": true, "text": ".5", "version": "1.2.3",
    });
    assert_eq!(thing["spec"], expected);
    let answer = object("big: 1e3, mode: 0644, flag: yes").run(&render);
    assert_eq!((answer.code, answer.err.matches("error[PF0902]").count()), (1, 3), "{}", answer.err);
}
