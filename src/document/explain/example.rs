//! The examples of the pages, as the files of a revision.
//!
//! A block is one document in `app.yaml`, unless it names its files: a line `# file: PATH` begins one, and what is not
//! a text file is told in brackets after the path. Lines `# daemon: …` before all else say how the daemon is configured,
//! where that matters.

use std::sync::Arc;

use globset::Glob;

use crate::document::tests::file;
use crate::document::{Cache, Entry, Loaded, Options, Refusal, Tree, load};

const FILE: &str = "# file: ";
const DAEMON: &str = "# daemon: ";

/// What comes of an example.
pub(super) fn load_example(text: &str) -> Loaded {
    let (options, text) = configuration(text);
    load(&tree(text), &options, &mut Cache::default())
}

fn configuration(text: &str) -> (Options, &str) {
    let mut options = Options::new(crate::render::judge);
    let mut rest = text;
    while let Some((line, below)) = rest.strip_prefix(DAEMON).and_then(|text| text.split_once('\n')) {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("`{line}` is no configuration"));
        let values = value.trim_matches(['[', ']']).split(", ").map(|value| value.trim_matches('"'));
        match name {
            "namespaces" => options.namespaces = values.map(|glob| Glob::new(glob).unwrap()).collect(),
            "allow.kinds" => options.policy.kinds = values.map(|kind| kind.parse().unwrap()).collect(),
            "allow.registries" => {
                options.policy.registries = values.map(|registry| registry.parse().unwrap()).collect();
            }
            "allow.privileged" => options.policy.privileged = value.parse().unwrap(),
            "most documents" => options.max_documents = value.parse().unwrap(),
            _ => panic!("`{name}` is not known to the examples"),
        }
        rest = below;
    }
    (options, rest)
}

fn tree(text: &str) -> Tree {
    if !text.starts_with(FILE) {
        return Tree { entries: [("app.yaml".to_owned(), file(text.as_bytes()))].into() };
    }
    let mut entries = Vec::new();
    for part in text.split(FILE).skip(1) {
        let (head, content) = part.split_once('\n').unwrap_or((part, ""));
        let (path, what) = match head.split_once(" (") {
            Some((path, what)) => (path, what.trim_end_matches(')')),
            None => (head, ""),
        };
        entries.push((path.to_owned(), entry(what, content)));
    }
    Tree { entries: entries.into_iter().collect() }
}

/// What is at a path, by the remark in brackets.
fn entry(what: &str, content: &str) -> Entry {
    if let Some(size) = what.strip_suffix(" KiB") {
        let bytes: usize = size.parse::<usize>().unwrap() * 1024;
        return Entry::File { id: what.to_owned(), bytes: Arc::from(vec![b'#'; bytes]) };
    }
    match what {
        "" => file(content.as_bytes()),
        "empty" => file(b""),
        "in ISO 8859-1" => {
            let bytes: Vec<u8> = content.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect();
            file(&bytes)
        }
        "where ␀ is a NUL character" => file(content.replace('␀', "\0").as_bytes()),
        "a submodule" => Entry::Refused(Refusal::Submodule),
        "cannot be read" => Entry::Refused(Refusal::Unreadable { message: "object not found".to_owned() }),
        _ if what.starts_with("a link to ") => Entry::Refused(Refusal::Symlink),
        _ => panic!("`{what}` is not known to the examples"),
    }
}
