//! [`Stored`]: a validated document in the compact form in which a record keeps it.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::render::RendererVersion;

/// The most bytes that a stored document may unfold to. Input is limited to 10 MiB a document.
const MAX_UNPACKED_BYTES: u64 = 32 * 1024 * 1024;

/// A document that was applied: which, when, from where, and the document itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// Full revision it came from.
    pub revision: String,
    /// Content hash of the document.
    pub hash: String,
    /// With which renderer.
    #[schemars(with = "String")]
    pub renderer: RendererVersion,
    /// When it was applied completely.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The merged document. Empty where the record keeps the same document already.
    #[serde(default, skip_serializing_if = "Stored::is_empty")]
    pub document: Stored,
}

/// A document as base64 of deflated JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Stored(String);

/// A stored document that cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document kept in the record cannot be read back: {0}")]
pub struct StoredError(String);

impl Stored {
    /// Packs a document.
    pub fn pack(document: &Document) -> Self {
        let json = serde_json::to_vec(document).unwrap_or_default();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
        // Writing into a Vec cannot fail.
        let packed = encoder.write_all(&json).and_then(|()| encoder.finish()).unwrap_or_default();
        Self(STANDARD_NO_PAD.encode(packed))
    }

    /// Unpacks it.
    pub fn unpack(&self) -> Result<Document, StoredError> {
        let packed = STANDARD_NO_PAD.decode(&self.0).map_err(|error| StoredError(error.to_string()))?;
        let mut json = Vec::new();
        DeflateDecoder::new(packed.as_slice())
            .take(MAX_UNPACKED_BYTES)
            .read_to_end(&mut json)
            .map_err(|error| StoredError(error.to_string()))?;
        serde_json::from_slice(&json).map_err(|error| StoredError(error.to_string()))
    }

    /// Bytes it takes in the record.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tampered_with_is_an_error_and_no_panic() {
        for text in ["", "!", "AAAA", "bm90IGRlZmxhdGU"] {
            assert!(Stored(text.to_owned()).unpack().is_err(), "{text}");
        }
    }
}
