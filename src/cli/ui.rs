//! [`Ui`]: the only place that writes to the terminal. Data goes to stdout, talk to stderr.
//!
//! A reader that goes away early (`portfolio render | head`) is no error: the command still does its work and
//! keeps its exit code.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use clap::ColorChoice;
use clap::builder::styling::{AnsiColor, Color, Style};

use super::CliError;

/// Bold red.
pub const BAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))).bold();
/// Yellow.
pub const WARN: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// Green.
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// Cyan.
pub const BUSY: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
/// Dimmed.
pub const DIM: Style = Style::new().dimmed();
/// Bold.
pub const BOLD: Style = Style::new().bold();

/// How wide lines are where nobody sees them.
const WIDTH: u16 = 140;

/// The terminal.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    data: Paint,
    talk: Paint,
    width: Option<u16>,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// The text in a style.
    pub fn paint(self, style: Style, text: impl Display) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

impl Ui {
    /// The terminal with this choice of colours, which `NO_COLOR` (<https://no-color.org>) turns off.
    pub fn new(color: ColorChoice) -> Self {
        let paint = |is_terminal: bool| {
            Paint(match color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => {
                    is_terminal
                        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
                }
            })
        };
        let is_terminal = io::stdout().is_terminal();
        let columns = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = is_terminal.then(|| {
            columns()
                .or_else(|| terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| width))
                .filter(|width| *width > 0)
                .unwrap_or(WIDTH)
        });
        Self { data: paint(is_terminal), talk: paint(io::stderr().is_terminal()), width }
    }

    /// Colours of the data.
    pub const fn paint(&self) -> Paint {
        self.data
    }

    /// Colours of the talk.
    pub const fn talk_paint(&self) -> Paint {
        self.talk
    }

    /// Columns of the terminal; none where the data goes to a file or another program.
    pub const fn width(&self) -> Option<u16> {
        self.width
    }

    /// Writes data. What a reader does not want any more is thrown away.
    pub fn data(&self, text: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(CliError::io("cannot write the output", error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes a line of talk.
    pub fn talk(&self, text: impl Display) {
        // There is nobody left to tell when stderr is gone.
        writeln!(io::stderr().lock(), "{text}").ok();
    }

    /// Writes talk that brings its own line ends.
    pub fn talk_text(&self, text: &str) {
        io::stderr().lock().write_all(text.as_bytes()).ok();
    }

    /// Says that something deserves a look.
    pub fn warning(&self, text: impl Display) {
        self.talk(format_args!("{}: {text}", self.talk.paint(WARN, "warning")));
    }

    /// Says what to do.
    pub fn hint(&self, text: impl Display) {
        self.talk(format_args!("{}: {text}", self.talk.paint(BUSY, "hint")));
    }

    /// Says why a command failed.
    pub fn error(&self, error: &CliError) {
        self.talk(format_args!("{}: {error}", self.talk.paint(BAD, "error")));
        if let Some(hint) = error.hint() {
            self.hint(hint);
        }
    }
}
