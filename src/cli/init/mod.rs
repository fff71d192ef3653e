//! `portfolio init`: a repository to start from.

mod starter;

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::report::table::Columns;
use super::ui::{DIM, GOOD, WARN};
use super::{CliError, Exit, Ui};
use crate::render::RUNNER_IMAGE;

/// Makes a repository to start from.
///
/// Writes an example app with its schema for editors, pipelines that validate each merge request and comment on it with
/// what it would change, and a hook for pre-commit. A file that exists is left alone, which is said, and the exit code
/// is 1 then; run it again as often as you like.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio init                     in the current folder, for GitHub
  portfolio init apps-repo --ci gitlab
  portfolio init --ci both --force   writes over what is there")]
pub struct Args {
    /// Where; it is made if it does not exist.
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,

    /// Whose pipelines.
    #[arg(long, value_name = "HOST", default_value = "github")]
    ci: Ci,

    /// Image of `portfolio` that the pipelines take it from.
    #[arg(long, value_name = "IMAGE", default_value = RUNNER_IMAGE)]
    image: String,

    /// Write over files that exist.
    #[arg(long)]
    force: bool,
}

/// Whose pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Ci {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// Both of them
    Both,
    /// None
    None,
}

impl Ci {
    const fn has_github(self) -> bool {
        matches!(self, Ci::Github | Ci::Both)
    }

    const fn has_gitlab(self) -> bool {
        matches!(self, Ci::Gitlab | Ci::Both)
    }
}

/// A file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    /// From the repository's root.
    path: &'static str,
    /// What it is, in a line of the README.
    about: &'static str,
    text: String,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    Created,
    /// It is there, with the same content.
    Same,
    /// It is there, with other content, and stays.
    LeftAlone,
    Overwritten,
}

impl Became {
    const fn word(self) -> &'static str {
        match self {
            Became::Created => "created",
            Became::Same => "unchanged",
            Became::LeftAlone => "exists",
            Became::Overwritten => "overwritten",
        }
    }
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let files = starter::files(args.ci, &args.image);
    let mut table = Columns::new(&["FILE", "STATE", "WHAT IT IS"]);
    let mut left = Vec::new();
    for file in &files {
        let became = write(&args.folder, file, args.force)?;
        if became == Became::LeftAlone {
            left.push(file.path);
        }
        table.row([file.path.to_owned(), became.word().to_owned(), file.about.to_owned()]);
    }
    let style = |word: &str| match word {
        "created" | "overwritten" => Some(GOOD),
        "exists" => Some(WARN),
        "unchanged" => Some(DIM),
        _ => None,
    };
    ui.data(&table.text(ui.width(), ui.paint(), "STATE", style))?;
    if left.is_empty() {
        ui.hint(format_args!(
            "`portfolio validate {}` says whether all is well",
            args.folder.join("apps").display()
        ));
        return Ok(Exit::Good);
    }
    ui.warning(format_args!("left alone, because it is there and says something else: {}", left.join(", ")));
    ui.hint("move it away, or write over it by --force");
    Ok(Exit::NotGood)
}

fn write(folder: &Path, file: &File, force: bool) -> Result<Became, CliError> {
    let path = folder.join(file.path);
    let failed = |error| CliError::file(&path, error);
    match fs::read(&path) {
        Ok(content) if content == file.text.as_bytes() => return Ok(Became::Same),
        Ok(_) if !force => return Ok(Became::LeftAlone),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        Ok(_) | Err(_) => {}
    }
    let parent = path.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(failed)?;
    // Whole or not at all; as any other file is made, the umask taken off.
    let mut new = tempfile::Builder::new()
        .prefix(".portfolio-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(parent)
        .map_err(failed)?;
    new.write_all(file.text.as_bytes()).map_err(failed)?;
    if force {
        let existed = path.exists();
        new.persist(&path).map_err(|error| failed(error.error))?;
        return Ok(if existed { Became::Overwritten } else { Became::Created });
    }
    match new.persist_noclobber(&path) {
        Ok(_) => Ok(Became::Created),
        // Somebody was quicker, or it is a link to nowhere.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(Became::LeftAlone),
        Err(error) => Err(failed(error.error)),
    }
}
