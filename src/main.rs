//! The program: arguments in, exit code out. What the codes mean is in `portfolio help`.

use std::process::ExitCode;

use clap::Parser as _;
use portfolio::cli::{self, Cli, Exit, Failure};
use portfolio::document::exit;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = cli.ui();
    let code = match cli::main(cli).await {
        Ok(Exit::Good) => 0,
        Ok(Exit::NotGood) => 1,
        Ok(Exit::NothingToDo) => exit::NOTHING_TO_DO,
        Ok(Exit::Migration(code)) => code,
        Err(error) => {
            ui.error(&error);
            match error.failure() {
                Failure::NotGood => 1,
                Failure::Usage => 2,
                Failure::Unreachable => 3,
            }
        }
    };
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
