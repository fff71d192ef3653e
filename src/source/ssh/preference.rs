//! Which type of key a server is asked for.
//!
//! A server has several and shows the one that the client prefers. libgit2 prefers the types that stand in
//! `.ssh/known_hosts` of the home that [`git_settings`] gave it, and asks for no other: so the lines of all sources
//! are gathered there. Nothing is believed because of them: the judge is [`super::KnownHosts`] alone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

static LINES: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

/// From now on servers are asked for what `lines` say, in the place of what `url` had said before.
pub(in crate::source) fn set(home: &Path, url: &str, lines: Vec<String>) {
    let mut all = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let file = home.join(".ssh/known_hosts");
    if all.get(url) == Some(&lines) && file.exists() {
        return;
    }
    all.insert(url.to_owned(), lines);
    let text: String = all.values().flatten().flat_map(|line| [line, "\n"]).collect();
    // Without it a server may show a key of another type, which is then told.
    if let Err(error) = write(&file, &text) {
        tracing::debug!(%error, file = %file.display(), "cannot be written");
    }
}

/// By rename: another connection may be reading it.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("new");
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&new, text)?;
    fs::rename(&new, file)
}
