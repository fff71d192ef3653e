//! What only shows when all documents of a source are seen together: the same document twice, two that would
//! make the same object, dependencies that lead nowhere or in a circle.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

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
    cycles(members, &mut found);
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
fn usable(members: &[Member]) -> impl Iterator<Item = &Member> {
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

fn unknown(members: &[Member], found: &mut Vec<(DocumentId, Diagnostic)>) {
    let known: BTreeSet<&DocumentId> =
        members.iter().filter(|member| member.present).map(|member| &member.id).collect();
    let all: BTreeSet<&DocumentId> = members.iter().map(|member| &member.id).collect();
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
            let same_kind = known.iter().filter(|id| id.kind == dependency.kind);
            let names =
                same_kind.filter(|id| id.namespace == dependency.namespace).map(|id| id.name.as_str());
            let diagnostic = Diagnostic::warning(Code::UnknownDependency, *span, message)
                .in_file(&member.file)
                .help("check the name and namespace; a document of another source is never seen")
                .maybe_help(did_you_mean(&dependency.name, names));
            found.push((member.id.clone(), diagnostic));
        }
    }
}

fn cycles(members: &[Member], found: &mut Vec<(DocumentId, Diagnostic)>) {
    let mut edges: BTreeMap<&DocumentId, BTreeMap<&DocumentId, Span>> = BTreeMap::new();
    for member in usable(members) {
        let targets = member.dependencies.iter().filter(|(target, _)| *target != member.id);
        edges.entry(&member.id).or_default().extend(targets.map(|(target, span)| (target, *span)));
    }
    // What depends on nothing that is left is in no circle; usually nothing is left at all.
    loop {
        let before = edges.len();
        let left: BTreeSet<&DocumentId> = edges.keys().copied().collect();
        edges.retain(|_, targets| {
            targets.retain(|target, _| left.contains(target));
            !targets.is_empty()
        });
        if edges.len() == before {
            break;
        }
    }
    for (id, targets) in &edges {
        let Some(circle) = circle(id, &edges) else { continue };
        let Some(member) = members.iter().find(|member| member.id == **id && member.present) else {
            continue;
        };
        let span = circle.get(1).and_then(|next| targets.get(next)).copied().unwrap_or(member.place);
        let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
        let diagnostic = Diagnostic::error(
            Code::DependencyCycle,
            span,
            format!("{id} depends on itself through others: {}", names.join(" -> ")),
        )
        .in_file(&member.file)
        .help("remove one of these dependencies");
        found.push(((*id).clone(), diagnostic));
    }
}

/// The shortest way from a document back to itself.
fn circle<'m>(
    start: &'m DocumentId,
    edges: &BTreeMap<&'m DocumentId, BTreeMap<&'m DocumentId, Span>>,
) -> Option<Vec<&'m DocumentId>> {
    let mut from: BTreeMap<&DocumentId, &DocumentId> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(id) = queue.pop_front() {
        for target in edges.get(id)?.keys() {
            if *target == start {
                let mut way = vec![start, id];
                let mut last = id;
                while let Some(before) = from.get(last).filter(|_| last != start) {
                    way.push(before);
                    last = before;
                }
                if way.last() != Some(&start) {
                    way.push(start);
                }
                way.reverse();
                return Some(way);
            }
            if edges.contains_key(target) && !from.contains_key(target) {
                from.insert(target, id);
                queue.push_back(target);
            }
        }
    }
    None
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
