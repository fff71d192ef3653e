//! From a draft to a document that gives back what was written: it is rendered and compared with the input, patches
//! keep what no field says and leave out what would change something, and then it is rendered and compared again.
//! Only what the second comparison finds equal counts as kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Options;
use super::additions::{is_alternative, is_harmless};
use super::app::{ConfigMaps, Draft};
use super::compare::{Change, Difference, Step, compare};
use super::equivalent::{self, Wanted};
use super::group::Group;
use super::json::{text, texts};
use super::kubernetes::config_map_names;
use super::manifest::Manifest;
use super::patch::Patching;
use super::render::{Rendered, is_privileged, kinds, rendered, shorten};
use super::report::{Fate, Finding, ImportedApp, Needs};
use super::write::Remark;
use crate::document::{Diagnostic, Json, Patch};
use crate::object::Object;
use crate::render::names;

const KEPT: &str = "Kept as it was written, since no field says it.";
const LEFT_OUT: &str =
    "Leaves out what portfolio would add, so that nothing changes. Take lines away to get it.";

/// An app on its way.
pub(super) struct Settling<'a, 'm> {
    pub(super) group: &'a Group<'m>,
    pub(super) options: &'a Options,
    pub(super) draft: Draft,
    pub(super) remarks: Vec<Remark>,
    pub(super) wanted: Vec<Wanted<'m>>,
    /// Directions of traffic in which policies for all of the namespace isolate the pods.
    isolated: Vec<String>,
}

/// The document of a group, or why there can be none. `standing` are the `ConfigMap`s that stand among the `objects` of a
/// document, by namespace and name.
pub(super) fn settle<'m>(
    group: &Group<'m>,
    draft: Draft,
    config_maps: &ConfigMaps<'m>,
    standing: &mut BTreeSet<(String, String)>,
    rest: &mut Vec<&'m Manifest>,
    options: &Options,
) -> Result<ImportedApp, Box<Diagnostic>> {
    let namespace = group.workload.namespace.as_str();
    let config_map = draft.said.config_map.as_ref();
    let config_map = config_map.and_then(|(old, _)| config_maps.get(&(namespace, old.as_str())).copied());
    let wanted = equivalent::wanted(group, &draft.said, config_map);
    let isolated = isolated(&group.workload.namespace, rest);
    let mut settling = Settling { group, options, draft, remarks: Vec::new(), wanted, isolated };
    shorten(&mut settling.draft);
    let mut first = rendered(&mut settling.draft, &mut settling.remarks)?;
    if settling.write_out(&first) {
        first = rendered(&mut settling.draft, &mut settling.remarks)?;
    }
    settling.recognise(&first, rest);
    settling.keep(&first);
    let mut second = rendered(&mut settling.draft, &mut settling.remarks)?;
    if settling.let_stand(&second, config_maps, standing) {
        second = rendered(&mut settling.draft, &mut settling.remarks)?;
    }
    settling.leave_out(&second);
    let third = rendered(&mut settling.draft, &mut settling.remarks)?;
    let last = settling.make_exact(third)?;
    settling.tell(&first, &last);
    Ok(settling.finish(last))
}

impl<'m> Settling<'_, 'm> {
    /// What differs, object by object. What is not rendered at all is no difference here.
    pub(super) fn differences(&self, rendered: &Rendered) -> Vec<(usize, Difference)> {
        let old_pods = equivalent::old_pods(self.group);
        let service = find(&rendered.objects, "Service", &self.draft.id.name).cloned().unwrap_or_default();
        let mut found = Vec::new();
        for (number, wanted) in self.wanted.iter().enumerate() {
            if let Some(content) = find(&rendered.objects, wanted.kind, &wanted.name) {
                let actual = equivalent::actual(wanted.kind, content, &self.draft.said, &old_pods, &service);
                found.extend(compare(&wanted.content, &actual).into_iter().map(|one| (number, one)));
            }
        }
        found
    }

    /// Objects that no field makes stand among `objects`. A claim does not: what is in it must outlive the document.
    fn write_out(&mut self, rendered: &Rendered) -> bool {
        let (made, not_made): (Vec<_>, Vec<_>) = std::mem::take(&mut self.wanted)
            .into_iter()
            .partition(|wanted| find(&rendered.objects, wanted.kind, &wanted.name).is_some());
        self.wanted = made;
        for wanted in &not_made {
            if wanted.kind == "PersistentVolumeClaim" {
                let message = "stays as it is, mounted by its name: portfolio neither changes nor deletes it";
                let finding = Finding::new(Fate::Unfit, wanted.origin.reference(), message);
                self.draft.findings.push(finding.at(wanted.origin.place()));
            } else {
                self.draft.spec.objects.push(Json(wanted.origin.content()));
            }
        }
        !not_made.is_empty()
    }

    /// `ConfigMap`s that the document has in its own words stay, where something still refers to them by name.
    fn let_stand(
        &mut self,
        rendered: &Rendered,
        config_maps: &ConfigMaps<'m>,
        standing: &mut BTreeSet<(String, String)>,
    ) -> bool {
        let mut names = BTreeSet::new();
        rendered.objects.iter().for_each(|object| config_map_names(&object.content, &mut names));
        let namespace = self.group.workload.namespace.as_str();
        let before = self.draft.spec.objects.len();
        for name in names.into_iter().filter(|name| find(&rendered.objects, "ConfigMap", name).is_none()) {
            if let Some(manifest) = config_maps.get(&(namespace, name))
                && standing.insert((namespace.to_owned(), name.to_owned()))
            {
                self.draft.spec.objects.push(Json(manifest.content()));
            }
        }
        self.draft.spec.objects.len() > before
    }

    /// Objects of the input that no mapping asked for, and that portfolio renders all the same.
    fn recognise(&mut self, rendered: &Rendered, rest: &mut Vec<&'m Manifest>) {
        for object in &rendered.objects {
            let (kind, name) = (object.reference.kind, &object.reference.name);
            let is_wanted = |wanted: &Wanted<'_>| wanted.kind == kind.name() && wanted.name == *name;
            let is_it = |manifest: &&Manifest| {
                manifest.is(kind.group(), kind.name())
                    && manifest.name == *name
                    && manifest.namespace == self.draft.id.namespace
            };
            if !self.wanted.iter().any(is_wanted)
                && let Some(at) = rest.iter().position(is_it)
            {
                let manifest = rest.remove(at);
                self.draft.findings.extend(manifest.held_back());
                self.wanted.push(equivalent::one(kind.name(), name, manifest, self.group));
            }
        }
    }

    /// Patches for what was written and is not rendered.
    fn keep(&mut self, rendered: &Rendered) {
        let mut patching = Patching::default();
        let differences = self.differences(rendered);
        for (number, difference) in &differences {
            let Some(wanted) = self.wanted.get(*number) else { continue };
            let is_kept = match difference.change {
                Change::Missing(_) | Change::Other { .. } => true,
                // In the place of what is added beside it.
                Change::Extra(_) => {
                    is_alternative(wanted.kind, &difference.path)
                        && differences.iter().any(|(of, other)| {
                            let is_sibling = other.path.split_last().map(|(_, parents)| parents)
                                == difference.path.split_last().map(|(_, parents)| parents);
                            of == number && is_sibling && !matches!(other.change, Change::Extra(_))
                        })
                }
            };
            if is_kept {
                patching.add(&target(&rendered.objects, wanted), difference);
            }
        }
        if !self.options.harden {
            let mut named = |target: &str, pointer: &str, name: &str, own: &str| {
                if name != own {
                    patching.replace(target, pointer, Value::String(name.to_owned()));
                }
            };
            named(
                "Deployment",
                "/spec/template/spec/containers/0/name",
                &self.draft.said.main.1,
                names::CONTAINER,
            );
            for wanted in self.wanted.iter().filter(|wanted| wanted.kind == "CronJob") {
                if let Some(name) = text(&wanted.origin.said, equivalent::JOB_NAME) {
                    named(&target(&rendered.objects, wanted), equivalent::JOB_NAME, name, equivalent::JOB);
                }
            }
        }
        self.add(patching, KEPT);
    }

    /// Patches that leave out what portfolio would add, where that changes something.
    fn leave_out(&mut self, rendered: &Rendered) {
        if self.options.harden {
            return;
        }
        let mut patching = Patching::default();
        for (number, difference) in self.differences(rendered) {
            if let (Change::Extra(value), Some(wanted)) = (&difference.change, self.wanted.get(number))
                && !is_harmless(wanted.kind, &difference.path, value)
            {
                patching.add(&target(&rendered.objects, wanted), &difference);
            }
        }
        self.open(rendered, &mut patching);
        self.add(patching, LEFT_OUT);
    }

    /// Where there was no policy for the pods, the app's own lets through what came through before: everything, or what
    /// the policies of the namespace let through.
    fn open(&mut self, rendered: &Rendered, patching: &mut Patching) {
        let name = self.draft.id.name.clone();
        let is_wanted =
            self.wanted.iter().any(|wanted| wanted.kind == "NetworkPolicy" && wanted.name == name);
        if is_wanted || find(&rendered.objects, "NetworkPolicy", &name).is_none() {
            return;
        }
        let policies =
            rendered.objects.iter().filter(|object| object.reference.kind.name() == "NetworkPolicy");
        let is_only = policies.count() == 1;
        let target = if is_only { "NetworkPolicy".to_owned() } else { format!("NetworkPolicy/{name}") };
        let mut set = |field: &str, change: Change| {
            let path = vec![Step::field("spec"), Step::field(field)];
            patching.add(&target, &Difference { path, change });
        };
        if self.isolated.is_empty() {
            set("ingress", Change::Missing(json!([{}])));
        } else {
            set("ingress", Change::Extra(Value::Null));
            set("egress", Change::Extra(Value::Null));
            set("policyTypes", Change::Missing(json!(self.isolated)));
        }
        let finding = Finding::new(Fate::LeftOut, format!("NetworkPolicy/{name}"), "").path("spec.ingress");
        self.draft.findings.push(finding);
    }

    pub(super) fn add(&mut self, patching: Patching, why: &str) {
        let patches: Vec<Patch> = patching.finish();
        if !patches.is_empty() {
            let item = Some(self.draft.spec.patches.len());
            self.remarks.push(Remark { field: "patches", item, text: why.to_owned() });
            self.draft.spec.patches.extend(patches);
        }
    }

    fn finish(self, last: Rendered) -> ImportedApp {
        let restart = self.restart(&last);
        let mut findings = self.draft.findings;
        findings.sort();
        findings.dedup();
        let needs = Needs {
            kinds: kinds(&self.draft.spec).iter().map(ToString::to_string).collect(),
            privileged: is_privileged(&last.text, &self.draft.spec),
        };
        ImportedApp {
            id: self.draft.id,
            text: last.text,
            origins: origins(self.group),
            findings,
            restart,
            needs,
        }
    }
}

fn origins(group: &Group<'_>) -> Vec<(String, super::Place)> {
    let one = [
        Some(group.workload),
        group.service,
        group.ingress,
        group.autoscaler,
        group.budget,
        group.policy,
        group.account,
    ];
    let all = one.into_iter().flatten().chain(group.claims.iter().copied()).chain(group.jobs.iter().copied());
    all.chain(group.further.iter().copied())
        .map(|manifest| (manifest.reference(), manifest.place()))
        .collect()
}

/// Directions in which the pods of a namespace are isolated, whoever they are.
fn isolated(namespace: &str, rest: &[&Manifest]) -> Vec<String> {
    let of_all = rest.iter().filter(|manifest| {
        manifest.is("networking.k8s.io", "NetworkPolicy")
            && manifest.namespace == namespace
            && manifest.said.pointer("/spec/podSelector") == Some(&json!({}))
    });
    let mut types: Vec<String> = of_all
        .flat_map(|manifest| {
            let said = texts(&manifest.said, "/spec/policyTypes");
            if !said.is_empty() {
                return said;
            }
            let has_egress = manifest.said.pointer("/spec/egress").is_some();
            let derived: &[&str] = if has_egress { &["Ingress", "Egress"] } else { &["Ingress"] };
            derived.iter().map(|direction| (*direction).to_owned()).collect()
        })
        .collect();
    types.sort();
    types.dedup();
    types
}

pub(super) fn find<'o>(objects: &'o [Object], kind: &str, name: &str) -> Option<&'o Value> {
    let mut found = objects.iter().filter(|object| object.reference.kind.name() == kind);
    found.find(|object| object.reference.name == name).map(|object| &*object.content)
}

/// How a patch names an object: by its kind where there is but one of it.
fn target(objects: &[Object], wanted: &Wanted<'_>) -> String {
    let count = objects.iter().filter(|object| object.reference.kind.name() == wanted.kind).count();
    if count == 1 { wanted.kind.to_owned() } else { format!("{}/{}", wanted.kind, wanted.name) }
}
