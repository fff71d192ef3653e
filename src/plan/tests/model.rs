//! Random histories of pushes, drift, failures, lost events and crashes, each healed in the end: then the cluster
//! is what the branch says, nothing of ours is left over, and there is nothing more to do.
//!
//! [`World`] checks on the way that nothing is written before its inventory is durable, that nothing of somebody
//! else is overwritten, and that nothing is deleted on a guess.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::world::{BAD, Look, World, app};
use crate::object::{Kind, ObjectRef};
use crate::plan::desired;
use crate::record::Phase;

const NAMES: [&str; 3] = ["web", "api", "cart"];

/// What a document says.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent line of the document")]
struct Version {
    image: u8,
    metrics: bool,
    ingress: bool,
    config: u8,
    storage: bool,
    grace: u8,
    suspend: bool,
    needs_next: bool,
    scales: bool,
    backup: bool,
    reports: bool,
    further: bool,
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Event {
    Push(usize, Version),
    Remove(usize),
    /// The file is unreadable from its first byte: its document may be anywhere.
    Garble(usize),
    /// The document is known and wrong.
    Break(usize),
    Mend(usize),
    Move(usize),
    Edit(usize),
    Lose(usize),
    StripLabel(usize),
    Intrude(usize),
    Load(usize, u32),
    Scale(usize, u32),
    Deny(u8),
    Allow,
    Deafen,
    Sweep,
    Approve,
    Crash(usize),
    Read,
    Run(u8),
}

/// One of the documents as people have it in mind, whatever state its file is in.
#[derive(Clone, Debug, Default)]
struct File {
    version: Option<Version>,
    moved: bool,
}

fn text(number: usize, version: Version) -> String {
    let name = NAMES[number];
    let image = if version.image == 3 { BAD.to_owned() } else { version.image.to_string() };
    let mut further = Vec::new();
    let mut spec = format!("image: example.com/{name}:{image}\n");
    spec += if version.scales { "autoscaling: {min: 2, max: 9}\n" } else { "replicas: 1\n" };
    spec += if version.metrics { "ports: {http: 8080, metrics: 9090}\n" } else { "port: 8080\n" };
    if version.ingress {
        spec += "ingress: {host: shop.example.com}\n";
    }
    if version.config > 0 {
        spec += &format!("config: {{a.txt: \"{}\"}}\n", version.config);
    }
    if version.storage {
        spec += "storage: {data: {size: 1Gi, mountPath: /data, accessMode: ReadWriteMany}}\n";
    }
    spec += &format!("deletion: {{grace: {}s}}\n", version.grace);
    if version.backup {
        spec += "backup: {onDelete: true, command: [/bin/backup]}\n";
    }
    if version.reports {
        spec += "drift: {mode: report}\n";
    }
    if version.further {
        for (api_version, kind) in
            [("postgresql.cnpg.io/v1", "Cluster"), ("gateway.networking.k8s.io/v1", "HTTPRoute")]
        {
            let item =
                format!("apiVersion: {api_version}, kind: {kind}, metadata: {{name: {name}}}, spec: {{}}");
            further.push(format!("{{{item}}}"));
        }
        spec += &format!("objects: [{}]\n", further.join(", "));
    }
    if version.suspend {
        spec += "suspend: true\n";
    }
    // Never in a circle: that is a diagnostic.
    if version.needs_next && number + 1 < NAMES.len() {
        spec += &format!("dependsOn: [{{app: {}}}]\n", NAMES[number + 1]);
    }
    app(name, &spec)
}

/// The history and what people want by now.
struct History {
    world: World,
    files: [File; 3],
}

impl History {
    fn new() -> Self {
        let mut world = World::new();
        world.policy.protect_kinds.insert("Cluster.v1.postgresql.cnpg.io".parse().unwrap());
        Self { world, files: Default::default() }
    }

    fn write(&mut self, number: usize, change: impl FnOnce(String) -> String) {
        let name = NAMES[number];
        let paths = [format!("{name}.yaml"), format!("moved/{name}.yaml")];
        for path in &paths {
            self.world.files.remove(path);
        }
        if let Some(version) = self.files[number].version {
            let path = paths[usize::from(self.files[number].moved)].clone();
            self.world.files.insert(path, change(text(number, version)));
        }
        self.world.read();
    }

    /// The n-th object that is there, if any.
    fn pick(&self, number: usize) -> Option<ObjectRef> {
        let count = self.world.live.len();
        (count > 0).then(|| self.world.live.keys().nth(number % count).cloned()).flatten()
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Push(number, version) => {
                self.files[number].version = Some(version);
                self.write(number, |text| text);
            }
            Event::Remove(number) => {
                self.files[number].version = None;
                self.write(number, |text| text);
            }
            Event::Garble(number) => self.write(number, |_| "a: [".to_owned()),
            Event::Break(number) => self.write(number, |text| text.replace("8080", "nonsense")),
            Event::Mend(number) => self.write(number, |text| text),
            Event::Move(number) => {
                self.files[number].moved ^= true;
                self.write(number, |text| text);
            }
            Event::Edit(number) => self.pick(number).iter().for_each(|one| self.world.edit(one)),
            Event::Lose(number) => self.pick(number).iter().for_each(|one| self.world.lose(one)),
            Event::StripLabel(number) => self.pick(number).iter().for_each(|one| self.world.strip_label(one)),
            Event::Intrude(number) => {
                let reference = World::reference(Kind::Service, NAMES[number % NAMES.len()]);
                self.world.intrude(&reference);
            }
            Event::Load(number, load) => {
                self.world.load.insert(NAMES[number].to_owned(), load);
            }
            Event::Scale(number, pods) => self.world.scale(NAMES[number], pods),
            Event::Deny(kind) => {
                self.world.denied.insert(Kind::ALL[usize::from(kind) % Kind::ALL.len()]);
            }
            Event::Allow => self.world.denied.clear(),
            Event::Deafen => self.world.deaf = true,
            Event::Sweep => {
                self.world.deaf = false;
                self.world.sweep();
            }
            Event::Approve => self.world.approve(),
            Event::Crash(steps) => {
                self.world.fuse = Some(steps);
                if self.world.look_at_all() != Look::Crashed {
                    self.world.restart();
                }
            }
            Event::Read => self.world.read(),
            Event::Run(seconds) => self.world.run(i64::from(seconds)),
        }
    }

    /// Everything comes right, people approve what is asked of them, and time passes.
    fn heal(&mut self) {
        let world = &mut self.world;
        (world.deaf, world.fuse) = (false, None);
        world.denied.clear();
        world.live.retain(|_, live| live.document.is_some());
        world.sweep();
        for number in (0..NAMES.len()).rev() {
            let next = self.files.get(number + 1).is_some_and(|file| file.version.is_some());
            if let Some(version) = &mut self.files[number].version {
                // What is in no source is waited for, rightly.
                version.needs_next &= next;
                (version.suspend, version.reports) = (false, false);
                version.image %= 3;
                // Another version than a quarantined one.
                version.grace = 9;
            }
            self.write(number, |text| text);
        }
        for _ in 0..4 {
            self.world.approve();
            self.world.run(40);
            self.world.tick(310);
        }
        self.world.run(20);
    }

    fn check(&mut self) {
        let loaded = self.world.reading.clone().unwrap();
        assert!(loaded.complete);
        let mut expected = BTreeSet::new();
        for (id, located) in &loaded.documents {
            let record = &self.world.memory[id];
            assert_eq!(record.phase, Phase::Ready, "{id}: {} {}", record.reason, record.message);
            let renderer = record.applied.as_ref().unwrap().renderer;
            for object in desired(&located.document, renderer, &self.world.owner, "runner", record).objects {
                let live = self.world.live.get(&object.reference);
                let live = live.unwrap_or_else(|| panic!("{} is not there", object.reference));
                assert_eq!(live.object, object, "{} is not what git says", object.reference);
                assert_eq!((live.foreign, live.labelled), (0, true), "{} has drifted", object.reference);
                if let Some(pods) = object.content.pointer("/spec/replicas") {
                    assert_eq!(*pods, live.replicas.count, "{} has other pods", object.reference);
                } else if object.reference.kind == Kind::Deployment {
                    assert!(!live.replicas.held.ours, "{} is not handed over", object.reference);
                }
                assert!(record.inventory.items.contains_key(&object.reference));
                expected.insert(object.reference);
            }
        }
        let kept = |reference: &ObjectRef| reference.kind == Kind::PersistentVolumeClaim;
        let over: Vec<_> =
            self.world.live.keys().filter(|key| !expected.contains(*key) && !kept(key)).collect();
        assert!(over.is_empty(), "left over: {over:?}");
        assert_eq!(self.world.memory.keys().collect::<Vec<_>>(), loaded.documents.keys().collect::<Vec<_>>());
        self.world.log.clear();
        let before = self.world.memory.clone();
        self.world.run(3);
        assert_eq!(self.world.log, Vec::<String>::new(), "still at work");
        assert_eq!(self.world.memory, before, "still writing records");
    }
}

fn version() -> impl Strategy<Value = Version> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let rare = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.1));
    let rare = (rare, any::<bool>());
    (flags, rare, 0..4_u8, 0..3_u8, 0..3_u8).prop_map(
        |(
            (metrics, ingress, storage, needs_next),
            ((scales, backup, reports, suspend), further),
            image,
            config,
            grace,
        )| Version {
            image,
            metrics,
            ingress,
            config,
            storage,
            grace,
            suspend,
            needs_next,
            scales,
            backup,
            reports,
            further,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let file = || 0..NAMES.len();
    prop_oneof![
        6 => (file(), version()).prop_map(|(number, version)| Event::Push(number, version)),
        2 => file().prop_map(Event::Remove),
        1 => file().prop_map(Event::Garble),
        1 => file().prop_map(Event::Break),
        1 => file().prop_map(Event::Mend),
        1 => file().prop_map(Event::Move),
        2 => (0..40_usize).prop_map(Event::Edit),
        2 => (0..40_usize).prop_map(Event::Lose),
        1 => (0..40_usize).prop_map(Event::StripLabel),
        1 => (0..40_usize).prop_map(Event::Intrude),
        2 => (file(), 0..12_u32).prop_map(|(number, load)| Event::Load(number, load)),
        1 => (file(), 0..12_u32).prop_map(|(number, pods)| Event::Scale(number, pods)),
        1 => (0..11_u8).prop_map(Event::Deny),
        1 => Just(Event::Allow),
        1 => Just(Event::Deafen),
        1 => Just(Event::Sweep),
        2 => Just(Event::Approve),
        4 => (0..12_usize).prop_map(Event::Crash),
        2 => Just(Event::Read),
        6 => (1..40_u8).prop_map(Event::Run),
    ]
}

#[test]
fn whatever_happens_the_cluster_becomes_what_the_branch_says() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let histories = prop::collection::vec(event(), 1..25);
    let outcome = TestRunner::new_with_rng(config, rng).run(&histories, |events| {
        let mut history = History::new();
        for event in events {
            history.happens(event);
        }
        history.heal();
        history.check();
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn a_crash_after_any_step_of_a_change_and_a_removal_is_made_good() {
    let first = Version {
        image: 1,
        metrics: true,
        ingress: true,
        config: 1,
        storage: true,
        grace: 5,
        suspend: false,
        needs_next: false,
        scales: false,
        backup: true,
        reports: false,
        further: true,
    };
    let second = Version { image: 2, metrics: false, config: 2, scales: true, ..first };
    for step in 0..16 {
        let mut history = History::new();
        for event in [
            Event::Push(1, first),
            Event::Crash(step),
            Event::Read,
            Event::Run(20),
            Event::Push(0, first),
            Event::Push(1, second),
            Event::Crash(step),
            Event::Read,
            Event::Run(20),
            Event::Remove(1),
            Event::Crash(step),
            Event::Read,
            Event::Run(20),
        ] {
            history.happens(event);
        }
        history.heal();
        history.check();
    }
}
