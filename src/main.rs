//! The program: arguments in, exit code out. What the codes mean is in `portfolio help`.

use std::process::ExitCode;

use clap::Parser as _;
use portfolio::cli::{self, Cli, Exit, Failure};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = cli.ui();
    match cli::main(cli).await {
        Ok(Exit::Good) => ExitCode::SUCCESS,
        Ok(Exit::NotGood) => ExitCode::from(1),
        Err(error) => {
            ui.error(&error);
            match error.failure() {
                Failure::NotGood => ExitCode::from(1),
                Failure::Usage => ExitCode::from(2),
                Failure::Unreachable => ExitCode::from(3),
            }
        }
    }
}
