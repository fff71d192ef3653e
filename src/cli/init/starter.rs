//! The files of a starter repository. Their texts lie in `starter/`, as they are written.

use super::{Ci, File};
use crate::cli::schema::any_document;

const IMAGE: &str = "@IMAGE@";
const VERSION: &str = "@VERSION@";
const FILES: &str = "@FILES@\n";

/// The files in the order in which they are shown.
pub(super) fn files(ci: Ci, image: &str) -> Vec<File> {
    let file = |path, about, text: &str| File { path, about, text: text.to_owned() };
    let mut files = vec![
        file("apps/web.yaml", "an app to change or to copy", include_str!("starter/web.yaml")),
        file(
            "apps/.portfolioignore",
            "marks the folder of the documents, and names files that are none",
            include_str!("starter/portfolioignore"),
        ),
        file(
            "schemas/portfolio.json",
            "lets editors check and complete documents; `portfolio schema` prints that of another version",
            &format!("{:#}\n", any_document()),
        ),
    ];
    if ci.has_github() {
        files.push(file(
            ".github/workflows/portfolio.yml",
            "validates each pull request, and comments on it with what it would change",
            include_str!("starter/github.yml"),
        ));
    }
    if ci.has_gitlab() {
        files.push(file(
            ".gitlab-ci.yml",
            "validates each merge request, and adds a note with what it would change",
            include_str!("starter/gitlab-ci.yml"),
        ));
    }
    files.push(file(
        ".pre-commit-config.yaml",
        "validates before each commit, after `pre-commit install`",
        include_str!("starter/pre-commit-config.yaml"),
    ));
    for file in &mut files {
        file.text = file.text.replace(IMAGE, image).replace(VERSION, env!("CARGO_PKG_VERSION"));
    }
    files.push(readme(&files));
    files
}

fn readme(files: &[File]) -> File {
    let mut rows = String::new();
    for File { path, about, .. } in files {
        rows.push_str(&format!("| [{path}]({path}) | {about} |\n"));
    }
    let text = include_str!("starter/README.md").replace(FILES, &format!("{rows}\n"));
    File { path: "README.md", about: "says what the files are", text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled_and_every_file_is_in_the_readme() {
        let files = files(Ci::Both, "registry.test/portfolio:9");
        for file in &files {
            for placeholder in [IMAGE, VERSION, "@FILES@"] {
                assert!(!file.text.contains(placeholder), "{}: {placeholder}", file.path);
            }
            assert!(file.text.ends_with('\n'), "{}", file.path);
        }
        let readme = files.last().unwrap();
        assert!(files.iter().take(files.len() - 1).all(|file| readme.text.contains(file.path)));
        assert!(files.iter().any(|file| file.text.contains("registry.test/portfolio:9")));
    }
}
