//! Folders that a document refers to (`configFrom`, `dir`): files of the same revision, found in the tree.

use super::diagnostic::{quoted, shown};
use super::{Code, Diagnostic, Entry, MAX_FILE_BYTES, Refusal, Span, Tree};

/// The most bytes of all files of a document together: what a `ConfigMap` can hold.
pub(in crate::document) const MAX_FOLDER_BYTES: usize = 1024 * 1024;

/// A file directly or deeper in a folder; `name` is relative to the folder.
pub(in crate::document) struct FolderFile<'t> {
    pub name: &'t str,
    pub bytes: &'t [u8],
}

/// The path from the repository's root of a folder that is written relative to the document's file.
pub(in crate::document) fn resolve(file: &str, folder: &str, span: Span) -> Result<String, Box<Diagnostic>> {
    let wrong = |message: String| {
        let diagnostic = Diagnostic::error(Code::FolderPath, span, message);
        Box::new(diagnostic.help("write a path relative to this file, such as `./config`"))
    };
    if folder.is_empty() || folder.contains('\\') || folder.contains('\0') {
        return Err(wrong(format!("{} is not a path", quoted(folder))));
    }
    if folder.starts_with('/') {
        return Err(wrong(format!("`{}` is an absolute path", shown(folder))));
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in folder.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(wrong(format!("`{}` leads out of the repository", shown(folder))));
                }
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// The entries below a folder, by their path from the repository's root.
pub(in crate::document) fn entries<'t>(
    tree: &'t Tree,
    folder: &str,
) -> impl Iterator<Item = (&'t str, &'t Entry)> + use<'t> {
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    tree.entries
        .range(prefix.clone()..)
        .take_while(move |(path, _)| path.starts_with(&prefix))
        .map(|(path, entry)| (path.as_str(), entry))
}

/// The files of a folder that `wanted` asks for by relative name; all must be readable and small enough.
pub(in crate::document) fn files<'t>(
    tree: &'t Tree,
    folder: &str,
    span: Span,
    wanted: impl Fn(&str) -> bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<FolderFile<'t>> {
    let cut = if folder.is_empty() { 0 } else { folder.len() + 1 };
    let mut files = Vec::new();
    let mut bytes_together = 0;
    let mut seen = false;
    for (path, entry) in entries(tree, folder) {
        seen = true;
        let name = path.get(cut..).unwrap_or(path);
        if !wanted(name) {
            continue;
        }
        match entry {
            Entry::File { bytes, .. } => {
                bytes_together += bytes.len() + name.len();
                files.push(FolderFile { name, bytes });
            }
            Entry::Refused(refusal) => {
                let message = format!("`{}` {}", shown(path), refused(refusal));
                diagnostics
                    .push(Diagnostic::error(Code::FolderUnreadable, span, message).help(way_out(refusal)));
            }
        }
    }
    if !seen {
        let message = match tree.entries.get(folder) {
            Some(Entry::File { .. }) => format!("`{}` is a file, not a folder", shown(folder)),
            Some(Entry::Refused(refusal)) => format!("`{}` {}", shown(folder), refused(refusal)),
            None => format!("there is no folder `{}` in this revision", shown(folder)),
        };
        diagnostics.push(
            Diagnostic::error(Code::FolderMissing, span, message)
                .help("it is looked up relative to this file, below the source's path"),
        );
    }
    if bytes_together > MAX_FOLDER_BYTES {
        let message = format!("the files of `{}` are {bytes_together} bytes together", shown(folder));
        diagnostics.push(
            Diagnostic::error(Code::FilesTooLarge, span, message)
                .help(format!("at most {MAX_FOLDER_BYTES} bytes fit into one object")),
        );
        files.clear();
    }
    files
}

/// What is the matter with an entry, after its name.
pub(in crate::document) fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Symlink => "is a symbolic link, which is not followed".to_owned(),
        Refusal::Submodule => "is a submodule, which is not followed".to_owned(),
        Refusal::TooLarge { bytes } => format!("has {bytes} bytes; at most {MAX_FILE_BYTES} are read"),
        Refusal::Unreadable { message } => format!("could not be read: {}", shown(message)),
    }
}

fn way_out(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Symlink | Refusal::Submodule => "put the files themselves into the folder",
        Refusal::TooLarge { .. } => {
            "put large files into the image, and large SQL into a tool of your own (`command`)"
        }
        Refusal::Unreadable { .. } => "the repository may be damaged; clone it again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_relative_to_the_file_and_stay_in_the_repository() {
        let resolve = |folder| resolve("apps/shop/app.yaml", folder, Span::START).ok();
        assert_eq!(resolve("./config"), Some("apps/shop/config".to_owned()));
        assert_eq!(resolve("../shared//config/"), Some("apps/shared/config".to_owned()));
        assert_eq!(resolve("."), Some("apps/shop".to_owned()));
        assert_eq!(resolve("../.."), Some(String::new()));
        for outside in ["../../..", "/etc", "", "a\\b", "a/../../../../b"] {
            assert_eq!(resolve(outside), None, "{outside}");
        }
    }
}
