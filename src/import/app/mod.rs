//! The objects of an app into the fields of a document. Only what a field can say is taken; the rest is found by
//! comparing (see [`super::settle`]), so nothing here has to know what it leaves out.
//!
//! What Kubernetes takes for granted and portfolio does not (one replica, a probe's second) is written out.

mod around;
mod container;
mod environment;
mod jobs;
mod network;
mod pods;
mod ports;
mod probes;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::group::{Group, template};
use super::json::{list, text};
use super::manifest::Manifest;
use super::report::{Fate, Finding};
use crate::document::{AppSpec, ConfigFile, DocumentId};

pub(super) use around::is_reserved;
pub(super) use volumes::rename_mounts;

/// A document on its way.
pub(super) struct Draft {
    pub(super) id: DocumentId,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) spec: AppSpec,
    /// What the document says in other words than the objects do.
    pub(super) said: Said,
    /// What is rendered of it is compared with the input, so that whatever is left out is told in any case.
    pub(super) compared: bool,
    /// What became of what is said in other words.
    pub(super) findings: Vec<Finding>,
}

/// What a document says in other words than the objects it was made of.
#[derive(Default)]
pub(super) struct Said {
    /// Place of the app's container in its pods, and its name.
    pub(super) main: (usize, String),
    /// The container's variables, once `ConfigMap`s are followed.
    pub(super) variables: Vec<Value>,
    /// Every source of `envFrom` was followed, so that there is none any more.
    pub(super) env_from: bool,
    /// The number of pods is an autoscaler's, which the document has.
    pub(super) scaled: bool,
    /// Names of volumes, and what they are called in the document.
    pub(super) volumes: BTreeMap<String, String>,
    /// Files of the app's configuration.
    pub(super) config_files: BTreeMap<String, ConfigFile>,
    /// Name of the `ConfigMap` that they came out of, and of the one that is rendered.
    pub(super) config_map: Option<(String, String)>,
    /// Names of `ConfigMap`s out of which variables were taken.
    pub(super) followed: BTreeSet<String>,
}

/// The `ConfigMap`s of the input, by namespace and name.
pub(super) type ConfigMaps<'m> = BTreeMap<(&'m str, &'m str), &'m Manifest>;

/// What the mapping of an app looks at.
pub(super) struct Source<'a> {
    pub(super) group: &'a Group<'a>,
    pub(super) config_maps: &'a ConfigMaps<'a>,
    /// The pod template, and the container that is the app's own.
    template: &'a Value,
    main: &'a Value,
    main_index: usize,
}

impl<'a> Source<'a> {
    fn new(group: &'a Group<'a>, config_maps: &'a ConfigMaps<'a>) -> Option<Self> {
        let template = template(group.workload)?;
        let main_index = main_container(group, template);
        let main = list(template, "/spec/containers").get(main_index)?;
        Some(Self { group, config_maps, template, main, main_index })
    }

    fn name(&self) -> &'a str {
        &self.group.workload.name
    }

    fn config_map(&self, name: &str) -> Option<&'a Manifest> {
        self.config_maps.get(&(self.group.workload.namespace.as_str(), name)).copied()
    }
}

/// Which container is the app: the one of its name, the one that its Service leads to, or the first.
fn main_container(group: &Group<'_>, template: &Value) -> usize {
    let containers = list(template, "/spec/containers");
    let named =
        containers.iter().position(|container| text(container, "/name") == Some(&group.workload.name));
    let served = || {
        let port = list(&group.service?.said, "/spec/ports").first()?;
        let target = port.get("targetPort").or_else(|| port.get("port"))?;
        containers.iter().position(|container| {
            let mut ports = list(container, "/ports").iter();
            ports.any(|port| port.get("containerPort") == Some(target) || port.get("name") == Some(target))
        })
    };
    named.or_else(served).unwrap_or(0)
}

/// The document that a group makes; none of a workload without containers.
pub(super) fn draft(group: &Group<'_>, config_maps: &ConfigMaps<'_>) -> Option<Draft> {
    let source = Source::new(group, config_maps)?;
    let workload = group.workload;
    let mut draft = Draft {
        id: DocumentId::app(&workload.namespace, &workload.name),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        spec: AppSpec { adopt: true, ..AppSpec::default() },
        said: Said::default(),
        compared: true,
        findings: Vec::new(),
    };
    draft.said.main = (source.main_index, text(source.main, "/name").unwrap_or_default().to_owned());
    around::metadata(&source, &mut draft);
    pods::workload(&source, &mut draft);
    pods::pods(&source, &mut draft);
    ports::ports(&source, &mut draft);
    container::container(&source, &mut draft);
    environment::environment(&source, &mut draft);
    probes::probes(&source, &mut draft);
    volumes::volumes(&source, &mut draft);
    around::scaling(&source, &mut draft);
    around::ingress(&source, &mut draft);
    network::network(&source, &mut draft);
    jobs::jobs(&source, &mut draft);
    Some(draft)
}

impl Draft {
    fn folded(&mut self, object: &str, path: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(Fate::Folded, object, message).path(path));
    }
}
