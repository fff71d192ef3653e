//! `portfolio migrate`: a command a file, as above.

mod exec;
mod notice;
mod tell;

use super::{CliError, Exit, Ui};

/// Moves the schema of a database forward.
///
/// The files are called `0007_add_total.sql`, with `.backfill` or `.contract` before `.sql` for what has to wait. What
/// was applied is in the table `schema_history` of the database itself.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio migrate exec --dir migrations      apply what is pending")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Exec(exec::Args),
}

pub(super) async fn run(args: Args, ui: Ui) -> Result<Exit, CliError> {
    match args.command {
        Command::Exec(args) => exec::run(&args, ui).await,
    }
}
