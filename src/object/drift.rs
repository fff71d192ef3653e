//! [`explain`]: what changed in an object of ours, field by field, and who did it.
//!
//! Called after a projection differed, for people only: repair applies the whole object and does not depend
//! on what is found here.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{self, Entry, Fields, Step, below};
use super::managers::Managers;
use super::path::FieldPath;

/// The most differences that are told.
pub const MAX_DRIFTS: usize = 20;

/// One difference between an object and what git asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Where: `spec.replicas`, `metadata.labels[team]`,
    /// `spec.template.spec.containers[name=app].env[name=B]`.
    pub field: String,
    /// Who owns the field now; `None` when it was removed, because then nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// What was done.
    pub operation: Change,
}

/// What was done to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// Ours, and it has another value.
    Changed,
    /// Ours, and it is gone.
    Removed,
    /// Not ours, and a person put it there.
    Added,
}

impl Drift {
    /// The whole object was deleted; by whom, only the API server's audit log knows.
    pub const fn gone() -> Self {
        Self { field: String::new(), manager: None, operation: Change::Removed }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return f.write_str("the object was deleted");
        }
        let done = match self.operation {
            Change::Changed => "changed",
            Change::Removed => "removed",
            Change::Added => "added",
        };
        write!(f, "{} was {done}", self.field)?;
        self.manager.as_ref().map_or(Ok(()), |manager| write!(f, " by {manager}"))
    }
}

/// The differences between a live object and what was rendered, at most [`MAX_DRIFTS`], sorted by field. Empty
/// when there are none, or when the record of who owns what was wiped and nothing else was touched.
pub fn explain(live: &Value, desired: &Value, managers: &Managers) -> Vec<Drift> {
    let mut search = Search { managers, path: Vec::new(), found: Vec::new() };
    let ours = fields::ours(live);
    let others: Vec<_> = fields::entries(live).filter(|entry| !entry.is_our_apply()).collect();
    let owners: Vec<Owned<'_>> =
        others.iter().map(|entry| Owned { entry: *entry, fields: entry.fields }).collect();
    search.wanted(desired, Some(live), ours, &owners);
    for entry in others.iter().filter(|entry| managers.covers(entry)) {
        search.unwanted(entry, entry.fields, Some(desired));
    }
    let mut found = search.found;
    found.sort_unstable();
    found.dedup_by(|later, earlier| later.field == earlier.field);
    found.truncate(MAX_DRIFTS);
    found
}

/// What another manager owns at the path at hand.
#[derive(Clone, Copy)]
struct Owned<'a> {
    entry: Entry<'a>,
    fields: &'a Fields,
}

struct Search<'a> {
    managers: &'a Managers,
    path: FieldPath<'a>,
    found: Vec<Drift>,
}

impl<'a> Search<'a> {
    /// Goes down what was rendered, side by side with what is there and who owns it.
    fn wanted(
        &mut self,
        desired: &'a Value,
        live: Option<&'a Value>,
        ours: Option<&'a Fields>,
        others: &[Owned<'a>],
    ) {
        if self.managers.ignores(&self.path) {
            return;
        }
        // Owned as one piece: an atomic list or map, or a scalar.
        let is_whole =
            ours.is_some_and(Fields::is_empty) || others.iter().any(|other| other.fields.is_empty());
        match desired {
            Value::Object(map) if !map.is_empty() && !is_whole => {
                for (name, value) in map {
                    if !self.is_identity(name) {
                        self.step(Step::Field(name), &format!("f:{name}"), value, live, ours, others);
                    }
                }
            }
            Value::Array(items) if !is_whole => {
                for item in items {
                    let all = ours.into_iter().chain(others.iter().map(|other| other.fields));
                    match all.flat_map(Fields::keys).find_map(|key| names(key, item)) {
                        Some((key, step)) => self.step(step, key, item, live, ours, others),
                        None => self.leaf(item, live.filter(|live| contains(live, item)), ours, others),
                    }
                }
            }
            value => self.leaf(value, live, ours, others),
        }
    }

    fn step(
        &mut self,
        step: Step<'a>,
        key: &str,
        desired: &'a Value,
        live: Option<&'a Value>,
        ours: Option<&'a Fields>,
        others: &[Owned<'a>],
    ) {
        let found = live.and_then(|live| step.follow(live));
        let others: Vec<_> = others
            .iter()
            .filter_map(|other| Some(Owned { entry: other.entry, fields: below(other.fields, key)? }))
            .collect();
        self.path.push(step);
        if found.is_none() && desired.is_object() {
            self.tell(Change::Removed, None);
        } else {
            self.wanted(desired, found, ours.and_then(|ours| below(ours, key)), &others);
        }
        self.path.pop();
    }

    fn leaf(&mut self, desired: &Value, live: Option<&Value>, ours: Option<&Fields>, others: &[Owned<'_>]) {
        let Some(live) = live else {
            self.tell(Change::Removed, None);
            return;
        };
        // Nobody's and as it should be: the record of owners is gone, the value is not.
        if covers(live, desired) && (ours.is_some() || others.is_empty()) {
            return;
        }
        let newest = others.iter().max_by_key(|other| other.entry.time);
        self.tell(Change::Changed, newest.map(|other| other.entry.manager));
    }

    /// Goes down what a person owns and tells what was not rendered, at the highest place where it differs.
    fn unwanted(&mut self, entry: &Entry<'a>, fields: &'a Fields, desired: Option<&Value>) {
        for (key, below) in fields {
            let step = Step::parse(key);
            if step == Step::This {
                continue;
            }
            let wanted = desired.and_then(|desired| step.follow(desired));
            self.path.push(step);
            if !self.managers.spares(&self.path)
                && let Some(below) = below.as_object()
            {
                match wanted {
                    Some(wanted) => self.unwanted(entry, below, Some(wanted)),
                    None if self.has_drift(below) => self.tell(Change::Added, Some(entry.manager)),
                    None => {}
                }
            }
            self.path.pop();
        }
    }

    /// Whether anything below is not left alone.
    fn has_drift(&mut self, fields: &'a Fields) -> bool {
        let mut any_spared = false;
        for (key, below) in fields {
            let step = Step::parse(key);
            if step == Step::This {
                continue;
            }
            self.path.push(step);
            let drift = !self.managers.spares(&self.path)
                && below.as_object().is_some_and(|below| self.has_drift(below));
            self.path.pop();
            if drift {
                return true;
            }
            any_spared = true;
        }
        !any_spared
    }

    /// Not part of any `fieldsV1`: they cannot differ.
    fn is_identity(&self, name: &str) -> bool {
        match self.path.as_slice() {
            [] => matches!(name, "apiVersion" | "kind"),
            [Step::Field("metadata")] => matches!(name, "name" | "namespace"),
            _ => false,
        }
    }

    fn tell(&mut self, operation: Change, manager: Option<&str>) {
        let field = super::path::display(&self.path);
        self.found.push(Drift { field, manager: manager.map(Into::into), operation });
    }
}

/// The key of a tree, when it names this item.
fn names<'a>(key: &'a str, item: &Value) -> Option<(&'a str, Step<'a>)> {
    let step = Step::parse(key);
    let is_named = match &step {
        Step::Key(keys) => fields::has_keys(item, keys),
        Step::Item(value) => value == item,
        Step::This | Step::Field(_) | Step::Index(_) => false,
    };
    is_named.then_some((key, step))
}

fn contains(list: &Value, item: &Value) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|found| covers(found, item)))
}

/// Whether a live value is the desired one, defaults added.
fn covers(live: &Value, desired: &Value) -> bool {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => {
            desired.iter().all(|(key, value)| live.get(key).is_some_and(|live| covers(live, value)))
        }
        (Value::Array(live), Value::Array(desired)) => {
            live.len() == desired.len()
                && live.iter().zip(desired).all(|(live, desired)| covers(live, desired))
        }
        (live, desired) => live == desired,
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests;
