//! Removing the objects of a document that left the branch: close, drain, then delete in reverse order, volumes kept.

use jiff::{SignedDuration, Timestamp};

use super::guard::{SOURCE_INCOMPLETE, STORED_UNREADABLE, unreadable};
use super::{Input, Plan, Purpose, Stage, Step, Target, Verdict, Wait, backup, drain, migration, target};
use crate::document::{Document, VolumePolicy};
use crate::object::{Kind, ObjectRef};
use crate::record::{Phase, Reason, Record};

/// What is waited for is seen by watch; this is for when it is not.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// When an object goes: the other way round than creation, but for what leads traffic in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// What makes pods, or more of them.
    Makers,
    /// What leads traffic in goes before the first pod does: where all endpoints of a Service are ending, kube-proxy goes
    /// on sending new connections to them (KEP-1669), and they are cut off when the app closes its socket.
    Entrances,
    Services,
    Pods,
    Around,
    /// What pods need.
    Needs,
}

impl Rank {
    const ALL: [Self; 6] =
        [Self::Makers, Self::Entrances, Self::Services, Self::Pods, Self::Around, Self::Needs];

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::CronJob | Kind::HorizontalPodAutoscaler => Self::Makers,
            Kind::Ingress => Self::Entrances,
            Kind::Other(_) => Self::of_other(kind),
            Kind::Service => Self::Services,
            Kind::Deployment | Kind::Job => Self::Pods,
            Kind::PodDisruptionBudget | Kind::NetworkPolicy => Self::Around,
            Kind::ConfigMap | Kind::ServiceAccount | Kind::PersistentVolumeClaim => Self::Needs,
        }
    }

    /// What a further kind does is known of few. Any other may be what the app lives on, its data too, as a database
    /// that an operator runs is, or what its backup needs: it goes last.
    fn of_other(kind: Kind) -> Self {
        match (kind.group(), kind.name()) {
            ("keda.sh", "ScaledObject" | "ScaledJob") => Self::Makers,
            (
                "gateway.networking.k8s.io",
                "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute",
            )
            | (
                "traefik.io" | "traefik.containo.us",
                "IngressRoute" | "IngressRouteTCP" | "IngressRouteUDP",
            )
            | ("networking.istio.io", "VirtualService")
            | ("projectcontour.io", "HTTPProxy")
            | ("route.openshift.io", "Route") => Self::Entrances,
            _ => Self::Needs,
        }
    }
}

/// It goes before the pods do.
pub(super) fn is_early(reference: &ObjectRef) -> bool {
    Rank::of(reference.kind) < Rank::Pods
}

fn is_going(input: &Input<'_>, reference: &ObjectRef) -> bool {
    input.cluster.observed(reference).is_some_and(|observed| observed.deleting)
}

/// What is to be done to those of the objects on record that are to go and are not on their way.
pub(super) fn deletions(input: &Input<'_>, record: &Record, goes: impl Fn(&ObjectRef) -> bool) -> Stage {
    let items = record.inventory.items.iter();
    items
        .filter(|(reference, _)| goes(reference) && !is_going(input, reference))
        .map(|(reference, item)| Step::Delete { reference: reference.clone(), uid: item.uid.clone() })
        .collect()
}

pub(super) fn plan(input: &Input<'_>, mut record: Record, verdict: &Verdict) -> Plan {
    let now = input.now;
    if record.removal.is_none()
        && let Verdict::Held { reason, message } = verdict
    {
        return held(input, record, reason, message);
    }
    if let (Some(_), Verdict::Held { reason: SOURCE_INCOMPLETE, .. }) = (&record.removal, verdict) {
        return paused(record, Phase::Held, SOURCE_INCOMPLETE, now);
    }
    let last = match target::last(&record) {
        Ok(last) => last,
        Err(error) => {
            let reason = Reason::of(STORED_UNREADABLE);
            return Plan::idle(record, Phase::Held, reason, unreadable(&error), now);
        }
    };
    record.begin_removal(now);
    let mut is_tool = false;
    let (app, renderer) = last
        .and_then(|last| match last.document {
            Document::App(app) => Some((app, last.renderer)),
            Document::Migration(migration) => {
                is_tool = migration.spec.command.is_some();
                None
            }
        })
        .unzip();
    // What it does half-way nobody knows; its own deadline ends it.
    if is_tool && let Some(busy) = running_job(input, &record) {
        let what = format!("{busy}, which is still running");
        return waiting(record, Vec::new(), "Draining", &what, now + LOOK, now);
    }
    let keeps_volumes = app.as_ref().is_none_or(|app| {
        app.spec.deletion.as_ref().is_none_or(|deletion| deletion.volumes == VolumePolicy::Retain)
    });
    // What never had a pod is not drained, and leaves nothing to be backed up.
    let ran = record.applied.is_some()
        || record.inventory.items.keys().any(|reference| reference.kind == Kind::Deployment);
    let app = app.zip(renderer).filter(|_| ran);
    if let Some((app, renderer)) = &app
        && let Some(plan) = drain::hold_up(input, &mut record, app, *renderer, keeps_volumes)
    {
        return plan;
    }
    if let Some(removal) = &mut record.removal {
        removal.drained = true;
    }
    if let Some((app, renderer)) = &app
        && let Some(plan) = backup::hold_up(input, &mut record, app, *renderer)
    {
        return plan;
    }
    delete(input, record, keeps_volumes)
}

fn running_job(input: &Input<'_>, record: &Record) -> Option<ObjectRef> {
    let mut jobs = record.inventory.items.keys().filter(|reference| reference.kind == Kind::Job);
    jobs.find(|job| migration::is_running(input.cluster.observed(job))).cloned()
}

/// A removal that has begun stands still: the document may be there again.
pub(super) fn paused(record: Record, phase: Phase, reason: &'static str, now: Timestamp) -> Plan {
    let message = "its removal goes on once the whole source can be read";
    Plan::idle(record, phase, Reason::of(reason), message, now)
}

/// Nothing is removed; what was applied last is still held against drift.
fn held(input: &Input<'_>, record: Record, reason: &'static str, message: &str) -> Plan {
    let reason = Reason::of(reason);
    let Some(held) = target::held(&record).filter(|_| !record.suspended) else {
        return Plan::idle(record, Phase::Held, reason, message, input.now);
    };
    let purpose = Purpose::Keep { phase: Phase::Held, reason, message: message.to_owned() };
    let target =
        Target { document: held.document, revision: held.revision, renderer: held.renderer, purpose };
    super::rollout::pursue(input, record, target, None)
}

/// A removal that goes on when this is so.
pub(super) fn waiting(
    record: Record,
    stage: Stage,
    reason: &'static str,
    what: &str,
    until: Timestamp,
    now: Timestamp,
) -> Plan {
    let wait = Some(Wait { until: Some(until), what: what.to_owned() });
    let stages = if stage.is_empty() { Vec::new() } else { vec![stage] };
    let plan = Plan { record, stages, target: None, desired: Vec::new(), wide: Vec::new(), wait };
    plan.saying(Phase::Deleting, Reason::of(reason), format!("waiting for {what}"), now)
}

/// One stage at a time: the next one starts when the last one is seen to be gone. Only what goes before the pods and does
/// not go away, for a load balancer that is not given back, holds up nothing but the end once the time to drain is over.
pub(super) fn delete(input: &Input<'_>, mut record: Record, keeps_volumes: bool) -> Plan {
    let kept = |kind: Kind| keeps_volumes && kind == Kind::PersistentVolumeClaim;
    let now = input.now;
    let drained = record.removal.as_ref().is_some_and(|removal| removal.drained);
    let lingers = |reference: &ObjectRef| drained && is_early(reference) && is_going(input, reference);
    for rank in Rank::ALL.into_iter().map(Some).chain([None]) {
        let is_left = |reference: &ObjectRef| {
            let is_next = rank.is_none_or(|rank| Rank::of(reference.kind) == rank && !lingers(reference));
            is_next && !kept(reference.kind)
        };
        let left: Vec<_> = record.inventory.items.keys().filter(|reference| is_left(reference)).collect();
        if left.is_empty() {
            continue;
        }
        let stage = deletions(input, &record, is_left);
        let names: Vec<_> = left.iter().map(ToString::to_string).collect();
        let what = format!("{} to be gone", names.join(", "));
        return waiting(record, stage, "Deleting", &what, now + LOOK, now);
    }
    // Volumes that are kept are nobody's from here on; they carry their annotation and are found by a re-add.
    record.inventory.items.clear();
    Plan::idle(record, Phase::Deleting, Reason::of("Deleted"), "everything is removed", now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_further_kinds_only_those_that_are_known_to_lead_or_to_make_go_before_the_pods() {
        let rank = |kind: &str| Rank::of(kind.parse().unwrap());
        for kind in ["HTTPRoute.v1.gateway.networking.k8s.io", "GRPCRoute.v1.gateway.networking.k8s.io"] {
            assert_eq!(rank(kind), Rank::Entrances, "{kind}");
        }
        for kind in ["TLSRoute.v1alpha2.gateway.networking.k8s.io", "IngressRoute.v1alpha1.traefik.io"] {
            assert_eq!(rank(kind), Rank::Entrances, "{kind}");
        }
        assert_eq!(rank("VirtualService.v1.networking.istio.io"), Rank::Entrances);
        assert_eq!(rank("ScaledObject.v1alpha1.keda.sh"), Rank::Makers);
        for kind in [
            "Cluster.v1.postgresql.cnpg.io",
            "ExternalSecret.v1.external-secrets.io",
            "ServiceMonitor.v1.monitoring.coreos.com",
            "HTTPRoute.v1.example.com",
            "Role.v1.rbac.authorization.k8s.io",
            "Secret.v1",
        ] {
            assert_eq!(rank(kind), Rank::Needs, "{kind}");
        }
    }
}
