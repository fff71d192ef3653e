//! Labels and annotations: what every object carries, what pods carry, and what selects pods.
//!
//! The selector never changes in the life of an app, so nothing that changes may be in it. Nothing of
//! `portfolio.dev/` is a label of a pod: the reconciler's watches would see what controllers made.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use crate::document::{App, DocumentId, Migration};
use crate::object::{ANNOTATION_DOCUMENT, ANNOTATION_OWNER, FIELD_MANAGER, LABEL_SOURCE, Owner};

/// Annotation of the pods that carries the document's `restart`. It is an annotation since a label's value
/// could not hold any text, and of our own prefix since `app.kubernetes.io/` is Kubernetes' to define.
pub const ANNOTATION_RESTART: &str = "portfolio.dev/restart";

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";
const COMPONENT: &str = "app.kubernetes.io/component";
const PART_OF: &str = "app.kubernetes.io/part-of";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const VERSION: &str = "app.kubernetes.io/version";

/// What pods do. Only those of the app serve, so that no Service finds the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    App,
    Migration,
    Job,
    Backup,
}

impl Component {
    /// Value of the label, and name of the container of pods beside the app.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Component::App => "app",
            Component::Migration => "migration",
            Component::Job => "job",
            Component::Backup => "backup",
        }
    }
}

type Texts = BTreeMap<String, String>;

/// What selects the app's pods, for Deployment, Service, disruption budget and network policy alike.
pub(super) fn selector(app: &App) -> Texts {
    if app.spec.selector.is_empty() { Named::app(app).identity().into() } else { app.spec.selector.clone() }
}

/// What selects the app's pods and those beside it, its jobs' and backups', as the API's `labelSelector` texts:
/// `key=value,…`. A pod may be selected by more than one.
pub fn pod_selectors(app: &App) -> Vec<String> {
    let text = |labels: Texts| {
        let pairs: Vec<_> = labels.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(",")
    };
    let own = selector(app);
    let beside = text(beside(app, &own).match_labels.unwrap_or_default());
    if app.spec.selector.is_empty() { vec![beside] } else { vec![text(own), beside] }
}

/// A document as far as labels go.
pub(super) struct Named<'a> {
    pub(super) id: &'a DocumentId,
    labels: &'a Texts,
    annotations: &'a Texts,
    instance: Cow<'a, str>,
    component: Component,
}

impl<'a> Named<'a> {
    pub(super) fn app(app: &'a App) -> Self {
        Self {
            id: &app.id,
            labels: &app.labels,
            annotations: &app.annotations,
            instance: Cow::Borrowed(&app.id.name),
            component: Component::App,
        }
    }

    pub(super) fn migration(migration: &'a Migration) -> Self {
        Self {
            id: &migration.id,
            labels: &migration.labels,
            annotations: &migration.annotations,
            // An app of the same name may select by name and instance alone.
            instance: Cow::Owned(migration.account()),
            component: Component::Migration,
        }
    }

    /// Name, instance and component: what selects the document's pods unless it says otherwise.
    pub(super) fn identity(&self) -> [(String, String); 3] {
        let name = &self.id.name;
        [(NAME, name.as_str()), (INSTANCE, &self.instance), (COMPONENT, self.component.name())]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    }

    fn part_of(&self) -> &'a str {
        self.labels.get(PART_OF).unwrap_or(&self.id.namespace)
    }
}

/// Labels of every object. `part-of` is the namespace unless the document says otherwise. `version` is left to
/// the Deployment: a new image then rewrites one object, not eight.
pub(super) fn object(document: &Named<'_>, owner: &Owner) -> Texts {
    let mut labels = document.labels.clone();
    labels.insert(PART_OF.to_owned(), document.part_of().to_owned());
    labels.extend(document.identity());
    labels.insert(MANAGED_BY.to_owned(), FIELD_MANAGER.to_owned());
    labels.insert(LABEL_SOURCE.to_owned(), owner.source.clone());
    labels
}

/// Labels of the pods of a Job.
pub(super) fn job_pod(document: &Named<'_>) -> Texts {
    let mut labels = Texts::from([(PART_OF.to_owned(), document.part_of().to_owned())]);
    labels.extend(document.identity());
    labels.insert(MANAGED_BY.to_owned(), FIELD_MANAGER.to_owned());
    labels
}

/// Labels of the Deployment beside those of every object.
pub(super) fn deployment(app: &App) -> Texts {
    version(app).into_iter().collect()
}

/// Labels of the pods. The selector comes last, because a Deployment must select its own pods.
pub(super) fn pod(app: &App, selector: &Texts) -> Texts {
    let mut labels = Texts::from([(PART_OF.to_owned(), Named::app(app).part_of().to_owned())]);
    labels.extend(version(app));
    labels.extend(app.spec.pod_labels.clone());
    labels.extend(Named::app(app).identity());
    labels.insert(MANAGED_BY.to_owned(), FIELD_MANAGER.to_owned());
    labels.extend(selector.clone());
    labels
}

/// Labels of a pod beside the app. None of the selector's may be among them but those that every pod of the app has,
/// or the app's Service would find it.
pub(super) fn pod_beside(app: &App, component: Component, selector: &Texts) -> Texts {
    let named = Named { component, ..Named::app(app) };
    let own = app.spec.pod_labels.iter().filter(|(key, _)| !selector.contains_key(*key));
    let mut labels: Texts = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    labels.extend(job_pod(&named));
    // That of a Deployment which a chart made knows of no component.
    if selector.iter().all(|(key, value)| labels.get(key) == Some(value)) {
        labels.extend(selector.iter().map(|(key, value)| (key.clone(), of_jobs(value))));
    }
    labels
}

/// Another value of a label, which fits.
fn of_jobs(value: &str) -> String {
    const SUFFIX: &str = "-jobs";
    let stem: String = value.chars().take(63 - SUFFIX.len()).collect();
    stem + SUFFIX
}

/// What selects the pods of this app beside those that serve.
pub(super) fn beside(app: &App, selector: &Texts) -> LabelSelector {
    let labels = pod_beside(app, Component::Job, selector);
    let name = [NAME, INSTANCE].into_iter().filter_map(|key| labels.get_key_value(key));
    let name = name.map(|(key, value)| (key.clone(), value.clone())).collect();
    let one_of = LabelSelectorRequirement {
        key: COMPONENT.to_owned(),
        operator: "In".to_owned(),
        values: Some([Component::Job, Component::Backup].map(|component| component.name().to_owned()).into()),
    };
    LabelSelector { match_labels: Some(name), match_expressions: Some(vec![one_of]) }
}

/// Labels that all pods of the app of this name have, whatever they do; those beside an app with a selector of its own
/// may have others.
pub(super) fn all_of(app: &str) -> Texts {
    [(NAME, app), (INSTANCE, app)].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Annotations of every object.
pub(super) fn object_annotations(document: &Named<'_>, owner: &Owner) -> Texts {
    let mut annotations = document.annotations.clone();
    annotations.insert(ANNOTATION_DOCUMENT.to_owned(), document.id.to_string());
    annotations.insert(ANNOTATION_OWNER.to_owned(), owner.to_string());
    annotations
}

/// Annotations of the pods.
pub(super) fn pod_annotations(app: &App) -> Texts {
    let mut annotations = app.spec.pod_annotations.clone();
    if let Some(restart) = app.spec.restart.as_ref().filter(|restart| !restart.0.is_empty()) {
        annotations.insert(ANNOTATION_RESTART.to_owned(), restart.0.clone());
    }
    annotations
}

fn version(app: &App) -> Option<(String, String)> {
    let version = app.labels.get(VERSION).cloned().or_else(|| image_version(&app.spec.image))?;
    Some((VERSION.to_owned(), version))
}

/// The version that an image names, as a label's value: its tag, else the start of its digest, else `latest`.
/// `None` when nothing of the tag may be in a label.
pub fn image_version(image: &str) -> Option<String> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let file = name.rsplit('/').next().unwrap_or(name);
    let version = match (file.split_once(':'), digest) {
        (Some((_, tag)), _) => tag.to_owned(),
        (None, Some(digest)) => digest.replace(':', "-").chars().take("sha256-".len() + 12).collect(),
        (None, None) => "latest".to_owned(),
    };
    let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let kept: String = version.chars().filter(|char| allowed(*char)).take(63).collect();
    let trimmed = kept.trim_matches(|char: char| !char.is_ascii_alphanumeric());
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_an_image_is_a_valid_label() {
        let long = "1.".repeat(64);
        for (image, version) in [
            ("nginx:1.27", Some("1.27")),
            ("nginx", Some("latest")),
            ("registry.example.com:5000/shop", Some("latest")),
            ("registry.example.com:5000/shop:v2", Some("v2")),
            ("shop:1.4.2@sha256:0123456789abcdef0123", Some("1.4.2")),
            ("shop@sha256:0123456789abcdef0123", Some("sha256-0123456789ab")),
            ("shop:_", None),
            ("shop:_v1-", Some("v1")),
        ] {
            assert_eq!(image_version(image).as_deref(), version, "{image}");
        }
        let cut = image_version(&format!("shop:{long}")).unwrap();
        assert!(cut.len() <= 63 && cut.ends_with('1'), "{cut}");
    }
}
