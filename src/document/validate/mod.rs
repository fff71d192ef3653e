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
pub(in crate::document) use names::{is_dns_label, is_env_name, is_port_name, suggest_label};
pub(in crate::document) use resources::bytes;
pub(in crate::document) use schema_migration::migration;
pub(in crate::document) use security::capability;

use super::diagnostic::shown;
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

    /// The name of another object: a Secret, a class.
    fn reference(&mut self, what: &str, path: &[&str], name: &str) {
        if !names::is_subdomain(name) {
            self.error(
                Code::InvalidReference,
                path,
                format!("`{}` cannot be the name of {what}", shown(name)),
                "names are lower-case letters, digits, `-` and `.`, and begin and end with a letter or digit",
            );
        }
    }
}
