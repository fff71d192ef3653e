//! The documents for people: every command in them is one that the program takes, every document in them is
//! valid, every link in them leads somewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser as _;
use portfolio::cli::Cli;

/// From the checkout's root. One that is not there yet has nothing wrong in it.
const PAGES: [&str; 5] = ["README.md", "RUNBOOK.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"];

struct Page {
    path: PathBuf,
    text: String,
}

fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = PAGES.iter().map(|page| root.join(page));
    let pages: Vec<_> =
        paths.filter_map(|path| Some(Page { text: fs::read_to_string(&path).ok()?, path })).collect();
    assert!(!pages.is_empty());
    pages
}

impl Page {
    /// The fenced blocks of a language, without the indentation of the fence.
    fn blocks(&self, language: &str) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut open: Option<(bool, usize, String)> = None;
        for line in self.text.lines() {
            let fence = line.trim_start().strip_prefix("```");
            match (&mut open, fence) {
                (None, Some(info)) => {
                    let indentation = line.len() - line.trim_start().len();
                    open = Some((info.trim() == language, indentation, String::new()));
                }
                (None, None) => {}
                (Some(_), Some(_)) => {
                    blocks.extend(open.take().filter(|(wanted, ..)| *wanted).map(|(.., text)| text));
                }
                (Some((_, indentation, text)), None) => {
                    text.push_str(line.get(*indentation..).unwrap_or_default());
                    text.push('\n');
                }
            }
        }
        assert!(open.is_none(), "{}: a block is not closed", self.path.display());
        blocks
    }

    /// The words of every command after a `$`, without variables in front, remarks, and what follows a pipe.
    fn commands(&self) -> Vec<Vec<String>> {
        let blocks = self.blocks("console");
        let lines = blocks.iter().flat_map(|block| block.lines());
        lines.filter_map(|line| line.strip_prefix("$ ")).map(words).collect()
    }

    /// The targets of links that are neither addresses nor places in the same page.
    fn links(&self) -> Vec<&str> {
        let targets = self.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        targets
            .map(|target| target.split('#').next().unwrap_or_default())
            .filter(|target| !target.is_empty() && !target.contains("://"))
            .collect()
    }
}

fn words(command: &str) -> Vec<String> {
    command
        .split_whitespace()
        .skip_while(|word| word.contains('=') && !word.starts_with('-'))
        .take_while(|word| !matches!(*word, "|" | ">" | "&&") && !word.starts_with('#'))
        .map(|word| word.trim_matches(['"', '\'']).to_owned())
        .collect()
}

#[test]
fn commands_are_read_without_what_is_around_them() {
    let page = Page {
        path: PathBuf::new(),
        text:
            "1. x\n\n   ```console\n   $ A=b portfolio diff 'a..b' --x=y | less  # why\n   answer\n   ```\n"
                .into(),
    };
    assert_eq!(page.commands(), [["portfolio", "diff", "a..b", "--x=y"]]);
}

#[test]
fn every_portfolio_command_is_one_that_the_program_takes() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages() {
        let commands = page.commands().into_iter();
        for command in commands.filter(|words| words.first().is_some_and(|word| word == "portfolio")) {
            count += 1;
            if let Err(error) = Cli::try_parse_from(&command)
                && error.use_stderr()
            {
                wrong.push(format!("{}: {}\n{error}", page.path.display(), command.join(" ")));
            }
        }
    }
    assert!(count > 0, "no command was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_development_task_exists() {
    let mut tasks: Vec<Vec<String>> = pages().iter().flat_map(Page::commands).collect();
    tasks.retain(|words| words.iter().take(2).eq(["cargo", "xtask"]));
    tasks.sort();
    tasks.dedup();
    assert!(!tasks.is_empty(), "no command was found");
    for task in tasks {
        // `--help` at the end: what stands before it is parsed, nothing is done.
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(task.iter().skip(1)).arg("--help").current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = cargo.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}:\n{error}", task.join(" "));
    }
}

#[test]
fn every_document_is_valid() {
    for page in pages() {
        let folder = tempfile::tempdir().unwrap();
        let blocks = page.blocks("yaml");
        for (number, block) in blocks.iter().filter(|block| block.contains("portfolio.dev/")).enumerate() {
            fs::write(folder.path().join(format!("{number}.yaml")), block).unwrap();
        }
        let mut portfolio = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
        let output = portfolio.arg("validate").current_dir(folder.path()).output().unwrap();
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}:\n{found}", page.path.display());
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let folder = page.path.parent().unwrap();
        let dead = page.links().into_iter().filter(|target| !folder.join(target).exists());
        wrong.extend(dead.map(|target| format!("{}: {target}", page.path.display())));
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
}
