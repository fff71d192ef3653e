//! [`Reader`]: serde's view of a node. A scalar is what the asking type wants it to be, strictly.

use std::slice;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::{DecodeError, Fault};
use super::{Session, unknown};
use crate::document::diagnostic::shown;
use crate::document::node::{Entry, Node, Style, Value};
use crate::document::{Code, Span};

/// A node with the name and place to speak of it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'n> {
    pub node: &'n Node,
    pub name: &'n str,
    pub place: Span,
    pub session: &'n Session,
    /// It is below a value that is taken as it is: null and numbers with a point are what JSON has them for.
    pub raw: bool,
}

/// The type whose value is taken as it is.
const RAW: &str = "Json";
/// Stands in for a required field that is missing.
static EMPTY: Node =
    Node { value: Value::Scalar { text: String::new(), style: Style::Quoted }, span: Span::START };

impl<'n> Reader<'n> {
    fn wrong(&self, expected: &str) -> DecodeError {
        if self.node.is_null() {
            let help = match expected {
                "a map" | "a list" => "indent what belongs to it below it, or leave the key out",
                "a text" => "leave the key out, or write `\"\"` for an empty text",
                _ => "leave the key out, or write a value",
            };
            let message = format!("`{}` is empty (null), but must be {expected}", shown(self.name));
            return DecodeError::wrong(Code::NullValue, message).help(help);
        }
        DecodeError::wrong(Code::WrongType, expected)
    }

    fn text(&self) -> Result<&'n str, DecodeError> {
        self.node.text().ok_or_else(|| self.wrong("a text"))
    }

    fn boolean(&self) -> Result<bool, DecodeError> {
        let Value::Scalar { text, style } = &self.node.value else { return Err(self.wrong("a boolean")) };
        if self.node.is_null() {
            return Err(self.wrong("a boolean"));
        }
        match (text.as_str(), style) {
            ("true", Style::Plain) => Ok(true),
            ("false", Style::Plain) => Ok(false),
            (text, _) => {
                let name = shown(self.name);
                let message = format!("`{name}` must be `true` or `false`, not `{}`", shown(text));
                let error = DecodeError::wrong(Code::InvalidBoolean, message);
                Err(match text.to_ascii_lowercase().as_str() {
                    "true" | "yes" | "on" | "y" | "1" => error.help(format!("write `{name}: true`")),
                    "false" | "no" | "off" | "n" | "0" => error.help(format!("write `{name}: false`")),
                    _ => error,
                })
            }
        }
    }

    fn integer<T: TryFrom<i128>>(&self, min: i128, max: i128) -> Result<T, DecodeError> {
        const EXPECTED: &str = "a whole number";
        let Value::Scalar { text, style } = &self.node.value else { return Err(self.wrong(EXPECTED)) };
        if self.node.is_null() {
            return Err(self.wrong(EXPECTED));
        }
        let number = decimal(text);
        if let (Some(number), Style::Plain) = (number, style)
            && let Ok(value) = T::try_from(number)
        {
            return Ok(value);
        }
        let (name, shown) = (shown(self.name), shown(text));
        let found =
            if *style == Style::Plain { format!("`{shown}`") } else { format!("the text \"{shown}\"") };
        let message = format!("`{name}` must be a whole number from {min} to {max}, not {found}");
        let error = DecodeError::wrong(Code::InvalidNumber, message);
        Err(match (number, meant(text)) {
            (Some(_), _) if *style != Style::Plain => {
                error.help(format!("write `{name}: {shown}` without quotes"))
            }
            (None, Some(meant)) => error.help(format!("write `{name}: {meant}`")),
            (Some(_) | None, _) => error,
        })
    }

    fn entries(&self) -> Result<&'n [Entry], DecodeError> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries),
            Value::Scalar { .. } | Value::Seq(_) => Err(self.wrong("a map")),
        }
    }

    fn map(self, entries: &'n [Entry], fields: Option<(&'static str, &'static [&'static str])>) -> Map<'n> {
        let filled = self.session.filled(self.node);
        Map { owner: self, entries: entries.iter(), fields, value: None, filled }
    }
}

/// A decimal number without a leading zero, which in older YAML would make it octal.
pub(in crate::document) fn decimal(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (digits == "0" || !digits.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

/// A decimal number with a point, as JSON writes it.
fn fraction(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.')?;
    let all = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (all(whole) && all(part)).then(|| text.parse().ok()).flatten()
}

/// The decimal number that somebody probably meant.
pub(in crate::document) fn meant(text: &str) -> Option<i128> {
    let text = text.to_ascii_lowercase();
    if let Some(hex) = text.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok().map(i128::from);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return i64::from_str_radix(octal, 8).ok().map(i128::from);
    }
    let plain = text.replace(['_', ','], "");
    let plain = plain.strip_suffix(".0").unwrap_or(&plain);
    decimal(plain)
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(self.integer($type::MIN.into(), $type::MAX.into())?)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(self.map(entries, None)),
            Value::Seq(items) => visitor.visit_seq(Seq { owner: self, items: items.iter() }),
            Value::Scalar { .. } if self.node.is_null() && self.raw => visitor.visit_unit(),
            Value::Scalar { .. } if self.node.is_null() => Err(self.wrong("a value")),
            Value::Scalar { text, style: Style::Plain } => match (text.as_str(), decimal(text)) {
                ("true", _) => visitor.visit_bool(true),
                ("false", _) => visitor.visit_bool(false),
                (_, Some(number)) => match (u64::try_from(number), i64::try_from(number)) {
                    (Ok(number), _) => visitor.visit_u64(number),
                    (_, Ok(number)) => visitor.visit_i64(number),
                    (Err(_), Err(_)) => visitor.visit_str(text),
                },
                (text, None) => match fraction(text).filter(|_| self.raw) {
                    Some(number) => visitor.visit_f64(number),
                    None => visitor.visit_str(text),
                },
            },
            Value::Scalar { text, style: Style::Quoted | Style::Block } => visitor.visit_str(text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.boolean()?)
    }

    integers! {
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    /// A key that is written has a value: null is refused by whatever is inside the option.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(Reader { raw: self.raw || name == RAW, ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Seq(items) => visitor.visit_seq(Seq { owner: self, items: items.iter() }),
            Value::Scalar { .. } | Value::Map(_) => Err(self.wrong("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self.map(self.entries()?, None))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self.map(self.entries()?, Some((name, fields))))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let text = self.text()?;
        if !variants.contains(&text) {
            return Err(DecodeError::unknown_variant(text, variants));
        }
        let variant: StrDeserializer<'_, DecodeError> = text.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// The items of a list.
struct Seq<'n> {
    owner: Reader<'n>,
    items: slice::Iter<'n, Node>,
}

impl<'de> SeqAccess<'de> for Seq<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Reader { name, session, raw, .. } = self.owner;
        let Some(node) = self.items.by_ref().find(|item| !session.is_skipped(item)) else { return Ok(None) };
        seed.deserialize(Reader { node, name, place: node.span, session, raw })
            .map(Some)
            .map_err(|error| error.located(node, name, node.span))
    }
}

/// The entries of a map; of a struct, those that it knows.
struct Map<'n> {
    owner: Reader<'n>,
    entries: slice::Iter<'n, Entry>,
    fields: Option<(&'static str, &'static [&'static str])>,
    value: Option<&'n Entry>,
    filled: Vec<&'static str>,
}

impl<'de> MapAccess<'de> for Map<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        for entry in self.entries.by_ref() {
            let key = entry.key.text.as_str();
            if self.owner.session.is_skipped(&entry.value) {
                continue;
            }
            if let Some((owner, fields)) = self.fields
                && !fields.contains(&key)
            {
                if !self.owner.session.is_full() {
                    self.owner.session.report(unknown::field(owner, key, fields, entry.key.span));
                }
                continue;
            }
            self.value = Some(entry);
            let key: StrDeserializer<'_, DecodeError> = key.into_deserializer();
            return seed.deserialize(key).map(Some);
        }
        let Some(field) = self.filled.pop() else { return Ok(None) };
        let key: StrDeserializer<'_, DecodeError> = field.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let Reader { session, node: owner, name, place, raw } = self.owner;
        match self.value.take() {
            Some(entry) => {
                let (node, name, place) = (&entry.value, entry.key.text.as_str(), entry.place());
                seed.deserialize(Reader { node, name, place, session, raw })
                    .map_err(|error| error.located(node, name, place))
            }
            // The stand-in for a field that is missing; if its type takes no empty text, the whole map goes.
            None => seed
                .deserialize(Reader { node: &EMPTY, name, place, session, raw })
                .map_err(|_| DecodeError::new(Fault::Silent).located(owner, name, place)),
        }
    }
}
