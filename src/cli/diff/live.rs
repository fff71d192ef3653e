//! [`compare`]: what the documents would change in a cluster, asked of the API server by a dry run.
//!
//! Nothing is written. Defaults and admission are the server's own, so they are on both sides and no difference; what
//! controllers and statuses hold is on neither. What is asked for comes from the same place as in the daemon, out of
//! the documents and what the daemon remembers of them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde_json::Value;

use super::change::{Changes, What};
use super::changes::{NOT_REMOVED, PROTECTED, SUSPENDED, is_protected, is_suspended, keeps_volumes};
use super::fields::fields;
use crate::cli::{CliError, StoredSource};
use crate::cluster::{Cluster, ClusterError, Mode};
use crate::document::{Document, DocumentId, Loaded};
use crate::object::{Kind, Managers, Object, ObjectRef, Owner, Ownership, fold, owned, ownership};
use crate::plan::{Yields, desired, refusals};
use crate::record::{Item, Record};
use crate::render::{Content, RUNNER_IMAGE, RendererVersion};

/// Characters of a name that leave room for a suffix.
const NAME_KEPT: usize = 50;

/// What the API server said of an object.
enum Answer {
    /// There is nothing to be done.
    Same,
    /// It would be created, as this.
    Created(Object),
    /// It would change, and this is to be known besides.
    Changed(Object, Object, Option<String>),
    /// It is there, and would go.
    Deleted(Object),
    /// It is somebody else's.
    NotOurs(String),
    /// The server does not take it.
    Refused(String),
}

/// Asks a cluster.
pub(super) struct Asking<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) owner: &'a Owner,
    /// What the daemon remembers.
    pub(super) stored: &'a StoredSource,
}

impl Asking<'_> {
    /// What these documents would change.
    pub(super) async fn compare(&self, loaded: &Loaded) -> Result<Changes, CliError> {
        let ids: BTreeSet<&DocumentId> =
            loaded.documents.keys().chain(loaded.blocked.keys()).chain(self.stored.records.keys()).collect();
        let documents = try_join_all(ids.into_iter().map(|id| self.document(id, loaded))).await?;
        let mut changes = Changes::default();
        for part in documents {
            changes.objects.extend(part.objects);
            changes.restarts.extend(part.restarts);
            changes.held.extend(part.held);
            changes.migrations.extend(part.migrations);
        }
        changes.objects.sort_by(|one, other| one.object.cmp(&other.object));
        Ok(changes)
    }

    async fn document(&self, id: &DocumentId, loaded: &Loaded) -> Result<Changes, CliError> {
        let mut changes = Changes::default();
        let document = loaded.documents.get(id).map(|located| &located.document);
        let unknown = Record::new(id.clone());
        let record = self.stored.records.get(id).unwrap_or(&unknown);
        let before = record.applied.as_ref().and_then(|applied| applied.document.unpack().ok());
        let held = match (loaded.blocked.get(id), document) {
            (Some(blocked), _) => Some(blocked.message.as_str()),
            (None, Some(document)) => is_suspended(document).then_some(SUSPENDED),
            (None, None) if !loaded.complete => Some(NOT_REMOVED),
            (None, None) => before.as_ref().is_some_and(is_protected).then_some(PROTECTED),
        };
        if let Some(why) = held {
            changes.held.insert(id.clone(), why.to_owned());
            return Ok(changes);
        }
        let wanted = document.map(|document| self.wanted(document, record)).unwrap_or_default();
        let adopt = matches!(document, Some(Document::App(app)) if app.spec.adopt);
        let runs = wanted.iter().any(|object| object.reference.kind == Kind::Job);
        if runs {
            changes.migrations.insert(id.clone());
        }
        // In another version it is the same object, and on record under the version that it was written in.
        let is_wanted: BTreeSet<_> = wanted.iter().map(|object| object.reference.in_any_version()).collect();
        let items = || record.inventory.items.iter();
        let known: BTreeMap<_, &Item> =
            items().map(|(reference, item)| (reference.in_any_version(), item)).collect();
        let gone = items().filter(|(reference, _)| !is_wanted.contains(&reference.in_any_version()));
        // The Jobs of earlier runs go when another one is due, or with their document.
        let gone = gone.filter(|(reference, _)| reference.kind != Kind::Job || runs || document.is_none());
        let asked = try_join_all(wanted.iter().map(|object| {
            let item = known.get(&object.reference.in_any_version()).copied();
            let yields = document.map(|document| Yields::of(document, object)).unwrap_or_default();
            self.ask(id, object, item, adopt, yields)
        }));
        let left = try_join_all(gone.map(|(reference, item)| self.ask_of_gone(id, reference, item)));
        let (asked, left) = futures::future::try_join(asked, left).await?;
        let (mut new, mut old) = (BTreeMap::new(), Vec::new());
        let mut refused = match document {
            Some(Document::App(app)) => refusals(record, app, self.owner),
            Some(Document::Migration(_)) | None => BTreeMap::new(),
        };
        let references = wanted.iter().map(|object| object.reference.clone());
        for (reference, answer) in references.zip(asked).chain(left) {
            let answer = match (answer, refused.remove(&reference)) {
                // The server takes some of it without doing it; the daemon does not try.
                (Answer::Same | Answer::Changed(..), Some(why)) => Answer::Refused(why),
                (answer, _) => answer,
            };
            match answer {
                Answer::Same => {}
                Answer::Created(object) => drop(new.insert(reference, object)),
                Answer::Changed(before, after, why) => {
                    changes.push(id, What::Changed, Some(before), Some(after));
                    if let Some(change) = changes.objects.last_mut() {
                        change.why = why;
                    }
                }
                Answer::Deleted(object) => old.push(object),
                Answer::NotOurs(why) => changes.tell(id, What::NotOurs, reference, why),
                Answer::Refused(why) => changes.tell(id, What::Refused, reference, why),
            }
        }
        changes.exchange(id, old, new, keeps_volumes(before.as_ref(), document));
        Ok(changes)
    }

    /// The objects that the daemon would see to. A run is made once and left alone.
    fn wanted(&self, document: &Document, record: &Record) -> Vec<Object> {
        let applied = record.applied.as_ref().filter(|applied| applied.hash == document.hash());
        let renderer = applied.map_or(RendererVersion::CURRENT, |applied| applied.renderer);
        let mut objects = desired(document, renderer, self.owner, RUNNER_IMAGE, record).objects;
        let ran = match (document, &record.migration) {
            (Document::Migration(migration), Some(run)) => run.content == Content::of(migration),
            (Document::Migration(_), None) | (Document::App(_), _) => false,
        };
        objects.retain(|object| object.reference.kind != Kind::Job || !ran);
        objects
    }

    async fn ask(
        &self,
        id: &DocumentId,
        object: &Object,
        item: Option<&Item>,
        adopt: bool,
        yields: Yields,
    ) -> Result<Answer, CliError> {
        let live = match self.cluster.get(&object.reference).await {
            Err(error) if is_about_the_object(&error) => return Ok(Answer::Refused(error.to_string())),
            live => live?,
        };
        if let Some(live) = &live
            && !adopt
            && !self.is_ours(id, live, item)
        {
            return Ok(Answer::NotOurs(self.whose(live)));
        }
        let mut why = None;
        let managers = Managers::default();
        let object = &yields.outgoing(object, live.as_ref(), &managers);
        let managers = managers.sparing(&yields.ignored);
        let applied = match self.cluster.apply(object, &Mode::DryRun { force: true }).await {
            Ok(applied) => applied,
            Err(error) if is_about_the_object(&error) => {
                match self.without_people(object, live.as_ref(), &managers).await? {
                    Some(applied) => {
                        why = Some(format!("once what people added is taken away; as it is now, {error}"));
                        applied
                    }
                    None => return Ok(Answer::Refused(error.to_string())),
                }
            }
            Err(error) => return Err(error.into()),
        };
        let (before, after) = owned(live.as_ref(), Some(&applied), &managers);
        let object = |content: Value| Object::new(object.reference.clone(), content);
        Ok(match (before, after) {
            (Some(before), Some(after)) if fields(&before, &after).is_empty() => Answer::Same,
            (Some(before), Some(after)) => Answer::Changed(object(before), object(after), why),
            (None, Some(after)) => Answer::Created(object(after)),
            (_, None) => Answer::Same,
        })
    }

    /// What the server makes of an object on which nobody else has put anything. The daemon takes away what people
    /// added before it applies, which a dry run cannot; so the object is asked about by another name.
    async fn without_people(
        &self,
        object: &Object,
        live: Option<&Value>,
        managers: &Managers,
    ) -> Result<Option<Value>, CliError> {
        if live.and_then(|live| fold(live, managers)).is_none() {
            return Ok(None);
        }
        let name: String = object.reference.name.chars().take(NAME_KEPT).collect();
        let mut other = object.reference.clone();
        other.name = format!("{}-dry-run", name.trim_end_matches(['-', '.']));
        let mut content = Value::clone(&object.content);
        rename(&mut content, &other.name);
        let other = Object::new(other, content);
        match self.cluster.apply(&other, &Mode::DryRun { force: true }).await {
            Ok(mut applied) => {
                rename(&mut applied, &object.reference.name);
                Ok(Some(applied))
            }
            Err(error) if is_about_the_object(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn ask_of_gone(
        &self,
        id: &DocumentId,
        reference: &ObjectRef,
        item: &Item,
    ) -> Result<(ObjectRef, Answer), CliError> {
        let live = match self.cluster.get(reference).await {
            // The kind went, and all of its objects with it.
            Err(ClusterError::KindNotInstalled { .. }) => None,
            Err(error) if is_about_the_object(&error) => {
                return Ok((reference.clone(), Answer::Refused(error.to_string())));
            }
            live => live?.filter(|live| self.is_ours(id, live, Some(item))),
        };
        let (before, _) = owned(live.as_ref(), None, &Managers::default());
        let object = before.map(|content| Object::new(reference.clone(), content));
        Ok((reference.clone(), object.map_or(Answer::Same, Answer::Deleted)))
    }

    /// It is the object on record, or proves to be ours.
    fn is_ours(&self, id: &DocumentId, live: &Value, item: Option<&Item>) -> bool {
        let uid = live.pointer("/metadata/uid").and_then(Value::as_str);
        let known = item.and_then(|item| item.uid.as_deref());
        (known.is_some() && known == uid) || ownership(live, self.owner).is_of(id)
    }

    fn whose(&self, live: &Value) -> String {
        match ownership(live, self.owner) {
            Ownership::Ours { document } => format!("it belongs to {document}"),
            Ownership::NotOurs { reason, managers } if managers.is_empty() => reason.to_string(),
            Ownership::NotOurs { managers, .. } => {
                format!("it is managed by {}; `adopt: true` would take it over", managers.join(", "))
            }
        }
    }
}

fn rename(object: &mut Value, name: &str) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("name".to_owned(), Value::from(name));
    }
}

/// Whether an error tells of one object, rather than that the cluster cannot be asked at all.
const fn is_about_the_object(error: &ClusterError) -> bool {
    match error {
        ClusterError::Conflict { .. }
        | ClusterError::ResourceVersionConflict { .. }
        | ClusterError::AlreadyExists { .. }
        | ClusterError::NotFound { .. }
        | ClusterError::Forbidden { .. }
        | ClusterError::Invalid { .. }
        | ClusterError::Denied { .. }
        | ClusterError::Quota { .. }
        | ClusterError::NamespaceMissing { .. }
        | ClusterError::NamespaceTerminating { .. }
        | ClusterError::NotServed { .. }
        | ClusterError::KindNotInstalled { .. }
        | ClusterError::KindUnusable { .. }
        | ClusterError::Other { .. } => true,
        ClusterError::Unauthorized { .. }
        | ClusterError::Unreachable { .. }
        | ClusterError::Timeout { .. }
        | ClusterError::Throttled { .. }
        | ClusterError::Server { .. }
        | ClusterError::Expired { .. }
        | ClusterError::Access { .. }
        | ClusterError::Unsupported { .. } => false,
    }
}
