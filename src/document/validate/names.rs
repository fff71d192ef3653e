//! The grammars of names, after k8s.io/apimachinery `util/validation`.

/// RFC 1123 label: lower-case letters, digits and `-`, at most 63.
pub(in crate::document) fn is_dns_label(name: &str) -> bool {
    name.len() <= 63
        && is_alphanumeric_at_ends(name)
        && name.bytes().all(|byte| is_lower(byte) || byte == b'-')
}

/// RFC 1035 label: a DNS label that begins with a letter. What a Service's name must be.
pub(super) fn is_rfc1035_label(name: &str) -> bool {
    is_dns_label(name) && name.starts_with(|char: char| char.is_ascii_lowercase())
}

/// RFC 1123 subdomain: labels with dots, at most 253. What the names of most objects must be.
pub(super) fn is_subdomain(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|part| {
            is_alphanumeric_at_ends(part) && part.bytes().all(|byte| is_lower(byte) || byte == b'-')
        })
}

/// What may stand in the path of a URL without changing what it names: what the names of objects of RBAC must be, whose
/// parts are set apart by colons by custom.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names>, of which this
/// takes what needs no escape.
pub(crate) fn is_path_segment(name: &str) -> bool {
    name.len() <= 253
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':'))
}

/// A host name: a subdomain whose parts are DNS labels; `*` may be the first of at least two.
pub(super) fn is_host(host: &str, wildcard: bool) -> bool {
    let host = match host.strip_prefix("*.") {
        Some(rest) if wildcard => rest,
        Some(_) => return false,
        None => host,
    };
    is_subdomain(host) && host.split('.').all(is_dns_label)
}

/// Name of a port: at most 15 lower-case letters, digits and `-`, with a letter, no `-` at the ends or doubled.
///
/// Source: RFC 6335 section 5.1, as `IsValidPortName`.
pub(in crate::document) fn is_port_name(name: &str) -> bool {
    name.len() <= 15
        && is_alphanumeric_at_ends(name)
        && !name.contains("--")
        && name.bytes().all(|byte| is_lower(byte) || byte == b'-')
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Name of an environment variable: printable ASCII without `=`, as Kubernetes 1.32 and later take it, but
/// not with a digit first or with spaces, which no shell could use.
pub(in crate::document) fn is_env_name(name: &str) -> bool {
    !name.starts_with(|char: char| char.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Key of a label or annotation: `[prefix/]name`.
pub(super) fn is_qualified_name(key: &str) -> bool {
    let name = match key.split_once('/') {
        Some((prefix, name)) if is_subdomain(prefix) => name,
        Some(_) => return false,
        None => key,
    };
    !name.is_empty() && is_label_value(name)
}

/// Value of a label: at most 63 letters, digits, `-`, `_`, `.`, with a letter or digit at both ends; or empty.
pub(super) fn is_label_value(value: &str) -> bool {
    let at_ends = |char: Option<char>| char.is_none_or(|char| char.is_ascii_alphanumeric());
    value.len() <= 63
        && at_ends(value.chars().next())
        && at_ends(value.chars().next_back())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Key of a Secret or `ConfigMap`.
pub(super) fn is_data_key(key: &str) -> bool {
    (1..=253).contains(&key.len())
        && key != "."
        && !key.starts_with("..")
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_alphanumeric_at_ends(name: &str) -> bool {
    let ends = |byte: Option<u8>| byte.is_some_and(is_lower);
    ends(name.bytes().next()) && ends(name.bytes().next_back())
}

/// A name that would do, made of one that does not: lower case, `-` for everything that is not allowed.
pub(in crate::document) fn suggest_label(name: &str) -> Option<String> {
    let mapped: String = name
        .chars()
        .take(63)
        .map(|char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' })
        .collect();
    let trimmed = mapped.trim_matches('-').to_owned();
    is_dns_label(&trimmed).then_some(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammars_of_kubernetes() {
        let long = "a".repeat(64);
        for (test, good, bad) in [
            (
                is_dns_label as fn(&str) -> bool,
                vec!["a", "0-a", "a1"],
                vec!["", "-a", "a-", "A", "a.b", "é", &long],
            ),
            (is_rfc1035_label, vec!["a0"], vec!["0a", ""]),
            (is_subdomain, vec!["a.b-c.0"], vec!["a..b", ".a", "a.", "A.b", "a_b"]),
            (is_port_name, vec!["http", "a-1"], vec!["", "1", "a--b", "-a", "HTTP", "a234567890123456"]),
            (is_env_name, vec!["A", "a.b-C_1", "_"], vec!["", "1A", "A B", "A=B", "é"]),
            (is_qualified_name, vec!["a", "A_b.c-D", "x.y/Z"], vec!["", "/a", "a/", "a/b/c", "-a", "X.y/z"]),
            (is_label_value, vec!["", "a", "A_1.b"], vec!["-a", "a ", "a/b", &long]),
            (is_data_key, vec!["a", ".a", "A_b-c.d"], vec!["", ".", "..a", "a/b", "a b"]),
        ] {
            for name in good {
                assert!(test(name), "{name}");
            }
            for name in bad {
                assert!(!test(name), "{name}");
            }
        }
        assert!(is_host("*.a.example", true) && !is_host("*.a.example", false) && !is_host("*", true));
        assert!(!is_host("a.*.b", true) && !is_host(&format!("{long}.a"), true) && !is_host("a:80", true));
        assert_eq!(suggest_label("My_Shop"), Some("my-shop".to_owned()));
    }
}
