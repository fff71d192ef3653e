//! What only shows when all documents of a source are seen together: the same document twice, two that would
//! make the same object, dependencies that lead nowhere or in a circle.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::circles;
use super::diagnostic::did_you_mean;
use super::{Code, Diagnostic, DocumentId, DocumentKind, Span};

/// A document of the source, as far as the others are concerned.
pub(in crate::document) struct Member {
    pub id: DocumentId,
    pub file: String,
    pub place: Span,
    /// It is there in this environment (or would be, if it were not in error).
    pub present: bool,
    /// Nothing is wrong with it by itself.
    pub valid: bool,
    pub dependencies: Vec<(DocumentId, Span)>,
    pub claims: Vec<(String, Span)>,
}

/// Diagnostics, each with the document that it stands against.
pub(in crate::document) fn check(members: &[Member]) -> Vec<(DocumentId, Diagnostic)> {
    let mut found = Vec::new();
    duplicates(members, &mut found);
    collisions(members, &mut found);
    unknown(members, &mut found);
    circles::check(members, &mut found);
    found
}

fn duplicates(members: &[Member], found: &mut Vec<(DocumentId, Diagnostic)>) {
    let mut first: BTreeMap<&DocumentId, &Member> = BTreeMap::new();
    for member in members.iter().filter(|member| member.present) {
        let Some(other) = first.get(&member.id) else {
            first.insert(&member.id, member);
            continue;
        };
        let diagnostic = Diagnostic::error(
            Code::DuplicateDocument,
            member.place,
            format!("the document {} is there twice", member.id),
        )
        .in_file(&member.file)
        .related(&other.file, other.place, "first written here")
        .help("rename or remove one of them; neither is used until then");
        found.push((member.id.clone(), diagnostic));
    }
}

/// Kinds of which every app may have one of its own name.
const OF_OWN_NAME: [&str; 5] =
    ["Service", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Ingress"];

fn collisions(members: &[Member], found: &mut Vec<(DocumentId, Diagnostic)>) {
    let mut first: BTreeMap<(&str, &str), (&Member, Span)> = BTreeMap::new();
    let apps = LazyCell::new(|| {
        let apps = usable(members).filter(|member| member.id.kind == DocumentKind::PortfolioApp);
        apps.map(|member| ((member.id.namespace.as_str(), member.id.name.as_str()), member))
            .collect::<HashMap<_, _>>()
    });
    for member in usable(members) {
        for (object, span) in &member.claims {
            let namespace = member.id.namespace.as_str();
            match first.get(&(namespace, object.as_str())) {
                Some((other, place)) if other.id != member.id => {
                    collision(member, *span, other, *place, object, found);
                }
                Some(_) => {}
                None => {
                    first.insert((namespace, object.as_str()), (member, *span));
                }
            }
            let Some((kind, name)) = object.split_once('/') else { continue };
            if OF_OWN_NAME.contains(&kind)
                && let Some(other) = apps.get(&(namespace, name))
                && other.id != member.id
            {
                collision(member, *span, other, other.place, object, found);
            }
        }
    }
}

/// What is there and has nothing wrong with it by itself.
pub(in crate::document) fn usable(members: &[Member]) -> impl Iterator<Item = &Member> {
    members.iter().filter(|member| member.present && member.valid)
}

fn collision(
    member: &Member,
    span: Span,
    other: &Member,
    place: Span,
    object: &str,
    found: &mut Vec<(DocumentId, Diagnostic)>,
) {
    let message = format!("{} and {} would both make {object}", other.id, member.id);
    let diagnostic = Diagnostic::error(Code::ObjectCollision, span, message)
        .in_file(&member.file)
        .related(&other.file, place, "the other one")
        .help("rename one of them");
    found.push((other.id.clone(), diagnostic.clone()));
    found.push((member.id.clone(), diagnostic));
}

/// Unknown dependencies for which a name that was probably meant is looked for: each time among all there are.
const MOST_MEANT: usize = 100;

fn unknown(members: &[Member], found: &mut Vec<(DocumentId, Diagnostic)>) {
    let known: BTreeSet<&DocumentId> =
        members.iter().filter(|member| member.present).map(|member| &member.id).collect();
    let all: BTreeSet<&DocumentId> = members.iter().map(|member| &member.id).collect();
    let mut count = 0;
    for member in usable(members) {
        for (dependency, span) in &member.dependencies {
            if known.contains(dependency) || *dependency == member.id {
                continue;
            }
            let message = if all.contains(dependency) {
                format!("{dependency} is not enabled in this environment; {} waits for it", member.id)
            } else {
                format!(
                    "{dependency} is not a document of this source; {} waits until it is there",
                    member.id
                )
            };
            count += 1;
            let near = known
                .iter()
                .filter(|id| id.kind == dependency.kind && id.namespace == dependency.namespace)
                .map(|id| id.name.as_str());
            let meant = (count <= MOST_MEANT).then(|| did_you_mean(&dependency.name, near)).flatten();
            let diagnostic = Diagnostic::warning(Code::UnknownDependency, *span, message)
                .in_file(&member.file)
                .help("check the name and namespace; a document of another source is never seen")
                .maybe_help(meant);
            found.push((member.id.clone(), diagnostic));
        }
    }
}

/// The object of an app's volume, as a claim.
pub(in crate::document) fn volume_claim(app: &str, volume: &str) -> String {
    format!("PersistentVolumeClaim/{app}-{volume}")
}

/// What a dependency is of.
pub(in crate::document) fn dependency_id(
    kind: DocumentKind,
    namespace: Option<&str>,
    own: &DocumentId,
    name: &str,
) -> DocumentId {
    DocumentId { kind, namespace: namespace.unwrap_or(&own.namespace).to_owned(), name: name.to_owned() }
}
