//! [`topic`]: what somebody asks about, a code or a field.

use super::field::{Field, fields};
use crate::document::Code;
use crate::document::diagnostic::did_you_mean;

/// What there is something to say about.
#[derive(Clone, Debug, PartialEq)]
pub enum Topic {
    /// A code.
    Code(Code),
    /// A field. Both kinds of document may have one at the same path.
    Fields(Vec<Field>),
}

/// Nothing is known under this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoSuchTopic {
    /// What is not there.
    pub message: String,
    /// What was probably meant.
    pub help: Option<String>,
}

/// Finds a code by itself or by the name of its rule, else a field by its path.
pub fn topic(text: &str) -> Result<Topic, NoSuchTopic> {
    let text = text.trim();
    if let Some(code) = code(text) {
        return Ok(Topic::Code(code));
    }
    if is_like_a_code(text) {
        let message = format!("there is no code `{text}`");
        return Err(NoSuchTopic { message, help: Some("`portfolio explain` lists all codes".to_owned()) });
    }
    fields(text).map(Topic::Fields).map_err(|unknown| {
        // One word may be a rule that is misspelt, unless it resembles a field.
        let rules = || Code::ALL.iter().map(|code| code.rule());
        let rule = if text.contains('.') { None } else { did_you_mean(text, rules()) };
        let help = match unknown.help {
            Some(help) if help.starts_with("did you mean") => Some(help),
            help => rule.or(help),
        };
        NoSuchTopic { message: unknown.message, help }
    })
}

fn code(text: &str) -> Option<Code> {
    Code::parse(text)
        .or_else(|| Code::ALL.iter().copied().find(|code| code.rule().eq_ignore_ascii_case(text)))
}

fn is_like_a_code(text: &str) -> bool {
    let digits = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("PF")).and(text.get(2..));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(text: &str) -> String {
        topic(text).unwrap_err().help.unwrap_or_default()
    }

    #[test]
    fn a_code_is_found_by_its_number_and_by_its_rule_in_any_case() {
        for text in ["PF0103", "pf0103", "UnknownField", "unknownfield", " PF0103 "] {
            assert_eq!(topic(text), Ok(Topic::Code(Code::UnknownField)), "{text}");
        }
    }

    #[test]
    fn what_is_not_there_is_answered_with_the_nearest() {
        assert_eq!(topic("PF9999").unwrap_err().message, "there is no code `PF9999`");
        assert_eq!(help("PF103"), "`portfolio explain` lists all codes");
        assert_eq!(help("UnknownFeild"), "did you mean `UnknownField`?");
        assert_eq!(help("replica"), "did you mean `replicas`?");
        assert_eq!(help("app.rollout.dedline"), "did you mean `deadline`?");
        assert_eq!(help("app.livenessProbe"), "write `probes: {live: {path: /health}}`");
    }
}
