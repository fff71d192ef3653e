//! Canonical JSON: keys sorted, no spaces. Equal values have equal bytes, so their hashes can be compared.
//!
//! Called for the content of rendered objects and for the values that a projection covers.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use sha2::{Digest as _, Sha256};

/// The first 16 bytes of a SHA-256; written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(Sha256::digest(bytes)) {
            *to = from;
        }
        Self(short)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 32];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        f.pad(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not 32 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest of 32 hex digits")]
pub struct ParseDigestError(pub String);

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseDigestError(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Appends a value's canonical JSON. It fails, having written a part, where a map's key is no text.
pub(super) fn write(value: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let text = RefCell::new(std::mem::take(out));
    let sorted = Sorted { text: &text, open: Vec::new(), fields: Vec::new(), in_key: false };
    let result = value.serialize(&mut serde_json::Serializer::with_formatter(Appended(&text), sorted));
    *out = text.into_inner();
    result
}

/// Appends a JSON string. Writing to memory cannot fail.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, text);
}

/// JSON whose maps are put in order as they end, since values come in the order of their types' fields. In most maps
/// that is the order of keys already.
struct Sorted<'a> {
    text: &'a RefCell<Vec<u8>>,
    /// For each map that is open, how many fields there are of those around it.
    open: Vec<usize>,
    /// Fields of the maps that are open.
    fields: Vec<Field>,
    /// What is being written is a key.
    in_key: bool,
}

/// Where in the text a field is: `"key":value`.
#[derive(Clone, Copy)]
struct Field {
    start: usize,
    key_end: usize,
    end: usize,
    /// The key is not written as it is.
    escaped: bool,
}

impl Field {
    /// The key without its quotes.
    fn key<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let quoted = text.get(self.start..self.key_end).unwrap_or_default();
        let key = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        if self.escaped {
            let unescaped: Option<String> = serde_json::from_slice(quoted).ok();
            return unescaped.map_or(Cow::Borrowed(key), |key| Cow::Owned(key.into_bytes()));
        }
        Cow::Borrowed(key)
    }
}

impl Sorted<'_> {
    fn at(&self) -> usize {
        self.text.borrow().len()
    }
}

impl Formatter for Sorted<'_> {
    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        if let Some(field) = self.fields.last_mut() {
            field.escaped |= self.in_key;
        }
        CompactFormatter.write_char_escape(writer, escape)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open.push(self.fields.len());
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        let start = self.at();
        self.in_key = true;
        self.fields.push(Field { start, key_end: start, end: start, escaped: false });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let at = self.at();
        self.in_key = false;
        if let Some(field) = self.fields.last_mut() {
            field.key_end = at;
        }
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let at = self.at();
        if let Some(field) = self.fields.last_mut() {
            field.end = at;
        }
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let around = self.open.pop().unwrap_or_default();
        sort(self.fields.get(around..).unwrap_or_default(), &mut self.text.borrow_mut());
        self.fields.truncate(around);
        writer.write_all(b"}")
    }
}

/// Puts the fields of a map, which are the end of the text, in the order of their keys.
fn sort(fields: &[Field], text: &mut Vec<u8>) {
    let Some(first) = fields.first() else { return };
    if fields.is_sorted_by(|one, other| one.key(text) <= other.key(text)) {
        return;
    }
    let mut sorted = fields.to_vec();
    sorted.sort_by(|one, other| one.key(text).cmp(&other.key(text)));
    let written: Vec<&[u8]> = sorted.iter().filter_map(|field| text.get(field.start..field.end)).collect();
    let written = written.join(&b',');
    text.truncate(first.start);
    text.extend(written);
}

/// What is written goes to the end of the text, which [`Sorted`] sees as well.
struct Appended<'a>(&'a RefCell<Vec<u8>>);

impl io::Write for Appended<'_> {
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    fn text(value: &impl Serialize) -> String {
        let mut bytes = Vec::new();
        write(value, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn canonical_bytes_are_json_without_spaces() {
        assert_eq!(
            text(&json!({"b": [1, true, null], "a": "x\n\"y\""})),
            r#"{"a":"x\n\"y\"","b":[1,true,null]}"#
        );
    }

    #[test]
    fn fields_of_types_are_in_the_order_of_their_keys_at_every_depth() {
        #[derive(Serialize)]
        struct Unsorted<T> {
            b: Vec<T>,
            a: T,
            ab: Option<T>,
        }
        let inner = || Unsorted { b: vec![], a: "1", ab: None };
        let value = Unsorted { b: vec![inner(), inner()], a: inner(), ab: Some(inner()) };
        let inner = r#"{"a":"1","ab":null,"b":[]}"#;
        assert_eq!(text(&value), format!(r#"{{"a":{inner},"ab":{inner},"b":[{inner},{inner}]}}"#));
    }

    #[test]
    fn keys_are_ordered_as_they_are_and_not_as_they_are_escaped() {
        // Escaped, the line break would come after `A`, and the quote after `#`.
        let map = BTreeMap::from([("A", 1), ("\n", 2), ("\"", 3), ("#", 4), ("", 5), ("é", 6)]);
        let written = text(&InOrder(map.iter().rev().collect()));
        assert_eq!(written, r##"{"":5,"\n":2,"\"":3,"#":4,"A":1,"é":6}"##);
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), json!(map));
    }

    /// A map in the order in which it was made.
    struct InOrder<'a>(Vec<(&'a &'static str, &'a i32)>);

    impl Serialize for InOrder<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().copied())
        }
    }

    #[test]
    fn a_map_whose_keys_are_no_texts_is_refused() {
        assert!(write(&BTreeMap::from([((1, 2), 3)]), &mut Vec::new()).is_err());
    }

    #[test]
    fn a_digest_survives_its_text_form() {
        let digest = Digest::of(b"shop");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("xyz".parse::<Digest>().is_err());
    }
}
