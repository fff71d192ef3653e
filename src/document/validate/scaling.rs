//! How many pods there are, and how many may be away.

use super::Rules;
use crate::document::{Code, Diagnostic, Disruption, IntOrPercent};

/// Source: k8s.io/kubernetes `ValidateHorizontalPodAutoscalerSpec`; percentages count in `i32`.
const MOST_PERCENT: u32 = 10_000;

impl Rules<'_> {
    pub(super) fn scaling(&mut self) {
        self.autoscaling();
        self.disruption();
    }

    fn autoscaling(&mut self) {
        let spec = &self.app.spec;
        let Some(scaling) = &spec.autoscaling else { return };
        if spec.replicas.is_some() {
            let diagnostic = Diagnostic::error(
                Code::ReplicasTwice,
                self.places.key(&["replicas"]),
                "`replicas` and `autoscaling` both say how many pods there are",
            );
            let other = self.places.key(&["autoscaling"]);
            self.push(
                diagnostic
                    .label(other, "the other one")
                    .help("remove one of them; `autoscaling: {min: …}` is the fewest pods"),
            );
        }
        if scaling.min == Some(0) {
            self.error(
                Code::InvalidScaling,
                &["autoscaling", "min"],
                "an autoscaler cannot scale to no pod",
                "write `min: 1` or more",
            );
        }
        if scaling.max == 0 {
            // What stands in for a field that is missing is 0 as well.
            if self.whole {
                self.error(
                    Code::InvalidScaling,
                    &["autoscaling", "max"],
                    "`max` must be at least 1",
                    "write `max: 10`",
                );
            }
        } else if let Some(min) = scaling.min.filter(|min| *min > scaling.max) {
            self.error(
                Code::InvalidScaling,
                &["autoscaling", "min"],
                format!("the fewest pods, {min}, are more than the most, {}", scaling.max),
                "raise `max` or lower `min`",
            );
        }
        for (field, percent) in [("cpu", scaling.cpu), ("memory", scaling.memory)] {
            if percent.is_some_and(|percent| percent == 0 || percent > MOST_PERCENT) {
                self.error(
                    Code::InvalidScaling,
                    &["autoscaling", field],
                    format!("`{field}` must be from 1 to {MOST_PERCENT} percent of the request"),
                    "write `70`",
                );
            }
        }
    }

    fn disruption(&mut self) {
        let Some(disruption) = &self.app.spec.disruption else { return };
        let message = match disruption {
            Disruption { max_unavailable: Some(_), min_available: Some(_) } => {
                Some("`maxUnavailable` and `minAvailable` are both there")
            }
            Disruption { max_unavailable: None, min_available: None } if self.whole => {
                Some("`disruption` says nothing")
            }
            Disruption { .. } => None,
        };
        if let Some(message) = message {
            self.key_error(
                Code::DisruptionStuck,
                &["disruption"],
                message,
                "write one of `maxUnavailable: 1` and `minAvailable: 50%`",
            );
            return;
        }
        let pods = self.fewest_pods();
        let stuck = match (disruption.max_unavailable, disruption.min_available) {
            (Some(IntOrPercent::Int(0) | IntOrPercent::Percent(0)), _) => {
                Some(("maxUnavailable", "none of the pods may be away".to_owned()))
            }
            (_, Some(IntOrPercent::Int(min))) if pods > 0 && u32::from(min) >= pods => {
                Some(("minAvailable", format!("{min} pods must stay, and there are {pods}")))
            }
            // Kubernetes rounds the share that must stay up.
            (_, Some(IntOrPercent::Percent(share)))
                if pods > 0 && (u64::from(pods) * u64::from(share)).div_ceil(100) >= u64::from(pods) =>
            {
                Some(("minAvailable", format!("{share}% of {pods} pods are {pods} when rounded up")))
            }
            (_, _) => None,
        };
        if let Some((field, why)) = stuck {
            self.error(
                Code::DisruptionStuck,
                &["disruption", field],
                format!("no node with a pod of this app could ever be emptied: {why}"),
                "write `maxUnavailable: 1`, or have more pods",
            );
        }
    }

    /// The fewest pods that the app has.
    pub(super) fn fewest_pods(&self) -> u32 {
        let spec = &self.app.spec;
        spec.autoscaling.as_ref().map_or(spec.replicas.unwrap_or(2), |scaling| scaling.fewest().max(1))
    }
}
