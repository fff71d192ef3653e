//! The commands: one file each, whose doc comment is its help. Arguments in, [`Exit`] or [`CliError`] out.
//!
//! Only [`ui::Ui`] writes: stdout is data, stderr is talk. `main.rs` turns the answer into the exit code.

mod access;
mod approve;
pub mod cause;
mod completions;
mod diff;
mod error;
mod explain;
mod import;
mod init;
mod input;
mod live;
mod migrate;
mod names;
mod order;
mod policy;
mod progress;
mod reconcile;
mod remark;
mod render;
pub mod report;
pub mod run;
mod schema;
mod status;
mod tree;
mod ui;
mod validate;
mod version;
mod watch;

use clap::{ColorChoice, Parser, Subcommand};

pub use access::{Access, StoredSource, stored_sources};
pub use error::{CliError, Exit, Failure};
pub use ui::{Paint, Ui};

/// Keeps a Kubernetes cluster equal to a git branch.
///
/// Exit codes: 0 good; 1 the thing asked about is not good (findings, differences, not ready); 2 arguments or
/// input cannot be used; 3 the cluster or git cannot be reached. `migrate exec` has its own.
#[derive(Debug, Parser)]
#[command(name = "portfolio", version, max_term_width = 100, after_long_help = EXAMPLE)]
pub struct Cli {
    /// When to use colours; `NO_COLOR` turns them off too.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub color: ColorChoice,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLE: &str = "\
Examples:
  portfolio validate apps               what is wrong with the documents in apps
  portfolio render apps | kubectl diff -f -
  portfolio diff main..HEAD             what a push would change
  portfolio status                      what the cluster is doing about it";

/// What to do. The help of a command is the doc comment of its arguments.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "a doc comment here would hide the one of the arguments")]
pub enum Command {
    Validate(validate::Args),
    Render(render::Args),
    Diff(diff::Args),
    Import(import::Args),
    Run(run::RunArgs),
    Status(status::Args),
    Tree(tree::Args),
    Approve(approve::Args),
    Migrate(migrate::Args),
    Reconcile(reconcile::Args),
    Schema(schema::Args),
    Init(init::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Version(version::Args),
}

/// What every command is told.
#[derive(Clone, Copy, Debug)]
pub struct Globals {
    /// The terminal.
    pub ui: Ui,
}

impl Cli {
    /// The terminal as the arguments want it.
    pub fn ui(&self) -> Ui {
        Ui::new(self.color)
    }
}

/// Does what the arguments say.
pub async fn main(cli: Cli) -> Result<Exit, CliError> {
    let globals = Globals { ui: cli.ui() };
    let ui = globals.ui;
    match cli.command {
        Command::Validate(args) => validate::run(&args, ui).await,
        Command::Render(args) => render::run(&args, ui).await,
        Command::Diff(args) => diff::run(&args, ui).await,
        Command::Import(args) => import::run(&args, ui),
        Command::Run(args) => run::run(args, &globals).await,
        Command::Status(args) => status::run(&args, ui).await,
        Command::Tree(args) => tree::run(&args, ui).await,
        Command::Approve(args) => approve::run(&args, ui).await,
        Command::Migrate(args) => migrate::run(args, ui).await,
        Command::Reconcile(args) => reconcile::run(&args, ui).await,
        Command::Schema(args) => schema::run(&args, ui),
        Command::Init(args) => init::run(&args, ui),
        Command::Explain(args) => explain::run(&args, ui),
        Command::Completions(args) => completions::run(&args, ui),
        Command::Version(args) => version::run(&args, ui),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed_and_each_command_has_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for command in command.get_subcommands_mut() {
            if ["help", "run"].contains(&command.get_name()) {
                continue;
            }
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{}", command.get_name());
        }
    }
}
