//! kubernetes-validate: the same question as kubeconform's, answered by another program from schemas of its own.

use std::process::Command;

use serde_json::Value;
use xtask::python_tools::JUDGES;

use super::{Case, Finding, Judge, batch, run};

/// That of the control plane.
const VERSION: &str = "1.36";

#[test]
fn kubernetes_validate_takes_every_object_strictly() {
    Judge { look: &look, accepted: &[], tries: 60 }.judges(batch::batch());
}

fn look(cases: &[&Case]) -> Vec<Finding> {
    let python = JUDGES.installed().unwrap_or_else(|error| panic!("{error:#}")).join("python");
    let objects: Vec<_> = cases.iter().flat_map(|case| &case.objects).collect();
    let lines: Vec<String> = objects.iter().map(|object| format!("{}\n", object.content)).collect();
    let lines = lines.concat();
    let mut command = Command::new(python);
    command.args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/validate.py"), VERSION]);
    let output = run::run(&mut command, lines);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let finding: Value = serde_json::from_slice(line).unwrap();
            let number = usize::try_from(finding["object"].as_u64().unwrap()).unwrap();
            let (path, message) = (&finding["path"], &finding["message"]);
            Finding {
                object: objects[number].reference.to_string(),
                what: format!("{}: {}", path.as_str().unwrap(), message.as_str().unwrap()),
            }
        })
        .collect()
}
