//! [`Election`]: takes part in the election of one leader by a Lease
//! (<https://kubernetes.io/docs/concepts/architecture/leases/>).
//!
//! Each write is a compare-and-swap (PUT with the resourceVersion last seen). The rules are in `term`; here are
//! the calls, which never queue behind others, and the clock.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::address::{self, Scope};
use super::call::Call;
use super::read::{absent_as_none, text};
use super::term::{DURATION, Move, RENEW_DEADLINE, Terms, View};
use super::{Cluster, ClusterError};

/// Between renewals of the leader.
const RENEW: Duration = Duration::from_secs(2);
/// Between looks of a standby: a lease that is given up has a new holder within two.
const LOOK: Duration = Duration::from_millis(800);
/// Limit of each call: several fit before the renew deadline.
const CALL: Duration = Duration::from_secs(3);
/// How long who stands alone leads without a renewal: no process lives as long.
const UNOPPOSED: Duration = Duration::from_hours(876_000);

/// Who takes part.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Namespace of the daemon.
    pub namespace: String,
    /// Name of the shard; `main` by default.
    pub shard: String,
    /// Who we are, such as the pod's name; made unique by a random suffix.
    pub identity: String,
    /// The highest epoch that the records know; ours will be above it.
    pub epoch_floor: u64,
}

/// Whether we may act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leadership {
    /// We may not.
    Standby {
        /// Who may, if that is known.
        leader: Option<String>,
    },
    /// We may.
    Leading {
        /// Of this term; grows with each (`leaseTransitions`).
        epoch: u64,
        /// We stop at this time unless the lease is renewed: start nothing after it.
        until: Instant,
        /// Nobody else acts before this time: finish everything before it.
        expires: Instant,
    },
}

impl Leadership {
    /// Whether an effect that takes at most `timeout` may start now.
    pub fn allows(&self, now: Instant, timeout: Duration) -> bool {
        match self {
            Self::Standby { .. } => false,
            Self::Leading { until, expires, .. } => now < *until && now + timeout <= *expires,
        }
    }

    /// The epoch, while we lead.
    pub const fn epoch(&self) -> Option<u64> {
        match self {
            Self::Standby { .. } => None,
            Self::Leading { epoch, .. } => Some(*epoch),
        }
    }
}

/// Our part in an election. Dropped without [`Election::resign`], the lease runs out by itself.
pub struct Election {
    leadership: watch::Receiver<Leadership>,
    resign: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Election {
    /// Takes part from now on.
    pub fn join(cluster: &Cluster, candidate: &Candidate) -> Result<Self, ClusterError> {
        let name = format!("portfolio-reconciler-{}", candidate.shard);
        let scope = Scope::Namespace(candidate.namespace.clone());
        let identity = format!("{}_{:08x}", candidate.identity, fastrand::u32(..));
        let (announce, leadership) = watch::channel(Leadership::Standby { leader: None });
        let (resign, resigned) = oneshot::channel();
        let campaign = Campaign {
            cluster: cluster.with_timeout(CALL),
            url: address::named("coordination.k8s.io", "v1", &candidate.namespace, "leases", &name)?,
            collection: address::plural("coordination.k8s.io", "v1", &scope, "leases")?,
            target: format!("Lease/{}/{name}", candidate.namespace),
            new: json!({
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": name, "namespace": candidate.namespace},
                "spec": {},
            }),
            terms: Terms::new(identity, candidate.epoch_floor),
            held: None,
            announce,
            complaint: None,
        };
        let task = tokio::spawn(campaign.run(resigned));
        Ok(Self { leadership, resign: Some(resign), task })
    }

    /// Without a Lease: we lead from the beginning to the end. Only where nobody else can take part, such as a
    /// Deployment of one replica that is recreated.
    pub fn unopposed(epoch_floor: u64) -> Self {
        let until = Instant::now() + UNOPPOSED;
        let (announce, leadership) =
            watch::channel(Leadership::Leading { epoch: epoch_floor + 1, until, expires: until });
        let (resign, resigned) = oneshot::channel();
        let task = tokio::spawn(async move {
            // An error is the end as well: the election was dropped.
            let _ = resigned.await;
            announce.send_replace(Leadership::Standby { leader: None });
        });
        Self { leadership, resign: Some(resign), task }
    }

    /// Whether we lead, now and as it changes; it changes with each renewal.
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        self.leadership.clone()
    }

    /// Gives the lease up, if we hold it. To be called after the last effect.
    pub async fn resign(mut self) {
        // A task that has ended has nothing to give up.
        let _ = self.resign.take().map(|resign| resign.send(()));
        let _ = (&mut self.task).await;
    }
}

impl Drop for Election {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Campaign {
    cluster: Cluster,
    url: String,
    collection: String,
    target: String,
    /// A Lease to begin with.
    new: Value,
    terms: Terms,
    /// While we lead: the Lease as we wrote it.
    held: Option<Value>,
    announce: watch::Sender<Leadership>,
    /// What went wrong last, so that it is logged once.
    complaint: Option<&'static str>,
}

impl Campaign {
    async fn run(mut self, resigned: oneshot::Receiver<()>) {
        tokio::select! {
            () = self.take_part() => {}
            _ = resigned => self.give_up().await,
        }
    }

    async fn take_part(&mut self) {
        loop {
            let started = Instant::now();
            // No answer counts after the deadline.
            let outcome = match self.deadline() {
                Some(until) => tokio::time::timeout_at(until, self.turn(started)).await.ok(),
                None => Some(self.turn(started).await),
            };
            if let Some(outcome) = outcome {
                self.complain(outcome.err());
            }
            if self.deadline().is_some_and(|until| Instant::now() >= until) {
                tracing::warn!(lease = %self.target, "the lease could not be renewed in time: leading no more");
                self.terms.lapsed();
            }
            if self.terms.leading().is_none() {
                self.stand_by();
            }
            // From the beginning of this turn: a call that took long is followed by the next at once.
            let next = self.deadline().map_or_else(|| started + LOOK, |until| (started + RENEW).min(until));
            sleep_until(next).await;
        }
    }

    /// Looks, and writes if it is our turn.
    async fn turn(&mut self, started: Instant) -> Result<(), ClusterError> {
        if let Some(held) = self.held.clone() {
            match self.write(held, started, None).await {
                Err(ClusterError::ResourceVersionConflict { .. } | ClusterError::NotFound { .. }) => {
                    self.held = None;
                }
                outcome => return outcome,
            }
        }
        let call = Call::get(self.url.clone(), self.target.clone()).once().urgent();
        let lease = absent_as_none(self.cluster.send(&call).await)?;
        match (self.terms.consider(lease.as_ref().map(view), Instant::now()), lease) {
            (Move::Renew, Some(lease)) => self.write(lease, started, None).await,
            (Move::Take { epoch }, Some(lease)) => self.write(lease, started, Some(epoch)).await,
            (Move::Create { epoch }, _) => self.create(started, epoch).await,
            // Renew and Take follow from a Lease only.
            (Move::Wait, _) | (Move::Renew | Move::Take { .. }, None) => Ok(()),
        }
    }

    async fn write(&mut self, lease: Value, started: Instant, term: Option<u64>) -> Result<(), ClusterError> {
        let lease = signed(lease, self.terms.identity(), DURATION, term);
        let call = Call::put(self.url.clone(), self.target.clone(), &lease).once().urgent();
        let lease = self.cluster.send(&call).await?;
        self.lead(lease, started);
        Ok(())
    }

    async fn create(&mut self, started: Instant, epoch: u64) -> Result<(), ClusterError> {
        let lease = signed(self.new.clone(), self.terms.identity(), DURATION, Some(epoch));
        let call = Call::post(self.collection.clone(), self.target.clone(), &lease).once().urgent();
        match self.cluster.send(&call).await {
            Ok(lease) => self.lead(lease, started),
            Err(ClusterError::AlreadyExists { .. }) => {} // somebody was quicker
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Others count from when they see the write, which is after we began it.
    fn lead(&mut self, lease: Value, started: Instant) {
        self.terms.written(view(&lease), Instant::now());
        self.held = Some(lease);
        if let Some(epoch) = self.terms.leading() {
            let (until, expires) = (started + RENEW_DEADLINE, started + DURATION);
            let before = self.announce.send_replace(Leadership::Leading { epoch, until, expires });
            if before.epoch() != Some(epoch) {
                tracing::info!(lease = %self.target, epoch, "leading");
            }
        }
    }

    fn stand_by(&mut self) {
        self.held = None;
        let standby = Leadership::Standby { leader: self.terms.holder() };
        self.announce.send_if_modified(|current| {
            let changed = *current != standby;
            *current = standby;
            changed
        });
    }

    async fn give_up(&mut self) {
        let led = self.terms.leading().is_some();
        self.terms.lapsed();
        let held = self.held.take();
        self.stand_by();
        // A renewal may just have been cut off, so that its resourceVersion is unknown: look.
        let call = Call::get(self.url.clone(), self.target.clone()).once().urgent();
        let lease = match self.cluster.send(&call).await {
            Ok(lease) => Some(lease),
            Err(_) => held,
        };
        let Some(lease) =
            lease.filter(|lease| led && view(lease).holder.as_deref() == Some(self.terms.identity()))
        else {
            return;
        };
        let lease = signed(lease, "", Duration::from_secs(1), None);
        let call = Call::put(self.url.clone(), self.target.clone(), &lease).once().urgent();
        if let Err(error) = self.cluster.send(&call).await {
            tracing::warn!(lease = %self.target, %error, "the lease could not be given up; it runs out by itself");
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match (self.terms.leading(), &*self.announce.borrow()) {
            (Some(_), Leadership::Leading { until, .. }) => Some(*until),
            _ => None,
        }
    }

    fn complain(&mut self, error: Option<ClusterError>) {
        let complaint = error.as_ref().map(ClusterError::reason);
        if complaint != self.complaint
            && let Some(error) = error
        {
            tracing::warn!(lease = %self.target, %error, "the lease could not be read or written");
        }
        self.complaint = complaint;
    }
}

/// The Lease with us, or nobody, as the holder; in a new term if one is given.
fn signed(mut lease: Value, holder: &str, duration: Duration, term: Option<u64>) -> Value {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    let spec = &mut lease["spec"];
    spec["holderIdentity"] = Value::from(holder);
    spec["leaseDurationSeconds"] = Value::from(duration.as_secs());
    spec["renewTime"] = Value::from(now.as_str());
    if let Some(epoch) = term {
        spec["leaseTransitions"] = Value::from(epoch);
        spec["acquireTime"] = Value::from(now);
    }
    lease
}

fn view(lease: &Value) -> View {
    let number = |pointer: &str| lease.pointer(pointer).and_then(Value::as_u64);
    View {
        holder: text(lease, "/spec/holderIdentity").filter(|holder| !holder.is_empty()),
        renewed: text(lease, "/spec/renewTime").unwrap_or_default(),
        duration: number("/spec/leaseDurationSeconds").map_or(DURATION, Duration::from_secs),
        epoch: number("/spec/leaseTransitions").unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_stands_alone_leads_until_it_resigns() {
        let election = Election::unopposed(6);
        let leadership = election.leadership();
        assert_eq!(leadership.borrow().epoch(), Some(7));
        let later = Instant::now() + Duration::from_hours(8760);
        assert!(leadership.borrow().allows(later, Duration::from_mins(1)));

        election.resign().await;

        assert_eq!(leadership.borrow().epoch(), None);
    }
}
