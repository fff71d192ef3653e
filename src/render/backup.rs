//! Job: the backup of an app that is about to be deleted. The pod is that of [`super::job_pod`]; no pod of the app is
//! left to be near to.

use k8s_openapi::api::batch::v1::Job;

use super::job_pod::{self, Work};
use super::names;
use super::subject::Subject;
use crate::object::{Kind, Object};

/// `occasion` tells one run from another: what was backed up once is backed up again when the app is deleted again.
pub(super) fn render(subject: &Subject<'_>, occasion: &str) -> Option<Object> {
    let backup = subject.spec.backup.as_ref().filter(|backup| backup.on_delete)?;
    let spec = job_pod::job(subject, &Work::last_backup(subject, backup));
    let job = Job {
        metadata: subject.meta(names::backup_job(
            subject.name(),
            &serde_json::to_string(&spec).unwrap_or_default(),
            occasion,
        )),
        spec: Some(spec),
        status: None,
    };
    Some(subject.object(Kind::Job, job))
}
