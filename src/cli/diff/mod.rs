//! `portfolio diff`: what a push would change, without a cluster.

mod changes;
mod fields;
mod report;

use std::path::{Path, PathBuf};

use super::report::diagnostic::{self, Files};
use super::{CliError, Exit, Ui};
use crate::document::{Cache, Diagnostic, Loaded, Options, Tree, load};
use crate::object::Owner;
use crate::render::RendererVersion;
use crate::source::{RepoPath, Side, SourceError, WorkingClone};

/// Shows what a push would change, object by object.
///
/// Renders both sides and compares them; no cluster is asked. Exits with 0 when nothing would change, with 1 when
/// something would, and with more when it could not be told.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio diff                           the last commit against the files as they are
  portfolio diff main..HEAD                this branch against main
  portfolio diff origin/main...HEAD --path apps --environment prod --format unified")]
pub struct Args {
    /// `FROM..TO`, `FROM...TO` (since both parted), or `FROM` alone: against the files as they are.
    #[arg(value_name = "FROM..TO", default_value = "HEAD")]
    range: String,

    /// The repository.
    #[arg(long, short = 'C', value_name = "FOLDER", default_value = ".")]
    repository: PathBuf,

    /// Folder with the documents, from the repository's root; the current folder when it is left out.
    #[arg(long, value_name = "FOLDER")]
    path: Option<String>,

    /// The environment whose overlays are merged.
    #[arg(long, short, value_name = "NAME", env = "PORTFOLIO_ENVIRONMENT")]
    environment: Option<String>,

    /// In which form.
    #[arg(long, default_value = "table")]
    format: Format,

    /// Name of the source that the objects belong to.
    #[arg(long, value_name = "NAME", default_value = "main")]
    source: String,

    /// Namespace of the daemon that the objects belong to.
    #[arg(long, value_name = "NAMESPACE", default_value = "portfolio-system")]
    owner_namespace: String,
}

/// Forms of a diff. Markdown for merge requests belongs here too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line an object
    Table,
    /// The objects' YAML, as diff -u shows it
    Unified,
    /// For programs
    Json,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let clone = WorkingClone::discover(&args.repository)?;
    let path = match &args.path {
        Some(path) => path.parse().map_err(|error| CliError::usage(format!("--path {error}")))?,
        None => folder_of(&args.repository, clone.root()),
    };
    let (from, to) = clone.sides(&args.range)?;
    let new = clone.snapshot(&to, &path)?.tree;
    let old = match clone.snapshot(&from, &path) {
        // The folder came with this push.
        Err(SourceError::PathMissing { .. }) => Tree::default(),
        side => side?.tree,
    };
    let options = Options {
        path: path.as_str().to_owned(),
        environment: args.environment.clone(),
        ..Options::default()
    };
    let mut cache = Cache::default();
    let (before, after) = (load(&old, &options, &mut cache), load(&new, &options, &mut cache));
    for (id, blocked) in &before.blocked {
        ui.warning(format_args!(
            "{id} is in error at {}, so it is compared as if it were not there: {}",
            name(&from),
            blocked.message
        ));
    }
    let owner = Owner { namespace: args.owner_namespace.clone(), source: args.source.clone() };
    let changes = changes::compare(&before, &after, &owner, RendererVersion::CURRENT);
    ui.data(&match args.format {
        Format::Table => report::table(&changes, ui.width(), ui.paint()),
        Format::Unified => report::unified(&changes, ui.paint()),
        Format::Json => report::to_json(&changes),
    })?;
    if args.format == Format::Unified {
        ui.talk_text(&report::summary(&changes));
    }
    errors(&after, &new, ui)?;
    Ok(Exit::good_if(changes.is_empty()))
}

/// Documents in error on the new side: the comparison is not all there is to tell.
fn errors(loaded: &Loaded, tree: &Tree, ui: Ui) -> Result<(), CliError> {
    let errors: Vec<Diagnostic> = loaded.diagnostics.iter().filter(|one| one.is_error()).cloned().collect();
    if errors.is_empty() {
        return Ok(());
    }
    let mut files = Files::default();
    for error in &errors {
        files.add(&error.file, tree.entries.get(&error.file));
        for related in &error.related {
            files.add(&related.file, tree.entries.get(&related.file));
        }
    }
    ui.talk_text(&diagnostic::full(&errors, &files, ui.talk_paint(), ui.width()));
    Err(CliError::usage("the new side has documents in error, which would stay as they are")
        .with_hint("`portfolio validate` shows everything there is to say about them"))
}

/// The folder, from the repository's root.
fn folder_of(folder: &Path, root: &Path) -> RepoPath {
    let (Ok(folder), Ok(root)) = (folder.canonicalize(), root.canonicalize()) else {
        return RepoPath::default();
    };
    let inside = folder.strip_prefix(root).map(|inside| inside.to_string_lossy().into_owned());
    inside.ok().and_then(|inside| inside.parse().ok()).unwrap_or_default()
}

fn name(side: &Side) -> &str {
    match side {
        Side::Revision(revision) => revision,
        Side::WorkTree => "the files as they are",
    }
}
