//! Which document the cluster is to be made equal to: the branch's, the one that is applied, or the last good
//! one.

use jiff::{SignedDuration, Timestamp};

use super::{Branch, Input, Wait, gate, immutable, migration, objects, window};
use crate::document::{App, BlockedBy, Document, Migration, Validated};
use crate::object::ObjectRef;
use crate::record::{Applied, Phase, Reason, Record, Rollout, Stored, StoredError};
use crate::render::RendererVersion;

/// How long after its begin a rollout that a restart cut short waits for the branch to be read.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// The document that the cluster is to be made equal to.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The document.
    pub document: Document,
    /// The revision it came with.
    pub revision: String,
    /// With which renderer.
    pub renderer: RendererVersion,
    /// Why this one.
    pub purpose: Purpose,
}

/// Why a document was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The branch says so, and it is not applied yet.
    Rollout,
    /// It is what is applied, and what the branch says.
    Hold,
    /// It is what is applied; the branch says something else that cannot be followed now.
    Keep {
        /// The phase to show.
        phase: Phase,
        /// Why, for machines.
        reason: Reason,
        /// Why, for people.
        message: String,
    },
}

impl Target {
    /// The document, when it is an app.
    pub fn app(&self) -> Option<&Validated<App>> {
        match &self.document {
            Document::App(app) => Some(app),
            Document::Migration(_) => None,
        }
    }

    /// What the record keeps once it is applied.
    pub fn applied(&self, now: Timestamp) -> Applied {
        Applied {
            revision: self.revision.clone(),
            hash: self.document.hash().to_owned(),
            renderer: self.renderer,
            at: now,
            document: Stored::pack(&self.document),
        }
    }

    /// Takes note in `record` that every object of the target is written.
    pub(super) fn complete(
        &self,
        record: &mut Record,
        desired: &[ObjectRef],
        wide: &[ObjectRef],
        now: Timestamp,
    ) {
        objects::mark(&mut record.inventory, desired, wide);
        record.set_applied(self.applied(now));
        // The deadline is for the pods: it counts from the moment that everything is written.
        let (hash, revision) = (self.document.hash().to_owned(), self.revision.clone());
        record.rollout = Some(Rollout { hash, revision, since: now });
        record.mixed = false;
    }
}

/// Takes note that the objects become those of this document.
pub(super) fn begin(record: &mut Record, hash: &str, revision: &str, now: Timestamp) {
    record.mixed = true;
    if record.rollout.as_ref().is_none_or(|rollout| rollout.hash != hash) {
        record.rollout = Some(Rollout { hash: hash.to_owned(), revision: revision.to_owned(), since: now });
    }
}

/// The outcome of the choice.
pub(super) enum Choice {
    /// Make the cluster equal to this, and what ends the waiting for something better.
    Bring(Box<Target>, Option<Wait>),
    /// There is nothing that could be brought.
    Nothing { phase: Phase, reason: Reason, message: String, wait: Option<Wait> },
}

impl Choice {
    fn waiting(self, until: Wait) -> Self {
        match self {
            Choice::Bring(target, _) => Choice::Bring(target, Some(until)),
            Choice::Nothing { phase, reason, message, .. } => {
                Choice::Nothing { phase, reason, message, wait: Some(until) }
            }
        }
    }
}

fn nothing(phase: Phase, reason: &'static str, message: impl Into<String>) -> Choice {
    Choice::Nothing { phase, reason: Reason::of(reason), message: message.into(), wait: None }
}

/// Chooses the target, and takes note in `record` of a rollout that begins.
pub(super) fn choose(input: &Input<'_>, record: &mut Record) -> Choice {
    match &input.branch {
        Branch::Present { document, revision, .. } => match document {
            Document::App(app) => branch_app(input, record, app, &revision.0),
            Document::Migration(migration) => branch_migration(input, record, migration, &revision.0),
        },
        Branch::Blocked { by, message } => {
            let reason = match by {
                BlockedBy::Error => Reason::of("DocumentInvalid"),
                BlockedBy::Configuration => Reason::of("NotAllowed"),
            };
            let message = format!("{message}; its last good state stays as it is");
            keep(record, Phase::Held, reason, &message)
        }
        Branch::Unknown | Branch::Absent(_) => unread(input, record),
    }
}

/// Held to what is recorded, and the phase goes on from there: whether the branch says something else is not
/// known yet.
fn unread(input: &Input<'_>, record: &Record) -> Choice {
    let (phase, reason, message) = (record.phase, record.reason.clone(), record.message.clone());
    if record.suspended {
        return Choice::Nothing { phase, reason, message, wait: None };
    }
    let Some(held) = held(record) else {
        return nothing(Phase::Pending, "SourceNotRead", "waiting for the first read of the source");
    };
    if record.is_whole_at(held.document.hash()) {
        match phase {
            Phase::Ready | Phase::Degraded | Phase::Progressing | Phase::Applying | Phase::Fighting => {
                return held.bring(Purpose::Hold);
            }
            Phase::Pending
            | Phase::Waiting
            | Phase::Failed
            | Phase::RolledBack
            | Phase::Held
            | Phase::Suspended
            | Phase::Deleting => {}
        }
    }
    let under_way = record.rollout.as_ref().filter(|rollout| rollout.hash != held.document.hash());
    if let Some(until) = under_way.map(|rollout| rollout.since + PATIENCE).filter(|until| *until > input.now)
    {
        // Taking back a rollout that the next read goes on with would restart the pods twice.
        let wait = Wait { until: Some(until), what: "the first read of the source".to_owned() };
        return Choice::Nothing { phase, reason, message, wait: Some(wait) };
    }
    held.bring(Purpose::Keep { phase, reason, message })
}

fn branch_app(input: &Input<'_>, record: &mut Record, app: &Validated<App>, revision: &str) -> Choice {
    record.suspended = app.spec.suspend;
    if app.spec.suspend {
        return nothing(Phase::Suspended, "Suspended", "`suspend: true`: left alone, drift too");
    }
    if record.quarantined.as_deref() == Some(app.hash()) {
        return rolled_back(record);
    }
    let applied = record.applied.as_ref().filter(|applied| applied.hash == app.hash());
    if let Some((revision, renderer)) =
        applied.filter(|_| record.is_whole()).map(|applied| (applied.revision.clone(), applied.renderer))
    {
        record.quarantined = None;
        return bring(Document::App(app.clone()), &revision, renderer, Purpose::Hold);
    }
    let begun = record.rollout.as_ref().is_some_and(|rollout| rollout.hash == app.hash());
    let again = applied.is_some();
    let closed = || window::closed(input, app).or_else(|| gate::closed(input, app));
    if let Some((reason, wait)) = Some(()).filter(|()| !begun && !again).and_then(|()| closed()) {
        let message = format!("waiting for {}", wait.what);
        return keep(record, Phase::Waiting, reason, &message).waiting(wait);
    }
    if let Some((_, refusal)) = immutable::refusals(record, app, input.owner).pop_first() {
        return keep(record, Phase::Failed, Reason::of("ImmutableField"), &refusal);
    }
    record.quarantined = None;
    begin_rollout(record, Document::App(app.clone()), revision, input.now)
}

/// Nothing but the windows of the apps that need it gates a migration, and nothing takes it back: what it did to the
/// database is done.
fn branch_migration(
    input: &Input<'_>,
    record: &mut Record,
    migration: &Validated<Migration>,
    revision: &str,
) -> Choice {
    record.suspended = migration.spec.suspend;
    if migration.spec.suspend {
        return nothing(Phase::Suspended, "Suspended", "`suspend: true`: left alone, and nothing is run");
    }
    let document = Document::Migration(migration.clone());
    let is_known = record.rollout.as_ref().is_some_and(|rollout| rollout.hash == migration.hash())
        || record.applied.as_ref().is_some_and(|applied| applied.hash == migration.hash());
    if let Some((reason, wait)) = window::closed_for_all(input).filter(|_| !is_known) {
        // What ran meanwhile is taken note of all the same.
        if let Some(Held { document: Document::Migration(before), revision, .. }) = held(record) {
            migration::begin(input, record, &before, &revision);
        }
        let message = format!("waiting for {}", wait.what);
        return keep(record, Phase::Waiting, reason, &message).waiting(wait);
    }
    migration::begin(input, record, migration, revision);
    let applied = record.applied.as_ref().filter(|applied| applied.hash == migration.hash());
    if let Some((revision, renderer)) =
        applied.filter(|_| record.is_whole()).map(|applied| (applied.revision.clone(), applied.renderer))
    {
        return bring(document, &revision, renderer, Purpose::Hold);
    }
    begin_rollout(record, document, revision, input.now)
}

fn begin_rollout(record: &mut Record, document: Document, revision: &str, now: Timestamp) -> Choice {
    begin(record, document.hash(), revision, now);
    let (revision, renderer) = (revision.to_owned(), RendererVersion::CURRENT);
    let target = Target { document, revision, renderer, purpose: Purpose::Rollout };
    let is_new = record.begun.as_ref().is_none_or(|begun| begun.hash != target.document.hash());
    if record.applied.is_none() && is_new {
        record.begun = Some(target.applied(now));
    }
    Choice::Bring(Box::new(target), None)
}

/// The branch still has the document whose rollout failed.
fn rolled_back(record: &Record) -> Choice {
    let failure = record
        .attempts
        .iter()
        .rfind(|attempt| attempt.outcome == Phase::Failed)
        .map_or("its rollout failed", |attempt| attempt.message.as_str());
    let reason =
        if record.phase == Phase::RolledBack { record.reason.clone() } else { Reason::of("RolloutFailed") };
    let Some(good) = record.good.as_ref().and_then(|good| Held::unpack(good, record.good_document()?)) else {
        let message = format!("{failure}; push a change to try again");
        return keep(record, Phase::Failed, Reason::of("RolloutFailed"), &message);
    };
    let to = good.revision.get(..10).unwrap_or(&good.revision);
    let message = rolled_back_message(failure, to);
    good.bring(Purpose::Keep { phase: Phase::RolledBack, reason, message })
}

/// What to say while the last good revision runs in place of one that failed.
pub(super) fn rolled_back_message(failure: &str, to: &str) -> String {
    format!("{failure}; rolled back to {to}; push a change to try again")
}

fn bring(document: Document, revision: &str, renderer: RendererVersion, purpose: Purpose) -> Choice {
    Choice::Bring(Box::new(Target { document, revision: revision.to_owned(), renderer, purpose }), None)
}

/// What is applied stays what is held against drift.
fn keep(record: &Record, phase: Phase, reason: Reason, message: &str) -> Choice {
    let message = message.to_owned();
    match held(record).filter(|_| !record.suspended) {
        Some(held) => held.bring(Purpose::Keep { phase, reason, message }),
        None => Choice::Nothing { phase, reason, message, wait: None },
    }
}

/// A document out of the record.
pub(super) struct Held {
    pub document: Document,
    pub revision: String,
    pub renderer: RendererVersion,
}

impl Held {
    fn unpack(applied: &Applied, document: Result<Document, StoredError>) -> Option<Self> {
        let document = document.ok()?;
        Some(Self { document, revision: applied.revision.clone(), renderer: applied.renderer })
    }

    fn bring(self, purpose: Purpose) -> Choice {
        bring(self.document, &self.revision, self.renderer, purpose)
    }
}

/// The document to hold while the branch cannot be followed: the applied one, or the last good one when the
/// applied one has failed.
pub(super) fn held(record: &Record) -> Option<Held> {
    let applied = record.applied.as_ref()?;
    let failed = record.quarantined.as_ref() == Some(&applied.hash);
    let good = record.good.as_ref().filter(|_| failed);
    good.and_then(|good| Held::unpack(good, record.good_document()?))
        .or_else(|| Held::unpack(applied, applied.document.unpack()))
}

/// The document that the objects are of that are to be removed; an error where it is kept and cannot be read.
pub(super) fn last(record: &Record) -> Result<Option<Held>, StoredError> {
    let Some(applied) = record.applied.as_ref().or(record.begun.as_ref()) else { return Ok(None) };
    if let Some(held) = held(record) {
        return Ok(Some(held));
    }
    let document = applied.document.unpack()?;
    Ok(Some(Held { document, revision: applied.revision.clone(), renderer: applied.renderer }))
}
