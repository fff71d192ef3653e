//! [`Name`]: how to speak of a value.

use std::fmt;

use crate::document::diagnostic::shown;

/// How to speak of a value: by its key, which is that of a field or a name that people gave, or as an item of the list
/// that has that key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name<'n> {
    Field(&'n str),
    Entry(&'n str),
    Item(&'n str),
}

impl<'n> Name<'n> {
    /// The key.
    pub(super) fn key(self) -> &'n str {
        match self {
            Name::Field(name) | Name::Entry(name) | Name::Item(name) => name,
        }
    }

    /// An item of this one, if it is a list.
    pub(super) fn item(self) -> Self {
        match self {
            Name::Field(name) | Name::Entry(name) | Name::Item(name) => Name::Item(name),
        }
    }

    /// What to write instead.
    pub(super) fn write(self, value: impl fmt::Display) -> String {
        match self {
            Name::Field(name) | Name::Entry(name) => format!("write `{}: {value}`", shown(name)),
            Name::Item(_) => format!("write `{value}`"),
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Field(name) | Name::Entry(name) => write!(f, "`{}`", shown(name)),
            Name::Item(list) => write!(f, "an item of `{}`", shown(list)),
        }
    }
}
