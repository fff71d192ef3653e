//! [`Narrator`]: what the demo says. Commands that a person would type are shown as such.

use std::io::IsTerminal as _;
use std::time::Instant;

use super::stage::Stage;

pub(super) struct Narrator {
    colour: bool,
}

impl Narrator {
    pub(super) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { colour: wanted && std::io::stdout().is_terminal() }
    }

    /// A new scene.
    pub(super) fn scene(&self, title: &str) {
        println!("\n{}", self.paint("1", &format!("── {title}")));
    }

    /// A sentence.
    pub(super) fn say(text: &str) {
        println!("   {text}");
    }

    /// A command as it would be typed.
    pub(super) fn command(&self, text: &str) {
        println!("   {}", self.paint("36", &format!("$ {text}")));
    }

    /// What a command printed.
    pub(super) fn output(text: &str) {
        for line in text.trim_end().lines() {
            println!("     {line}");
        }
    }

    /// Something that was waited for has come true.
    pub(super) fn seen(&self, what: &str, since: Instant) {
        println!(
            "   {} {what} {}",
            self.paint("32", "✓"),
            self.paint("2", &format!("({} ms)", since.elapsed().as_millis()))
        );
    }

    /// The addresses of what stays up.
    pub(super) fn stays_up(&self, stage: &Stage) {
        self.scene("yours");
        Self::say("It stays up until Ctrl-C. In another terminal:");
        for line in stage.addresses() {
            Self::output(&line);
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
