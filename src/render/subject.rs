//! [`Subject`]: the app that is being rendered, with what all its objects share worked out once.

use std::collections::BTreeMap;

use k8s_openapi::Metadata;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Serialize;
use serde_json::Value;

use super::carried::Carried;
use super::labels::{self, Named};
use super::names;
use super::ports::{NamedPort, app_ports};
use crate::document::{AccessMode, App, AppSpec, IntOrPercent};
use crate::object::{Kind, Object, Owner};

pub(super) struct Subject<'a> {
    pub(super) app: &'a App,
    pub(super) spec: &'a AppSpec,
    /// The main port comes first.
    pub(super) ports: Vec<NamedPort<'a>>,
    /// Name of the `ConfigMap`, when there are files.
    pub(super) config_map: Option<String>,
    pub(super) selector: BTreeMap<String, String>,
    carried: Carried<'a>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(app: &'a App, owner: &Owner) -> Self {
        let has_files = !app.config_files.is_empty();
        Self {
            app,
            spec: &app.spec,
            ports: app_ports(&app.spec),
            config_map: has_files.then(|| names::config_map(&app.id.name, &app.config_files)),
            selector: labels::selector(app),
            carried: Carried::new(&Named::app(app), owner),
        }
    }

    /// The app's name, which most of its objects bear.
    pub(super) fn name(&self) -> &'a str {
        &self.app.id.name
    }

    /// The account that the pods run as.
    pub(super) fn account(&self) -> &'a str {
        let named = self.spec.service_account.as_ref().and_then(|account| account.name.as_deref());
        named.unwrap_or(self.name())
    }

    /// Metadata of an object, but for what every object carries.
    pub(super) fn meta(&self, name: impl Into<String>) -> ObjectMeta {
        self.carried.meta(name)
    }

    /// Metadata of an object that has annotations of its own.
    pub(super) fn meta_with(&self, name: impl Into<String>, own: BTreeMap<String, String>) -> ObjectMeta {
        ObjectMeta { annotations: some_entries(own), ..self.meta(name) }
    }

    pub(super) fn label_selector(&self) -> LabelSelector {
        LabelSelector { match_labels: Some(self.selector.clone()), match_expressions: None }
    }

    /// Whether a volume can only be at one place at a time, so that old pods must go before new ones come.
    pub(super) fn has_single_writer(&self) -> bool {
        self.spec.storage.values().any(|storage| match storage.access_mode {
            AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod => true,
            AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany => false,
        })
    }

    /// The object of this content with what every object carries, its identity and its hash.
    pub(super) fn value(&self, kind: Kind, name: &str, content: Value) -> Object {
        self.carried.value(kind, name, content)
    }

    /// The object with what every object carries, its identity and its hash.
    pub(super) fn object(&self, kind: Kind, content: impl Metadata<Ty = ObjectMeta> + Serialize) -> Object {
        self.carried.object(kind, content)
    }
}

pub(super) fn int_or_percent(value: IntOrPercent) -> IntOrString {
    match value {
        IntOrPercent::Int(count) => IntOrString::Int(count.into()),
        IntOrPercent::Percent(_) => IntOrString::String(value.to_string()),
    }
}

/// Kubernetes counts in `i32`.
pub(super) fn int(value: impl TryInto<i32>) -> i32 {
    value.try_into().unwrap_or(i32::MAX)
}

/// `None` for an empty list: an absent field and an empty one are the same to the API server, but not to
/// server-side apply.
pub(super) fn some_items<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

/// `None` for an empty map.
pub(super) fn some_entries<K, V>(map: BTreeMap<K, V>) -> Option<BTreeMap<K, V>> {
    (!map.is_empty()).then_some(map)
}
