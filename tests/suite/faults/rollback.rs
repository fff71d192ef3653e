//! SIGKILL between any two writes of a rollout that fails: in the end the last good version runs.

use super::{SOON, Scene, becomes_ready};
use crate::support::{Side, eventually};

/// Pushes an image; given up after these seconds.
fn publish(scene: &Scene, image: &str, deadline: &str) {
    let document = format!(
        "apiVersion: portfolio.dev/v1alpha1\n\
         kind: PortfolioApp\n\
         metadata: {{name: web, namespace: {}}}\n\
         spec: {{image: '{image}', replicas: 1, config: {{a.conf: a}}, rollout: {{deadline: {deadline}}}}}\n",
        scene.sandbox.namespace
    );
    scene.sandbox.repo.write("web.yaml", &document);
    scene.sandbox.repo.publish(image);
}

/// Whether it was given up, and this image runs.
fn is_rolled_back(scene: &Scene, image: &str) -> Result<(), String> {
    let records = scene.observer.records();
    let (phase, quarantined) = (&records["web"]["phase"], &records["web"]["quarantined"]);
    let web = scene.observer.named(&["deployments"], "web").into_values().next().unwrap_or_default();
    let runs = &web["spec"]["template"]["spec"]["containers"][0]["image"];
    let settled = phase == "RolledBack" && !quarantined.is_null() && runs == image;
    if settled { Ok(()) } else { Err(format!("{phase}, {quarantined}, {runs}")) }
}

#[test]
fn a_crash_before_any_write_of_a_rollback_is_survived() {
    let mut scene = Scene::new(&[], |_| {});
    let mut crashes = 0;
    loop {
        let good = format!("registry.test/web:{crashes}");
        publish(&scene, &good, "10m");
        becomes_ready(&scene.observer, &["web"], crashes, SOON);
        let before = scene.uids();

        scene.proxy.stop_at(crashes + 1, Side::Before);
        publish(&scene, &format!("registry.test/unready/web:{crashes}"), "3s");
        eventually(SOON, "it is rolled back, or the write has come", || {
            if scene.proxy.has_stopped() { Ok(()) } else { is_rolled_back(&scene, &good) }
        });
        if !scene.proxy.disarm() {
            break;
        }
        scene.daemon.kill();
        scene.proxy.release();
        scene.daemon.restart();

        let what = format!("it is rolled back after a crash at write {}", crashes + 1);
        eventually(SOON, &what, || is_rolled_back(&scene, &good));
        assert_eq!(scene.uids(), before);
        crashes += 1;
    }
    // Two applies of the Deployment, and what is recorded around each.
    assert!(crashes >= 4, "{crashes} crashes are not all");
}
