//! [`Reader`]: serde's view of a node. A scalar is what the asking type wants it to be, strictly.

use std::slice;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value as Json;

use super::error::{DecodeError, Fault, items};
use super::name::Name;
use super::scalar::{decimal, fraction};
use super::{Session, unknown};
use crate::document::node::{Entry, Node, Style, Value};
use crate::document::structure::{self, Plain};
use crate::document::{Code, Span};

/// A node with the name and place to speak of it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'n> {
    pub node: &'n Node,
    pub name: Name<'n>,
    pub place: Span,
    pub session: &'n Session,
    pub raw: Raw,
}

/// Whether a value is taken as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    /// Each field says what it takes.
    No,
    /// Null and numbers with a point are what JSON has them for.
    Json,
    /// Nothing is known of its fields: what everybody reads as a number or a boolean is one.
    Foreign,
}

/// The type whose value is taken as it is.
const RAW: &str = "Json";
/// Stands in for a required field that is missing.
pub(super) static EMPTY: Node =
    Node { value: Value::Scalar { text: String::new(), style: Style::Quoted }, span: Span::START };

impl<'n> Reader<'n> {
    pub(super) fn wrong(&self, expected: &str) -> DecodeError {
        if !self.node.is_null() {
            return DecodeError::wrong(Code::WrongType, expected);
        }
        let message = format!("{} is empty (null), but must be {expected}", self.name);
        let is_root = super::address(self.node) == self.session.root;
        DecodeError::wrong(Code::NullValue, message).help(match (self.name, expected) {
            (Name::Item(_), _) => "write a value after the `-`, or remove the line",
            (_, "a map" | "a list") if is_root => "indent what belongs to it below it",
            (_, "a map" | "a list") => "indent what belongs to it below it, or leave the key out",
            (Name::Entry(_), "a text") => "write `\"\"` for an empty text, or leave the key out",
            _ => "write its value, or leave the key out",
        })
    }

    /// What is no list, but should be one. Whether its items are texts is known to their type alone, so it is asked for
    /// what it makes of a list with this one.
    fn no_list<'de, V: Visitor<'de>>(self, visitor: V) -> DecodeError {
        let error = self.wrong("a list");
        let Some((text, _)) = self.node.scalar() else { return error };
        let alone = Seq { owner: self, items: slice::from_ref(self.node).iter() };
        match visitor.visit_seq(alone) {
            Ok(_) => match items(self.name.key(), text) {
                Some(items) => error.help(self.name.write(format_args!("[{items}]"))),
                None => error,
            },
            Err(_) => error,
        }
    }

    fn entries(&self) -> Result<&'n [Entry], DecodeError> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries),
            Value::Scalar { .. } if self.is_stand_in() => Ok(&[]),
            Value::Scalar { .. } | Value::Seq(_) => Err(self.wrong("a map")),
        }
    }

    fn map(self, entries: &'n [Entry], fields: Option<(&'static str, &'static [&'static str])>) -> Map<'n> {
        let filled = self.session.filled(self.node);
        Map { owner: self, entries: entries.iter(), fields, value: None, filled }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $min:expr, $max:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(self.integer($min.into(), $max.into())?)
        })*
    };
}

/// What Kubernetes counts, it counts in 32 bits with a sign.
const MOST: u32 = i32::MAX.unsigned_abs();

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(self.map(entries, None)),
            Value::Seq(items) => visitor.visit_seq(Seq { owner: self, items: items.iter() }),
            Value::Scalar { .. } if self.node.is_null() && self.raw != Raw::No => visitor.visit_unit(),
            Value::Scalar { .. } if self.node.is_null() => Err(self.wrong("a value")),
            Value::Scalar { text, style: Style::Plain } if self.raw == Raw::Foreign => {
                match structure::plain(text) {
                    Plain::Value(Json::Bool(value)) => visitor.visit_bool(value),
                    Plain::Value(Json::Number(number)) => {
                        match (number.as_u64(), number.as_i64(), number.as_f64()) {
                            (Some(number), _, _) => visitor.visit_u64(number),
                            (_, Some(number), _) => visitor.visit_i64(number),
                            (_, _, Some(number)) => visitor.visit_f64(number),
                            (None, None, None) => visitor.visit_str(text),
                        }
                    }
                    Plain::Value(_) | Plain::Text | Plain::Torn(..) => visitor.visit_str(text),
                }
            }
            Value::Scalar { text, style: Style::Plain } => match (text.as_str(), decimal(text)) {
                ("true", _) => visitor.visit_bool(true),
                ("false", _) => visitor.visit_bool(false),
                (_, Some(number)) => match (u64::try_from(number), i64::try_from(number)) {
                    (Ok(number), _) => visitor.visit_u64(number),
                    (_, Ok(number)) => visitor.visit_i64(number),
                    (Err(_), Err(_)) => visitor.visit_str(text),
                },
                (text, None) => match fraction(text).filter(|_| self.raw != Raw::No) {
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
        deserialize_i8 visit_i8 i8::MIN, i8::MAX;
        deserialize_i16 visit_i16 i16::MIN, i16::MAX;
        deserialize_i32 visit_i32 i32::MIN, i32::MAX;
        deserialize_i64 visit_i64 i64::MIN, i64::MAX;
        deserialize_u8 visit_u8 u8::MIN, u8::MAX;
        deserialize_u16 visit_u16 u16::MIN, u16::MAX;
        deserialize_u32 visit_u32 u32::MIN, MOST;
        deserialize_u64 visit_u64 u64::MIN, u64::MAX;
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.text(&visitor)?;
        visitor.visit_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let text = self.text(&visitor)?;
        visitor.visit_str(text)
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
        let raw = match self.raw {
            Raw::No if name == RAW && structure::is_foreign(self.node) => Raw::Foreign,
            Raw::No if name == RAW => Raw::Json,
            raw => raw,
        };
        visitor.visit_newtype_struct(Reader { raw, ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Seq(items) => visitor.visit_seq(Seq { owner: self, items: items.iter() }),
            Value::Scalar { .. } if self.is_stand_in() => {
                visitor.visit_seq(Seq { owner: self, items: [].iter() })
            }
            Value::Scalar { .. } | Value::Map(_) => Err(self.no_list(visitor)),
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
        visitor
            .visit_map(self.map(self.entries()?, Some((name, fields))))
            .map_err(|error| error.of_type(name))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let variant: StrDeserializer<'_, DecodeError> = self.choice(variants)?.into_deserializer();
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
        let Reader { session, raw, .. } = self.owner;
        let name = self.owner.name.item();
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
                let key = entry.key.text.as_str();
                let name = if self.fields.is_some() { Name::Field(key) } else { Name::Entry(key) };
                let (node, place) = (&entry.value, entry.place());
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
