//! A plain folder as a source.

use std::fs;
use std::time::Duration;

use crate::document::{Entry, Refusal};
use crate::source::FolderWatch;

use super::repository::{Followed, Origin, settings, text};

#[tokio::test]
async fn a_folder_is_named_by_its_content() {
    let origin = Origin::with_shop();
    std::os::unix::fs::symlink("/etc/passwd", origin.path().join("apps/link.yaml")).unwrap();
    let followed = Followed::new(settings(origin.path().to_str().unwrap()));
    let first = followed.changed().await;
    assert!(first.revision.0.starts_with("folder-"), "{}", first.revision);
    assert_eq!(text(&first, "apps/shop.yaml"), "kind: PortfolioApp\n");
    assert_eq!(first.tree.entries["apps/link.yaml"], Entry::Refused(Refusal::Symlink));
    assert!(followed.unchanged().await);
    origin.write("apps/shop.yaml", "kind: Other\n");
    assert_ne!(followed.changed().await.revision, first.revision);
    origin.write("apps/shop.yaml", "kind: PortfolioApp\n");
    assert_eq!(followed.changed().await.revision, first.revision);
}

#[tokio::test]
async fn a_folder_without_its_git_directory() {
    let origin = Origin::with_shop();
    let mut settings = settings(origin.path().to_str().unwrap());
    settings.path = "".parse().unwrap();
    let snapshot = Followed::new(settings).changed().await;
    assert_eq!(snapshot.tree.entries.keys().collect::<Vec<_>>(), ["apps/shop.yaml"]);
}

#[tokio::test]
async fn an_emptied_or_missing_folder_that_was_followed_is_an_empty_snapshot() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(origin.path().to_str().unwrap()));
    followed.changed().await;
    fs::remove_file(origin.path().join("apps/shop.yaml")).unwrap();
    assert!(followed.changed().await.tree.entries.is_empty());
    fs::write(origin.path().join("apps/README.md"), "nothing").unwrap();
    followed.changed().await;
    fs::remove_file(origin.path().join("apps/README.md")).unwrap();
    fs::remove_dir(origin.path().join("apps")).unwrap();
    assert!(followed.changed().await.tree.entries.is_empty());
    fs::remove_dir_all(origin.path()).unwrap();
    assert_eq!(followed.error().await.reason(), "PathMissing");
}

#[tokio::test]
async fn a_watched_folder_tells_of_changes_and_not_of_looks() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(origin.path().to_str().unwrap()));
    let mut watch = followed.source.watch().unwrap().unwrap();
    followed.changed().await;
    origin.git(&["status"]);
    let soon = tokio::time::timeout(Duration::from_millis(600), watch.changed()).await;
    assert!(soon.is_err(), "reading is no change");
    origin.write("apps/new/deep.yaml", "a: 1\n");
    tokio::time::timeout(Duration::from_secs(10), watch.changed()).await.unwrap();
    assert!(followed.changed().await.tree.entries.contains_key("apps/new/deep.yaml"));
}

#[tokio::test]
async fn a_change_that_nobody_waited_for_is_not_lost() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut watch = FolderWatch::flat(folder.path()).unwrap();
    fs::write(folder.path().join("a"), "1").unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(100), watch.changed()).await;
    assert!(dropped.is_err(), "the folder has not come to rest yet");
    tokio::time::timeout(Duration::from_secs(10), watch.changed()).await.unwrap();
}

#[test]
fn a_folder_that_is_not_there_cannot_be_watched() {
    let error = FolderWatch::flat(std::path::Path::new("/no/such/folder")).unwrap_err();
    assert!(error.to_string().starts_with("/no/such/folder cannot be watched"), "{error}");
}
