//! [`compare`]: two revisions' rendered objects, compared. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Changes, What};
use crate::document::{Document, DocumentId, Loaded, VolumePolicy};
use crate::object::{Kind, Object, Owner};
use crate::plan::refusal;
use crate::render::{RendererVersion, Run, render_document};

/// Why a document that is not there any more is not removed.
pub(super) const NOT_REMOVED: &str =
    "it is not there any more, but nothing is removed while files are in error";
/// Why a document that is not there any more is not removed even so.
pub(super) const PROTECTED: &str = "it is not there any more, but `deletion.protect` forbids its removal";
/// Why nothing is done to a document that is there.
pub(super) const SUSPENDED: &str = "`suspend: true`: nothing is done to it";

/// Compares what two revisions say.
pub(super) fn compare(from: &Loaded, to: &Loaded, owner: &Owner, version: RendererVersion) -> Changes {
    let mut changes = Changes::default();
    let ids: BTreeSet<&DocumentId> =
        from.documents.keys().chain(to.documents.keys()).chain(to.blocked.keys()).collect();
    for id in ids {
        if let Some(blocked) = to.blocked.get(id) {
            changes.held.insert(id.clone(), blocked.message.clone());
            continue;
        }
        let document = |side: &'_ Loaded| side.documents.get(id).map(|located| located.document.clone());
        let (before, after) = (document(from), document(to));
        if before.is_some() && after.is_none() && !to.complete {
            changes.held.insert(id.clone(), NOT_REMOVED.to_owned());
            continue;
        }
        if after.is_none() && before.as_ref().is_some_and(is_protected) {
            changes.held.insert(id.clone(), PROTECTED.to_owned());
            continue;
        }
        if after.as_ref().is_some_and(is_suspended) {
            changes.held.insert(id.clone(), SUSPENDED.to_owned());
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
        let objects = |document: Option<&Document>| -> Vec<Object> {
            document
                .map_or_else(Vec::new, |document| render_document(document, owner, Run::default(), version))
        };
        // In another version it is the same object.
        let new = objects(after).into_iter().map(|object| (object.reference.in_any_version(), object));
        let mut new: BTreeMap<_, _> = new.collect();
        let mut gone = Vec::new();
        for before in objects(before) {
            match new.remove(&before.reference.in_any_version()) {
                Some(after) if after.hash == before.hash => {}
                // A run is made once and left alone.
                Some(_) if before.reference.kind == Kind::Job => {}
                Some(after) => self.changed(id, before, after),
                None => gone.push(before),
            }
        }
        let new = new.into_values().map(|object| (object.reference.clone(), object)).collect();
        self.exchange(id, gone, new, keeps_volumes(before, after));
    }

    fn changed(&mut self, id: &DocumentId, before: Object, after: Object) {
        let why = refusal(&before, &after);
        let what = if why.is_some() { What::Refused } else { What::Changed };
        self.push(id, what, Some(before), Some(after));
        if let Some(change) = self.objects.last_mut() {
            change.why = why;
        }
    }
}

/// Whether the document wants nothing to be done.
pub(super) fn is_suspended(document: &Document) -> bool {
    match document {
        Document::App(app) => app.spec.suspend,
        Document::Migration(migration) => migration.spec.suspend,
    }
}

/// Whether the document must not be removed.
pub(super) fn is_protected(document: &Document) -> bool {
    match document {
        Document::App(app) => app.spec.deletion.as_ref().is_some_and(|deletion| deletion.protect),
        Document::Migration(_) => false,
    }
}

/// Volumes stay while the app is there, and after it unless it says so.
pub(super) fn keeps_volumes(before: Option<&Document>, after: Option<&Document>) -> bool {
    match (before, after) {
        (Some(Document::App(app)), None) => {
            app.spec.deletion.as_ref().is_none_or(|deletion| deletion.volumes == VolumePolicy::Retain)
        }
        (Some(Document::App(_)), Some(_)) | (Some(Document::Migration(_)) | None, _) => true,
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
        let mut options = Options::new(crate::render::judge);
        let kinds = ["Widget.v1.example.com", "Widget.v1beta1.example.com"];
        options.policy.kinds = kinds.map(|kind| kind.parse().unwrap()).into();
        load(&tree, &options, &mut Cache::default())
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
    fn a_document_that_is_suspended_or_protected_stays_as_it_is() {
        let held = |from: &str, to: &str| {
            let changes = changes(from, to);
            assert_eq!(words(&changes), []);
            changes.held.into_values().collect::<Vec<_>>()
        };
        assert_eq!(held(&app("web", ""), &app("web", "replicas: 3, suspend: true")), [SUSPENDED]);
        let protected = app("web", "deletion: {protect: true}");
        let other = app("cart", "");
        assert_eq!(held(&format!("{protected}{other}"), &other), [PROTECTED]);
    }

    #[test]
    fn a_volume_of_an_app_that_stays_is_kept_whatever_its_removal_would_do() {
        let spec = "replicas: 1, deletion: {volumes: delete}";
        let with = app("db", &format!("{spec}, storage: {{data: {{size: 1Gi, mountPath: /data}}}}"));
        let claims = |changes: &Changes| {
            let all = changes.objects.iter();
            let claims = all.filter(|change| change.object.kind == Kind::PersistentVolumeClaim);
            claims.map(|change| change.what).collect::<Vec<_>>()
        };
        assert_eq!(claims(&changes(&with, &app("db", spec))), [What::Kept]);
        assert_eq!(claims(&changes(&format!("{with}{}", app("web", "")), &app("web", ""))), [What::Deleted]);
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

    #[test]
    fn a_service_that_ceases_to_be_headless_is_refused_with_what_to_do() {
        let (plain, headless) = (app("web", "port: 80"), app("web", "port: 80, service: {headless: true}"));
        for (from, to) in [(&plain, &headless), (&headless, &plain)] {
            let changes = changes(from, to);
            assert_eq!(words(&changes), [("Service/shop/web".to_owned(), What::Refused)]);
            let why = changes.objects[0].why.as_deref().unwrap();
            assert!(why.contains("headless") && why.contains("`objects`"), "{why}");
        }
    }

    #[test]
    fn an_object_in_another_version_is_the_same_object() {
        let widget = |version: &str, size: u32| {
            let object = format!(
                "objects: [{{apiVersion: example.com/{version}, kind: Widget, metadata: {{name: a}}, spec: {{size: {size}}}}}]"
            );
            app("web", &object)
        };
        let changes = changes(&widget("v1beta1", 1), &widget("v1", 2));
        assert_eq!(changes.objects.iter().map(|change| change.what).collect::<Vec<_>>(), [What::Changed]);
        assert_eq!(changes.objects[0].object.to_string(), "Widget.v1.example.com/shop/a");
    }
}
