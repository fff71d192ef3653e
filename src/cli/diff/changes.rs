//! [`Changes`]: two revisions' rendered objects, compared. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fields::{FieldChange, fields};
use crate::document::{Document, DocumentId, Loaded, VolumePolicy};
use crate::object::{Kind, Object, ObjectRef, Owner};
use crate::render::{RendererVersion, Run, render_document};

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
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
    /// Kubernetes does not let these fields change: the daemon will refuse the document.
    Refused,
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) object: ObjectRef,
    pub(super) document: DocumentId,
    pub(super) what: What,
    pub(super) fields: Vec<FieldChange>,
    pub(super) before: Option<Object>,
    pub(super) after: Option<Object>,
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
}

impl Changes {
    /// Whether nothing would happen.
    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.migrations.is_empty()
    }
}

/// Compares what two revisions say.
pub(super) fn compare(from: &Loaded, to: &Loaded, owner: &Owner, version: RendererVersion) -> Changes {
    let mut changes = Changes::default();
    let ids: BTreeSet<&DocumentId> = from.documents.keys().chain(to.documents.keys()).collect();
    for id in ids {
        if let Some(blocked) = to.blocked.get(id) {
            changes.held.insert(id.clone(), blocked.message.clone());
            continue;
        }
        let document = |side: &'_ Loaded| side.documents.get(id).map(|located| located.document.clone());
        let (before, after) = (document(from), document(to));
        if before.is_some() && after.is_none() && !to.complete {
            let why = "it is not there any more, but nothing is removed while files are in error";
            changes.held.insert(id.clone(), why.to_owned());
            continue;
        }
        let is_migration = |one: &Option<Document>| matches!(one, Some(Document::Migration(_)));
        if (is_migration(&before) || is_migration(&after))
            && before.as_ref().map(Document::hash) != after.as_ref().map(Document::hash)
        {
            changes.migrations.insert(id.clone());
        }
        changes.document(id, before.as_ref(), after.as_ref(), owner, version);
    }
    changes.objects.sort_by(|one, other| one.object.cmp(&other.object));
    changes
}

impl Changes {
    fn document(
        &mut self,
        id: &DocumentId,
        before: Option<&Document>,
        after: Option<&Document>,
        owner: &Owner,
        version: RendererVersion,
    ) {
        let objects = |document: Option<&Document>| -> BTreeMap<ObjectRef, Object> {
            let Some(document) = document else { return BTreeMap::new() };
            let objects = render_document(document, owner, Run::default(), version);
            objects.into_iter().map(|object| (object.reference.clone(), object)).collect()
        };
        let volumes = match after.or(before) {
            Some(Document::App(app)) => app.spec.deletion.as_ref().map(|deletion| deletion.volumes),
            Some(Document::Migration(_)) | None => None,
        };
        let keeps_volumes = volumes != Some(VolumePolicy::Delete);
        let (old, mut new) = (objects(before), objects(after));
        let mut gone = Vec::new();
        for (reference, before) in old {
            match new.remove(&reference) {
                Some(after) if after.hash == before.hash => {}
                // A run is made once and left alone.
                Some(_) if reference.kind == Kind::Job => {}
                Some(after) => self.changed(id, before, after),
                None => gone.push(before),
            }
        }
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

    fn changed(&mut self, id: &DocumentId, before: Object, after: Object) {
        let what = if is_refused(&before, &after) { What::Refused } else { What::Changed };
        let pods = |object: &Object| object.content.pointer("/spec/template").cloned();
        if what == What::Changed && before.reference.kind == Kind::Deployment && pods(&before) != pods(&after)
        {
            self.restarts.insert(id.clone());
        }
        self.push(id, what, Some(before), Some(after));
    }

    fn push(&mut self, id: &DocumentId, what: What, before: Option<Object>, after: Option<Object>) {
        let Some(object) = before.as_ref().or(after.as_ref()).map(|object| object.reference.clone()) else {
            return;
        };
        let fields = match (&before, &after) {
            (Some(before), Some(after)) => fields(&before.content, &after.content),
            _ => Vec::new(),
        };
        self.objects.push(Change { object, document: id.clone(), what, fields, before, after });
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

/// Fields that the API server does not let change: a Deployment's selector, a claim but for a growing size.
fn is_refused(before: &Object, after: &Object) -> bool {
    let differs = |pointer: &str| before.content.pointer(pointer) != after.content.pointer(pointer);
    match before.reference.kind {
        Kind::Deployment => differs("/spec/selector"),
        Kind::PersistentVolumeClaim => {
            let size = |object: &Object| {
                let size = object.content.pointer("/spec/resources/requests/storage").and_then(Value::as_str);
                size.and_then(|size| size.parse::<crate::document::Quantity>().ok())
            };
            differs("/spec/accessModes") || differs("/spec/storageClassName") || size(after) < size(before)
        }
        Kind::ServiceAccount
        | Kind::ConfigMap
        | Kind::Service
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget
        | Kind::Job
        | Kind::Ingress => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::document::{Cache, Entry, Options, Tree, load};

    fn loaded(text: &str) -> Loaded {
        let entry = Entry::File { id: text.to_owned(), bytes: Arc::from(text.as_bytes()) };
        let tree = Tree { entries: BTreeMap::from([("apps.yaml".to_owned(), entry)]) };
        load(&tree, &Options::default(), &mut Cache::default())
    }

    fn app(name: &str, spec: &str) -> String {
        format!(
            "---\napiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{image: 'example.com/{name}:1', {spec}}}\n"
        )
    }

    fn changes(from: &str, to: &str) -> Changes {
        let owner = Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() };
        compare(&loaded(from), &loaded(to), &owner, RendererVersion::CURRENT)
    }

    fn words(changes: &Changes) -> Vec<(String, What)> {
        changes.objects.iter().map(|change| (change.object.to_string(), change.what)).collect()
    }

    #[test]
    fn scaling_changes_one_field_and_restarts_nothing() {
        let changes = changes(&app("web", "replicas: 2"), &app("web", "replicas: 3"));
        assert_eq!(words(&changes), [("Deployment/shop/web".to_owned(), What::Changed)]);
        assert_eq!(changes.objects[0].fields[0].path, "spec.replicas");
        assert!(changes.restarts.is_empty());
    }

    #[test]
    fn a_change_of_the_environment_restarts_the_app() {
        let changes = changes(&app("web", "env: {A: '1'}"), &app("web", "env: {A: '2'}"));
        assert_eq!(changes.restarts.len(), 1);
    }

    #[test]
    fn changed_files_replace_their_config_map() {
        let changes = changes(&app("web", "config: {a: '1'}"), &app("web", "config: {a: '2'}"));
        let replaced = changes.objects.iter().find(|change| change.what == What::Replaced).unwrap();
        assert_eq!(replaced.object.kind, Kind::ConfigMap);
        assert_ne!(replaced.after.as_ref().unwrap().reference, replaced.object);
    }

    #[test]
    fn a_document_that_goes_keeps_its_volume() {
        let with = app("db", "replicas: 1, storage: {data: {size: 1Gi, mountPath: /data}}");
        let changes = changes(&format!("{with}{}", app("web", "")), &app("web", ""));
        let claims =
            changes.objects.iter().filter(|change| change.object.kind == Kind::PersistentVolumeClaim);
        assert_eq!(claims.map(|change| change.what).collect::<Vec<_>>(), [What::Kept]);
        assert!(words(&changes).contains(&("Deployment/shop/db".to_owned(), What::Deleted)));
    }

    #[test]
    fn nothing_goes_while_a_file_is_in_error() {
        let changes = changes(&format!("{}{}", app("web", ""), app("cart", "")), &app("web", "replica: 2"));
        assert_eq!(words(&changes), []);
        assert_eq!(changes.held.len(), 2);
    }

    #[test]
    fn a_volume_that_shrinks_is_refused() {
        let volume = |size: &str| {
            app("db", &format!("replicas: 1, storage: {{data: {{size: {size}, mountPath: /d}}}}"))
        };
        let shrunk = changes(&volume("2Gi"), &volume("1Gi"));
        assert_eq!(words(&shrunk), [("PersistentVolumeClaim/shop/db-data".to_owned(), What::Refused)]);
        let grown = changes(&volume("1Gi"), &volume("2Gi"));
        assert_eq!(words(&grown), [("PersistentVolumeClaim/shop/db-data".to_owned(), What::Changed)]);
    }
}
