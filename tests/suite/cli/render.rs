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
