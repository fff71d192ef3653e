//! Forms that are secrets whatever they are called: private keys, passwords in addresses, tokens of known services.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Where a form has a group, only that is the secret.
const FORMS: [&str; 8] = [
    // PEM, cut off or not (RFC 7468).
    r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    // user:password@ and token@ of an address (RFC 3986, 3.2.1). People write `/`, `?` and `#` into passwords as they are,
    // so a password goes on to the last `@`.
    r#"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^\s/?\#@:"'`<>]*):(?P<secret>[^\s"'`<>]+)@"#,
    r#"[A-Za-z][A-Za-z0-9+.-]*://([^\s/?\#@:"'`<>]{20,})@"#,
    // JSON Web Tokens (RFC 7519), and the header that brings them (RFC 6750, 7617).
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    r"(?i)\b(?:bearer|basic)\s+([A-Za-z0-9+/_=.~-]{12,})",
    // Addresses that let in whoever knows them: Slack, Discord, Teams, Telegram.
    r#"(?i)\b(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/(?:v\d+/)?webhooks|webhook\.office\.com/webhookb2|api\.telegram\.org/bot)/?([^\s"'`<>]{6,})"#,
    // What services put in front of their tokens, so that they are found.
    r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[opsur]_[A-Za-z0-9]{10,}|github_pat_[A-Za-z0-9_]{10,}|gl(?:pat|dt|ptt|rt|agent|cbt|soat)-[A-Za-z0-9_-]{10,}|xox[abeoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}|[rs]k_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{10,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{20,}|dckr_pat_[A-Za-z0-9_-]{10,}|dop_v1_[a-f0-9]{20,}|shp(?:at|ca|pa|ss)_[A-Za-z0-9]{16,}|hv[sb]\.[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{20,})",
    // SQL: PASSWORD 'x', IDENTIFIED BY 'x'.
    r"(?i)\b(?:password|identified\s+by)\s+'((?:[^']|'')*)'",
];
/// Protocols of which an address has a port more often than a password: `https://example.com:8080/?to=a@b`.
const WITH_PORTS: [&str; 7] = ["http", "https", "ws", "wss", "oci", "docker", "grpc"];

static ALL: LazyLock<Vec<Regex>> = LazyLock::new(|| FORMS.iter().map(|form| regex(form)).collect());

#[expect(clippy::expect_used, reason = "constants, and the tests compile each")]
pub(super) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant")
}

/// The text with something else in the place of each secret that is known by its form.
pub(super) fn replace_all(text: &str, mut mark: impl FnMut(&str) -> String) -> String {
    ALL.iter().fold(text.to_owned(), |text, form| {
        replace(form, &text, |captures| {
            let found = captures.name("secret").or_else(|| captures.get(1)).or_else(|| captures.get(0))?;
            (!is_port(captures)).then(|| (found.range(), mark(found.as_str())))
        })
    })
}

/// Whether what stands behind the colon of an address is its port.
fn is_port(captures: &Captures<'_>) -> bool {
    let (Some(scheme), Some(user), Some(secret)) =
        (captures.name("scheme"), captures.name("user"), captures.name("secret"))
    else {
        return false;
    };
    let after = secret.as_str().trim_start_matches(|char: char| char.is_ascii_digit());
    let digits = secret.len() - after.len();
    let is_host = WITH_PORTS.contains(&scheme.as_str()) || user.as_str().contains('.');
    is_host && (1..=5).contains(&digits) && after.starts_with(['/', '?', '#', ','])
}

/// Puts something else in the place of a part of each match that `with` answers for. What lies behind the beginning of
/// another match is searched again: `https:` is the name of a value that may hold pairs itself.
pub(super) fn replace(
    pattern: &Regex,
    text: &str,
    mut with: impl FnMut(&Captures<'_>) -> Option<(Range<usize>, String)>,
) -> String {
    let mut replaced = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    while let Some(captures) = pattern.captures_at(text, at) {
        let begin = captures.name("name").or_else(|| captures.get(0)).map_or(text.len(), |found| found.end());
        if let Some((range, mark)) = with(&captures) {
            replaced.push_str(text.get(copied..range.start).unwrap_or_default());
            replaced.push_str(&mark);
            (copied, at) = (range.end, range.end);
        } else {
            at = begin;
        }
        if at >= text.len() {
            break;
        }
    }
    replaced.push_str(text.get(copied..).unwrap_or_default());
    replaced
}

/// Whether a value is none, or refers to another variable.
pub(super) fn is_harmless(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let braced = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let named = value.strip_prefix('$').is_some_and(|name| {
        name.len() > 1
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'))
    });
    NONE.contains(&value)
        || named
        // `$(NAME)` of Kubernetes, and what a shell puts there; `$$(` where Kubernetes shall leave it to the shell.
        || value.starts_with("$(")
        || value.starts_with("$$(")
        // A default may be a secret itself.
        || braced.is_some_and(|name| {
            !name.contains(['$', '{', '}']) && name.split_once([':', '-']).is_none_or(|(_, rest)| rest.starts_with('?'))
        })
}

/// Values that say nothing, or begin something that stands below.
const NONE: [&str; 16] =
    ["", "true", "false", "yes", "no", "on", "off", "null", "none", "~", "|", ">", "|-", ">-", "{}", "[]"];

/// Whether a value was made by dice rather than by a person: long, without spaces, and of many characters.
pub(super) fn is_random(value: &str) -> bool {
    let value = value.trim();
    let has = |class: fn(&char) -> bool| value.chars().any(|char| class(&char));
    if value.len() < 16 || value.contains(char::is_whitespace) {
        return false;
    }
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / length;
    let entropy: f64 =
        counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum();
    entropy >= 3.0 && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic)
}
