//! The pods' template exactly as it was, the order of its lists included: then adopting an app restarts nothing.
//!
//! Most of what portfolio adds to pods is harmless and stays otherwise; here it is left out as well, by patches of their
//! own, which somebody takes away when a restart suits him.

use serde_json::Value;

use super::compare::{Difference, Step, compare, display};
use super::defaults;
use super::group::template;
use super::json::{list, text};
use super::patch::Patching;
use super::render::{Rendered, rendered};
use super::report::Restart;
use super::settle::{Settling, find};
use super::withhold::Withheld;
use crate::document::Diagnostic;

const WHY: &str = "Keeps the pods' template the same, so that adopting the app restarts nothing. Take it away, before the\n\
                   other patches, when a restart suits you.";
/// Lists whose order is part of what pods are.
const LISTS: [&str; 3] = ["env", "volumeMounts", "ports"];

impl Settling<'_, '_> {
    /// Patches that make the pods' template what it was, if that can be had.
    pub(super) fn make_exact(&mut self, before: Rendered) -> Result<Rendered, Box<Diagnostic>> {
        let Some(was) = template(self.group.workload).cloned().filter(|_| self.can_be_exact()) else {
            return Ok(before);
        };
        if pods(&before, &self.draft.id.name).is_none_or(|now| now == was) {
            return Ok(before);
        }
        let state = (self.draft.spec.clone(), self.remarks.clone(), self.draft.findings.clone());
        // In the first round all is as it was but the order; the second one sees to that.
        let mut moves = Vec::new();
        for _ in 0..2 {
            self.add(self.same(&was, &before, &moves), WHY);
            let exact = rendered(&mut self.draft, &mut self.remarks)?;
            let now = pods(&exact, &self.draft.id.name).unwrap_or_default();
            if now == was {
                return Ok(exact);
            }
            moves = reordered(&was, &now);
            (self.draft.spec, self.remarks, self.draft.findings) = state.clone();
        }
        Ok(before)
    }

    /// Whether the pods' template could be as it was at all.
    fn can_be_exact(&self) -> bool {
        let said = &self.draft.said;
        !self.options.harden
            && self.group.workload.kind == "Deployment"
            && said.main.0 == 0
            && said.followed.is_empty()
            && !self.group.workload.withheld.iter().any(Withheld::is_of_pods)
            && said.config_map.as_ref().is_none_or(|(old, new)| old == new)
    }

    /// Patches that undo names and additions, then bring items into their order.
    fn same(&self, was: &Value, rendered: &Rendered, moves: &[(String, usize, usize)]) -> Patching {
        let mut patching = Patching::default();
        let mut now = pods(rendered, &self.draft.id.name).unwrap_or_default();
        for (pointer, name) in self.renames(&now) {
            if let Some(place) = now.pointer_mut(&pointer) {
                *place = Value::String(name.clone());
            }
            patching.replace("Deployment", &format!("/spec/template{pointer}"), Value::String(name));
        }
        for Difference { path, change } in compare(was, &now) {
            let path = [Step::field("spec"), Step::field("template")].into_iter().chain(path).collect();
            patching.add("Deployment", &Difference { path, change });
        }
        for (list, from, to) in moves {
            patching.move_item("Deployment", &format!("/spec/template{list}"), *from, *to);
        }
        patching
    }

    /// Places in the rendered pods where a volume has a name of the document's, with the name it had.
    fn renames(&self, pods: &Value) -> Vec<(String, String)> {
        let old = |name: &str| {
            let mut names = self.draft.said.volumes.iter();
            names.find(|(_, new)| *new == name).map(|(old, _)| old.clone()).filter(|old| old != name)
        };
        let mut found = Vec::new();
        let volumes = list(pods, "/spec/volumes").iter().enumerate();
        found.extend(volumes.filter_map(|(at, volume)| {
            Some((format!("/spec/volumes/{at}/name"), old(text(volume, "/name")?)?))
        }));
        for field in ["containers", "initContainers"] {
            for (of, container) in list(pods, &format!("/spec/{field}")).iter().enumerate() {
                let mounts = list(container, "/volumeMounts").iter().enumerate();
                found.extend(mounts.filter_map(|(at, mount)| {
                    let pointer = format!("/spec/{field}/{of}/volumeMounts/{at}/name");
                    Some((pointer, old(text(mount, "/name")?)?))
                }));
            }
        }
        found
    }

    /// What adopting the app does to the pods that run.
    pub(super) fn restart(&self, rendered: &Rendered) -> Option<Restart> {
        let was = template(self.group.workload).filter(|_| self.group.workload.kind == "Deployment")?;
        let now = pods(rendered, &self.draft.id.name)?;
        let withheld = self.group.workload.withheld.iter().filter(|withheld| withheld.is_of_pods());
        let withheld: Vec<String> = withheld.map(|withheld| display(&withheld.path)).collect();
        if now == *was && withheld.is_empty() {
            return Some(Restart::None);
        }
        let said = &self.draft.said;
        let folded = said.config_map.iter().map(|(old, _)| old).chain(&said.followed);
        let mut why: Vec<String> =
            folded.map(|name| format!("ConfigMap/{name}, which is part of the document now")).collect();
        why.extend(withheld.iter().map(|path| format!("{path}, which is not copied")));
        if self.options.harden {
            why.push("what portfolio adds".to_owned());
        }
        if said.main.0 > 0 {
            why.push("the order of its containers".to_owned());
        }
        if why.is_empty() {
            why = compare(was, &now).iter().map(|difference| display(&difference.path)).collect();
        }
        if why.is_empty() {
            why.push("the order of a list".to_owned());
        }
        Some(Restart::Rollout(why))
    }
}

/// The rendered pods' template without what says nothing.
pub(super) fn pods(rendered: &Rendered, name: &str) -> Option<Value> {
    let mut content = find(&rendered.objects, "Deployment", name)?.clone();
    defaults::strip("Deployment", &mut content, false);
    content.pointer_mut("/spec/template").map(Value::take)
}

/// Moves that bring the items of lists into the order they had: list, from, to.
fn reordered(was: &Value, now: &Value) -> Vec<(String, usize, usize)> {
    let mut moves = Vec::new();
    let mut lists = vec!["/spec/volumes".to_owned()];
    lists.extend(LISTS.iter().map(|field| format!("/spec/containers/0/{field}")));
    for pointer in lists {
        let wanted = list(was, &pointer);
        let mut items: Vec<&Value> = list(now, &pointer).iter().collect();
        if wanted.len() != items.len() {
            continue;
        }
        for (to, value) in wanted.iter().enumerate() {
            let from =
                items.iter().enumerate().skip(to).find(|(_, item)| **item == value).map(|(from, _)| from);
            if let Some(from) = from.filter(|from| *from != to) {
                let item = items.remove(from);
                items.insert(to, item);
                moves.push((pointer.clone(), from, to));
            }
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moves_bring_a_list_into_its_order() {
        let list = |names: &[&str]| json!({"spec": {"containers": [{"env": names}], "volumes": []}});
        let moves = reordered(&list(&["c", "a", "d", "b"]), &list(&["a", "b", "c", "d"]));
        let mut items = vec!["a", "b", "c", "d"];
        for (pointer, from, to) in &moves {
            assert_eq!(pointer, "/spec/containers/0/env");
            let item = items.remove(*from);
            items.insert(*to, item);
        }
        assert_eq!(items, ["c", "a", "d", "b"]);
        assert_eq!(moves.len(), 2);
        assert_eq!(reordered(&list(&["a"]), &list(&["a", "b"])), []);
    }
}
