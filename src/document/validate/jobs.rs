//! Jobs on a schedule, and backups.

use std::collections::BTreeMap;

use super::{Rules, environment, image, names, resources, schedule};
use crate::document::diagnostic::{did_you_mean, quoted, shown};
use crate::document::{AccessMode, Backup, Code, Duration, JobSpec};

/// A `CronJob` adds a time of 11 characters to its name, which a pod's label must hold.
/// Source: k8s.io/kubernetes `ValidateCronJobSpec`.
const MAX_CRON_JOB_NAME: usize = 52;
/// The name of the `CronJob` of backups, after the app's.
const BACKUP: &str = "backup";

impl Rules<'_> {
    pub(super) fn jobs(&mut self) {
        let spec = &self.app.spec;
        for (name, job) in &spec.jobs {
            if !names::is_dns_label(name) {
                self.key_error(
                    Code::InvalidReference,
                    &["jobs", name],
                    format!("{} cannot be the name of a job", quoted(name)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
            self.cron_job_name(&["jobs", name], name);
            self.job(name, job);
        }
        if let Some(backup) = &spec.backup {
            self.backup(backup);
        }
    }

    fn job(&mut self, name: &str, job: &JobSpec) {
        let path = ["jobs", name];
        if self.whole || !job.schedule.is_empty() {
            schedule::cron(&job.schedule, &["jobs", name, "schedule"], self.places, self.diagnostics);
        }
        let zone = job.time_zone.as_deref();
        schedule::time_zone(zone, &["jobs", name, "timeZone"], self.places, self.diagnostics);
        if self.whole && job.command.is_empty() && job.args.is_empty() && job.image.is_none() {
            self.key_error(
                Code::NothingToRun,
                &["jobs", name, "command"],
                format!("the job `{}` would run the app itself", shown(name)),
                "write `command: […]`, or `args: […]` for the image's own entrypoint",
            );
        }
        self.run(&path, job.image.as_deref(), job.deadline);
        environment::variables(&job.env, &BTreeMap::new(), &path, self);
        self.mounted(&path, &job.volumes);
        if let Some(wanted) = &job.resources {
            resources::check(wanted, &["jobs", name, "resources"], self.places, self.diagnostics);
        }
    }

    fn backup(&mut self, backup: &Backup) {
        let path = ["backup"];
        match &backup.schedule {
            Some(line) => {
                schedule::cron(line, &["backup", "schedule"], self.places, self.diagnostics);
                self.cron_job_name(&path, BACKUP);
                if self.app.spec.jobs.contains_key(BACKUP) {
                    self.key_error(
                        Code::ObjectCollision,
                        &["jobs", BACKUP],
                        format!(
                            "the job `{BACKUP}` and the backup would both be {}-{BACKUP}",
                            self.app.id.name
                        ),
                        "give the job another name",
                    );
                }
            }
            None if !backup.on_delete && self.whole => self.key_error(
                Code::NeverRuns,
                &path,
                "the backup is never made",
                "write `schedule: \"0 1 * * *\"`, or `onDelete: true`",
            ),
            None => {}
        }
        schedule::time_zone(
            backup.time_zone.as_deref(),
            &["backup", "timeZone"],
            self.places,
            self.diagnostics,
        );
        if self.whole && backup.command.is_empty() && backup.args.is_empty() && backup.image.is_none() {
            self.key_error(
                Code::NothingToRun,
                &["backup", "command"],
                "the backup says nothing to run",
                "write `command: […]` that copies the data to where it is safe",
            );
        }
        self.run(&path, backup.image.as_deref(), backup.deadline);
        environment::variables(&backup.env, &backup.secrets, &path, self);
        self.mounted(&path, &backup.volumes);
        if let Some(wanted) = &backup.resources {
            resources::check(wanted, &["backup", "resources"], self.places, self.diagnostics);
        }
    }

    fn run(&mut self, path: &[&str], image: Option<&str>, deadline: Option<Duration>) {
        if let Some(image) = image {
            image::check(image, self.at(&[path, &["image"]].concat()), self.diagnostics);
        }
        if deadline == Some(Duration::from_secs(0)) {
            let path = [path, &["deadline"]].concat();
            self.error(Code::NotPositive, &path, "`deadline` must be more than zero", "write `1h`");
        }
    }

    /// A volume for one pod cannot be at a second one while the app has it.
    fn mounted(&mut self, path: &[&str], volumes: &[String]) {
        let storage = &self.app.spec.storage;
        for (number, name) in volumes.iter().enumerate() {
            let number = number.to_string();
            let path = [path, &["volumes", &number]].concat();
            match storage.get(name).map(|volume| volume.access_mode) {
                Some(AccessMode::ReadWriteOncePod) => self.error(
                    Code::UnknownVolume,
                    &path,
                    format!("the volume `{}` can be at one pod only, which is the app's", shown(name)),
                    "use `accessMode: ReadWriteOnce`, which pods of one node share",
                ),
                Some(AccessMode::ReadWriteOnce | AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany) => {
                    self.twice(Code::UnknownVolume, &path, volumes);
                }
                None if !self.whole => {}
                None => {
                    let help = did_you_mean(name, storage.keys().map(String::as_str))
                        .unwrap_or_else(|| "declare it in `storage`".to_owned());
                    self.error(
                        Code::UnknownVolume,
                        &path,
                        format!("the app has no volume `{}`", shown(name)),
                        &help,
                    );
                }
            }
        }
    }

    fn cron_job_name(&mut self, path: &[&str], suffix: &str) {
        let name = format!("{}-{suffix}", self.app.id.name);
        let over = name.len().saturating_sub(MAX_CRON_JOB_NAME);
        if over > 0 && names::is_dns_label(&self.app.id.name) {
            self.key_error(
                Code::DerivedNameTooLong,
                path,
                format!("the name of the CronJob, `{}`, would have {} characters", shown(&name), name.len()),
                &format!("at most {MAX_CRON_JOB_NAME} are possible; shorten it by {over}"),
            );
        }
    }
}
