//! Emptying an app that is removed: what leads traffic in and what makes pods goes, then the app is scaled to zero, then
//! its last pod ends, those of its jobs too.
//!
//! Each of the two waits has its own time, so that what does not go away holds up neither the other nor the end. Where a
//! backup is to be made of what the app leaves behind, no time that is over stands for a scale-down that was not made.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::objects::is_ours;
use super::removal::{self, is_early, waiting};
use super::{How, Input, Plan, Stage, Step, Wait, Yields, backup};
use crate::document::{App, Validated};
use crate::object::{Kind, Object, ObjectRef, Observed};
use crate::record::{Item, Record};
use crate::render::{RendererVersion, pod_selectors, render};

const DEFAULT_GRACE: SignedDuration = SignedDuration::from_secs(60);
const LOOK: SignedDuration = SignedDuration::from_secs(1);

/// The plan for as long as the app is not empty; `None` once it is, or its time is over.
pub(super) fn hold_up(
    input: &Input<'_>,
    record: &mut Record,
    app: &Validated<App>,
    renderer: RendererVersion,
    keeps_volumes: bool,
) -> Option<Plan> {
    let now = input.now;
    let objects = render(app, input.owner, renderer);
    let deployment = Deployment::of(input, record, &objects);
    // What is copied must not change meanwhile.
    let strict = backup::is_to_come(record, app);
    let removal = record.removal.as_mut()?;
    if removal.drained && !(strict && deployment.as_ref().is_some_and(Deployment::is_up)) {
        return None;
    }
    removal.drained = false;
    let (since, scaled_down) = (removal.since, removal.scaled_down);
    let closed = since + grace(app) / 2;
    if scaled_down.is_none() && now < closed && record.inventory.items.keys().any(is_early) {
        let mut plan = removal::delete(input, record.clone(), keeps_volumes);
        plan.wait = plan.wait.map(|wait| Wait { until: wait.until.map(|until| until.min(closed)), ..wait });
        return Some(plan);
    }
    // Those of the app's entrances that were not even tried while they had their time.
    let late: Stage = removal::deletions(input, record, is_early);
    let over = scaled_down.is_some_and(|since| since + grace(app) <= now);
    let is_down = deployment.as_ref().is_some_and(Deployment::is_down);
    if over && (!strict || (is_down && late.is_empty())) {
        return None;
    }
    let stages = match deployment.as_ref().and_then(|deployment| deployment.scale_down(strict)) {
        // Side by side: that one is refused must not keep the other from being tried.
        Some(step) => vec![late.into_iter().chain([step]).collect()],
        None if !strict && !deployment.as_ref().is_some_and(Deployment::has_pods) => return None,
        None => {
            let count =
                Step::CountPods { namespace: app.id.namespace.clone(), selectors: pod_selectors(app) };
            vec![late, vec![count]]
        }
    };
    let limit = scaled_down.map(|since| since + grace(app)).filter(|limit| *limit > now);
    let next = limit.map_or(now + LOOK, |limit| limit.min(now + LOOK));
    let mut plan = waiting(record.clone(), Vec::new(), "Draining", "its pods to end", next, now);
    plan.stages = stages.into_iter().filter(|stage| !stage.is_empty()).collect();
    Some(plan)
}

/// The longest that the pods may take to end once there are to be none. What goes before has half as long.
fn grace(app: &App) -> SignedDuration {
    let grace = app.spec.deletion.as_ref().and_then(|deletion| deletion.grace);
    grace.map_or(DEFAULT_GRACE, |grace| {
        SignedDuration::from_secs(i64::try_from(grace.as_secs()).unwrap_or(i64::MAX / 4))
    })
}

/// The app's Deployment, which is on record.
struct Deployment<'a> {
    /// As it is to be: without a pod.
    empty: Object,
    item: Item,
    observed: Option<&'a Observed>,
    is_ours: bool,
}

impl<'a> Deployment<'a> {
    fn of(input: &Input<'a>, record: &Record, objects: &[Object]) -> Option<Self> {
        let deployment = objects.iter().find(|object| object.reference.kind == Kind::Deployment)?;
        let item = record.inventory.items.get(&deployment.reference)?.clone();
        let observed = input.cluster.observed(&deployment.reference);
        let is_ours = observed.is_some_and(|observed| is_ours(&record.document, &item, observed));
        let mut content = serde_json::Value::clone(&deployment.content);
        if let Some(spec) = content.get_mut("spec") {
            spec["replicas"] = json!(0);
        }
        Some(Self { empty: Object::new(deployment.reference.clone(), content), item, observed, is_ours })
    }

    /// It wants pods, whoever said so.
    fn is_up(&self) -> bool {
        self.ours().and_then(|observed| observed.pods).is_some_and(|pods| pods.wanted > 0)
    }

    /// The API server has taken that it is to have no pods, and that is so still.
    fn is_down(&self) -> bool {
        self.ours().is_some() && self.is_written() && !self.is_up()
    }

    /// There may be pods of it that end at our word.
    fn has_pods(&self) -> bool {
        self.ours().is_some_and(|observed| !observed.deleting)
    }

    fn ours(&self) -> Option<&'a Observed> {
        self.observed.filter(|_| self.is_ours)
    }

    fn is_written(&self) -> bool {
        self.item.rendered.as_deref() == Some(self.empty.hash.as_str())
    }

    /// What makes it want none. Before a backup it is held to that, and one that lost its label is taken up again: its
    /// pods run on.
    fn scale_down(&self, strict: bool) -> Option<Step> {
        let how = match self.observed {
            Some(observed) => {
                let is_due = !self.is_written() || (strict && self.is_up());
                (self.has_pods() && is_due).then(|| How::Update { uid: observed.uid.to_string() })
            }
            None => self.item.uid.clone().filter(|_| strict).map(|uid| How::Restore { uid: Some(uid) }),
        };
        how.map(|how| Step::Apply { object: self.empty.clone(), how, yields: Yields::default() })
    }
}

/// Takes note that the API server answered the scale-down. Refused for good, the pods have their time all the same.
pub(super) fn answered(record: &mut Record, reference: &ObjectRef, taken: bool, now: Timestamp) {
    let Some(removal) = record.removal.as_mut().filter(|_| reference.kind == Kind::Deployment) else {
        return;
    };
    if taken {
        removal.scaled_down = Some(now);
    } else {
        removal.scaled_down.get_or_insert(now);
    }
}
