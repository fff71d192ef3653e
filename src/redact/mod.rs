//! What looks like a secret, and [`Redactor`]: objects and texts without it, for merge requests, logs of CI, and
//! documents that go into git.
//!
//! Pure; knows nothing of the rest of the crate. `portfolio diff` shows nothing that it finds, `portfolio import` writes
//! nothing of it. What looks like a secret is told by its name (`names`) or by its form (`forms`), and rather too often
//! than once too seldom. A mark says nothing of what it stands for, neither length nor hash: a short password is soon
//! found by its hash. It only tells values apart: within one redactor equal values have equal marks, so that a change
//! shows as `<redacted 1>` becoming `<redacted 2>`.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod excerpt;
mod forms;
mod names;
mod object;
mod text;

use std::collections::HashMap;

pub use excerpt::Excerpt;

/// What stands in the place of a value that is not copied.
pub const HELD_BACK: &str = "<held back>";

/// Gives marks, in order of appearance.
#[derive(Debug, Default)]
pub struct Redactor {
    /// Each value with the number of its mark.
    seen: HashMap<String, usize>,
    marks: Marks,
}

/// What marks look like.
#[derive(Clone, Copy, Debug, Default)]
enum Marks {
    /// `<redacted 1>`
    #[default]
    Numbered,
    /// `$(PREFIX_1)`: Kubernetes puts the variable there.
    References(&'static str),
    /// [`HELD_BACK`]
    Plain,
}

/// Whether a variable, a file or whatever else people named looks like a secret, by its name or by what is in it.
pub fn is_secret(name: &str, value: &str) -> bool {
    let is_named = names::is_secret(name, value) && (value.is_empty() || !forms::is_harmless(value));
    is_named || holds_secret(value)
}

/// Whether there is something in a text that looks like a secret.
pub fn holds_secret(text: &str) -> bool {
    line_of_secret(text).is_some()
}

/// The first line, from 1, that holds what looks like a secret.
pub fn line_of_secret(text: &str) -> Option<usize> {
    let redacted = Redactor::default().text(text);
    if redacted == text {
        // One that is cut off right behind its first line is none, and nobody means to have it in git all the same.
        return text.lines().position(|line| line.contains("PRIVATE KEY-----")).map(|at| at + 1);
    }
    let same = text.lines().zip(redacted.lines()).take_while(|(one, other)| one == other).count();
    Some(same + 1)
}

impl Redactor {
    /// One that puts references to variables in the place of secrets: `$(PREFIX_1)`.
    pub fn referring(prefix: &'static str) -> Self {
        Self { marks: Marks::References(prefix), ..Self::default() }
    }

    /// One that says no more than [`HELD_BACK`].
    pub fn holding_back() -> Self {
        Self { marks: Marks::Plain, ..Self::default() }
    }

    /// A text without what looks like a secret.
    pub fn text(&mut self, text: &str) -> String {
        text::redact(text, self)
    }

    /// What somebody says about a text that this redactor has seen: without the secrets of that text, where it quotes
    /// them.
    pub fn said(&mut self, text: &str) -> String {
        let mut said = text.to_owned();
        for (number, value) in self.values().iter().enumerate() {
            if !said.contains(value) {
                continue;
            }
            let mark = format!("<redacted {}>", number + 1);
            for quote in ['`', '"', '\''] {
                said = said.replace(&format!("{quote}{value}{quote}"), &format!("{quote}{mark}{quote}"));
            }
            if forms::is_random(value) {
                said = said.replace(value, &mark);
            }
        }
        self.text(&said)
    }

    /// Names of the variables that stand in the place of secrets.
    pub fn references(&self) -> Vec<String> {
        (1..=self.seen.len())
            .map(|number| self.shown(number).trim_matches(['$', '(', ')']).to_owned())
            .collect()
    }

    /// What stands in the place of a value. A mark stays as it is, and so does what is plainly no secret.
    fn mark(&mut self, value: &str) -> String {
        if forms::is_harmless(value) || is_mark(value) {
            return value.to_owned();
        }
        let next = self.seen.len() + 1;
        let number = *self.seen.entry(value.to_owned()).or_insert(next);
        self.shown(number)
    }

    fn shown(&self, number: usize) -> String {
        match self.marks {
            Marks::Numbered => format!("<redacted {number}>"),
            Marks::References(prefix) => format!("$({prefix}_{number})"),
            Marks::Plain => HELD_BACK.to_owned(),
        }
    }

    /// The values by their numbers, each as it was written.
    fn values(&self) -> Vec<String> {
        let mut seen: Vec<(&String, usize)> =
            self.seen.iter().map(|(value, number)| (value, *number)).collect();
        seen.sort_unstable_by_key(|(_, number)| *number);
        let mut values: Vec<String> = Vec::new();
        for (value, _) in seen {
            let mut written = value.clone();
            // A part of it may have been marked before the whole of it was.
            if written.contains("<redacted ") {
                for (at, inner) in values.iter().enumerate().rev() {
                    written = written.replace(&format!("<redacted {}>", at + 1), inner);
                }
            }
            values.push(written);
        }
        values
    }
}

fn is_mark(text: &str) -> bool {
    let number = text.strip_prefix("<redacted ").and_then(|rest| rest.strip_suffix('>'));
    text == HELD_BACK
        || number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
