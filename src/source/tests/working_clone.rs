//! A user's clone, compared offline.

use crate::source::{Side, WorkingClone};

use super::repository::{Origin, text};

#[test]
fn any_revision_and_the_work_tree_can_be_read() {
    let origin = Origin::with_shop();
    origin.git(&["tag", "-a", "-m", "One", "v1"]);
    origin.write("apps/shop.yaml", "second\n");
    origin.commit("Change the shop");
    origin.write("apps/shop.yaml", "third\n");
    origin.write(".gitignore", "*.tmp\ntarget/\n");
    origin.write("apps/note.tmp", "");
    origin.write("apps/target/out.yaml", "");
    let clone = WorkingClone::discover(&origin.path().join("apps")).unwrap();
    let apps = "apps".parse().unwrap();
    let read = |side: &Side| text(&clone.snapshot(side, &apps).unwrap(), "apps/shop.yaml");
    let (from, to) = clone.sides("v1..").unwrap();
    assert_eq!((read(&from).as_str(), read(&to).as_str()), ("kind: PortfolioApp\n", "second\n"));
    let (from, to) = clone.sides("HEAD").unwrap();
    assert_eq!(to, Side::WorkTree);
    assert_eq!((read(&from).as_str(), read(&to).as_str()), ("second\n", "third\n"));
    let tree = clone.snapshot(&Side::WorkTree, &apps).unwrap().tree;
    assert_eq!(tree.entries.keys().collect::<Vec<_>>(), ["apps/shop.yaml"], "ignored files are left out");
}

#[test]
fn three_dots_start_where_both_parted() {
    let origin = Origin::with_shop();
    let base = origin.git(&["rev-parse", "HEAD"]);
    origin.git(&["checkout", "--quiet", "-b", "topic"]);
    origin.commit("On the topic");
    origin.git(&["checkout", "--quiet", "main"]);
    origin.commit("On main");
    let clone = WorkingClone::discover(origin.path()).unwrap();
    let sides = clone.sides("main...topic").unwrap();
    assert_eq!(sides, (Side::Revision(base), Side::Revision("topic".into())));
}

#[test]
fn a_linked_work_tree_is_a_clone_too() {
    let origin = Origin::with_shop();
    let linked = tempfile::TempDir::new().unwrap();
    let place = linked.path().join("linked");
    origin.git(&["worktree", "add", "--quiet", "-b", "other", place.to_str().unwrap()]);
    let clone = WorkingClone::discover(&place).unwrap();
    assert_eq!(clone.root().canonicalize().unwrap(), place.canonicalize().unwrap());
    let head = clone.snapshot(&Side::Revision("HEAD".into()), &"apps".parse().unwrap()).unwrap();
    assert_eq!(head.tree.entries.len(), 1);
}

#[test]
fn an_unknown_revision_and_a_place_without_a_repository_are_named() {
    let origin = Origin::with_shop();
    let clone = WorkingClone::discover(origin.path()).unwrap();
    let error = clone.snapshot(&Side::Revision("v9".into()), &"".parse().unwrap()).unwrap_err();
    assert_eq!(error.reason(), "CommitMissing");
    assert!(error.to_string().contains("`v9`"), "{error}");
    let nowhere = tempfile::TempDir::new().unwrap();
    let error = WorkingClone::discover(nowhere.path()).err().unwrap();
    assert_eq!(error.reason(), "RepositoryMissing");
}
