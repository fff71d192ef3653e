//! `portfolio validate`.

use serde_json::json;

use super::input::{self, Input, InputArgs};
use super::report::diagnostic;
use super::{CliError, Exit, Ui};
use crate::document::Severity;

/// Says what is wrong with documents.
///
/// Reads documents as the daemon would and says everything there is to say about them, without a cluster. Exits
/// with 1 when a document is in error.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio validate                       everything below the current folder
  portfolio validate apps/shop.yaml        one file, seen together with the others
  portfolio validate --environment prod --strict --format json")]
pub struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Fail on warnings as well.
    #[arg(long)]
    strict: bool,

    /// In which form.
    #[arg(long, default_value = "full")]
    format: Format,
}

/// Forms of diagnostics. Those of code hosts and SARIF belong here too, each a function in `report`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// With source lines
    Full,
    /// One line each
    Concise,
    /// For programs
    Json,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let input = input::read(&args.input, ui)?;
    ui.data(&match args.format {
        Format::Full => diagnostic::full(&input.diagnostics, &input.files, ui.paint(), ui.width()),
        Format::Concise => diagnostic::concise(&input.diagnostics),
        Format::Json => to_json(&input),
    })?;
    ui.talk(input.summary());
    let bad = input.count_of(Severity::Error) > 0 || args.strict && input.count_of(Severity::Warning) > 0;
    Ok(Exit::good_if(!bad))
}

fn to_json(input: &Input) -> String {
    let diagnostics: Vec<_> = input.diagnostics.iter().map(diagnostic::to_json).collect();
    format!(
        "{:#}\n",
        json!({
            "documents": input.count,
            "files": input.file_count,
            "errors": input.count_of(Severity::Error),
            "warnings": input.count_of(Severity::Warning),
            "diagnostics": diagnostics,
        })
    )
}
