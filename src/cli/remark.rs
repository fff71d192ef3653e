//! [`remark`]: what there is to say of an object that is as it should be: how many pods an autoscaler has made, how the
//! runs of a `CronJob` went. Neither is the health of the app.

use jiff::Timestamp;
use serde_json::Value;

use super::live::text;
use super::report::age;
use crate::object::Kind;

/// A few words on a live object; empty for most.
pub(super) fn remark(kind: Kind, object: &Value, now: Timestamp) -> String {
    match kind {
        Kind::HorizontalPodAutoscaler => autoscaler(object),
        Kind::CronJob => cron_job(object, now),
        Kind::ServiceAccount
        | Kind::ConfigMap
        | Kind::PersistentVolumeClaim
        | Kind::Service
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget
        | Kind::Job
        | Kind::Deployment
        | Kind::Ingress
        | Kind::Other(_) => String::new(),
    }
}

fn autoscaler(object: &Value) -> String {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let words = format!(
        "{} pods, from {} to {}",
        number("/status/currentReplicas"),
        number("/spec/minReplicas"),
        number("/spec/maxReplicas")
    );
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    // Without measurements it keeps its bounds and does nothing else.
    let idle = conditions.into_iter().flatten().find(|one| {
        ["ScalingActive", "AbleToScale"].contains(&text(one, "/type")) && text(one, "/status") == "False"
    });
    idle.map_or_else(|| words.clone(), |idle| format!("{words}; {}", text(idle, "/message")))
}

fn cron_job(object: &Value, now: Timestamp) -> String {
    if object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        return "suspended".to_owned();
    }
    if object.pointer("/status/active").and_then(Value::as_array).is_some_and(|active| !active.is_empty()) {
        return "running".to_owned();
    }
    let time = |pointer: &str| text(object, pointer).parse::<Timestamp>().ok();
    match (time("/status/lastScheduleTime"), time("/status/lastSuccessfulTime")) {
        (None, _) => "no run yet".to_owned(),
        (Some(last), Some(success)) if success >= last => {
            format!("last run {} ago succeeded", age::text(last, now))
        }
        (Some(last), _) => format!("last run {} ago failed", age::text(last, now)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_cron_job(status: &Value) -> String {
        let now = "2026-11-02T10:00:00Z".parse().unwrap();
        remark(Kind::CronJob, &json!({"spec": {"suspend": false}, "status": status}), now)
    }

    #[test]
    fn a_cron_job_says_how_its_last_run_went() {
        let (last, later) = ("2026-11-02T07:00:00Z", "2026-11-02T07:05:00Z");
        assert_eq!(of_cron_job(&json!({})), "no run yet");
        assert_eq!(of_cron_job(&json!({"lastScheduleTime": last, "active": [{}]})), "running");
        assert_eq!(
            of_cron_job(&json!({"lastScheduleTime": last, "lastSuccessfulTime": later})),
            "last run 3h ago succeeded"
        );
        let before = "2026-11-01T07:05:00Z";
        assert_eq!(
            of_cron_job(&json!({"lastScheduleTime": last, "lastSuccessfulTime": before})),
            "last run 3h ago failed"
        );
    }

    #[test]
    fn an_autoscaler_says_how_many_pods_there_are_and_what_keeps_it_from_scaling() {
        let object = |conditions: Value| {
            json!({"spec": {"minReplicas": 2, "maxReplicas": 10},
                "status": {"currentReplicas": 4, "conditions": conditions}})
        };
        let words = |object: &Value| remark(Kind::HorizontalPodAutoscaler, object, Timestamp::UNIX_EPOCH);
        assert_eq!(words(&object(json!([]))), "4 pods, from 2 to 10");
        let idle = json!([{"type": "AbleToScale", "status": "True"},
            {"type": "ScalingActive", "status": "False", "message": "no metrics API"}]);
        assert_eq!(words(&object(idle)), "4 pods, from 2 to 10; no metrics API");
    }
}
