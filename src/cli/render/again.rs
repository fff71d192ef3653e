//! `render --watch`: again with every change, and what it made of the objects.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Args, give, render};
use crate::cli::input::{self, Input};
use crate::cli::watch::{self, Seen, Watching};
use crate::cli::{CliError, Exit, Ui};
use crate::object::{Object, ObjectRef};

/// What the last looks showed.
#[derive(Default)]
struct Shown {
    seen: Seen,
    /// The hash of each object, when there was no error last.
    objects: BTreeMap<ObjectRef, String>,
}

/// Renders until it is told to stop. What is in error is told, and what was rendered before stays where it is.
pub(super) async fn watch(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let mut watching = Watching::start(&input::folders(&args.input)?)?;
    let mut shown = None;
    loop {
        match input::read(&args.input) {
            Ok(input) => look(args, &input, &mut shown, ui),
            Err(error) if shown.is_none() => return Err(error),
            // A folder is moved, a file goes away while it is read: the next change tells more.
            Err(error) => ui.error(&error),
        }
        if !watching.next().await {
            return Ok(Exit::Good);
        }
    }
}

fn look(args: &Args, input: &Input, shown: &mut Option<Shown>, ui: Ui) {
    let is_first = shown.is_none();
    let shown = shown.get_or_insert_default();
    let mut seen = input.seen.clone();
    // What we write is no change of what we read.
    let output = args.output_dir.as_ref().and_then(|folder| folder.canonicalize().ok());
    seen.retain(|file, _| !output.as_deref().is_some_and(|folder| is_below(file, folder)));
    let files = watch::changed(&shown.seen, &seen);
    shown.seen = seen;
    if !is_first {
        if files.is_empty() {
            return;
        }
        watch::heading(ui, &watch::named(files.len(), "file", "files", &files));
    }
    match render(args, input, ui) {
        Ok(rendered) => tell(args, &rendered.objects, shown, is_first, ui),
        Err(error) => ui.error(&error),
    }
    if is_first {
        watch::waiting(ui);
    }
}

fn tell(args: &Args, objects: &[Object], shown: &mut Shown, is_first: bool, ui: Ui) {
    let now: BTreeMap<ObjectRef, String> =
        objects.iter().map(|object| (object.reference.clone(), object.hash.clone())).collect();
    let changed = changed(&shown.objects, &now);
    shown.objects = now;
    if changed.is_empty() && !is_first {
        ui.talk("no object changes");
        return;
    }
    if !is_first {
        ui.talk(watch::named(changed.len(), "object", "objects", &changed));
    }
    if let Err(error) = give(args, objects, ui) {
        ui.error(&error);
    }
}

/// The objects that came, went or changed.
fn changed(before: &BTreeMap<ObjectRef, String>, after: &BTreeMap<ObjectRef, String>) -> Vec<String> {
    let differs =
        after.iter().filter(|(object, hash)| before.get(*object) != Some(*hash)).map(|(object, _)| object);
    let gone = before.keys().filter(|object| !after.contains_key(*object));
    let mut changed: Vec<&ObjectRef> = differs.chain(gone).collect();
    changed.sort();
    changed.into_iter().map(ToString::to_string).collect()
}

fn is_below(file: &str, folder: &Path) -> bool {
    std::path::absolute(file).is_ok_and(|file| file.starts_with(folder))
}
