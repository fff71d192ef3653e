//! Judges of what is rendered: programs of others, and the API server itself. Each sees the objects of every example and
//! of a thousand generated documents in one go, and finds nothing but what we decided otherwise, with why.
//!
//! `PORTFOLIO_SEED` is a number that gives other documents. When a judge finds something in one of them, it is made as
//! small as it goes before it is shown.

mod batch;
mod checkov;
mod dry_run;
mod kube_score;
mod kubeconform;
mod kubernetes_validate;
mod run;
mod schemas;
mod space;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use self::batch::{Batch, Case, Origin};

/// What a judge is not content with.
#[derive(Clone, Debug)]
struct Finding {
    /// Of which object: `Kind/namespace/name`.
    object: String,
    /// What, in the judge's words.
    what: String,
}

/// What a judge says and we decided otherwise.
struct Accepted {
    /// How the finding begins.
    finding: &'static str,
    /// Of which documents it may be said.
    of: fn(&Case) -> bool,
    /// Why it is right as it is.
    #[allow(dead_code, reason = "for whoever reads the list")]
    why: &'static str,
}

/// Of every document.
const fn any(_: &Case) -> bool {
    true
}

/// A judge and what is made of its findings.
struct Judge<'a> {
    look: &'a dyn Fn(&[&Case]) -> Vec<Finding>,
    accepted: &'a [Accepted],
    /// How many smaller documents are shown to it.
    tries: u32,
}

impl Judge<'_> {
    /// Fails when it finds more than is accepted, or less.
    fn judges(&self, batch: &Batch) {
        let cases: Vec<&Case> = batch.cases.iter().collect();
        let (wrong, used) = self.wrong(&cases);
        if let Some((case, finding)) = wrong.first() {
            let mut report = counted(&wrong);
            writeln!(report, "\nfor instance {} of {}: {}", finding.object, case.origin, finding.what)
                .unwrap();
            if let Origin::Generated(number) = case.origin {
                let same =
                    |case: &Case| self.wrong(&[case]).0.iter().any(|(_, other)| other.what == finding.what);
                report.push_str(&batch::smallest(number, self.tries, same));
            }
            panic!("{report}");
        }
        let unused: Vec<&str> = (0..self.accepted.len())
            .filter(|at| !used.contains(at))
            .map(|at| self.accepted[at].finding)
            .collect();
        assert!(unused.is_empty(), "accepted, but no longer found: {unused:?}");
    }

    /// The findings that are not accepted, and which acceptances were of use.
    fn wrong<'c>(&self, cases: &[&'c Case]) -> (Vec<(&'c Case, Finding)>, BTreeSet<usize>) {
        let owners: BTreeMap<String, &Case> = cases
            .iter()
            .flat_map(|case| case.objects.iter().map(move |object| (object.reference.to_string(), *case)))
            .collect();
        let mut used = BTreeSet::new();
        let mut wrong = Vec::new();
        for finding in (self.look)(cases) {
            let case = owners.get(&finding.object).unwrap_or_else(|| panic!("whose is it? {finding:?}"));
            let accepts =
                |accepted: &Accepted| finding.what.starts_with(accepted.finding) && (accepted.of)(case);
            match self.accepted.iter().position(accepts) {
                Some(at) => drop(used.insert(at)),
                None => wrong.push((*case, finding)),
            }
        }
        (wrong, used)
    }
}

/// How often each was found.
fn counted(wrong: &[(&Case, Finding)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, finding) in wrong {
        *counts.entry(&finding.what).or_default() += 1;
    }
    let lines = counts.iter().take(30).map(|(what, count)| format!("{count:>6} {what}\n"));
    lines.collect()
}
