//! Counts what the test binaries report of themselves.

/// The sum of the summaries that were read, one a test binary:
/// `test result: ok. 11 passed; 0 failed; 0 ignored; ...`.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// The summaries of binaries that had any test.
    pub(super) lines: Vec<String>,
}

impl Tally {
    /// Counts the line if it is a summary.
    pub(super) fn read(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        let count = |what: &str| {
            let mut counts = counts.1.split("; ");
            counts.find_map(|count| count.strip_suffix(what)?.trim().parse::<usize>().ok()).unwrap_or(0)
        };
        let (passed, failed) = (count(" passed"), count(" failed"));
        self.passed += passed;
        self.failed += failed;
        if passed + failed > 0 {
            self.lines.push(line.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_summed_and_nothing_else_is() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 11 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.07s",
            "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test prints::test_result ... ok",
            "a log line about 7 passed; 7 failed",
        ] {
            tally.read(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.lines.len()), (14, 2, 2));
    }
}
