//! `portfolio completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, CliError, Exit, Ui};

/// Prints a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  source <(portfolio completions bash)")]
pub struct Args {
    /// For which shell.
    shell: Shell,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "portfolio", &mut script);
    ui.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Good)
}
