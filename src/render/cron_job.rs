//! `CronJob`: the app's jobs, and its backups on a schedule. The pods are those of [`super::job_pod`].

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, JobTemplateSpec};

use super::job_pod::{self, Work};
use super::subject::{Subject, int};
use crate::document::Concurrency;
use crate::object::{Kind, Object};

/// A run that could not start in time, because nobody was there to start it, may start so much later.
const STARTING_DEADLINE_SECONDS: i64 = 3_600;
const DEFAULT_HISTORY: u32 = 3;

pub(super) fn render(subject: &Subject<'_>) -> Vec<Object> {
    let jobs = subject.spec.jobs.iter().map(|(name, job)| {
        let timing = Timing {
            schedule: &job.schedule,
            time_zone: job.time_zone.as_deref(),
            concurrency: job.concurrency,
            history: job.history,
            suspend: job.suspend,
        };
        cron_job(subject, name, &timing, &Work::job(subject, job))
    });
    let backup = subject.spec.backup.as_ref().and_then(|backup| {
        let timing = Timing {
            schedule: backup.schedule.as_deref()?,
            time_zone: backup.time_zone.as_deref(),
            concurrency: Concurrency::Forbid,
            history: backup.history,
            suspend: false,
        };
        Some(cron_job(subject, "backup", &timing, &Work::backup(subject, backup)))
    });
    jobs.chain(backup).collect()
}

struct Timing<'a> {
    schedule: &'a str,
    time_zone: Option<&'a str>,
    concurrency: Concurrency,
    history: Option<u32>,
    suspend: bool,
}

fn cron_job(subject: &Subject<'_>, suffix: &str, timing: &Timing<'_>, work: &Work<'_>) -> Object {
    let history = int(timing.history.unwrap_or(DEFAULT_HISTORY));
    let job = CronJob {
        metadata: subject.meta(format!("{}-{suffix}", subject.name())),
        spec: Some(CronJobSpec {
            schedule: timing.schedule.to_owned(),
            // Without one, Kubernetes takes that of its controller, which is anything.
            time_zone: Some(timing.time_zone.unwrap_or("Etc/UTC").to_owned()),
            concurrency_policy: Some(concurrency(timing.concurrency).to_owned()),
            starting_deadline_seconds: Some(STARTING_DEADLINE_SECONDS),
            successful_jobs_history_limit: Some(history),
            failed_jobs_history_limit: Some(history),
            suspend: timing.suspend.then_some(true),
            job_template: JobTemplateSpec { metadata: None, spec: Some(job_pod::job(subject, work)) },
        }),
        status: None,
    };
    subject.object(Kind::CronJob, job)
}

const fn concurrency(asked: Concurrency) -> &'static str {
    match asked {
        Concurrency::Forbid => "Forbid",
        Concurrency::Allow => "Allow",
        Concurrency::Replace => "Replace",
    }
}
