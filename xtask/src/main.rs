//! `cargo xtask`: development tasks. One file a command, in `commands/`.

mod commands;

use std::process::ExitCode;

use clap::Parser;

/// Development tasks of portfolio.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    #[command(subcommand)]
    Cluster(commands::cluster::Cluster),
    Demo(commands::demo::Demo),
    #[command(name = "openapi")]
    OpenApi(commands::openapi::OpenApi),
    Fuzz(commands::fuzz::Fuzz),
    Test(commands::test::Test),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Cluster(task) => task.run(),
        Task::Demo(task) => task.run(),
        Task::OpenApi(task) => task.run(),
        Task::Fuzz(task) => task.run(),
        Task::Test(task) => task.run(),
    };
    done.unwrap_or_else(|error| {
        xtask::say(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
