//! Our rules and the API server's: what we accept it takes, unchanged and without a warning, and what it refuses we
//! refuse. Where they differ on purpose is in a list, with why.
//!
//! Each document has one [`edge`](edges): a value at or beyond a limit. What it renders to is shown to the server whether
//! or not we accept the document, as a dry run of a server-side apply with strict fields. `PORTFOLIO_SEED` is a number that
//! gives other random values.

mod edges;
mod exceptions;
mod sides;
mod values;

use std::collections::BTreeMap;

use portfolio::object::Object;
use serde_json::Value;

use self::edges::{Edge, edges};
use self::exceptions::{EXCEPTIONS, FALSE_ALARMS};
use self::sides::{Ours, ours, rendered, unjudged};
use crate::support::{Sandbox, dry_run};

/// A document with an edge, and what both sides make of it.
struct Trial {
    field: &'static str,
    value: Value,
    ours: Ours,
    /// What the server is shown; nothing where a value is of a form that it has not.
    objects: Vec<Object>,
    /// The first of its complaints.
    complaint: Option<String>,
}

#[test]
fn what_we_accept_the_api_server_takes_and_what_it_refuses_we_refuse() {
    let mut trials: Vec<Trial> = edges().iter().flat_map(trials).collect();
    assert!(trials.len() >= 2_000, "{} documents", trials.len());
    ask(&mut trials);

    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut used = Used::default();
    for trial in &trials {
        if let Some((what, why)) = difference(trial, &mut used) {
            wrong.entry(format!("{}: {what}", trial.field)).or_default().push(shown(&trial.value) + &why);
        }
    }
    let count: usize = wrong.values().map(Vec::len).sum();
    let lines = wrong.iter().map(|(what, values)| format!("{what}\n    {}\n", values.join("  ")));
    let report: String = lines.collect();
    assert!(wrong.is_empty(), "{count} of {} documents:\n{report}", trials.len());
    for (exception, count) in EXCEPTIONS.iter().zip(used.exceptions) {
        assert!(count > 0, "no such refusal any more: {:?} of {:?}", exception.code, exception.fields);
    }
    for (alarm, count) in FALSE_ALARMS.iter().zip(used.alarms) {
        assert!(count > 0, "no such warning any more: {}", alarm.complaint);
    }
}

/// How often each entry of the lists was of use.
#[derive(Default)]
struct Used {
    exceptions: [usize; EXCEPTIONS.len()],
    alarms: [usize; FALSE_ALARMS.len()],
}

/// What the two sides differ in, and in what words, unless that is on purpose.
fn difference(trial: &Trial, used: &mut Used) -> Option<(String, String)> {
    let is_of = |fields: &[&str]| fields.iter().any(|field| trial.field.starts_with(field));
    match (trial.ours, &trial.complaint) {
        (Ours::Refused(_), Some(_)) | (Ours::Accepted, None) => None,
        // The server has no such form, so there is nothing to ask it.
        (Ours::Refused(_), None) if trial.objects.is_empty() => None,
        (Ours::Accepted, Some(complaint)) => {
            let alarm = FALSE_ALARMS
                .iter()
                .position(|alarm| complaint.contains(alarm.complaint) && is_of(alarm.fields));
            if let Some(alarm) = alarm {
                used.alarms[alarm] += 1;
                return None;
            }
            let complaint: String = complaint.chars().take(300).collect();
            Some(("we accept it, but not the server".to_owned(), format!(" {complaint}\n   ")))
        }
        (Ours::Refused(code), None) => {
            let exception = EXCEPTIONS.iter().position(|exception| {
                exception.code == code && is_of(exception.fields) && (exception.values)(&trial.value)
            });
            if let Some(exception) = exception {
                used.exceptions[exception] += 1;
                return None;
            }
            Some((format!("we refuse it ({code:?}), but the server takes it"), String::new()))
        }
    }
}

fn trials(edge: &Edge) -> Vec<Trial> {
    let trial = |value: &Value| {
        let (ours, objects) = match ours(&edge.with(value)) {
            Ok(app) => (Ours::Accepted, rendered(&app)),
            Err(code) => (Ours::Refused(code), unjudged(edge, value).unwrap_or_default()),
        };
        Trial { field: edge.field, value: value.clone(), ours, objects, complaint: None }
    };
    edge.values.iter().map(trial).collect()
}

/// Shows every object to the server.
fn ask(trials: &mut [Trial]) {
    let sandbox = Sandbox::new();
    let objects: Vec<&Object> = trials.iter().flat_map(|trial| &trial.objects).collect();
    let mut verdicts = dry_run(&sandbox, &objects).into_iter();
    let complaints: Vec<Option<String>> = trials
        .iter()
        .map(|trial| {
            let of_trial = verdicts.by_ref().take(trial.objects.len());
            let complaints =
                of_trial.zip(&trial.objects).flat_map(|(verdict, object)| verdict.complaints(object));
            complaints.collect::<Vec<_>>().into_iter().next()
        })
        .collect();
    for (trial, complaint) in trials.iter_mut().zip(complaints) {
        trial.complaint = complaint;
    }
}

/// A value as people would write it, not too much of it.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    let count = text.chars().count();
    if count <= 60 { text } else { format!("{}…({count})", text.chars().take(20).collect::<String>()) }
}
