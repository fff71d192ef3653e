//! Why an app does not come up: the words of the kubelet and of the runtime, in `portfolio status`.

use super::World;
use super::world::BUSYBOX;
use crate::support::Daemon;

/// Pushes one app and starts the daemon.
fn push(spec: &str) -> Option<(World, Daemon)> {
    let world = World::new()?;
    let spec = format!("replicas: 1\nrollout: {{deadline: 10m}}\n{spec}");
    world.sandbox.repo.write("apps/broken.yaml", &world.document("PortfolioApp", "broken", &spec));
    world.sandbox.repo.publish("Something is wrong");
    let daemon = world.daemon();
    Some((world, daemon))
}

#[test]
fn a_crash_loop_is_told_with_code_and_last_words() {
    let script = "echo 'no configuration at /etc/shop' >&2; exit 3";
    let spec = format!("image: \"{BUSYBOX}\"\ncommand: [/bin/sh, -c, {script:?}]\n");
    let Some((world, _daemon)) = push(&spec) else { return };
    let status = world.until_status("broken", &["Why: CrashLoopBackOff"]);
    assert!(status.contains("container app ended with code 3"), "{status}");
    assert!(status.contains(": no configuration at /etc/shop\n"), "{status}");
    assert!(status.contains("logs broken-"), "{status}");
}

#[test]
fn an_image_that_is_missing_is_named() {
    let Some((world, _daemon)) = push("image: \"docker.io/local/missing:1.0.0\"\n") else { return };
    let status = world.until_status("broken", &["Why: ", "ImagePull"]);
    assert!(status.contains("docker.io/local/missing:1.0.0"), "{status}");
}

#[test]
fn a_secret_that_is_missing_is_named() {
    let spec = format!(
        "image: \"{BUSYBOX}\"\ncommand: [/bin/sleep, \"600\"]\nsecrets: {{TOKEN: {{secret: payments, key: token}}}}\n"
    );
    let Some((world, _daemon)) = push(&spec) else { return };
    let status = world.until_status("broken", &["Why: CreateContainerConfigError"]);
    assert!(status.contains("secret \"payments\" not found"), "{status}");
    assert!(status.contains("create the Secret `payments`"), "{status}");
}

#[test]
fn an_app_that_outgrows_its_memory_is_told_its_limit() {
    // `tail` keeps the last line, and this one never ends.
    let spec = format!(
        "image: \"{BUSYBOX}\"\ncommand: [/bin/busybox, tail, /dev/zero]\n\
         resources: {{requests: {{memory: 16Mi}}, limits: {{memory: 32Mi}}}}\n"
    );
    let Some((world, _daemon)) = push(&spec) else { return };
    let status = world.until_status("broken", &["Why: OOMKilled"]);
    assert!(status.contains("used more memory than its limit of 32Mi"), "{status}");
    assert!(status.contains("raise `spec.resources.limits.memory`"), "{status}");
}
