//! Rewrites, restarts, and clones that break.

use std::fs;

use crate::document::Revision;
use crate::source::{History, Poll, Source};

use super::repository::{Followed, Origin, settings};

#[tokio::test]
async fn a_force_push_is_a_rewrite() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    origin.write("apps/cart.yaml", "");
    let old = origin.commit("Add the cart");
    followed.changed().await;
    origin.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    origin.write("apps/till.yaml", "");
    let new = origin.commit("Add a till instead");
    let snapshot = followed.changed().await;
    assert_eq!(snapshot.revision.0, new);
    assert_eq!(snapshot.history, History::Rewritten { previous: Revision(old) });
}

#[tokio::test]
async fn going_back_in_history_is_a_rewrite_too() {
    let origin = Origin::with_shop();
    let old = origin.commit("Move on");
    let followed = Followed::new(settings(&origin.url()));
    followed.changed().await;
    origin.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    assert_eq!(followed.changed().await.history, History::Rewritten { previous: Revision(old) });
}

#[tokio::test]
async fn a_rewrite_during_a_restart_is_seen_even_without_the_clone() {
    let origin = Origin::with_shop();
    let old = Revision(origin.commit("Move on"));
    let history = async |previous: &Revision| {
        let cache = tempfile::TempDir::new().unwrap();
        let source = Source::new(settings(&origin.url()), cache.path(), Some(previous.clone()));
        match source.poll().await.unwrap() {
            Poll::Changed(snapshot) => snapshot.history,
            Poll::Unchanged { .. } => panic!("the first poll gives a snapshot"),
        }
    };
    assert_eq!(history(&old).await, History::FastForward, "the same revision");
    origin.commit("Move further");
    assert_eq!(history(&old).await, History::FastForward);
    origin.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    origin.commit("Part ways");
    assert_eq!(history(&old).await, History::Rewritten { previous: old.clone() });
}

#[tokio::test]
async fn a_deleted_branch_keeps_what_was_there_and_comes_back() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    followed.changed().await;
    origin.git(&["branch", "--move", "main", "away"]);
    let error = followed.error().await;
    assert_eq!(error.reason(), "BranchMissing");
    origin.git(&["branch", "--move", "away", "main"]);
    assert!(followed.unchanged().await);
}

#[tokio::test]
async fn a_clone_that_was_thrown_away_is_made_again() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    followed.changed().await;
    fs::remove_dir_all(followed.clone_dir()).unwrap();
    assert!(followed.unchanged().await);
    origin.commit("Move on");
    assert_eq!(followed.changed().await.history, History::FastForward);
}

#[tokio::test]
async fn a_truncated_pack_is_fetched_again() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    followed.changed().await;
    for pack in followed.packs() {
        fs::set_permissions(&pack, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        fs::write(&pack, b"PACK").unwrap();
    }
    let loose = followed.clone_dir().join("objects");
    for folder in fs::read_dir(loose).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.file_name().unwrap().len() == 2 {
            fs::remove_dir_all(folder).unwrap();
        }
    }
    let again = Source::new(settings(&origin.url()), followed.cache.path(), None);
    assert!(matches!(again.poll().await.unwrap(), Poll::Changed(_)));
    origin.write("apps/cart.yaml", "");
    origin.commit("Add the cart");
    assert_eq!(followed.changed().await.tree.entries.len(), 2);
}

#[tokio::test]
async fn garbage_in_place_of_the_clone_is_replaced() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    fs::create_dir_all(followed.clone_dir()).unwrap();
    fs::write(followed.clone_dir().join("HEAD"), "rubbish").unwrap();
    followed.changed().await;
}

#[tokio::test]
async fn a_clone_of_another_url_is_not_used() {
    let (one, other) = (Origin::with_shop(), Origin::empty());
    let followed = Followed::new(settings(&one.url()));
    followed.changed().await;
    other.write("apps/other.yaml", "");
    let id = other.commit("Another repository");
    let moved = Source::new(settings(&other.url()), followed.cache.path(), None);
    let Poll::Changed(snapshot) = moved.poll().await.unwrap() else { panic!("unchanged") };
    assert_eq!(snapshot.revision.0, id);
    let clone = git2::Repository::open_bare(followed.clone_dir()).unwrap();
    let old = one.git(&["rev-parse", "HEAD"]);
    assert!(!clone.odb().unwrap().exists(old.parse().unwrap()), "nothing of the old repository is left");
}

#[tokio::test]
async fn what_a_killed_fetch_left_is_removed() {
    let origin = Origin::with_shop();
    let followed = Followed::new(settings(&origin.url()));
    followed.changed().await;
    let left = followed.clone_dir().join("objects/pack/pack_git2_abcdef");
    fs::write(&left, "half a pack").unwrap();
    assert!(followed.unchanged().await);
    assert!(!left.exists());
}
