//! Documents that wait for themselves through others.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::across::{Member, usable};
use super::{Code, Diagnostic, DocumentId, Span};

/// Names of a circle that are written out before the rest is only counted.
const MOST_NAMES: usize = 10;

/// Reports each document that depends on itself.
pub(in crate::document) fn check(members: &[Member], found: &mut Vec<(DocumentId, Diagnostic)>) {
    let graph = Graph::new(members);
    let knots: Vec<HashSet<usize>> =
        graph.knots().into_iter().map(|knot| knot.into_iter().collect()).collect();
    let starts: BTreeMap<usize, &HashSet<usize>> =
        knots.iter().flat_map(|knot| knot.iter().map(move |start| (*start, knot))).collect();
    for (start, knot) in starts {
        let (Some(member), Some(circle)) = (graph.members.get(start), graph.circle(start, knot)) else {
            continue;
        };
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

    /// The sets of those that depend on each other, each way through others (strongly connected components), as far as
    /// they are more than one; usually there are none. Tarjan's algorithm, each document and dependency visited once,
    /// without recursion: a chain may be as long as there are documents.
    fn knots(&self) -> Vec<Vec<usize>> {
        let targets: Vec<Vec<usize>> = self.targets.iter().map(|to| to.keys().copied().collect()).collect();
        let mut visit = Visit { seen: vec![None; targets.len()], ..Visit::default() };
        for start in 0..targets.len() {
            visit.enter(start);
            while let Some((number, next)) = visit.way.pop() {
                match targets.get(number).and_then(|targets| targets.get(next)) {
                    Some(target) => {
                        visit.way.push((number, next + 1));
                        visit.follow(number, *target);
                    }
                    None => visit.leave(number),
                }
            }
        }
        visit.knots
    }

    /// The shortest way from a document back to itself, which lies within its `knot`.
    fn circle(&self, start: usize, knot: &HashSet<usize>) -> Option<Vec<usize>> {
        let mut from: HashMap<usize, usize> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(number) = queue.pop_front() {
            for target in self.targets.get(number)?.keys().filter(|target| knot.contains(target)) {
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

/// A walk through the graph.
#[derive(Default)]
struct Visit {
    /// Of each document that was met, its turn and the earliest turn that a way leads back to.
    seen: Vec<Option<(usize, usize)>>,
    turns: usize,
    /// The way to where we are, with the number of the dependency that is next at each place.
    way: Vec<(usize, usize)>,
    /// Those met whose knot is not complete.
    open: Vec<usize>,
    is_open: HashSet<usize>,
    knots: Vec<Vec<usize>>,
}

impl Visit {
    /// Goes on to a document that was not met.
    fn enter(&mut self, number: usize) {
        let Some(seen @ None) = self.seen.get_mut(number) else { return };
        *seen = Some((self.turns, self.turns));
        self.turns += 1;
        self.open.push(number);
        self.is_open.insert(number);
        self.way.push((number, 0));
    }

    fn follow(&mut self, number: usize, target: usize) {
        match self.seen.get(target) {
            Some(Some((turn, _))) if self.is_open.contains(&target) => self.reaches(number, *turn),
            Some(Some(_)) | None => {}
            Some(None) => self.enter(target),
        }
    }

    fn reaches(&mut self, number: usize, turn: usize) {
        if let Some(Some((_, earliest))) = self.seen.get_mut(number) {
            *earliest = turn.min(*earliest);
        }
    }

    /// Goes back from a document whose dependencies are all followed.
    fn leave(&mut self, number: usize) {
        let Some(Some((turn, earliest))) = self.seen.get(number).copied() else { return };
        if let Some((before, _)) = self.way.last() {
            self.reaches(*before, earliest);
        }
        if turn == earliest
            && let Some(at) = self.open.iter().rposition(|open| *open == number)
        {
            let knot = self.open.split_off(at);
            for member in &knot {
                self.is_open.remove(member);
            }
            if knot.len() > 1 {
                self.knots.push(knot);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents `d0`, `d1`… with what each depends on.
    fn members(all: &[Vec<usize>]) -> Vec<Member> {
        let id = |number: usize| DocumentId::app("shop", format!("d{number:05}"));
        let member = |(number, to): (usize, &Vec<usize>)| Member {
            id: id(number),
            file: "a.yaml".to_owned(),
            place: Span::START,
            present: true,
            valid: true,
            dependencies: to.iter().map(|to| (id(*to), Span::START)).collect(),
            claims: Vec::new(),
        };
        all.iter().enumerate().map(member).collect()
    }

    fn knots(all: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let members = members(all);
        let mut knots = Graph::new(&members).knots();
        for knot in &mut knots {
            knot.sort_unstable();
        }
        knots.sort();
        knots
    }

    #[test]
    fn only_those_that_depend_on_each_other_are_a_knot() {
        assert_eq!(knots(&[vec![1], vec![2], vec![]]), [[0; 0]; 0]);
        // 0 leads to the circle of 1 and 2, which leads to 3.
        assert_eq!(knots(&[vec![1], vec![2], vec![1, 3], vec![]]), [[1, 2]]);
        // Two circles with one document in common are one; a circle beside them is another.
        assert_eq!(knots(&[vec![1, 2], vec![0], vec![0], vec![4], vec![3, 0]]), [vec![0, 1, 2], vec![3, 4]]);
        // One way between two circles makes one of nothing.
        assert_eq!(knots(&[vec![1], vec![0, 2], vec![3], vec![2]]), [[0, 1], [2, 3]]);
        assert_eq!(knots(&[vec![0]]), [[0; 0]; 0], "a document that names itself is told of elsewhere");
    }

    /// However the documents depend on each other, the members of knots are those that a way leads back to.
    #[test]
    fn knots_hold_what_a_way_leads_back_to() {
        for seed in 0..500_usize {
            let count = 2 + seed % 9;
            let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state >> 33
            };
            let all: Vec<Vec<usize>> = (0..count)
                .map(|own| (0..next() % 3).map(|_| next() % count).filter(|to| *to != own).collect())
                .collect();
            let reached = |from: usize| {
                let (mut reached, mut open) = (HashSet::new(), vec![from]);
                while let Some(at) = open.pop() {
                    open.extend(all[at].iter().filter(|to| reached.insert(**to)));
                }
                reached
            };
            let expected: Vec<usize> = (0..count).filter(|at| reached(*at).contains(at)).collect();
            let knots = knots(&all);
            let mut found = knots.concat();
            found.sort_unstable();
            assert_eq!(found, expected, "{all:?}");
            for knot in knots {
                assert!(knot.iter().all(|at| knot.iter().all(|to| reached(*at).contains(to))), "{all:?}");
            }
        }
    }

    #[test]
    fn a_crowd_that_leads_to_a_circle_is_no_part_of_it_however_deep() {
        let mut all: Vec<Vec<usize>> = vec![vec![1], vec![0]];
        all.extend((2..5_000).map(|own: usize| (own.saturating_sub(100)..own).collect()));
        let mut found = Vec::new();
        check(&members(&all), &mut found);
        assert_eq!(found.iter().map(|(id, _)| id.name.as_str()).collect::<Vec<_>>(), ["d00000", "d00001"]);
    }
}
