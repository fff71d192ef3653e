//! [`NotYet`]: the type of a field that the design knows and this version does not build.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// There is no value of it: writing the field is an error that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotYet {}

impl<'de> Deserialize<'de> for NotYet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Refuse)
    }
}

/// Refuses whatever is written, from inside the visitor, where the YAML reader knows the line.
struct Refuse;

fn refused<E: Error>() -> Result<NotYet, E> {
    Err(E::custom("is not supported yet: remove it"))
}

impl<'de> Visitor<'de> for Refuse {
    type Value = NotYet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing: it is not supported yet, remove it")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<NotYet, E> {
        refused()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<NotYet, E> {
        refused()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<NotYet, E> {
        refused()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<NotYet, E> {
        refused()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<NotYet, E> {
        refused()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<NotYet, A::Error> {
        refused()
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<NotYet, A::Error> {
        refused()
    }
}
