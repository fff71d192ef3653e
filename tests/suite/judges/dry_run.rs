//! The API server: it takes every object without a warning and stores it as it was written. What it would store in
//! another form, every later apply would change again.

use portfolio::object::Object;

use super::{Case, Finding, Judge, batch};
use crate::support::{Sandbox, dry_run};

#[test]
fn the_api_server_takes_every_object_as_it_is_without_a_warning() {
    let sandbox = Sandbox::new();
    let look = |cases: &[&Case]| look(cases, &sandbox);
    Judge { look: &look, accepted: &[], tries: 600 }.judges(batch::batch());
}

fn look(cases: &[&Case], sandbox: &Sandbox) -> Vec<Finding> {
    let objects: Vec<&Object> = cases.iter().flat_map(|case| &case.objects).collect();
    let verdicts = dry_run(sandbox, &objects);
    assert_eq!(verdicts.len(), objects.len());
    let findings = objects.iter().zip(verdicts).flat_map(|(object, verdict)| {
        let complaints = verdict.complaints(object).into_iter();
        // The same for all.
        let name = &object.reference.name;
        complaints.map(move |what| Finding {
            object: object.reference.to_string(),
            what: what.replace(name, "NAME"),
        })
    });
    findings.collect()
}
