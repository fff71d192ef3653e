//! [`Finding`]: what shows only once an app is rendered. Rendering is above this module, so whoever loads documents says
//! how they are judged.

use super::node::Places;
use super::{App, Code, Diagnostic, Policy, Severity};

/// Judges an app whose own fields are good.
pub type Judge = fn(&App, &Policy) -> Vec<Finding>;

/// Something to say about an app that shows only once it is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What about.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Where in the `spec`: keys, and numbers of items.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Finding {
    /// An error at this path of the `spec`.
    pub fn error(code: Code, path: Vec<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, path, message: message.into(), help: help.into() }
    }

    pub(in crate::document) fn diagnostic(self, places: Places<'_>) -> Diagnostic {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let mut diagnostic = Diagnostic::error(self.code, places.of(&path), self.message).help(self.help);
        diagnostic.severity = self.severity;
        diagnostic
    }
}
