//! Judges that are programs: objects in, JSON out.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use portfolio::object::Object;
use portfolio::render::to_yaml;
use serde_json::Value;

use super::Case;

/// Runs a program to its end with this input. How it ends is the caller's to judge: most end in failure when they find
/// something.
pub fn run(command: &mut Command, input: String) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A program that ends before it has read all says why.
    let _ = writer.join().unwrap();
    output
}

/// The JSON that a program wrote.
#[track_caller]
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(2_000).collect::<String>();
        panic!("{}: {error}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
    })
}

/// The objects of all cases as `portfolio render` writes them.
pub fn yaml(cases: &[&Case]) -> String {
    let objects: Vec<Object> = cases.iter().flat_map(|case| case.objects.clone()).collect();
    to_yaml(&objects)
}
