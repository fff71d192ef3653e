//! What fields are made of: records of fields that may be missing, and the scalars of the documents in the many ways
//! in which they are written.

use std::ops::Range;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use serde_json::{Map, Number, Value, json};

/// A field, how often it is there, and its values.
pub(crate) struct Field {
    name: &'static str,
    often: f64,
    values: BoxedStrategy<Value>,
}

/// A field that is always there.
pub(crate) fn always(name: &'static str, values: BoxedStrategy<Value>) -> Field {
    Field { name, often: 1.0, values }
}

/// A field that may be left out. Seldom enough that most documents are short, as those of people are.
pub(crate) fn sometimes(name: &'static str, values: BoxedStrategy<Value>) -> Field {
    Field { name, often: 0.3, values }
}

/// A field that is mostly there, for what is only seen beside other fields.
pub(crate) fn often(name: &'static str, values: BoxedStrategy<Value>) -> Field {
    Field { name, often: 0.7, values }
}

/// A map with these fields.
pub(crate) fn record(fields: Vec<Field>) -> BoxedStrategy<Map<String, Value>> {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let values: Vec<BoxedStrategy<Option<Value>>> = fields
        .into_iter()
        .map(|field| match field.often {
            1.0.. => field.values.prop_map(Some).boxed(),
            often => option::weighted(often, field.values).boxed(),
        })
        .collect();
    values
        .prop_map(move |values| {
            let there = names.iter().zip(values);
            there.filter_map(|(name, value)| Some(((*name).to_owned(), value?))).collect()
        })
        .boxed()
}

/// As [`record`], as a value.
pub(crate) fn object(fields: Vec<Field>) -> BoxedStrategy<Value> {
    record(fields).prop_map(Value::Object).boxed()
}

/// A map with keys of this form.
pub(crate) fn map(
    keys: &'static str,
    values: BoxedStrategy<Value>,
    size: Range<usize>,
) -> BoxedStrategy<Value> {
    btree_map(form(keys), values, size)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
        .boxed()
}

/// A list.
pub(crate) fn list(values: BoxedStrategy<Value>, size: Range<usize>) -> BoxedStrategy<Value> {
    vec(values, size).prop_map(Value::Array).boxed()
}

/// One of these.
pub(crate) fn one_of<T: Clone + std::fmt::Debug + Into<Value> + 'static>(
    values: impl IntoIterator<Item = T>,
) -> BoxedStrategy<Value> {
    select(values.into_iter().collect::<Vec<_>>()).prop_map(Into::into).boxed()
}

/// Any of these.
pub(crate) fn any_of(strategies: impl IntoIterator<Item = BoxedStrategy<Value>>) -> BoxedStrategy<Value> {
    proptest::strategy::Union::new(strategies).boxed()
}

/// Texts of this form, which is a regular expression. A form that is used as a strategy itself is read anew for each
/// document.
#[allow(clippy::expect_used, reason = "the forms are those of this crate")]
pub(crate) fn form(form: &'static str) -> BoxedStrategy<String> {
    string_regex(form).expect("a regular expression").boxed()
}

/// As [`form`], as a value.
pub(crate) fn text(of: &'static str) -> BoxedStrategy<Value> {
    form(of).prop_map(Value::String).boxed()
}

pub(crate) fn number(range: Range<u64>) -> BoxedStrategy<Value> {
    range.prop_map(Value::from).boxed()
}

pub(crate) fn boolean() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}

/// The name of a port number.
pub(crate) fn port_number() -> BoxedStrategy<Value> {
    (1_u16..).prop_map(Value::from).boxed()
}

/// Texts that mean something to YAML, to Kubernetes or to neither.
const WORDS: [&str; 29] = [
    "",
    "null",
    "~",
    "true",
    "on",
    "1_000",
    "0x1f",
    "1.10",
    "12:30:45",
    "2024-01-01",
    "-",
    "#",
    "a: b",
    "*a",
    "!!str",
    "%",
    "@",
    "'",
    "\"",
    "\t",
    " a ",
    "a\nb\n",
    "$(HOME)",
    "{app}",
    "---",
    "=",
    "<<",
    "é",
    "\u{85}",
];

/// Anything that a variable can be: texts with every kind of character, numbers, booleans.
pub(crate) fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        text(".{0,12}"),
        text("([ -~\t]{0,12}\n){0,3}[a-z]{0,2}"),
        select(&WORDS[..]).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6).prop_map(|number: f64| Number::from_f64(number).into()),
        any::<bool>().prop_map(Value::from),
    ]
    .boxed()
}

/// A time from so many to so many seconds, in one of its spellings.
pub(crate) fn duration(seconds: Range<u64>) -> BoxedStrategy<Value> {
    let spelling = |(seconds, units): (u64, bool)| {
        if units && seconds > 59 {
            let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
            let parts = [(days, 'd'), (hours, 'h'), (minutes, 'm'), (seconds % 60, 's')];
            let there = parts.iter().filter(|(count, _)| *count > 0);
            let texts: Vec<String> = there.map(|(count, unit)| format!("{count}{unit}")).collect();
            Value::String(texts.concat())
        } else {
            Value::String(format!("{seconds}s"))
        }
    };
    (seconds, any::<bool>()).prop_map(spelling).boxed()
}

/// An amount of bytes, at least a mebibyte.
pub(crate) fn bytes() -> BoxedStrategy<Value> {
    let suffix = select(&["Mi", "Gi", "M", "G", "e6", "E9"][..]);
    prop_oneof![
        (1_u32..2_000, suffix).prop_map(|(count, suffix)| Value::from(format!("{count}{suffix}"))),
        (1_u32..2_000, 1_u32..1_000).prop_map(|(count, part)| Value::from(format!("{count}.{part:03}Gi"))),
        (1_u64 << 20..1 << 40).prop_map(Value::from),
    ]
    .boxed()
}

/// An amount of cores, from a thousandth to some dozens.
pub(crate) fn cores() -> BoxedStrategy<Value> {
    prop_oneof![
        (1_u32..64_000).prop_map(|millis| Value::from(format!("{millis}m"))),
        (1_u32..64).prop_map(Value::from),
        (1_u32..6_400).prop_map(|part| json!(f64::from(part) / 100.0)),
    ]
    .boxed()
}

/// A count from 1, or a share.
pub(crate) fn count_or_share(most: u64, most_percent: u64) -> BoxedStrategy<Value> {
    prop_oneof![
        (1..=most).prop_map(Value::from),
        (1..=most_percent).prop_map(|share| Value::from(format!("{share}%"))),
    ]
    .boxed()
}

/// An RFC 1123 label.
pub(crate) const LABEL: &str = "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?";
/// Labels with dots.
pub(crate) const SUBDOMAIN: &str = "[a-z0-9]{1,6}(-[a-z0-9]{1,4})?(\\.[a-z0-9]{1,6}){0,2}";
/// The key of a label, with a prefix or without.
pub(crate) const KEY: &str = "([a-z]{1,6}\\.example\\.com/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?";
const LABEL_VALUE: &str = "([A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?)?";

pub(crate) fn labels(size: Range<usize>) -> BoxedStrategy<Value> {
    map(KEY, text(LABEL_VALUE), size)
}

pub(crate) fn annotations() -> BoxedStrategy<Value> {
    map(KEY, text(".{0,20}"), 0..3)
}

/// Images as a container runtime takes them, none with a tag that moves.
pub(crate) fn image() -> BoxedStrategy<Value> {
    any_of([
        text("[a-z]{1,8}:v?[0-9]{1,3}(\\.[0-9]{1,3}){0,2}(-[a-zA-Z0-9_.-]{1,80})?"),
        text(
            "[a-z]{1,4}\\.io(:5000)?/[a-z]{1,8}/[a-z0-9]{1,6}([._-][a-z0-9]{1,6})?:[0-9][A-Za-z0-9_.-]{0,127}",
        ),
        text("[a-z]{1,4}\\.io:5000/[a-z]{1,8}(:[0-9]{1,3})?@sha256:[0-9a-f]{64}"),
    ])
}

pub(crate) fn command(size: Range<usize>) -> BoxedStrategy<Value> {
    list(any_of([text("(/[a-z]{1,8}){1,3}"), text("[ -~]{1,16}"), text(".{0,8}")]), size)
}

/// Variables from Secrets.
pub(crate) fn secrets() -> BoxedStrategy<Value> {
    let key = object(vec![
        always("secret", text(SUBDOMAIN)),
        always("key", text("\\.?[A-Za-z0-9_-][A-Za-z0-9._-]{0,8}")),
        sometimes("optional", boolean()),
    ]);
    map(VARIABLE, key, 0..3)
}

/// The name of an environment variable.
pub(crate) const VARIABLE: &str = "[A-Za-z_][A-Za-z0-9_.-]{0,8}";

/// Requests and limits; [`fit`](crate::fit) orders them.
pub(crate) fn resources() -> BoxedStrategy<Value> {
    let amounts = || {
        object(vec![
            sometimes("cpu", cores()),
            sometimes("memory", bytes()),
            sometimes("ephemeral-storage", bytes()),
        ])
    };
    object(vec![sometimes("requests", amounts()), sometimes("limits", amounts())])
}

/// A cron line that fires.
pub(crate) fn cron() -> BoxedStrategy<Value> {
    let part = |low: u32, high: u32, names: &'static [&'static str]| {
        let number = move || (low..=high).prop_map(|number| number.to_string());
        let range = (low..=high, low..=high).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)));
        let named =
            if names.is_empty() { number().boxed() } else { select(names).prop_map(str::to_owned).boxed() };
        let item =
            prop_oneof![number(), range, named, (number(), 1_u32..9).prop_map(|(n, s)| format!("{n}/{s}"))];
        prop_oneof![
            2 => Just("*".to_owned()),
            1 => Just("?".to_owned()),
            1 => (1_u32..40).prop_map(|step| format!("*/{step}")),
            3 => vec(item, 1..4).prop_map(|items| items.join(",")),
        ]
    };
    let months = &["jan", "FEB", "Mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let days = &["sun", "MON", "Tue", "wed", "thu", "fri", "sat"];
    // No month lacks the days up to 28.
    (part(0, 59, &[]), part(0, 23, &[]), part(1, 28, &[]), part(1, 12, months), part(0, 6, days))
        .prop_map(|(minute, hour, day, month, weekday)| {
            format!("{minute} {hour} {day} {month} {weekday}").into()
        })
        .boxed()
}

pub(crate) fn time_zone() -> BoxedStrategy<Value> {
    one_of([
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
        "Etc/UTC",
        "UTC",
        "Asia/Kolkata",
        "Etc/GMT+12",
    ])
}
