//! The examples: each is valid, and renders to what is committed beside it. `UPDATE_GOLDEN=1` writes the committed
//! objects. What others think of these is in [`judges`](crate::judges).

use std::fs;
use std::path::{Path, PathBuf};

const RENDERED: &str = "rendered.yaml";

/// What is said to `portfolio` besides, in the folder of an example.
const ARGUMENTS: [(&str, &[&str]); 2] = [
    ("three-environments", &["--environment", "prod"]),
    ("sidecars-and-patches", &["--allow-kind", "Role,RoleBinding"]),
];

/// An example and its folder.
struct Example {
    name: String,
    folder: PathBuf,
}

/// Every example, by name.
fn examples() -> Vec<Example> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut examples: Vec<_> = fs::read_dir(all)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|folder| Example { name: folder.file_name().unwrap().to_str().unwrap().to_owned(), folder })
        .collect();
    examples.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(examples.len() >= 12, "the walk found {} examples", examples.len());
    examples
}

impl Example {
    /// Runs `portfolio COMMAND` in the example and expects it to succeed.
    #[track_caller]
    fn portfolio(&self, command: &str) -> String {
        let mut portfolio = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
        portfolio.arg(command).current_dir(&self.folder).env_clear();
        let more = ARGUMENTS.iter().find(|(name, _)| *name == self.name);
        portfolio.args(more.map(|(_, arguments)| *arguments).unwrap_or_default());
        let output = portfolio.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, talk) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "portfolio {command} in {}:\n{out}{talk}", self.name);
        out
    }

    fn committed(&self) -> String {
        fs::read_to_string(self.folder.join(RENDERED)).unwrap_or_default()
    }
}

#[test]
fn every_example_is_valid() {
    for example in examples() {
        example.portfolio("validate");
    }
}

#[test]
fn every_example_has_a_line_in_the_list() {
    let list = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/README.md")).unwrap();
    let listed = list.lines().filter(|line| line.starts_with("| [")).count();
    let examples = examples();
    assert_eq!(listed, examples.len());
    for Example { name, folder } in examples {
        assert!(list.contains(&format!("| [{name}]({name}) | ")), "{name} is not in the list");
        assert!(fs::read_to_string(folder.join("README.md")).unwrap().starts_with("# "), "{name}");
    }
}

#[test]
fn every_example_renders_to_the_objects_beside_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for example in examples() {
        let rendered = example.portfolio("render");
        if update {
            fs::write(example.folder.join(RENDERED), &rendered).unwrap();
        }
        let committed = example.committed();
        let difference = similar::TextDiff::from_lines(&committed, &rendered).unified_diff().to_string();
        assert!(committed == rendered, "{}; UPDATE_GOLDEN=1 writes it:\n{difference}", example.name);
    }
}
