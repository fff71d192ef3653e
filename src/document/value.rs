//! Scalars with a meaning: [`Quantity`], [`Duration`], [`IntOrPercent`] and [`Scalar`].
//!
//! Each is parsed from text, knows its canonical form, and serialises as that form.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::diagnostic::quoted;

/// What is read from a text and written as one. `$expected` is what stands in a message where something else is found.
macro_rules! text_form {
    ($type:ty, $name:literal, $expected:expr, $schema:tt) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

mod duration;
mod quantity;

pub use duration::{Duration, Milliseconds};
pub use quantity::Quantity;

/// Any scalar, exactly as it was written: `1_000`, `on`, `0x1f` and `1.10` stay what they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scalar(pub String);

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a scalar's text; the message says what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    message: String,
}

impl ValueError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// A count, or a share of the replicas such as `25%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntOrPercent {
    /// A count.
    Int(u16),
    /// 0 to 100.
    Percent(u8),
}

impl FromStr for IntOrPercent {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.strip_suffix('%') {
            Some(number) => number.parse().ok().filter(|share| *share <= 100).map(IntOrPercent::Percent),
            None => text.parse().ok().map(IntOrPercent::Int),
        };
        parsed.ok_or_else(|| {
            let text_quoted = quoted(text);
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let compact: String = text.chars().filter(|char| *char != ' ').collect();
            ValueError::new(match compact.strip_suffix('%') {
                Some(share) if is_number(share) && compact != text => {
                    format!("{text_quoted} is not {SHARES}; write `{compact}`")
                }
                Some(share) if is_number(share) => format!("{text_quoted} is more than all, `100%`"),
                None if is_number(text) => format!("{text_quoted} is more than the {} possible", u16::MAX),
                Some(_) | None => format!("{text_quoted} is not {SHARES}"),
            })
        })
    }
}

/// What counts and shares look like.
const SHARES: &str = "a count such as `1` or a share such as `25%`";

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrPercent::Int(count) => write!(f, "{count}"),
            IntOrPercent::Percent(share) => write!(f, "{share}%"),
        }
    }
}

text_form!(IntOrPercent, "IntOrPercent", SHARES, {"type": ["string", "integer"], "examples": [1, "25%"]});

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stop_at_a_hundred_percent() {
        assert_eq!("25%".parse(), Ok(IntOrPercent::Percent(25)));
        assert_eq!("3".parse(), Ok(IntOrPercent::Int(3)));
        assert!("101%".parse::<IntOrPercent>().is_err());
        assert!("-1".parse::<IntOrPercent>().is_err());
    }
}
