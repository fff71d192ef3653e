//! `CronJob`s that bear the app's name in front of their own. They run with the app's variables and files; what they
//! have besides is theirs.

use serde_json::Value;

use super::{Draft, Source};
use crate::document::{Concurrency, Duration, JobSpec, Scalar};
use crate::import::group::template;
use crate::import::json::{list, number, text, texts};

/// What portfolio has when nothing is said.
const HISTORY: u32 = 3;
const DEADLINE: u64 = 3_600;

pub(super) fn jobs(source: &Source<'_>, draft: &mut Draft) {
    for manifest in &source.group.jobs {
        let name = manifest.name.strip_prefix(&format!("{}-", source.name()));
        let job = template(manifest).and_then(|template| {
            let container = list(template, "/spec/containers").first()?;
            job(&manifest.said, container, draft)
        });
        if let (Some(name), Some(job)) = (name, job) {
            draft.spec.jobs.insert(name.to_owned(), job);
        }
    }
}

fn job(said: &Value, container: &Value, draft: &Draft) -> Option<JobSpec> {
    let image = text(container, "/image")?;
    let kept: u32 = number(said, "/spec/successfulJobsHistoryLimit").unwrap_or(HISTORY);
    let variables = list(container, "/env").iter();
    let plain = variables.filter_map(|variable| {
        let value = if variable.get("valueFrom").is_some() {
            None
        } else {
            Some(text(variable, "/value").unwrap_or_default())
        };
        Some((text(variable, "/name")?.to_owned(), Scalar(value?.to_owned())))
    });
    let deadline =
        number(said, "/spec/jobTemplate/spec/activeDeadlineSeconds").filter(|seconds| *seconds != DEADLINE);
    let retries: u32 = number(said, "/spec/jobTemplate/spec/backoffLimit").unwrap_or(6);
    Some(JobSpec {
        schedule: text(said, "/spec/schedule")?.to_owned(),
        time_zone: text(said, "/spec/timeZone").map(str::to_owned),
        command: texts(container, "/command"),
        args: texts(container, "/args"),
        image: (image != draft.spec.image).then(|| image.to_owned()),
        env: plain.filter(|(name, value)| draft.spec.env.get(name) != Some(value)).collect(),
        volumes: Vec::new(),
        resources: super::container::resources(container),
        deadline: deadline.map(Duration::from_secs),
        retries: (retries != 0).then_some(retries),
        history: (kept != HISTORY).then_some(kept),
        concurrency: match text(said, "/spec/concurrencyPolicy") {
            Some("Forbid") => Concurrency::Forbid,
            Some("Replace") => Concurrency::Replace,
            Some(_) | None => Concurrency::Allow,
        },
        suspend: said.pointer("/spec/suspend") == Some(&Value::Bool(true)),
    })
}
