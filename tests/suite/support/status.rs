//! What the daemon says of its source and its documents, read from its `ConfigMaps` as a person reads it.

use std::time::Duration;

use serde_json::Value;

use super::{Sandbox, eventually};

/// For whatever the daemon does by itself; generous, because tests share the machine. Records that only tell
/// people something are written every five seconds.
pub const SOON: Duration = Duration::from_mins(1);

impl Sandbox {
    /// Writes an app of the sandbox's namespace to `apps/<name>.yaml`; `spec` is what stands between the braces.
    pub fn write_app(&self, name: &str, spec: &str) {
        self.repo.write(&format!("apps/{name}.yaml"), &self.app(name, spec));
    }

    /// An app of the sandbox's namespace.
    pub fn app(&self, name: &str, spec: &str) -> String {
        format!(
            "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\n\
             metadata: {{name: {name}, namespace: {}}}\nspec: {{{spec}}}\n",
            self.namespace
        )
    }

    /// The summary of the source; null before there is one.
    #[track_caller]
    pub fn summary(&self) -> Value {
        let maps = self.status_maps();
        let text = maps.iter().find_map(|map| map.pointer("/data/summary")?.as_str());
        text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    }

    /// The record of an app of the sandbox's namespace; null where there is none.
    #[track_caller]
    pub fn record(&self, app: &str) -> Value {
        let key = format!("portfolioapp.{}.{app}", self.namespace);
        let maps = self.status_maps();
        let text = maps.iter().find_map(|map| map["data"].get(&key)?.as_str());
        text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    }

    #[track_caller]
    fn status_maps(&self) -> Vec<Value> {
        let selector = format!("portfolio.dev/status={}", self.source);
        let json = self.kubectl(&[
            "get",
            "configmaps",
            "--namespace",
            &self.daemon_namespace,
            "--selector",
            &selector,
            "--output=json",
        ]);
        let mut list: Value = serde_json::from_str(&json).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }

    /// Waits until the record of an app is as wanted.
    #[track_caller]
    pub fn until_record(&self, app: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(SOON, &format!("the record of {app}: {what}"), || {
            let record = self.record(app);
            if holds(&record) { Ok(record) } else { Err(in_short(record)) }
        })
    }

    /// Waits until an app is in a phase.
    #[track_caller]
    pub fn until_phase(&self, app: &str, phase: &str) -> Value {
        self.until_record(app, phase, |record| record["phase"] == phase)
    }

    /// Waits until an app is Ready at a revision.
    #[track_caller]
    pub fn until_ready(&self, app: &str, revision: &str) -> Value {
        self.until_record(app, &format!("Ready at {revision}"), |record| {
            record["phase"] == "Ready" && record["applied"]["revision"] == revision
        })
    }

    /// Waits until the summary is as wanted.
    #[track_caller]
    pub fn until_summary(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(SOON, &format!("the summary: {what}"), || {
            let summary = self.summary();
            if holds(&summary) { Ok(summary) } else { Err(summary) }
        })
    }

    /// Waits until an object of the sandbox's namespace is as wanted.
    #[track_caller]
    pub fn until_object(&self, object: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(SOON, &format!("{object}: {what}"), || {
            let live = self.get(object).unwrap_or_default();
            if holds(&live) { Ok(live) } else { Err(live) }
        })
    }

    /// Gives an order, as `portfolio approve` and its like do.
    #[track_caller]
    pub fn order(&self, annotation: &str, value: &str) {
        let (summary, order) = (self.summary_map(), format!("{annotation}={value}"));
        let namespace = &self.daemon_namespace;
        self.kubectl(&["annotate", "--namespace", namespace, "--overwrite", &summary, &order]);
        eventually(SOON, &format!("{order} is carried out"), || {
            let json = self.kubectl(&["get", "--namespace", namespace, "--output=json", &summary]);
            let map: Value = serde_json::from_str(&json).unwrap();
            match map["metadata"]["annotations"].get(annotation) {
                Some(pending) => Err(pending.clone()),
                None => Ok(()),
            }
        });
    }

    fn summary_map(&self) -> String {
        format!("configmap/portfolio-{}", self.source)
    }
}

/// Without the packed documents, which say nothing to a reader.
fn in_short(mut record: Value) -> Value {
    for key in ["applied", "good"] {
        if let Some(document) = record.get_mut(key).and_then(|applied| applied.get_mut("document")) {
            *document = Value::Null;
        }
    }
    record
}
