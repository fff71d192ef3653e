//! [`check`]: a written value against a type, reporting every problem with its place.

use std::collections::HashMap;

use super::scalar;
use super::types::{Field, Range, Shape, Structure, Type, TypeId, structure};
use crate::document::decode::words_as_items;
use crate::document::diagnostic::{all_of, did_you_mean, one_of, shown};
use crate::document::node::{Entry, Node, Value};
use crate::document::{Code, Diagnostic, Span};

/// Errors of one value after which it is given up, and warnings after which no more are put into words: the rest is
/// more of the same.
pub(super) const MOST_PROBLEMS: usize = 100;
/// As many names as still help when they are listed.
const FEW: usize = 10;

/// Whether the value is an object by itself or what is to change in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::document) enum Mode {
    /// What is required must be there, and nothing is null.
    Whole,
    /// A merge patch (RFC 7396): nothing is required, and null takes away. A list replaces another, so its items are
    /// whole.
    Partial,
}

/// Reports what keeps `node` from being of the type, such as `core.v1.Container`. `name` is what to call it, `place`
/// where to point for what is missing from it. A type that is not known is not checked.
pub(in crate::document) fn check(
    of: &str,
    node: &Node,
    name: &str,
    place: Span,
    mode: Mode,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Some(id) = structure().type_id(of) {
        check_type(id, node, Spot { name, place, item: false }, mode, diagnostics);
    }
}

pub(super) fn check_type(
    id: TypeId,
    node: &Node,
    spot: Spot<'_>,
    mode: Mode,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut walk = Walk { structure: structure(), diagnostics, errors: 0, warnings: 0 };
    if node.is_null() {
        walk.report(spot.null("a map"));
    } else {
        walk.object(id, node, spot, mode);
    }
}

/// How to speak of a value, and where it is.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    /// The key that it is written under; of an item, that of its list.
    pub(super) name: &'a str,
    pub(super) place: Span,
    pub(super) item: bool,
}

impl Spot<'_> {
    /// An error about the value: `` `name` must be … ``.
    pub(super) fn error(&self, code: Code, what: impl AsRef<str>) -> Diagnostic {
        let of = if self.item { "an item of " } else { "" };
        Diagnostic::error(code, self.place, format!("{of}`{}` {}", shown(self.name), what.as_ref()))
    }

    /// What to write instead.
    pub(super) fn write(&self, value: &str) -> String {
        if self.item { format!("write `{value}`") } else { format!("write `{}: {value}`", shown(self.name)) }
    }

    /// What should have fields, and has none.
    pub(super) fn no_map(&self, node: &Node) -> Diagnostic {
        if node.is_null() {
            return self.null("a map");
        }
        self.error(Code::KubernetesType, format!("must be a map, not {}", node.kind()))
            .help("write its fields below it, each as `name: value`")
    }

    fn null(&self, expected: &str) -> Diagnostic {
        let help = if self.item {
            "write a value after the `-`, or remove the line"
        } else {
            "leave the key out, or write its value"
        };
        self.error(Code::NullValue, format!("is empty (null), but must be {expected}")).help(help)
    }
}

struct Walk<'a> {
    structure: &'static Structure,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// How many are reported.
    errors: usize,
    warnings: usize,
}

impl Walk<'_> {
    /// What else is wrong need not even be put into words. Warnings alone never end the search for errors.
    fn is_full(&self) -> bool {
        self.errors >= MOST_PROBLEMS
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        let count = if diagnostic.is_error() { &mut self.errors } else { &mut self.warnings };
        if *count < MOST_PROBLEMS {
            *count += 1;
            self.diagnostics.push(diagnostic);
        }
    }

    /// A value that is not null.
    fn value(&mut self, shape: &Shape, field: &Field, node: &Node, spot: Spot<'_>, mode: Mode) {
        match shape {
            Shape::Of(id) => self.object(*id, node, spot, mode),
            Shape::Map(values) => match &node.value {
                Value::Map(entries) => self.map(values, field, entries, mode),
                Value::Scalar { .. } | Value::Seq(_) => self.report(retyped(shape, field, node, spot)),
            },
            Shape::List(items) => match &node.value {
                Value::Seq(nodes) => self.list(items, field, nodes, spot),
                Value::Scalar { .. } | Value::Map(_) => self.report(retyped(shape, field, node, spot)),
            },
            Shape::Any => {
                if !matches!(node.value, Value::Map(_)) {
                    self.report(retyped(shape, field, node, spot));
                }
            }
            Shape::Status => self.report(
                spot.error(Code::KubernetesUnknownField, "is written by Kubernetes, not by people")
                    .help("leave it out"),
            ),
            Shape::Text
            | Shape::Boolean
            | Shape::Int32
            | Shape::Int64
            | Shape::Bytes
            | Shape::Time
            | Shape::Quantity
            | Shape::IntOrText => match scalar::check(shape, node, spot) {
                Some(problem) => self.report(problem),
                None => self.one_of_values(field, node, spot),
            },
        }
    }

    fn object(&mut self, id: TypeId, node: &Node, spot: Spot<'_>, mode: Mode) {
        let of = self.structure.get(id);
        let Value::Map(entries) = &node.value else {
            let problem = format!("must be a map, not {}", node.kind());
            let help =
                listed(of).unwrap_or_else(|| "write its fields below it, each as `name: value`".to_owned());
            self.report(spot.error(Code::KubernetesType, problem).help(help));
            return;
        };
        for entry in entries {
            if self.is_full() {
                return;
            }
            match of.fields.get(&entry.key.text) {
                Some(field) => self.field(of, field, entry, mode),
                None => self.report(unknown(of, entry)),
            }
        }
        if mode == Mode::Whole {
            for (name, field) in of.fields.iter().filter(|(_, field)| field.required) {
                if !entries.iter().any(|entry| entry.key.text == *name) {
                    self.report(missing(name, field, spot));
                }
            }
        }
    }

    fn field(&mut self, of: &Type, field: &Field, entry: &Entry, mode: Mode) {
        let name = entry.key.text.as_str();
        let what = format!("the field `{name}` of `{}`", of.name());
        self.report_version(field.range, &what, entry.key.span, "leave the field out");
        let spot = Spot { name, place: entry.place(), item: false };
        if !entry.value.is_null() {
            self.value(&field.shape, field, &entry.value, spot, mode);
        } else if mode == Mode::Whole {
            self.report(spot.null(scalar::expected(&field.shape)));
        }
    }

    fn map(&mut self, values: &Shape, field: &Field, entries: &[Entry], mode: Mode) {
        for entry in entries {
            if self.is_full() {
                return;
            }
            let spot = Spot { name: &entry.key.text, place: entry.place(), item: false };
            if !entry.value.is_null() {
                self.value(values, field, &entry.value, spot, mode);
            } else if mode == Mode::Whole {
                self.report(spot.null(scalar::expected(values)));
            }
        }
    }

    fn list(&mut self, items: &Shape, field: &Field, nodes: &[Node], spot: Spot<'_>) {
        let name = spot.name;
        for node in nodes {
            if self.is_full() {
                return;
            }
            let spot = Spot { name, place: item_place(node, &field.keys), item: true };
            if node.is_null() {
                self.report(spot.null(scalar::expected(items)));
            } else {
                self.value(items, field, node, spot, Mode::Whole);
            }
        }
        if !field.keys.is_empty() {
            self.doubles(items, field, nodes, name);
        } else if field.set {
            self.doubles_of_set(nodes, name);
        }
    }

    /// Two items that the API server could not tell apart.
    fn doubles(&mut self, items: &Shape, field: &Field, nodes: &[Node], name: &str) {
        let Shape::Of(id) = items else { return };
        let of = self.structure.get(*id);
        let mut seen: HashMap<Vec<&str>, Span> = HashMap::new();
        for node in nodes {
            let key: Option<Vec<&str>> = field
                .keys
                .iter()
                .map(|key| match node.get(key) {
                    Some(value) => value.text(),
                    None => of.fields.get(key).and_then(|field| field.default.as_deref()),
                })
                .collect();
            let Some(key) = key else { continue };
            let place = item_place(node, &field.keys);
            let words: Vec<String> = field
                .keys
                .iter()
                .zip(&key)
                .map(|(field, text)| format!("`{field}: {}`", shown(text)))
                .collect();
            if let Some(first) = seen.insert(key, place) {
                let message = format!("two items of `{}` have {}", shown(name), words.join(" and "));
                self.report(double(place, message, first));
            }
        }
    }

    fn doubles_of_set(&mut self, nodes: &[Node], name: &str) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for node in nodes {
            let Some(text) = node.text() else { continue };
            if let Some(first) = seen.insert(text, node.span) {
                let message = format!("`{}` is twice in `{}`", shown(text), shown(name));
                self.report(double(node.span, message, first));
            }
        }
    }

    /// A text, of those that the field takes.
    fn one_of_values(&mut self, field: &Field, node: &Node, spot: Spot<'_>) {
        let Some(text) = node.text().filter(|_| !field.values.is_empty()) else { return };
        // Left empty is left out, where that is possible.
        if text.is_empty() && !field.required {
            return;
        }
        if let Some((value, range)) = field.values.iter().find(|(value, _)| value == text) {
            let what = format!("the value `{value}` of `{}`", shown(spot.name));
            self.report_version(*range, &what, spot.place, "write another value");
            return;
        }
        let values = field.values.iter().map(|(value, _)| value.as_str()).filter(|value| !value.is_empty());
        let known = format!("write one of {}", one_of(values.clone().take(FEW)));
        let help = did_you_mean(text, values.clone()).or_else(|| (values.count() <= FEW).then_some(known));
        let message = format!("cannot be `{}`", shown(text));
        self.report(spot.error(Code::KubernetesValue, message).maybe_help(help));
    }

    fn report_version(&mut self, range: Range, what: &str, span: Span, instead: &str) {
        if let Some(warning) = version(self.structure.oldest, range, what, span, instead) {
            self.report(warning);
        }
    }
}

/// What is not in every supported version. A warning: whoever writes it may know that their clusters have it.
pub(super) fn version(
    oldest: u16,
    range: Range,
    what: &str,
    span: Span,
    instead: &str,
) -> Option<Diagnostic> {
    let there = match (range.since, range.until) {
        (None, None) => return None,
        (Some(since), None) => format!("is there from Kubernetes 1.{since} on"),
        (None, Some(until)) => format!("is there up to Kubernetes 1.{until}"),
        (Some(since), Some(until)) if since == until => format!("is there in Kubernetes 1.{since} only"),
        (Some(since), Some(until)) => format!("is there from Kubernetes 1.{since} to 1.{until} only"),
    };
    let message = format!("{what} {there}; documents are for 1.{oldest} and later");
    let help = format!("{instead}, unless every cluster of this document has it");
    Some(Diagnostic::warning(Code::KubernetesVersion, span, message).help(help))
}

fn double(place: Span, message: String, first: Span) -> Diagnostic {
    Diagnostic::error(Code::KubernetesDuplicate, place, message)
        .label(first, "the first of them")
        .help("remove one of them, or give it another name")
}

/// Where to point for an item: at what tells it apart, else at its beginning.
pub(super) fn item_place(node: &Node, keys: &[String]) -> Span {
    keys.first().and_then(|key| node.entry(key)).map_or(node.span, Entry::place)
}

/// A value that is neither list nor map, or the one instead of the other.
fn retyped(shape: &Shape, field: &Field, node: &Node, spot: Spot<'_>) -> Diagnostic {
    let help = match (shape, &node.value, field.keys.first()) {
        (Shape::List(_), Value::Map(_), Some(key)) => Some(format!("write each item as `- {key}: …`")),
        (Shape::List(_), Value::Map(_), None) => Some("begin each item with `- `".to_owned()),
        (Shape::List(items), Value::Scalar { text, .. }, _) if **items == Shape::Text => {
            words_as_items(spot.name, text).map(|items| spot.write(&format!("[{items}]")))
        }
        (_, Value::Seq(_), _) => Some("write `name: value` on lines of their own, without `- `".to_owned()),
        _ => None,
    };
    let message = format!("must be {}, not {}", scalar::expected(shape), node.kind());
    spot.error(Code::KubernetesType, message).maybe_help(help)
}

fn unknown(of: &Type, entry: &Entry) -> Diagnostic {
    let name = entry.key.text.as_str();
    let help = did_you_mean(name, of.fields.keys().map(String::as_str)).or_else(|| listed(of));
    let message = format!("`{}` has no field `{}`", of.name(), shown(name));
    Diagnostic::error(Code::KubernetesUnknownField, entry.key.span, message).maybe_help(help)
}

/// The fields of a type that has only a few.
fn listed(of: &Type) -> Option<String> {
    let fields = of.fields.keys().map(String::as_str);
    (of.fields.len() <= FEW).then(|| format!("the fields are {}", all_of(fields)))
}

fn missing(name: &str, field: &Field, spot: Spot<'_>) -> Diagnostic {
    let values = field.values.iter().map(|(value, _)| value.as_str());
    let help = match &field.shape {
        _ if !field.values.is_empty() => format!("write `{name}: …` with {}", one_of(values.take(FEW))),
        Shape::List(_) => format!("write `{name}:` with its items below it"),
        Shape::Map(_) | Shape::Of(_) | Shape::Any => format!("write `{name}:` with its fields below it"),
        shape => format!("write `{name}: …` with {}", scalar::expected(shape)),
    };
    spot.error(Code::KubernetesMissing, format!("needs the field `{name}`")).help(help)
}
