//! [`Changes`]: what a push would do, object by object, whether it was found out by comparing two revisions or by
//! asking the API server. Pure.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;

use super::fields::{FieldChange, fields};
use crate::document::DocumentId;
use crate::object::{Kind, Object, ObjectRef};
use crate::redact::Redactor;

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum What {
    /// It is new.
    Created,
    /// Some of its fields change.
    Changed,
    /// Another one of another name takes its place.
    Replaced,
    /// It goes, once the rollout is healthy or the document is gone.
    Deleted,
    /// It is in no document any more and stays: a volume.
    Kept,
    /// It cannot become what the document says: Kubernetes does not let these fields change, or the API server does
    /// not take it.
    Refused,
    /// It exists, and somebody else manages it: it is left alone.
    NotOurs,
}

impl What {
    /// Each, in the order in which they are counted.
    pub(super) const ALL: [What; 7] = [
        What::Created,
        What::Changed,
        What::Replaced,
        What::Deleted,
        What::Kept,
        What::Refused,
        What::NotOurs,
    ];

    /// In a table.
    pub(super) const fn word(self) -> &'static str {
        match self {
            What::Created => "created",
            What::Changed => "changed",
            What::Replaced => "replaced",
            What::Deleted => "deleted",
            What::Kept => "kept",
            What::Refused => "refused",
            What::NotOurs => "not ours",
        }
    }
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) object: ObjectRef,
    pub(super) document: DocumentId,
    pub(super) what: What,
    /// Pods that run are replaced by it.
    pub(super) restarts: bool,
    /// What people have to know besides.
    pub(super) why: Option<String>,
    pub(super) fields: Vec<FieldChange>,
    pub(super) before: Option<Object>,
    pub(super) after: Option<Object>,
}

impl Change {
    /// Deletes a volume and what is on it.
    pub(super) fn takes_data(&self) -> bool {
        self.what == What::Deleted && self.object.kind == Kind::PersistentVolumeClaim
    }

    /// The object that takes its place.
    pub(super) fn replaced_by(&self) -> Option<&ObjectRef> {
        self.after.as_ref().filter(|_| self.what == What::Replaced).map(|after| &after.reference)
    }
}

/// Everything that a push would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Changes {
    /// Objects, by reference.
    pub(super) objects: Vec<Change>,
    /// Apps whose pods are replaced.
    pub(super) restarts: BTreeSet<DocumentId>,
    /// Documents that stay as they are, and why.
    pub(super) held: BTreeMap<DocumentId, String>,
    /// Migrations that differ.
    pub(super) migrations: BTreeSet<DocumentId>,
    /// What is wrong on the new side, in one line each.
    pub(super) errors: Vec<String>,
}

impl Changes {
    /// Whether nothing would happen.
    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.migrations.is_empty()
    }

    /// The objects of which this becomes.
    pub(super) fn of(&self, what: What) -> impl Iterator<Item = &Change> {
        self.objects.iter().filter(move |change| change.what == what)
    }

    /// Adds an object that is there before or after.
    pub(super) fn push(
        &mut self,
        id: &DocumentId,
        what: What,
        before: Option<Object>,
        after: Option<Object>,
    ) {
        // What another one takes the place of goes by its old name, what changes by the version that is written now.
        let named = if what == What::Replaced { before.as_ref() } else { after.as_ref().or(before.as_ref()) };
        let Some(object) = named.map(|object| object.reference.clone()) else { return };
        let restarts = what == What::Changed && restarts(before.as_ref(), after.as_ref());
        if restarts {
            self.restarts.insert(id.clone());
        }
        let mut change = Change {
            object,
            document: id.clone(),
            what,
            restarts,
            why: None,
            fields: Vec::new(),
            before,
            after,
        };
        change.compare();
        self.objects.push(change);
    }

    /// Adds an object of which nothing is to be shown but this.
    pub(super) fn tell(&mut self, id: &DocumentId, what: What, object: ObjectRef, why: String) {
        let (document, fields) = (id.clone(), Vec::new());
        let (before, after) = (None, None);
        self.objects.push(Change {
            object,
            document,
            what,
            restarts: false,
            why: Some(why),
            fields,
            before,
            after,
        });
    }

    /// Adds what goes and what comes of a document. What another name took the place of is one change, not two.
    pub(super) fn exchange(
        &mut self,
        id: &DocumentId,
        gone: Vec<Object>,
        mut new: BTreeMap<ObjectRef, Object>,
        keeps_volumes: bool,
    ) {
        for before in gone {
            let successor = new.keys().find(|reference| succeeds(reference, &before.reference)).cloned();
            let after = successor.and_then(|reference| new.remove(&reference));
            let what = match &after {
                Some(_) => What::Replaced,
                None if keeps_volumes && before.reference.kind == Kind::PersistentVolumeClaim => What::Kept,
                None => What::Deleted,
            };
            self.push(id, what, Some(before), after);
        }
        for after in new.into_values() {
            self.push(id, What::Created, None, Some(after));
        }
    }

    /// The same without what looks like a secret. `sources` has seen the files that messages are about.
    pub(super) fn redacted(mut self, sources: &mut Redactor) -> Self {
        for change in &mut self.objects {
            // Marks are counted anew: they tell what changes in an object, not which objects share a secret.
            let mut redactor = Redactor::default();
            for side in [&mut change.before, &mut change.after].into_iter().flatten() {
                side.content = redactor.object(&side.content).into();
            }
            change.why = change.why.as_deref().map(|why| redactor.text(why));
            change.compare();
        }
        for text in self.held.values_mut().chain(&mut self.errors) {
            *text = sources.said(text);
        }
        self
    }
}

impl Change {
    fn compare(&mut self) {
        self.fields = match (&self.before, &self.after) {
            (Some(before), Some(after)) => fields(&before.content, &after.content),
            _ => Vec::new(),
        };
    }
}

/// Whether the pods of a Deployment that was there before are replaced.
fn restarts(before: Option<&Object>, after: Option<&Object>) -> bool {
    let pods = |object: &Object| object.content.pointer("/spec/template").cloned();
    match (before, after) {
        (Some(before), Some(after)) => {
            before.reference.kind == Kind::Deployment && pods(before) != pods(after)
        }
        _ => false,
    }
}

/// `web-config-…` of other content takes the place of the one before, and `shop-db-…-1` that of another run.
fn succeeds(new: &ObjectRef, old: &ObjectRef) -> bool {
    let stem = |reference: &ObjectRef| {
        let parts = match reference.kind {
            Kind::ConfigMap => reference.name.rsplitn(2, '-'),
            Kind::Job => reference.name.rsplitn(3, '-'),
            _ => return None,
        };
        parts.last().map(str::to_owned)
    };
    new.kind == old.kind && stem(new).is_some() && stem(new) == stem(old)
}
