//! `portfolio version`.

use serde_json::json;

use super::{CliError, Exit, Ui};

/// Prints the version.
///
/// Neither git nor a cluster is asked.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  portfolio version --output json")]
pub struct Args {
    /// In which form.
    #[arg(long, short, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let version = env!("CARGO_PKG_VERSION");
    let text = match args.output {
        Output::Text => format!("portfolio {version}\n"),
        Output::Json => {
            let api_version = crate::document::API_VERSION;
            let renderer = crate::render::RendererVersion::CURRENT;
            format!("{:#}\n", json!({"version": version, "apiVersion": api_version, "renderer": renderer}))
        }
    };
    ui.data(&text)?;
    Ok(Exit::Good)
}
