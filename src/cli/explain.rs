//! `portfolio explain`.

use super::report::page;
use super::{CliError, Exit, Ui};
use crate::document::explain::{Topic, topic};

/// Explains a code of a diagnostic, or a field of a document.
///
/// A code has a page: what it means, why it matters, an example that is wrong and the same example right. Of a field it
/// says what may be written, what holds without it, and which fields are in it. Without an argument all codes are
/// listed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio explain                        all codes
  portfolio explain PF0103                 a code, also as UnknownField
  portfolio explain app                    the fields of an app
  portfolio explain app.rollout.deadline   one of them, also as spec.rollout.deadline
  portfolio explain migration.dir")]
pub struct Args {
    /// A code, the name of its rule, or the path of a field.
    #[arg(value_name = "CODE|FIELD")]
    topic: Option<String>,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let (paint, width) = (ui.paint(), ui.width());
    let Some(asked) = &args.topic else {
        ui.data(&page::codes(paint, width))?;
        return Ok(Exit::Good);
    };
    let found = topic(asked).map_err(|unknown| {
        let error = CliError::usage(unknown.message);
        match unknown.help {
            Some(help) => error.with_hint(help),
            None => error,
        }
    })?;
    ui.data(&match found {
        Topic::Code(code) => page::code(code, paint, width),
        Topic::Fields(fields) => {
            let pages: Vec<String> = fields.iter().map(|field| page::field(field, paint, width)).collect();
            pages.join("\n")
        }
    })?;
    Ok(Exit::Good)
}
