//! One leader, whoever comes and goes.

use std::time::Duration;

use portfolio::cluster::{Candidate, Election, Leadership};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::bench::{Bench, connect_as};

async fn join(bench: &Bench, identity: &str) -> Election {
    let candidate = Candidate {
        namespace: bench.namespace.clone(),
        shard: "main".to_owned(),
        identity: identity.to_owned(),
        epoch_floor: 6,
    };
    // A connection of its own, as another process has.
    Election::join(&connect_as("portfolio").await, &candidate).unwrap()
}

async fn leads(leadership: &mut watch::Receiver<Leadership>, patience: Duration) -> Leadership {
    let leading = leadership.wait_for(|now| now.epoch().is_some());
    timeout(patience, leading).await.expect("leads in time").unwrap().clone()
}

#[tokio::test]
async fn of_two_candidates_one_leads_and_hands_over_within_two_seconds() {
    let bench = Bench::new("lease").await;
    let (one, other) = (join(&bench, "one").await, join(&bench, "other").await);
    let (mut first, mut second) = (one.leadership(), other.leadership());

    let both = async {
        tokio::select! {
            _ = first.wait_for(|now| now.epoch().is_some()) => {}
            _ = second.wait_for(|now| now.epoch().is_some()) => {}
        }
    };
    timeout(Duration::from_secs(5), both).await.expect("one of them leads");
    sleep(Duration::from_secs(5)).await;
    let epochs = [one.leadership().borrow().epoch(), other.leadership().borrow().epoch()];
    assert_eq!(epochs.iter().flatten().collect::<Vec<_>>(), [&7], "one leads, above what the records know");

    let (leader, standby) = if epochs[0].is_some() { (one, other) } else { (other, one) };
    let standing = standby.leadership().borrow().clone();
    assert!(matches!(standing, Leadership::Standby { leader: Some(_) }), "{standing:?}");
    let was = leader.leadership();
    let start = Instant::now();
    leader.resign().await;
    assert_eq!(was.borrow().epoch(), None, "who resigned leads no more");
    let now = leads(&mut standby.leadership(), Duration::from_secs(5)).await;
    assert!(start.elapsed() <= Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(now.epoch(), Some(8));
}

#[tokio::test]
async fn a_leader_that_dies_is_followed_after_its_time_and_not_before() {
    let bench = Bench::new("lease").await;
    let one = join(&bench, "one").await;
    let last = leads(&mut one.leadership(), Duration::from_secs(5)).await;
    let other = join(&bench, "other").await;
    let mut second = other.leadership();
    timeout(
        Duration::from_secs(5),
        second.wait_for(|now| matches!(now, Leadership::Standby { leader: Some(_) })),
    )
    .await
    .unwrap()
    .unwrap();
    let last = match one.leadership().borrow().clone() {
        Leadership::Leading { expires, .. } => expires,
        Leadership::Standby { .. } => panic!("{last:?}"),
    };

    drop(one); // no farewell

    leads(&mut second, Duration::from_secs(30)).await;
    assert!(Instant::now() >= last, "two leaders at the same time");
    assert_eq!(second.borrow().epoch(), Some(8));
}

#[tokio::test]
async fn a_leader_allows_only_what_ends_before_another_may_lead() {
    let bench = Bench::new("lease").await;
    let one = join(&bench, "one").await;
    let now = leads(&mut one.leadership(), Duration::from_secs(5)).await;

    assert!(now.allows(Instant::now(), Duration::from_secs(10)));
    assert!(!now.allows(Instant::now(), Duration::from_secs(16)));
    assert!(!now.allows(Instant::now() + Duration::from_secs(10), Duration::from_secs(1)));
    assert!(!Leadership::Standby { leader: None }.allows(Instant::now(), Duration::ZERO));
}
