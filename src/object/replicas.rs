//! [`ReplicasHeld`]: who holds `spec.replicas` of a live Deployment, and [`with_replicas`]: what an apply that leaves the
//! field to an autoscaler must send all the same, so that the API server never fills in its default of 1.
//!
//! Source: <https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership>.

use serde_json::{Value, json};

use super::fields::{self, below};

/// Holds `spec.replicas` from the moment that our manager lets go of it until an autoscaler takes it.
pub const REPLICAS_MANAGER: &str = "portfolio-reconciler-scale";

/// Who holds `spec.replicas` of a live Deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicasHeld {
    /// Our manager: if it alone does, an apply without the field would reset it.
    pub ours: bool,
    /// [`REPLICAS_MANAGER`].
    pub keeper: bool,
    /// Anybody else, such as an autoscaler.
    pub others: bool,
}

impl ReplicasHeld {
    /// By the `managedFields` of a live Deployment.
    pub fn of(live: &Value) -> Self {
        let mut held = Self::default();
        let holds = |entry: &fields::Entry<'_>| {
            below(entry.fields, "f:spec").is_some_and(|spec| spec.contains_key("f:replicas"))
        };
        for entry in fields::entries(live).filter(holds) {
            if entry.is_our_apply() {
                held.ours = true;
            } else if entry.manager == REPLICAS_MANAGER {
                held.keeper = true;
            } else {
                held.others = true;
            }
        }
        held
    }

    /// Nobody would hold it any more if our manager let go.
    pub const fn is_ours_alone(self) -> bool {
        self.ours && !self.keeper && !self.others
    }
}

/// `spec.replicas` of a live Deployment.
pub fn replicas_of(live: &Value) -> Option<u64> {
    live.pointer("/spec/replicas").and_then(Value::as_u64)
}

/// The content of a Deployment that says nothing of `spec.replicas`, as it must be sent: a new one begins with
/// `fewest`, and so does one that we scaled to zero, since an autoscaler leaves that alone. What only we hold stays what
/// it is until it is handed over.
#[must_use]
pub fn with_replicas(mut content: Value, live: Option<&Value>, fewest: u32) -> Value {
    let replicas = match live {
        None => Some(u64::from(fewest)),
        Some(live) => {
            let held = ReplicasHeld::of(live);
            match replicas_of(live) {
                Some(0) if held.ours => Some(u64::from(fewest)),
                now => now.filter(|_| held.is_ours_alone()),
            }
        }
    };
    if let Some((replicas, spec)) = replicas.zip(content.get_mut("spec").and_then(Value::as_object_mut)) {
        spec.insert("replicas".to_owned(), json!(replicas));
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::FIELD_MANAGER;

    fn live(replicas: u32, managers: &[&str]) -> Value {
        let entries: Vec<_> = managers
            .iter()
            .map(|manager| json!({"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}))
            .collect();
        json!({"metadata": {"managedFields": entries}, "spec": {"replicas": replicas}})
    }

    fn sent(live: Option<&Value>) -> Option<u64> {
        replicas_of(&with_replicas(json!({"spec": {}}), live, 2))
    }

    #[test]
    fn holders_are_told_apart() {
        let held = |managers: &[&str]| ReplicasHeld::of(&live(4, managers));
        assert!(held(&[FIELD_MANAGER]).is_ours_alone());
        for other in [REPLICAS_MANAGER, "kube-controller-manager"] {
            assert!(!held(&[FIELD_MANAGER, other]).is_ours_alone());
        }
        assert_eq!(held(&[]), ReplicasHeld::default());
        assert_eq!(held(&["kubectl"]), ReplicasHeld { others: true, ..ReplicasHeld::default() });
    }

    #[test]
    fn a_new_deployment_begins_with_the_fewest_pods() {
        assert_eq!(sent(None), Some(2));
    }

    #[test]
    fn what_only_we_hold_is_sent_as_it_is_and_what_others_hold_is_not() {
        assert_eq!(sent(Some(&live(7, &[FIELD_MANAGER]))), Some(7));
        assert_eq!(sent(Some(&live(7, &[FIELD_MANAGER, REPLICAS_MANAGER]))), None);
        assert_eq!(sent(Some(&live(7, &["kube-controller-manager"]))), None);
        assert_eq!(sent(Some(&live(7, &[]))), None);
    }

    #[test]
    fn what_we_scaled_to_zero_begins_again() {
        assert_eq!(sent(Some(&live(0, &[FIELD_MANAGER]))), Some(2));
        assert_eq!(sent(Some(&live(0, &[FIELD_MANAGER, REPLICAS_MANAGER]))), Some(2));
        assert_eq!(sent(Some(&live(0, &["kubectl"]))), None);
    }
}
