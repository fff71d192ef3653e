//! What a poll gives, and what it refuses.

use std::sync::Arc;

use crate::document::{Entry, Refusal};
use crate::source::{History, Poll, Reference};

use super::repository::{Daemon, Followed, Origin, settings, text};

#[tokio::test]
async fn a_branch_is_read_below_its_path() {
    let origin = Origin::with_shop();
    origin.write("README.md", "not below the path");
    let id = origin.commit("Say hello\n\nAt length.");
    let snapshot = Followed::new(settings(&origin.url())).changed().await;
    assert_eq!(snapshot.revision.0, id);
    assert_eq!(snapshot.tree.entries.keys().collect::<Vec<_>>(), ["apps/shop.yaml"]);
    assert_eq!(text(&snapshot, "apps/shop.yaml"), "kind: PortfolioApp\n");
    assert_eq!(snapshot.history, History::First);
    let commit = snapshot.commit.unwrap();
    assert_eq!((commit.author.as_str(), commit.subject.as_str()), ("Ada", "Say hello"));
    assert!(commit.time.as_second() > 1_600_000_000);
}

#[tokio::test]
async fn the_root_is_a_path_too() {
    let origin = Origin::with_shop();
    let mut settings = settings(&origin.url());
    settings.path = ".".parse().unwrap();
    origin.write("top.yml", "");
    origin.commit("Add a file at the root");
    let snapshot = Followed::new(settings).changed().await;
    assert_eq!(snapshot.tree.entries.keys().collect::<Vec<_>>(), ["apps/shop.yaml", "top.yml"]);
}

#[tokio::test]
async fn the_git_protocol_fetches_only_what_moved() {
    let origin = Origin::with_shop();
    let daemon = Daemon::serving(origin.path().parent().unwrap());
    let name = origin.path().file_name().unwrap().to_str().unwrap();
    let followed = Followed::new(settings(&format!("git://127.0.0.1:{}/{name}", daemon.port)));
    followed.changed().await;
    assert_eq!(followed.packs().len(), 1);
    assert!(followed.unchanged().await);
    assert_eq!(followed.packs().len(), 1, "the same tip brings no pack");
    origin.write("apps/cart.yaml", "");
    origin.commit("Add the cart");
    assert_eq!(followed.changed().await.history, History::FastForward);
    assert_eq!(followed.packs().len(), 2);
}

#[tokio::test]
async fn unchanged_files_keep_their_bytes() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    let before = followed.changed().await;
    origin.write("apps/cart.yaml", "");
    origin.commit("Add the cart");
    let after = followed.changed().await;
    let (Entry::File { bytes: old, .. }, Entry::File { bytes: new, .. }) =
        (&before.tree.entries["apps/shop.yaml"], &after.tree.entries["apps/shop.yaml"])
    else {
        panic!("not files")
    };
    assert!(Arc::ptr_eq(old, new));
}

#[tokio::test]
async fn a_symlink_a_submodule_and_a_large_file_are_refused() {
    let origin = Origin::with_shop();
    std::os::unix::fs::symlink("/etc/passwd", origin.path().join("apps/link.yaml")).unwrap();
    origin.write("apps/large.yaml", vec![b'#'; 1024 * 1024 + 1]);
    origin.write("apps/limit.yaml", vec![b'#'; 1024 * 1024]);
    let id = origin.git(&["rev-parse", "HEAD"]);
    origin.git(&["add", "--all"]);
    origin.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},apps/module")]);
    origin.git(&["commit", "--quiet", "-m", "Add what is not read"]);
    let entries = Followed::new(settings(&origin.url())).changed().await.tree.entries;
    assert_eq!(entries["apps/link.yaml"], Entry::Refused(Refusal::Symlink));
    assert_eq!(entries["apps/module"], Entry::Refused(Refusal::Submodule));
    assert_eq!(entries["apps/large.yaml"], Entry::Refused(Refusal::TooLarge { bytes: 1024 * 1024 + 1 }));
    assert!(matches!(entries["apps/limit.yaml"], Entry::File { .. }));
}

#[tokio::test]
async fn a_tree_that_names_the_parent_folder_stays_a_name() {
    let origin = Origin::with_shop();
    let blob = origin.git(&["rev-parse", "HEAD:apps/shop.yaml"]);
    let raw: Vec<u8> =
        (0..40).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap()).collect();
    let mut tree = b"100644 ..\0".to_vec();
    tree.extend(&raw);
    tree.extend(b"100644 ok.yaml\0");
    tree.extend(&raw);
    origin.write("tree", &tree);
    let tree = origin.git(&["hash-object", "--literally", "-t", "tree", "-w", "tree"]);
    let commit = origin.git(&["commit-tree", "-m", "Escape", "-p", "HEAD", &tree]);
    origin.git(&["update-ref", "refs/heads/main", &commit]);
    let mut settings = settings(&origin.url());
    settings.path = "".parse().unwrap();
    let entries = Followed::new(settings).changed().await.tree.entries;
    assert!(matches!(entries[".."], Entry::Refused(Refusal::Unreadable { .. })));
    assert!(matches!(entries["ok.yaml"], Entry::File { .. }));
}

#[tokio::test]
async fn tags_light_and_annotated_lead_to_their_commit() {
    let origin = Origin::with_shop();
    let id = origin.git(&["rev-parse", "HEAD"]);
    origin.git(&["tag", "light"]);
    origin.git(&["tag", "-a", "-m", "Release", "annotated"]);
    origin.git(&["tag", "-a", "-m", "A tag of a tag", "nested", "annotated"]);
    for tag in ["light", "annotated", "nested"] {
        let mut settings = settings(&origin.url());
        settings.reference = Reference::Tag(tag.into());
        let followed = Followed::new(settings);
        assert_eq!(followed.changed().await.revision.0, id, "{tag}");
        assert!(followed.unchanged().await, "{tag}");
    }
}

#[tokio::test]
async fn a_commit_is_had_once_and_never_asked_for_again() {
    let origin = Origin::with_shop();
    let id = origin.git(&["rev-parse", "HEAD"]);
    origin.commit("Move on");
    let daemon = Daemon::serving(origin.path().parent().unwrap());
    let name = origin.path().file_name().unwrap().to_str().unwrap();
    // `git daemon` gives out no commit that is not a tip: the slow way is taken.
    let mut settings = settings(&format!("git://127.0.0.1:{}/{name}", daemon.port));
    settings.reference = Reference::Commit(id.parse().unwrap());
    let followed = Followed::new(settings.clone());
    assert_eq!(followed.changed().await.revision.0, id);
    settings.reference = Reference::Commit("0123456789012345678901234567890123456789".parse().unwrap());
    assert_eq!(Followed::new(settings).error().await.reason(), "CommitMissing");
    drop(daemon);
    assert!(followed.unchanged().await, "no server is needed any more");
}

#[tokio::test]
async fn a_missing_branch_names_the_near_ones() {
    let origin = Origin::with_shop();
    origin.git(&["branch", "release"]);
    let mut settings = settings(&origin.url());
    settings.reference = Reference::Branch("mian".into());
    let error = Followed::new(settings.clone()).error().await;
    assert_eq!(error.reason(), "BranchMissing");
    assert!(
        error.to_string().ends_with("there is no branch `mian`; branches there: `main`, `release`"),
        "{error}"
    );
    settings.reference = Reference::Tag("v1".into());
    let error = Followed::new(settings).error().await;
    assert_eq!(error.reason(), "TagMissing");
    assert!(error.to_string().ends_with("and no tags at all"), "{error}");
}

#[tokio::test]
async fn a_repository_without_a_commit_has_no_branch() {
    let origin = Origin::empty();
    assert_eq!(Followed::new(settings(&origin.url())).error().await.reason(), "BranchMissing");
}

#[tokio::test]
async fn a_path_that_is_no_folder_is_named() {
    let origin = Origin::with_shop();
    std::os::unix::fs::symlink("apps", origin.path().join("linked")).unwrap();
    origin.commit("Link the folder");
    for (path, what) in [
        ("nope", "does not exist"),
        ("apps/shop.yaml", "is a file"),
        ("linked", "leads over a symbolic link"),
    ] {
        let mut settings = settings(&origin.url());
        settings.path = path.parse().unwrap();
        let error = Followed::new(settings).error().await;
        assert_eq!(error.reason(), "PathMissing");
        assert!(error.to_string().contains(&format!("`{path}` {what}")), "{error}");
    }
}

#[tokio::test]
async fn a_folder_without_any_yaml_is_an_empty_source() {
    let origin = Origin::empty();
    origin.write("apps/README.md", "nothing yet");
    origin.commit("Start");
    assert_eq!(Followed::new(settings(&origin.url())).error().await.reason(), "EmptySource");
}

#[tokio::test]
async fn what_is_not_a_repository_says_so() {
    let folder = tempfile::TempDir::new().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("missing")] {
        let error = Followed::new(settings(&format!("file://{}", path.display()))).error().await;
        assert_eq!(error.reason(), "RepositoryMissing", "{error}");
    }
    let daemon = Daemon::serving(folder.path());
    let error = Followed::new(settings(&format!("git://127.0.0.1:{}/nope", daemon.port))).error().await;
    assert!(["RepositoryMissing", "Unreachable"].contains(&error.reason()), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    for url in
        ["https://no-such-host.invalid/team/apps.git", "http://127.0.0.1:1/apps.git", "git://127.0.0.1:1/a"]
    {
        let error = Followed::new(settings(url)).error().await;
        assert_eq!(error.reason(), "Unreachable", "{error:?}");
        assert!(error.to_string().starts_with(url), "{error}");
    }
}

#[tokio::test]
async fn concurrent_polls_give_one_change() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    let polls = futures::future::join_all((0..6).map(|_| followed.source.poll())).await;
    let changed = polls.iter().filter(|poll| matches!(poll, Ok(Poll::Changed(_)))).count();
    let unchanged = polls.iter().filter(|poll| matches!(poll, Ok(Poll::Unchanged { .. }))).count();
    assert_eq!((changed, unchanged), (1, 5));
}

#[tokio::test]
async fn a_branch_that_was_followed_and_is_emptied_is_an_empty_snapshot() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    followed.changed().await;
    std::fs::remove_dir_all(origin.path().join("apps")).unwrap();
    origin.write("README.md", "all gone");
    origin.commit("Remove everything");
    assert!(followed.changed().await.tree.entries.is_empty());
}
