//! `portfolio validate`.

use super::input::{self, Input, InputArgs, PathsFrom};
use super::report::findings::Findings;
use super::report::{diagnostic, github, gitlab, json, junit, sarif};
use super::watch::{self, Watching};
use super::{CliError, Exit, Ui};
use crate::document::Document;

/// Says what is wrong with documents.
///
/// Reads documents as the daemon would and says everything there is to say about them, without a cluster. Exits
/// with 1 when a document is in error, with `--strict` also when there is a warning. In the forms for code hosts paths
/// count from the root of the repository, in the others from the current folder. Several paths are read together, as one
/// source.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio validate                       everything below the current folder
  portfolio validate apps/shop.yaml        one file, seen together with the others
  portfolio validate --environment prod --strict --format json
  portfolio validate --format github       remarks beside the lines of a pull request
  portfolio validate --format gitlab > gl-code-quality-report.json
  portfolio validate --format sarif > portfolio.sarif
  portfolio validate --watch               again with every change")]
pub struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Fail on warnings as well.
    #[arg(long)]
    strict: bool,

    /// In which form.
    #[arg(long, default_value = "full")]
    format: Format,

    /// Do it again whenever the files change, until Ctrl-C.
    #[arg(long)]
    watch: bool,
}

/// Forms of diagnostics, each a function in `report`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// With source lines
    Full,
    /// One line each
    Concise,
    /// For programs; `portfolio schema validate` describes it
    Json,
    /// Workflow commands of GitHub Actions
    Github,
    /// A Code Quality report of GitLab
    Gitlab,
    /// A JUnit report: a test case a file
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

impl Format {
    /// Code hosts know files by their place in the repository.
    const fn paths(self) -> PathsFrom {
        match self {
            Self::Full | Self::Concise | Self::Json => PathsFrom::Here,
            Self::Github | Self::Gitlab | Self::Junit | Self::Sarif => PathsFrom::Repository,
        }
    }
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    if args.watch {
        return watch(args, ui).await;
    }
    tell(args, &input::read_with(&args.input, args.format.paths())?, ui)
}

/// Says it all again with every change, until it is told to stop.
async fn watch(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let mut watching = Watching::start(&input::folders(&args.input)?)?;
    let mut seen = None;
    loop {
        match input::read_with(&args.input, args.format.paths()) {
            Ok(input) => {
                if let Some(before) = seen.replace(input.seen.clone()) {
                    let files = watch::changed(&before, &input.seen);
                    if !files.is_empty() {
                        watch::heading(ui, &watch::named(files.len(), "file", "files", &files));
                        tell(args, &input, ui)?;
                    }
                } else {
                    tell(args, &input, ui)?;
                    watch::waiting(ui);
                }
            }
            Err(error) if seen.is_none() => return Err(error),
            // A folder is moved, a file goes away while it is read: the next change tells more.
            Err(error) => ui.error(&error),
        }
        if !watching.next().await {
            return Ok(Exit::Good);
        }
    }
}

fn tell(args: &Args, input: &Input, ui: Ui) -> Result<Exit, CliError> {
    input.warn(ui);
    let findings = findings(input, args);
    let diagnostics = findings.diagnostics;
    ui.data(&match args.format {
        Format::Full => {
            let shown = diagnostic::full(diagnostics, findings.texts, ui.paint(), ui.width());
            shown + &diagnostic::pages(diagnostics)
        }
        Format::Concise => diagnostic::concise(diagnostics),
        Format::Json => json::json(&findings, input.file_count),
        Format::Github => github::github(&findings),
        Format::Gitlab => gitlab::gitlab(&findings),
        Format::Junit => junit::junit(&findings),
        Format::Sarif => sarif::sarif(&findings),
    })?;
    ui.talk(input.summary());
    Ok(Exit::good_if(!diagnostics.iter().any(|diagnostic| findings.fails(diagnostic))))
}

fn findings<'a>(input: &'a Input, args: &'a Args) -> Findings<'a> {
    let good = input.documents.values().map(|one| (Document::id(&one.document), one.file.as_str()));
    let bad = input.blocked.iter().map(|(id, blocked)| (id, blocked.file.as_str()));
    Findings {
        documents: good.chain(bad).collect(),
        diagnostics: &input.diagnostics,
        texts: &input.files,
        environment: args.input.environment(),
        strict: args.strict,
    }
}
