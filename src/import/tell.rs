//! What became of every field and object of an app, as the last comparison says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::{Change, Step, display};
use super::equivalent::{self, Wanted};
use super::exact;
use super::json::{list, text};
use super::render::Rendered;
use super::report::{Fate, Finding};
use super::settle::{Settling, find};
use crate::render::names;

impl Settling<'_, '_> {
    /// Compares what was rendered before anything was patched with what is rendered now.
    pub(super) fn tell(&mut self, first: &Rendered, last: &Rendered) {
        let left = self.differences(last);
        let is_left =
            |number: usize, path: &[Step]| left.iter().any(|(of, one)| *of == number && one.path == path);
        let mut findings = Vec::new();
        for (number, difference) in self.differences(first) {
            let Some(wanted) = self.wanted.get(number) else { continue };
            let (fate, message) = match &difference.change {
                _ if is_left(number, &difference.path) => continue,
                Change::Missing(_) | Change::Other { .. } => (Fate::Patched, String::new()),
                Change::Extra(value) => (Fate::LeftOut, shown(value)),
            };
            findings.push(self.finding(fate, wanted, &difference.path, message));
        }
        for (number, difference) in &left {
            let Some(wanted) = self.wanted.get(*number) else { continue };
            let (fate, message) = match &difference.change {
                Change::Missing(value) => (Fate::Unfit, format!("{} is not rendered", shown(value))),
                Change::Other { wanted, actual } => {
                    (Fate::Unfit, format!("{} is rendered as {}", shown(wanted), shown(actual)))
                }
                // Labels that every object of the document has.
                Change::Extra(_) if is_metadata(&difference.path) => continue,
                Change::Extra(value) => (Fate::Added, shown(value)),
            };
            findings.push(self.finding(fate, wanted, &difference.path, message));
        }
        self.draft.findings.extend(findings);
        self.tell_names(last);
        self.tell_objects(last);
        self.tell_ports(last);
    }

    /// Names within pods that are not what they were.
    fn tell_names(&mut self, last: &Rendered) {
        let Some(pods) = exact::pods(last, &self.draft.id.name) else { return };
        let (index, name) = self.draft.said.main.clone();
        let workload = self.group.workload;
        let path = |field: &str, key: &str, index: usize| {
            let item = Step::Item { keys: vec![("name".to_owned(), key.to_owned())], index };
            [
                Step::field("spec"),
                Step::field("template"),
                Step::field("spec"),
                Step::field(field),
                item,
                Step::field("name"),
            ]
        };
        let mut say = |fate: Fate, path: &[Step], message: String| {
            let finding = Finding::new(fate, workload.reference(), message).path(display(path));
            self.draft.findings.push(finding.at(workload.place_of(path)));
        };
        let path_of_main = path("containers", &name, index);
        match text(&pods, "/spec/containers/0/name") {
            Some(now) if now != name => {
                let message =
                    format!("is called `{now}` from now on, as in `kubectl logs --container {now}`");
                say(Fate::Note, &path_of_main, message);
            }
            Some(_) if name != names::CONTAINER => say(Fate::Patched, &path_of_main, String::new()),
            Some(_) | None => {}
        }
        let volumes: BTreeSet<&str> =
            list(&pods, "/spec/volumes").iter().filter_map(|volume| text(volume, "/name")).collect();
        for (at, (old, new)) in self.draft.said.volumes.iter().enumerate() {
            if old != new && volumes.contains(new.as_str()) {
                say(Fate::Folded, &path("volumes", old, at), format!("is called `{new}`"));
            }
        }
    }

    /// A network policy that goes by names which the pods that run now do not have cuts them off.
    fn tell_ports(&mut self, last: &Rendered) {
        let name = self.draft.id.name.clone();
        let Some(policy) = find(&last.objects, "NetworkPolicy", &name) else { return };
        let old_pods = equivalent::old_pods(self.group);
        let containers = list(&old_pods, "/spec/containers").iter();
        let known: BTreeSet<&str> = containers
            .flat_map(|container| list(container, "/ports"))
            .filter_map(|port| text(port, "/name"))
            .collect();
        let rules = list(policy, "/spec/ingress").iter();
        let named = rules.flat_map(|rule| list(rule, "/ports")).filter_map(|port| text(port, "/port"));
        let new: BTreeSet<&str> = named.filter(|port| !known.contains(port)).collect();
        if new.is_empty() || self.group.workload.kind != "Deployment" {
            return;
        }
        let message = format!(
            "lets in the ports {}, names that the pods which run now do not have: where the network obeys policies, they \
             are cut off until they are replaced; adopt without --harden first",
            new.into_iter().collect::<Vec<_>>().join(", ")
        );
        self.draft.findings.push(Finding::new(Fate::Note, format!("NetworkPolicy/{name}"), message));
    }

    /// Objects that portfolio adds.
    fn tell_objects(&mut self, last: &Rendered) {
        let written = self.draft.spec.objects.iter();
        let written: BTreeSet<String> = written
            .filter_map(|object| {
                Some(format!("{}/{}", text(&object.0, "/kind")?, text(&object.0, "/metadata/name")?))
            })
            .collect();
        for object in &last.objects {
            let (kind, name) = (object.reference.kind.name(), &object.reference.name);
            let reference = format!("{kind}/{name}");
            let is_wanted = self.wanted.iter().any(|wanted| wanted.kind == kind && wanted.name == *name);
            if !is_wanted && !written.contains(&reference) {
                self.draft.findings.push(Finding::new(Fate::Added, reference, ""));
            }
        }
    }

    fn finding(&self, fate: Fate, wanted: &Wanted<'_>, path: &[Step], message: String) -> Finding {
        let path = self.original(wanted, path);
        let finding = Finding::new(fate, wanted.origin.reference(), message).path(display(&path));
        match fate {
            Fate::Added | Fate::LeftOut => finding,
            Fate::Unfit | Fate::Note | Fate::Folded | Fate::Patched | Fate::Owned => {
                finding.at(wanted.origin.place_of(&path))
            }
        }
    }

    /// A path in the words of the input.
    fn original(&self, wanted: &Wanted<'_>, path: &[Step]) -> Vec<Step> {
        let mut path = path.to_vec();
        if wanted.kind == "CronJob" {
            for step in &mut path {
                if let Step::Item { keys, .. } = step {
                    let own = text(&wanted.origin.said, equivalent::JOB_NAME).unwrap_or_default();
                    keys.iter_mut()
                        .filter(|(_, value)| value == equivalent::JOB)
                        .for_each(|(_, value)| own.clone_into(value));
                }
            }
        }
        if wanted.kind != "Deployment" {
            return path;
        }
        let said = &self.draft.said;
        let mut field = String::new();
        for step in &mut path {
            match step {
                Step::Field(name) => field.clone_from(name),
                Step::Item { keys, index } => {
                    for (_, value) in keys.iter_mut().filter(|(key, _)| key == "name") {
                        if field == "containers" && value == names::CONTAINER {
                            value.clone_from(&said.main.1);
                            *index = said.main.0;
                        } else if field == "volumes"
                            && let Some((old, _)) = said.volumes.iter().find(|(_, new)| *new == value)
                        {
                            value.clone_from(old);
                        }
                    }
                }
            }
        }
        path
    }
}

fn is_metadata(path: &[Step]) -> bool {
    matches!(path.first(), Some(Step::Field(field)) if field == "metadata")
}

/// A value in a few words.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}…")
}
