//! Several versions into one, with what came and what went.
//!
//! What cannot be said in the merged form (a field that changes its type, one that goes and comes back) is an
//! error: then this, the file and its reader need to learn it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use super::reduce::{Field, Kind, Reduced};

/// The versions so far, oldest first.
#[derive(Default)]
pub(super) struct Merged {
    versions: Vec<(Release, Reduced)>,
}

/// A release that was read.
#[derive(Clone)]
pub(super) struct Release {
    pub(super) minor: u16,
    pub(super) module: String,
    pub(super) sum: String,
}

/// All versions together.
pub(super) struct Structure {
    pub(super) releases: Vec<Release>,
    pub(super) kinds: BTreeMap<(String, String), (Kind, Range)>,
    pub(super) types: BTreeMap<String, BTreeMap<String, Versioned>>,
}

/// A field through the versions.
pub(super) struct Versioned {
    pub(super) field: Field,
    /// Among the versions of its type.
    pub(super) range: Range,
    /// When it is required, among the versions that have it.
    pub(super) required: Option<Range>,
    /// Values that not every version has that has the field.
    pub(super) values: BTreeMap<String, Range>,
}

/// The first and the last version of something; `None` where there is no such end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) since: Option<u16>,
    pub(super) until: Option<u16>,
}

impl Range {
    /// Where `some` of `all` begin and end.
    fn of(some: &[u16], all: &[u16]) -> Result<Self> {
        let inside = all.iter().skip_while(|minor| Some(*minor) != some.first());
        ensure!(inside.take(some.len()).eq(some), "it is in {some:?} of {all:?}: it went and came back");
        let end = |some: Option<&u16>, all: Option<&u16>| some.filter(|_| some != all).copied();
        Ok(Self { since: end(some.first(), all.first()), until: end(some.last(), all.last()) })
    }
}

impl Merged {
    pub(super) fn add(
        &mut self,
        minor: u16,
        (module, sum): (String, String),
        reduced: Reduced,
    ) -> Result<()> {
        let last = self.versions.last().map(|(release, _)| release.minor);
        ensure!(last.is_none_or(|last| last + 1 == minor), "1.{minor} does not follow 1.{last:?}");
        self.versions.push((Release { minor, module, sum }, reduced));
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Structure> {
        let minors: Vec<u16> = self.versions.iter().map(|(release, _)| release.minor).collect();
        let mut kinds = BTreeMap::new();
        for name in names(&self.versions, |reduced| &reduced.kinds) {
            let of = history(&self.versions, |reduced| reduced.kinds.get(&name));
            let (kind, range) = same(&of, &minors).with_context(|| format!("merging the kind {name:?}"))?;
            kinds.insert(name, (kind.clone(), range));
        }
        let mut types = BTreeMap::new();
        for name in names(&self.versions, |reduced| &reduced.types) {
            let of = history(&self.versions, |reduced| reduced.types.get(&name));
            let fields = fields(&of).with_context(|| format!("merging the type {name}"))?;
            types.insert(name, fields);
        }
        Ok(Structure {
            releases: self.versions.into_iter().map(|(release, _)| release).collect(),
            kinds,
            types,
        })
    }
}

fn names<K: Ord + Clone, V>(
    versions: &[(Release, Reduced)],
    map: impl Fn(&Reduced) -> &BTreeMap<K, V>,
) -> BTreeSet<K> {
    versions.iter().flat_map(|(_, reduced)| map(reduced).keys().cloned()).collect()
}

/// What a thing is in the versions that have it.
fn history<'v, T>(
    versions: &'v [(Release, Reduced)],
    get: impl Fn(&'v Reduced) -> Option<&'v T>,
) -> Vec<(u16, &'v T)> {
    versions.iter().filter_map(|(release, reduced)| Some((release.minor, get(reduced)?))).collect()
}

/// The one thing that it always is.
fn same<'v, T: PartialEq>(history: &[(u16, &'v T)], all: &[u16]) -> Result<(&'v T, Range)> {
    let (_, last) = history.last().context("it is nowhere")?;
    ensure!(history.iter().all(|(_, other)| other == last), "it changed from one version to the next");
    let minors: Vec<u16> = history.iter().map(|(minor, _)| *minor).collect();
    Ok((last, Range::of(&minors, all)?))
}

fn fields(of: &[(u16, &BTreeMap<String, Field>)]) -> Result<BTreeMap<String, Versioned>> {
    let all: Vec<u16> = of.iter().map(|(minor, _)| *minor).collect();
    let names: BTreeSet<&String> = of.iter().flat_map(|(_, fields)| fields.keys()).collect();
    let mut merged = BTreeMap::new();
    for name in names {
        let history: Vec<(u16, &Field)> =
            of.iter().filter_map(|(minor, fields)| Some((*minor, fields.get(name)?))).collect();
        let versioned = versioned(&history, &all).with_context(|| format!("merging the field {name}"))?;
        merged.insert(name.clone(), versioned);
    }
    Ok(merged)
}

fn versioned(history: &[(u16, &Field)], all: &[u16]) -> Result<Versioned> {
    let plain: Vec<Field> = history
        .iter()
        .map(|(_, field)| Field { required: false, values: BTreeSet::new(), ..(*field).clone() })
        .collect();
    let shapes: Vec<(u16, &Field)> = history.iter().map(|(minor, _)| *minor).zip(&plain).collect();
    let (field, range) = same(&shapes, all)?;
    let mut field = field.clone();

    let minors: Vec<u16> = history.iter().map(|(minor, _)| *minor).collect();
    let with = |test: &dyn Fn(&Field) -> bool| -> Vec<u16> {
        history.iter().filter(|(_, field)| test(field)).map(|(minor, _)| *minor).collect()
    };
    let demanding = with(&|field| field.required);
    let required = if demanding.is_empty() { None } else { Some(Range::of(&demanding, &minors)?) };

    // A version that lists no values had the same ones and did not say so.
    let closed = with(&|field| !field.values.is_empty());
    ensure!(minors.ends_with(&closed), "it takes certain values in {closed:?} of {minors:?} only");
    field.values = history.iter().flat_map(|(_, field)| field.values.iter().cloned()).collect();
    let mut values = BTreeMap::new();
    for value in &field.values {
        let range = Range::of(&with(&|field| field.values.contains(value)), &closed)?;
        if range != Range::default() {
            values.insert(value.clone(), range);
        }
    }
    Ok(Versioned { field, range, required, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_an_end_only_where_a_version_is_without() {
        let all = [31, 32, 33, 34];
        let range = |since, until| Range { since, until };
        for (some, expected) in [
            (&all[..], range(None, None)),
            (&[33, 34], range(Some(33), None)),
            (&[31], range(None, Some(31))),
            (&[32, 33], range(Some(32), Some(33))),
        ] {
            assert_eq!(Range::of(some, &all).unwrap(), expected);
        }
        assert!(Range::of(&[31, 33], &all).is_err());
    }

    #[test]
    fn what_cannot_be_said_is_an_error() {
        let field = |is: &str, required| Field {
            is: is.to_owned(),
            required,
            keys: Vec::new(),
            set: false,
            default: None,
            values: BTreeSet::new(),
        };
        let (old, new, other) = (field("string", true), field("string", false), field("int32", false));
        let merged = versioned(&[(31, &old), (32, &new)], &[31, 32]).unwrap();
        assert_eq!(merged.required, Some(Range { since: None, until: Some(31) }));
        assert!(versioned(&[(31, &new), (32, &other)], &[31, 32]).is_err());
    }
}
