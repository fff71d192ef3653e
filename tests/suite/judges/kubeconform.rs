//! kubeconform: every object is as the API server's own schemas say, without a field that they do not name.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use xtask::go_tools::LINT;

use super::schemas::Schemas;
use super::{Case, Finding, Judge, batch, run};
use crate::support::Sandbox;

#[test]
fn kubeconform_takes_every_object_strictly() {
    let batch = batch::batch();
    let objects = batch.cases.iter().flat_map(|case| &case.objects);
    let kinds: BTreeSet<_> = objects.map(|object| object.reference.kind).collect();
    let schemas = Schemas::of(&kinds, &Sandbox::new());
    let look = |cases: &[&Case]| look(cases, &schemas);
    Judge { look: &look, accepted: &[], tries: 600 }.judges(batch);
}

fn look(cases: &[&Case], schemas: &Schemas) -> Vec<Finding> {
    let program = LINT.built().unwrap_or_else(|error| panic!("{error:#}")).join("kubeconform");
    let mut command = Command::new(program);
    command.args(["-strict", "-summary", "-output", "json", "-schema-location", &schemas.location(), "-"]);
    let report = run::json(&run::run(&mut command, run::yaml(cases)));
    let count: usize = cases.iter().map(|case| case.objects.len()).sum();
    let summary = &report["summary"];
    let seen = ["valid", "invalid", "errors"].map(|field| summary[field].as_u64().unwrap());
    assert_eq!(seen.iter().sum::<u64>(), count as u64, "{summary}");
    report["resources"].as_array().into_iter().flatten().flat_map(|one| findings(one, cases)).collect()
}

/// It does not tell an object's namespace.
fn findings(resource: &Value, cases: &[&Case]) -> Vec<Finding> {
    let text = |field: &str| resource[field].as_str().unwrap_or_default();
    let is_meant = |object: &&portfolio::object::Object| {
        object.reference.kind.name() == text("kind") && object.reference.name == text("name")
    };
    let object = cases.iter().flat_map(|case| &case.objects).find(is_meant);
    let object = object.unwrap_or_else(|| panic!("whose is it? {resource}")).reference.to_string();
    let errors = resource["validationErrors"].as_array().into_iter().flatten();
    let mut whats: Vec<String> =
        errors.map(|error| format!("{} at {}", error["msg"], error["path"])).collect();
    if whats.is_empty() {
        whats.push(text("msg").to_owned());
    }
    whats.into_iter().map(|what| Finding { object: object.clone(), what }).collect()
}
