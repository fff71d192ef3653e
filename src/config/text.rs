//! Serde for values that are written as text, by their own `FromStr` and `Display`.
//!
//! The parsing happens inside the visitor, because the YAML reader knows the line only there.
//! A field that is read so names its type again for the schema, whose derive takes serde's `with` for one.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Text(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// The same for fields that may be left out.
pub(super) mod optional {
    use super::{Deserializer, Display, FromStr};

    pub(in crate::config) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        super::deserialize(deserializer).map(Some)
    }
}

/// The same for lists.
pub(super) mod list {
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::Serializer;

    use super::{Display, FromStr};

    pub(in crate::config) fn serialize<'v, T, V, S>(values: &'v V, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Display + 'v,
        &'v V: IntoIterator<Item = &'v T>,
        S: Serializer,
    {
        serializer.collect_seq(values.into_iter().map(T::to_string))
    }

    pub(in crate::config) fn deserialize<'de, T, V, D>(deserializer: D) -> Result<V, D::Error>
    where
        T: FromStr<Err: Display>,
        V: FromIterator<T> + IntoIterator<Item = T>,
        D: Deserializer<'de>,
    {
        let values = Vec::<Value<T>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|value| value.0).collect())
    }

    /// Each is read in a visitor of its own, so that an error is at its line.
    struct Value<T>(T);

    impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Value<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            super::deserialize(deserializer).map(Self)
        }
    }
}
