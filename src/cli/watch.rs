//! [`Watching`]: doing something again whenever the files change, until Ctrl-C. For `validate` and `render`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::Local;
use futures::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::input::counted;
use super::ui::BOLD;
use super::{CliError, Ui};
use crate::document::visible;
use crate::source::FolderWatch;

/// Names that a line holds.
const NAMED: usize = 5;

/// Each file that was read with what tells its content apart.
pub(super) type Seen = BTreeMap<String, String>;

/// Folders that are watched, and the signals that end it.
pub(super) struct Watching {
    folders: Vec<FolderWatch>,
    interrupt: Signal,
    terminate: Signal,
}

impl Watching {
    /// Watches folders with everything below them. Comes before the first look, so that nothing is missed.
    pub(super) fn start(folders: &[PathBuf]) -> Result<Self, CliError> {
        let watch = |folder: &PathBuf| {
            FolderWatch::recursive(folder).map_err(|error| CliError::refused(error.to_string()))
        };
        let listen = |kind| signal(kind).map_err(|error| CliError::io("signals", error));
        Ok(Self {
            folders: folders.iter().map(watch).collect::<Result<_, _>>()?,
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the files to change and to come to rest; false when it is time to stop.
    pub(super) async fn next(&mut self) -> bool {
        let changes = self.folders.iter_mut().map(|folder| Box::pin(folder.changed()));
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => false,
            _ = self.terminate.recv() => false,
            _ = select_all(changes) => true,
        }
    }
}

/// Says that it goes on from here.
pub(super) fn waiting(ui: Ui) {
    ui.talk("watching for changes; Ctrl-C ends it");
}

/// Sets what follows apart from what was before, with the time.
pub(super) fn heading(ui: Ui, what: &str) {
    let line = format!("── {} ── {what}", Local::now().format("%H:%M:%S"));
    ui.talk(format_args!("\n{}", ui.talk_paint().paint(BOLD, line)));
}

/// The files that came, went or changed. Hidden ones are editors' own; one is ours.
pub(super) fn changed(before: &Seen, after: &Seen) -> Vec<String> {
    let is_hidden =
        |file: &str| file.split('/').any(|part| part.starts_with('.') && part != ".portfolioignore");
    let differs =
        |(file, id): (&String, &String), other: &Seen| other.get(file) != Some(id) && !is_hidden(file);
    let mut files: Vec<String> = after
        .iter()
        .filter(|entry| differs(*entry, before))
        .chain(before.iter().filter(|(file, _)| !after.contains_key(*file) && !is_hidden(file)))
        .map(|(file, _)| file.clone())
        .collect();
    files.sort();
    files
}

/// `2 objects changed: Deployment/shop/web, Service/shop/web`
pub(super) fn named(count: usize, one: &str, many: &str, names: &[String]) -> String {
    let mut listed: Vec<Cow<'_, str>> = names.iter().take(NAMED).map(|name| visible(name)).collect();
    if names.len() > NAMED {
        listed.push("…".into());
    }
    format!("{} changed: {}", counted(count, one, many), listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_and_changed_is_named_but_not_what_editors_leave() {
        let seen = |files: &[(&str, &str)]| -> Seen {
            files.iter().map(|(file, id)| ((*file).to_owned(), (*id).to_owned())).collect()
        };
        let before = seen(&[("a.yaml", "1"), ("b.yaml", "1"), ("same.yaml", "1"), (".b.yaml.swp", "1")]);
        let after = seen(&[("b.yaml", "2"), ("c.yaml", "1"), ("same.yaml", "1"), (".portfolioignore", "1")]);
        assert_eq!(changed(&before, &after), [".portfolioignore", "a.yaml", "b.yaml", "c.yaml"]);
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..7).map(|number| number.to_string()).collect();
        assert_eq!(named(7, "file", "files", &names), "7 files changed: 0, 1, 2, 3, 4, …");
    }
}
