//! [`DocumentId`]: the identity of a document, which is all that moving it between files leaves unchanged.

use std::fmt;
use std::str::FromStr;

use super::diagnostic::visible;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `apiVersion` of every document. A schema version only; nothing is registered in the cluster.
pub const API_VERSION: &str = "portfolio.dev/v1alpha1";
/// Group of [`API_VERSION`]: every YAML document of this group is ours, whatever its version.
pub const API_GROUP: &str = "portfolio.dev";

/// The kinds of document that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// A unit that is rendered, applied, judged and rolled back by itself.
    PortfolioApp,
    /// The schema of a database, moved forward beside the apps that use it.
    DatabaseMigration,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [DocumentKind; 2] = [DocumentKind::PortfolioApp, DocumentKind::DatabaseMigration];

    /// As written in `kind:`.
    pub const fn name(self) -> &'static str {
        match self {
            DocumentKind::PortfolioApp => "PortfolioApp",
            DocumentKind::DatabaseMigration => "DatabaseMigration",
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Kind, namespace and name of a document. Written as `PortfolioApp/shop/web`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// What it is.
    pub kind: DocumentKind,
    /// The namespace its objects go to.
    pub namespace: String,
    /// Its name, and the stem of its objects' names.
    pub name: String,
}

impl DocumentId {
    /// The id of an app.
    pub fn app(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: DocumentKind::PortfolioApp, namespace: namespace.into(), name: name.into() }
    }

    /// The id of a migration.
    pub fn migration(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: DocumentKind::DatabaseMigration, namespace: namespace.into(), name: name.into() }
    }

    /// The key of its record: `<kind>.<namespace>.<name>` in lower case, valid as a `ConfigMap` key.
    pub fn record_key(&self) -> String {
        format!("{}.{}.{}", self.kind.name().to_ascii_lowercase(), self.namespace, self.name)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One that cannot be a name is told as well, in the error that it is.
        write!(f, "{}/{}/{}", self.kind, visible(&self.namespace), visible(&self.name))
    }
}

/// A text that is not the id of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `<Kind>/<namespace>/<name>` of a document")]
pub struct ParseIdError(pub String);

impl FromStr for DocumentId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(kind), Some(namespace), Some(name)) if !namespace.is_empty() && !name.is_empty() => {
                let kind = DocumentKind::ALL
                    .into_iter()
                    .find(|known| known.name() == kind)
                    .ok_or_else(|| ParseIdError(text.to_owned()))?;
                Ok(Self { kind, namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => Err(ParseIdError(text.to_owned())),
        }
    }
}

impl Serialize for DocumentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form_and_names_its_record() {
        let id = DocumentId::app("shop", "web");
        assert_eq!(id.to_string(), "PortfolioApp/shop/web");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert_eq!(id.record_key(), "portfolioapp.shop.web");
    }
}
