//! Whole runs of the program, from the start of the process to its end.
#![allow(missing_docs, reason = "criterion's macros write functions without any")]
#![allow(clippy::unwrap_used, reason = "a benchmark reports by panicking")]

#[expect(dead_code, reason = "the other benchmark needs the rest")]
mod corpus;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use git2::{IndexAddOption, Repository, Signature};
use portfolio::document::{Entry, Tree};

const PROGRAM: &str = env!("CARGO_BIN_EXE_portfolio");

/// A git work tree of these files, all of them committed.
fn work_tree(root: &Path, tree: &Tree) {
    for (path, entry) in &tree.entries {
        let Entry::File { bytes, .. } = entry else { continue };
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let repository = Repository::init(root).unwrap();
    let mut index = repository.index().unwrap();
    index.add_all(["."], IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let files = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let author = Signature::now("a", "a@example.com").unwrap();
    repository.commit(Some("HEAD"), &author, &author, "documents", &files, &[]).unwrap();
}

fn validate(root: &Path) -> Command {
    let mut validate = Command::new(PROGRAM);
    validate.arg("validate").current_dir(root).stdin(Stdio::null());
    validate
}

/// What is about to be measured says what it should.
fn check(root: &Path, errors: usize) {
    let Output { stdout, stderr, .. } = validate(root).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(stdout.matches("error[PF").count(), errors, "{stdout}\n{stderr}");
    assert!(stderr.contains("1000 documents in 1000 files"), "{stderr}");
}

fn validating(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("portfolio validate, 1,000 documents");
    group.sample_size(20).measurement_time(Duration::from_secs(10));
    let good = corpus::one_in_each(1_000, corpus::app);
    let wrong = corpus::one_in_each(1_000, |number| corpus::app_with_mistakes(number, 10));
    for (name, tree, errors) in [("good", good, 0), ("one in ten wrong", wrong, 100)] {
        let folder = tempfile::tempdir().unwrap();
        work_tree(folder.path(), &tree);
        check(folder.path(), errors);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                validate(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, validating);
criterion_main!(benches);
