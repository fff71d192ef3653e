//! `portfolio diff`: what a push would change, between two revisions without a cluster, or in one.

mod about;
mod change;
mod changes;
mod errors;
mod fields;
mod live;
mod report;

use std::path::{Path, PathBuf};

use super::access::stored_source;
use super::policy::PolicyArgs;
use super::{Access, CliError, Exit, Ui};
use crate::document::{Cache, Loaded, Options, Survey, Tree, load, survey};
use crate::object::Owner;
use crate::render::RendererVersion;
use crate::source::{RepoPath, Side, SourceError, WorkingClone};
use about::{About, quoted};
use change::{Change, Changes, What};
use errors::Errors;

pub(super) use report::Report;

/// Shows what a push would change, object by object.
///
/// Renders both sides and compares them; no cluster is asked. With --live the documents of one side are compared with
/// the objects in the cluster, by a dry run of the API server, which stores nothing. Exits with 0 when nothing would
/// change, with 1 when something would, and with more when it could not be told. What looks like a secret is redacted.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio diff                           the last commit against the files as they are
  portfolio diff main..HEAD                this branch against main
  portfolio diff origin/main...HEAD --path apps --environment prod --format unified
  portfolio diff origin/main...HEAD --format markdown      a comment for a merge request
  portfolio diff --live                    the cluster against the files as they are
  portfolio diff --live v1.2.0 --context prod")]
pub struct Args {
    /// `FROM..TO`, `FROM...TO` (since both parted), or `FROM` alone: against the files as they are. With --live: the
    /// revision to compare with the cluster.
    #[arg(value_name = "FROM..TO")]
    range: Option<String>,

    /// Compare with the objects in the cluster.
    #[arg(long)]
    live: bool,

    /// The repository.
    #[arg(long, short = 'C', value_name = "FOLDER", default_value = ".")]
    repository: PathBuf,

    /// Folder with the documents, from the repository's root; the current folder when it is left out.
    #[arg(long, value_name = "FOLDER")]
    path: Option<String>,

    /// The environment whose overlays are merged.
    #[arg(long, short, value_name = "NAME", env = "PORTFOLIO_ENVIRONMENT")]
    environment: Option<String>,

    #[command(flatten)]
    policy: PolicyArgs,

    /// In which form.
    #[arg(long, default_value = "table")]
    format: Format,

    /// Show what looks like a secret.
    #[arg(long)]
    show_secrets: bool,

    /// Name of the source that the objects belong to.
    #[arg(long, value_name = "NAME", default_value = "main")]
    source: String,

    #[command(flatten)]
    access: Access,
}

/// Forms of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line an object
    Table,
    /// The objects' YAML, as diff -u shows it
    Unified,
    /// A comment on a merge request
    Markdown,
    /// For programs
    Json,
}

/// What was found, and what it was found in.
struct Compared {
    changes: Changes,
    about: About,
    /// The new side.
    loaded: Loaded,
    tree: Tree,
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let clone = WorkingClone::discover(&args.repository)?;
    let path = match &args.path {
        Some(path) => path.parse().map_err(|error| CliError::usage(format!("--path {error}")))?,
        None => folder_of(&args.repository, clone.root()),
    };
    let mut compared = if args.live {
        with_cluster(args, &clone, &path, ui).await?
    } else {
        between_revisions(args, &clone, &path, ui)?
    };
    let mut errors = Errors::new(&compared.loaded, &compared.tree);
    if !args.show_secrets {
        compared.changes = compared.changes.redacted(&mut errors.redact());
    }
    let Compared { mut changes, about, .. } = compared;
    changes.errors = errors.lines();
    ui.data(&match args.format {
        Format::Table => report::table(&changes, ui.width(), ui.paint()),
        Format::Unified => report::unified(&changes, ui.paint()),
        Format::Markdown => report::markdown(&changes, &about),
        Format::Json => report::to_json(&changes, &about),
    })?;
    if args.format == Format::Unified {
        ui.talk_text(&report::summary(&changes));
    }
    errors.tell(ui)?;
    if args.live {
        refusals(&changes)?;
    }
    Ok(Exit::good_if(changes.is_empty()))
}

fn between_revisions(
    args: &Args,
    clone: &WorkingClone,
    path: &RepoPath,
    ui: Ui,
) -> Result<Compared, CliError> {
    let (from, to) = clone.sides(args.range.as_deref().unwrap_or("HEAD"))?;
    let tree = clone.snapshot(&to, path)?.tree;
    let old = match clone.snapshot(&from, path) {
        // The folder came with this push.
        Err(SourceError::PathMissing { .. }) => Tree::default(),
        side => side?.tree,
    };
    let options = options(args, path, args.environment.clone());
    let mut cache = Cache::default();
    let (before, loaded) = (load(&old, &options, &mut cache), load(&tree, &options, &mut cache));
    for (id, blocked) in &before.blocked {
        let file = old.entries.get(&blocked.file);
        let why =
            if args.show_secrets { blocked.message.clone() } else { errors::said(&blocked.message, file) };
        ui.warning(format_args!(
            "{id} is in error at {}, so it is compared as if it were not there: {why}",
            name(&from),
        ));
    }
    warn(args, &survey(&tree, &options, &mut cache), ui);
    let changes = changes::compare(&before, &loaded, &owner(args), RendererVersion::CURRENT);
    let about = about(args, path, name(&from), name(&to), args.environment.clone());
    Ok(Compared { changes, about, loaded, tree })
}

async fn with_cluster(
    args: &Args,
    clone: &WorkingClone,
    path: &RepoPath,
    ui: Ui,
) -> Result<Compared, CliError> {
    let side = match &args.range {
        None => Side::WorkTree,
        Some(range) if range.contains("..") => {
            return Err(CliError::usage(format!(
                "`{range}` has two sides, and with --live one is the cluster"
            ))
            .with_hint("name the revision to compare with it, or none for the files as they are"));
        }
        Some(revision) => Side::Revision(revision.clone()),
    };
    let tree = clone.snapshot(&side, path)?.tree;
    let cluster = args.access.connect().await?;
    let owner = owner(args);
    let stored = stored_source(&cluster, &owner.namespace, &owner.source).await?;
    for record in &stored.unreadable {
        ui.warning(format_args!("a record cannot be read: {record}"));
    }
    if stored.summary.is_none() && stored.records.is_empty() {
        ui.warning(format_args!(
            "no daemon has written of a source `{}` in the namespace `{}`, so nothing is known of what it would delete",
            owner.source, owner.namespace
        ));
    }
    let followed = stored.summary.as_ref().and_then(|summary| summary.environment.clone());
    if args.environment.is_some() && stored.summary.is_some() && args.environment != followed {
        let followed = followed.as_deref().map_or("none".to_owned(), |name| format!("`{name}`"));
        ui.warning(format_args!("the daemon merges another environment for this source: {followed}"));
    }
    let environment = args.environment.clone().or(followed);
    let (options, mut cache) = (options(args, path, environment.clone()), Cache::default());
    let loaded = load(&tree, &options, &mut cache);
    warn(args, &survey(&tree, &options, &mut cache), ui);
    let asking = live::Asking { cluster: &cluster, owner: &owner, stored: &stored };
    let changes = asking.compare(&loaded).await?;
    let about = about(args, path, "the cluster", name(&side), environment);
    Ok(Compared { changes, about, loaded, tree })
}

fn warn(args: &Args, survey: &Survey, ui: Ui) {
    if let Some(warning) = args.environment.as_deref().and_then(|name| survey.unknown_environment(name)) {
        ui.warning(warning);
    }
}

fn options(args: &Args, path: &RepoPath, environment: Option<String>) -> Options {
    Options {
        path: path.as_str().to_owned(),
        environment,
        policy: args.policy.policy(),
        ..Options::new(crate::render::judge)
    }
}

fn owner(args: &Args) -> Owner {
    Owner { namespace: args.access.namespace.clone(), source: args.source.clone() }
}

fn about(args: &Args, path: &RepoPath, from: &str, to: &str, environment: Option<String>) -> About {
    let mut command = "portfolio diff".to_owned();
    let mut add = |option: &str, value: Option<&str>| {
        if let Some(value) = value {
            command.push_str(&format!(" {option}{}", quoted(value)));
        }
    };
    add("", args.range.as_deref());
    add("--path ", args.path.as_deref());
    add("--environment ", args.environment.as_deref());
    add("--source ", Some(args.source.as_str()).filter(|source| *source != "main"));
    if args.live {
        command.push_str(" --live");
    }
    About {
        from: from.to_owned(),
        to: to.to_owned(),
        source: args.source.clone(),
        environment,
        path: path.as_str().to_owned(),
        command,
    }
}

/// Objects that the API server does not take: what they would become was not told.
fn refusals(changes: &Changes) -> Result<(), CliError> {
    let told = |change: &Change| {
        let (object, why) = (change.object.to_string(), change.why.clone()?);
        Some(if why.contains(&object) { why } else { format!("{object}: {why}") })
    };
    let refused: Vec<String> = changes.of(What::Refused).filter_map(told).collect();
    match refused.as_slice() {
        [] => Ok(()),
        [one] => Err(CliError::usage(format!("the API server does not take an object: {one}"))),
        several => {
            let count = several.len();
            Err(CliError::usage(format!(
                "the API server does not take {count} objects: {}",
                several.join("; ")
            )))
        }
    }
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
