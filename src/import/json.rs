//! Reading JSON by pointer. What is not there, or of another type, is nothing: comparing what was made of an object
//! with the object itself tells later what was overlooked.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::Quantity;

/// A text.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// A whole number.
pub(super) fn number<T: TryFrom<i64>>(value: &Value, pointer: &str) -> Option<T> {
    value.pointer(pointer).and_then(Value::as_i64).and_then(|number| T::try_from(number).ok())
}

/// The items of a list.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of a list; nothing if an item is none.
pub(super) fn texts(value: &Value, pointer: &str) -> Vec<String> {
    let texts = list(value, pointer).iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().unwrap_or_default()
}

/// The texts of a map.
pub(super) fn map(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    let entries = value.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A quantity, which may be written as a number.
pub(super) fn amount(value: &Value, pointer: &str) -> Option<Quantity> {
    scalar(value.pointer(pointer)?)?.parse().ok()
}

/// A text or a number, as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Brings a quantity into its canonical form.
pub(super) fn canonical(value: &mut Value) {
    if let Some(amount) = scalar(value).and_then(|text| text.parse::<Quantity>().ok()) {
        *value = Value::String(amount.to_string());
    }
}

/// A key as a part of a JSON pointer (RFC 6901, 3).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
