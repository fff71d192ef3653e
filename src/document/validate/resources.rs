//! Requests and limits.

use super::Rules;
use crate::document::diagnostic::shown;
use crate::document::node::Places;
use crate::document::{Amounts, Code, Diagnostic, Quantity, Resources, Span};

impl Rules<'_> {
    pub(super) fn resources(&mut self) {
        if let Some(resources) = &self.app.spec.resources {
            check(resources, &["resources"], self.places, self.diagnostics);
        }
    }
}

/// Requests and limits under `path`.
pub(super) fn check(
    resources: &Resources,
    path: &[&str],
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let requests = amounts(resources.requests.as_ref());
    let limits = amounts(resources.limits.as_ref());
    let at = |group: &'static str, name: &'static str| {
        path.iter().copied().chain([group, name]).collect::<Vec<&str>>()
    };
    for (group, amounts) in [("requests", &requests), ("limits", &limits)] {
        for (name, amount) in amounts {
            if amount.is_some_and(|amount| !amount.is_positive()) {
                let message = format!("`{name}` must be more than zero");
                diagnostics.push(
                    Diagnostic::error(Code::NotPositive, places.of(&at(group, name)), message)
                        .help("leave it out for the default"),
                );
            } else if let Some(amount) = amount.filter(|_| *name != "cpu") {
                diagnostics.extend(bytes(name, amount, places.of(&at(group, name))));
            }
        }
    }
    for ((name, request), (_, limit)) in requests.into_iter().zip(limits) {
        if let (Some(request), Some(limit)) = (request, limit)
            && limit.is_positive()
            && request > limit
        {
            let message = format!("the request for {name}, {request}, is more than the limit, {limit}");
            diagnostics.push(
                Diagnostic::error(Code::RequestAboveLimit, places.of(&at("requests", name)), message)
                    .label(places.of(&at("limits", name)), "the limit")
                    .help("raise the limit or lower the request"),
            );
        }
    }
}

/// What is wrong with an amount of bytes that is more than zero. The API server takes a part of a byte, but rounds
/// it, and no program runs in a few bytes: a suffix was forgotten, or is that of cores.
pub(in crate::document) fn bytes(name: &str, amount: Quantity, span: Span) -> Option<Diagnostic> {
    let name = shown(name);
    if !amount.is_whole() {
        let message = format!("`{name}` is in bytes, and `{amount}` is no whole number of them");
        return Some(
            Diagnostic::error(Code::FractionOfByte, span, message)
                .help("write a unit of bytes, such as `512Mi`: without one they are single bytes, and `m` is a thousandth"),
        );
    }
    (amount < Quantity::from_bytes(1024)).then(|| {
        let message = format!("`{name}` is in bytes, and `{amount}` is less than a kilobyte");
        Diagnostic::warning(Code::FewBytes, span, message).help("write a unit, such as `64Mi` or `10Gi`")
    })
}

fn amounts(amounts: Option<&Amounts>) -> [(&'static str, Option<Quantity>); 3] {
    [
        ("cpu", amounts.and_then(|amounts| amounts.cpu)),
        ("memory", amounts.and_then(|amounts| amounts.memory)),
        ("ephemeral-storage", amounts.and_then(|amounts| amounts.ephemeral_storage)),
    ]
}
