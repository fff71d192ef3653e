//! The way to the API server is bad.

use std::time::{Duration, Instant};

use portfolio::object::Kind;

use super::{SOON, Scene, publish};
use crate::support::{Asked, eventually, throughout};

const APPS: [&str; 4] = ["api", "shop", "web", "wiki"];

#[test]
fn an_api_server_that_is_away_is_waited_for() {
    let mut scene = Scene::new(&["web"], |_| {});
    scene.becomes_ready(&["web"], 1, SOON);
    let before = scene.uids();

    scene.proxy.down();
    publish(&scene.sandbox, &["web"], 2);
    let daemon = &mut scene.daemon;
    throughout(Duration::from_secs(20), "the daemon is alive", || daemon.is_running());
    scene.proxy.up();

    scene.becomes_ready(&["web"], 2, SOON);
    assert_eq!(scene.uids(), before);
}

#[test]
fn a_daemon_that_starts_before_the_api_server_waits_for_it() {
    let mut scene = Scene::new(&["web"], |_| {});
    scene.daemon.kill();
    scene.proxy.down();
    scene.daemon.restart();
    let daemon = &mut scene.daemon;
    throughout(Duration::from_secs(5), "the daemon is alive", || daemon.is_running());

    scene.proxy.up();

    scene.becomes_ready(&["web"], 1, SOON);
}

#[test]
fn with_a_third_of_the_requests_refused_every_app_becomes_ready() {
    let scene = Scene::new(&APPS, |proxy| proxy.refuse(30));
    scene.becomes_ready(&APPS, 1, SOON * 2);
    publish(&scene.sandbox, &APPS, 2);
    scene.becomes_ready(&APPS, 2, SOON * 2);
}

#[test]
fn with_answers_two_seconds_late_every_app_becomes_ready() {
    let scene = Scene::new(&APPS, |proxy| proxy.delay(Duration::from_secs(2)));
    scene.becomes_ready(&APPS, 1, SOON * 2);
}

#[test]
fn an_api_server_that_does_not_answer_is_waited_for() {
    let mut scene = Scene::new(&["web"], |_| {});
    scene.becomes_ready(&["web"], 1, SOON);

    scene.proxy.delay(Duration::from_hours(1));
    publish(&scene.sandbox, &["web"], 2);
    let daemon = &mut scene.daemon;
    // Longer than the limit of a call.
    throughout(Duration::from_secs(15), "the daemon is alive", || daemon.is_running());
    scene.proxy.delay(Duration::ZERO);

    scene.becomes_ready(&["web"], 2, SOON);
}

/// Kubernetes kills after 30 s: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>.
#[test]
fn a_daemon_that_gets_no_answers_stops_in_time() {
    let mut scene = Scene::new(&["web"], |_| {});
    scene.becomes_ready(&["web"], 1, SOON);
    let before = scene.proxy.writes();
    scene.proxy.delay(Duration::from_hours(1));
    publish(&scene.sandbox, &["web"], 2);
    eventually(SOON, "a write is under way", || scene.proxy.writes() > before);

    let start = Instant::now();
    let ended = scene.daemon.stop();

    assert!(ended.success(), "{ended}");
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
}

#[test]
fn a_cluster_that_is_as_the_branch_says_is_not_written_to() {
    let mut scene = Scene::new(&APPS, |_| {});
    scene.becomes_ready(&APPS, 1, SOON);
    scene.daemon.stop();
    let before = scene.proxy.requests().len();

    scene.daemon.restart();

    let listed = || scene.daemon.log().matches("cluster listed").count() == 2;
    eventually(SOON, "it has looked at everything", listed);
    let writes = || {
        let requests = scene.proxy.requests().split_off(before);
        let of_objects = requests.into_iter().filter(Asked::is_write);
        of_objects.filter(|asked| !asked.uri.contains("/configmaps/portfolio-")).collect::<Vec<_>>()
    };
    throughout(Duration::from_secs(8), "nothing but records is written", || match writes() {
        writes if writes.is_empty() => Ok(()),
        writes => Err(writes),
    });
}

#[test]
fn watches_that_are_cut_again_and_again_see_drift_and_list_nothing_anew() {
    let scene = Scene::new(&["web"], |_| {});
    scene.becomes_ready(&["web"], 1, SOON);
    let before = scene.proxy.requests().len();

    let cuts = 10;
    for cut in 0..cuts {
        scene.proxy.cut_watches();
        // Each time another tool, so that it is no fight.
        let tool = format!("--field-manager=tool-{cut}");
        let patch = r#"--patch={"spec": {"replicas": 2}}"#;
        scene.sandbox.kubectl(&["patch", "deployment/web", &tool, patch]);
        eventually(SOON, "the drift is repaired", || {
            let web = scene.sandbox.get("deployment/web").unwrap();
            if web["spec"]["replicas"] == 1 { Ok(()) } else { Err(web["spec"]["replicas"].clone()) }
        });
    }

    // Each kind and the status. A sweep lists each kind once, twice when it doubts a watch.
    let (kinds, sweeps) = (Kind::ALL.len(), 2);
    let requests = scene.proxy.requests().split_off(before);
    let streams = requests.iter().filter(|asked| asked.is_watch()).count();
    assert!((cuts..=(kinds + 1) * (cuts + 2)).contains(&streams), "{streams} watches for {cuts} cuts");
    let lists: Vec<_> = requests.iter().filter(|asked| asked.is_list()).collect();
    assert!(lists.len() <= kinds * 2 * sweeps, "{} lists: {lists:#?}", lists.len());
}
