//! Documents that wait for themselves through others.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::across::{Member, usable};
use super::{Code, Diagnostic, DocumentId, Span};

/// Names of a circle that are written out before the rest is only counted.
const MOST_NAMES: usize = 10;

/// Reports each document that depends on itself.
pub(in crate::document) fn check(members: &[Member], found: &mut Vec<(DocumentId, Diagnostic)>) {
    let graph = Graph::new(members);
    for start in graph.left() {
        let (Some(member), Some(circle)) = (graph.members.get(start), graph.circle(start)) else { continue };
        let names: Vec<&DocumentId> =
            circle.iter().filter_map(|at| Some(&graph.members.get(*at)?.id)).collect();
        let span = circle.get(1).and_then(|next| graph.targets.get(start)?.get(next));
        let diagnostic = Diagnostic::error(
            Code::DependencyCycle,
            span.copied().unwrap_or(member.place),
            format!("{} depends on itself through others: {}", member.id, shown(&names)),
        )
        .in_file(&member.file)
        .help("remove one of these dependencies");
        found.push((member.id.clone(), diagnostic));
    }
}

/// Who depends on whom, by number. Documents are numbered in the order of their ids.
struct Graph<'m> {
    members: Vec<&'m Member>,
    /// What each depends on, and where it says so.
    targets: Vec<BTreeMap<usize, Span>>,
}

impl<'m> Graph<'m> {
    fn new(all: &'m [Member]) -> Self {
        let mut members: Vec<&Member> = usable(all).collect();
        members.sort_by_key(|member| &member.id);
        members.dedup_by_key(|member| &member.id);
        let numbers: HashMap<&DocumentId, usize> =
            members.iter().enumerate().map(|(number, member)| (&member.id, number)).collect();
        let mut targets = vec![BTreeMap::new(); members.len()];
        // A document that is there twice depends on what either of them does.
        for member in usable(all) {
            let others = member.dependencies.iter().filter(|(target, _)| *target != member.id);
            let others = others.filter_map(|(target, span)| Some((*numbers.get(target)?, *span)));
            if let Some(targets) = numbers.get(&member.id).and_then(|number| targets.get_mut(*number)) {
                targets.extend(others);
            }
        }
        Self { members, targets }
    }

    /// Those from which a way leads to a circle; usually there are none. What depends on nothing that is left is
    /// taken away until nothing is.
    fn left(&self) -> Vec<usize> {
        let mut open: Vec<usize> = self.targets.iter().map(BTreeMap::len).collect();
        let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); open.len()];
        for (number, targets) in self.targets.iter().enumerate() {
            for target in targets.keys() {
                if let Some(waiting) = waiting.get_mut(*target) {
                    waiting.push(number);
                }
            }
        }
        let mut done: Vec<usize> = (0..open.len()).filter(|number| open.get(*number) == Some(&0)).collect();
        while let Some(target) = done.pop() {
            for number in waiting.get(target).into_iter().flatten() {
                if let Some(open) = open.get_mut(*number) {
                    *open -= 1;
                    if *open == 0 {
                        done.push(*number);
                    }
                }
            }
        }
        open.iter().enumerate().filter(|(_, open)| **open > 0).map(|(number, _)| number).collect()
    }

    /// The shortest way from a document back to itself.
    fn circle(&self, start: usize) -> Option<Vec<usize>> {
        let mut from: HashMap<usize, usize> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(number) = queue.pop_front() {
            for target in self.targets.get(number)?.keys() {
                if *target == start {
                    let mut way = vec![start];
                    let mut last = Some(number);
                    while let Some(at) = last.filter(|at| *at != start) {
                        way.push(at);
                        last = from.get(&at).copied();
                    }
                    way.push(start);
                    way.reverse();
                    return Some(way);
                }
                if !from.contains_key(target) {
                    from.insert(*target, number);
                    queue.push_back(*target);
                }
            }
        }
        None
    }
}

/// The names in a row; of a long circle the first ones and the way back.
fn shown(names: &[&DocumentId]) -> String {
    let mut parts: Vec<String> = names.iter().take(MOST_NAMES).map(ToString::to_string).collect();
    match names.get(MOST_NAMES..) {
        None | Some([]) => {}
        Some([last]) => parts.push(last.to_string()),
        Some([between @ .., last]) => {
            parts.extend([format!("({} more)", between.len()), last.to_string()]);
        }
    }
    parts.join(" -> ")
}
