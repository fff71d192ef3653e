//! The layering of the house, read off the `use` lines: pure modules reach nothing outside, and arrows point
//! one way only (document <- object <- render <- record <- plan <- engine).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use of the crate. A module that is not listed here is a shell and may use anything
/// below it.
const LAYERS: [(&str, &[&str]); 7] = [
    ("document", &["schedule"]),
    ("object", &["document"]),
    ("render", &["document", "object"]),
    ("redact", &[]),
    ("import", &["document", "object", "redact", "render"]),
    ("record", &["document", "object", "render"]),
    ("plan", &["document", "object", "render", "record"]),
];

/// Shells that know no more of the crate than this, though they reach outside.
const SHELLS: [(&str, &[&str]); 1] = [("migrate", &["document", "record"])];

/// Crates and modules of std that only a shell may use.
const OUTSIDE: [&str; 10] =
    ["tokio", "kube", "git2", "sqlx", "axum", "notify", "std::fs", "std::net", "std::process", "std::thread"];

/// Who alone may use a crate.
const KEEPERS: [(&str, &[&str]); 5] = [
    ("kube", &["cluster"]),
    ("git2", &["source"]),
    ("sqlx", &["migrate"]),
    ("axum", &["server"]),
    ("indicatif", &["cli"]),
];

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Every path that is named after `use`, with its file and the top module it is in. Tests may use more.
fn uses() -> BTreeMap<(String, PathBuf), Vec<String>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 50, "the walk found {} files", files.len());
    let mut uses = BTreeMap::new();
    for file in files {
        let relative = file.strip_prefix(&src).unwrap().to_owned();
        let top = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if relative.components().any(|part| part.as_os_str().to_string_lossy().contains("test")) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let paths = code
            .lines()
            .map(str::trim_start)
            .filter_map(|line| line.strip_prefix("pub use ").or_else(|| line.strip_prefix("use ")))
            .map(|line| line.trim_end_matches(';').to_owned())
            .collect();
        uses.insert((top, relative), paths);
    }
    uses
}

fn is_of(path: &str, root: &str) -> bool {
    path.strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with(' '))
}

#[test]
fn arrows_between_modules_point_one_way() {
    let mut wrong = Vec::new();
    for ((top, file), paths) in uses() {
        let Some((_, allowed)) = LAYERS.iter().chain(&SHELLS).find(|(module, _)| *module == top) else {
            continue;
        };
        for path in paths.iter().filter_map(|path| path.strip_prefix("crate::")) {
            let module = path.split("::").next().unwrap().trim_matches(|char| char == '{' || char == '}');
            if module != top && !allowed.contains(&module) {
                wrong.push(format!("{}: crate::{path}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point the wrong way:\n{}", wrong.join("\n"));
}

#[test]
fn modules_that_decide_reach_nothing_outside() {
    let mut wrong = Vec::new();
    for ((top, file), paths) in uses() {
        if LAYERS.iter().any(|(module, _)| *module == top) {
            let outside = paths.iter().filter(|path| OUTSIDE.iter().any(|root| is_of(path, root)));
            wrong.extend(outside.map(|path| format!("{}: {path}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "pure modules that reach outside:\n{}", wrong.join("\n"));
}

#[test]
fn each_way_outside_has_one_keeper() {
    let mut wrong = Vec::new();
    for ((top, file), paths) in uses() {
        for (krate, keepers) in KEEPERS {
            if !keepers.contains(&top.as_str()) {
                let others = paths.iter().filter(|path| is_of(path, krate));
                wrong.extend(others.map(|path| format!("{}: {path}", file.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "only {KEEPERS:?} may use these:\n{}", wrong.join("\n"));
}

#[test]
fn modules_that_decide_deny_the_lints_that_keep_them_pure() {
    for (module, _) in LAYERS {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module).join("mod.rs");
        let text = fs::read_to_string(&file).unwrap();
        let denied = "#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]";
        assert!(text.contains(denied), "{} does not say {denied}", file.display());
    }
}

/// Lines of a file between two others.
fn lines_between(file: &str, first: &str, last: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let lines = text.lines().skip_while(|line| *line != first).skip(1);
    lines.take_while(|line| *line != last).map(str::to_owned).collect()
}

/// Name and version of every package in a lock file.
fn locked(file: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let value = |line: Option<&str>, key: &str| {
        line.and_then(|line| line.strip_prefix(key)).map(|text| text.trim_matches('"').to_owned())
    };
    let package = |package: &str| {
        let mut lines = package.trim_start().lines();
        Some((value(lines.next(), "name = ")?, value(lines.next(), "version = ")?))
    };
    text.split("[[package]]").filter_map(package).collect()
}

#[test]
fn what_is_fuzzed_is_built_of_the_same_libraries() {
    let own = lines_between("Cargo.toml", "[dependencies]", "");
    let fuzzed = lines_between("fuzz/Cargo.toml", "[dependencies]", "");
    assert!(fuzzed.len() > 10, "{fuzzed:?}");
    let other: Vec<&String> = fuzzed.iter().filter(|line| !own.contains(line)).collect();
    assert_eq!(other, ["libfuzzer-sys = \"0.4\""]);
    let own = locked("Cargo.lock");
    let fuzzed = locked("fuzz/Cargo.lock");
    let other: Vec<&str> =
        fuzzed.iter().filter(|package| !own.contains(package)).map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        other,
        ["arbitrary", "libfuzzer-sys", "portfolio-fuzz"],
        "cargo update --manifest-path fuzz/Cargo.toml"
    );
}
