//! The rules that a document must keep beyond its shape, one file a subject. Each rule that is broken is a
//! diagnostic here, so that it is never an error of the API server.

mod depends;
mod environment;
mod image;
mod ingress;
mod jobs;
mod manifest;
mod metadata;
mod mounts;
mod names;
mod network;
mod objects;
mod placement;
mod ports;
mod probes;
mod resources;
mod rollout;
mod scaling;
mod schedule;
mod schema_migration;
mod security;

pub(in crate::document) use depends::{claims, dependencies};
pub(in crate::document) use image::check as image;
pub(in crate::document) use metadata::metadata;
pub(crate) use names::is_path_segment;
pub(in crate::document) use names::{is_dns_label, is_env_name, is_port_name, suggest_label};
pub(in crate::document) use resources::bytes;
pub(in crate::document) use schema_migration::migration;
pub(in crate::document) use security::capability;

use super::diagnostic::quoted;
use super::node::Places;
use super::{App, Code, Diagnostic, Span};

/// Reports what is wrong with an app. `whole` tells that nothing was left out while decoding; otherwise rules
/// about what is missing say nothing, because it may just be misspelt.
pub(in crate::document) fn app(
    app: &App,
    places: Places<'_>,
    whole: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut rules = Rules { app, places, whole, diagnostics };
    rules.image();
    rules.labels();
    rules.ports();
    rules.probes();
    rules.ingress();
    rules.environment();
    rules.resources();
    rules.mounts();
    rules.rollout();
    rules.security();
    rules.scaling();
    rules.jobs();
    rules.network();
    rules.placement();
    rules.manifests();
    rules.depends();
    rules.migrations();
}

/// Takes back what is said about a value that could not be read, whose stand-in is not what somebody wrote. The first
/// `read` are those of reading.
pub(in crate::document) fn only_what_was_read(read: usize, diagnostics: &mut Vec<Diagnostic>) {
    let (unread, judged) = diagnostics.split_at(read.min(diagnostics.len()));
    let is_stand_in = |one: &Diagnostic| unread.iter().any(|other| other.span == one.span);
    let kept: Vec<Diagnostic> = judged.iter().filter(|one| !is_stand_in(one)).cloned().collect();
    diagnostics.truncate(read);
    diagnostics.extend(kept);
}

/// An app under examination. Each file of this module adds its own rules.
struct Rules<'a> {
    app: &'a App,
    places: Places<'a>,
    whole: bool,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Rules<'_> {
    /// An error at the value of this path.
    fn error(&mut self, code: Code, path: &[&str], message: impl Into<String>, help: &str) {
        let span = self.places.of(path);
        self.push(Diagnostic::error(code, span, message).help(help));
    }

    /// An error at the last key of this path.
    fn key_error(&mut self, code: Code, path: &[&str], message: impl Into<String>, help: &str) {
        let span = self.places.key(path);
        self.push(Diagnostic::error(code, span, message).help(help));
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn at(&self, path: &[&str]) -> Span {
        self.places.of(path)
    }

    /// A text of a list that is in it before: `path` is where it is.
    fn twice(&mut self, code: Code, path: &[&str], texts: &[String]) {
        let Some((number, list)) = path.split_last() else { return };
        let Some(number) = number.parse::<usize>().ok() else { return };
        let Some(text) = texts.get(number) else { return };
        if let Some(first) = texts.iter().take(number).position(|before| before == text) {
            let first = self.at(&[list, &[first.to_string().as_str()]].concat());
            let message = format!("{} is there twice", quoted(text));
            let diagnostic = Diagnostic::error(code, self.at(path), message);
            self.push(diagnostic.label(first, "the first of them").help("remove one of them"));
        }
    }

    /// The name of another object: a Secret, a class.
    fn reference(&mut self, what: &str, path: &[&str], name: &str) {
        if !names::is_subdomain(name) {
            self.error(
                Code::InvalidReference,
                path,
                format!("{} cannot be the name of {what}", quoted(name)),
                "at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
            );
        }
    }
}
