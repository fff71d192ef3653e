//! Whether a line of `known_hosts` speaks of a server, as sshd(8) has it where it describes that file.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use ssh_key::known_hosts::HostPatterns;

/// Whether the patterns of a line cover `name`: lower case, `host` or `[host]:port`.
pub(super) fn covers(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::Patterns(patterns) => {
            let refused = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!'));
            let named = patterns.iter().filter(|pattern| !pattern.starts_with('!'));
            !refused.into_iter().any(|pattern| matches(pattern, name))
                && named.into_iter().any(|pattern| matches(pattern, name))
        }
        HostPatterns::HashedName { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
            .is_ok_and(|mac| mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok()),
    }
}

/// `*` for any characters, `?` for one; all else, brackets too, for itself in any case.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut of) = (0, 0);
    // Where to go on when what follows the last `*` does not fit: that `*` swallows one character more.
    let mut retry = None;
    while let Some(char) = name.get(at) {
        match pattern.get(of) {
            Some(b'*') => {
                retry = Some((of + 1, at));
                of += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted.eq_ignore_ascii_case(char) => {
                at += 1;
                of += 1;
            }
            Some(_) | None => {
                let Some((after_star, swallowed)) = retry else { return false };
                retry = Some((after_star, swallowed + 1));
                (of, at) = (after_star, swallowed + 1);
            }
        }
    }
    pattern.get(of..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use ssh_key::known_hosts::HostPatterns;

    use super::covers;

    #[test]
    fn names_lists_wildcards_and_negations() {
        for (patterns, name, expected) in [
            ("host", "host", true),
            ("HOST", "host", true),
            ("host", "host2", false),
            ("host", "[host]:2222", false),
            ("[host]:2222", "[host]:2222", true),
            ("[host]:2222", "host", false),
            ("[host]:2222", "[host]:2223", false),
            ("a,host,b", "host", true),
            ("a,b", "host", false),
            ("*", "host", true),
            ("*", "[host]:2222", true),
            ("h?st", "host", true),
            ("h?st", "hst", false),
            ("*.example.com", "git.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "git.example.com.evil.org", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbx", false),
            ("git*", "git", true),
            ("*.example.com,!git.example.com", "git.example.com", false),
            ("!git.example.com,*.example.com", "git.example.com", false),
            ("*.example.com,!git.example.com", "www.example.com", true),
            ("!git.example.com", "www.example.com", false),
            ("[*.example.com]:2222", "[git.example.com]:2222", true),
            ("10.0.0.?", "10.0.0.7", true),
            ("2001:db8::1", "2001:db8::1", true),
            ("", "host", false),
        ] {
            let parsed = patterns.parse().unwrap_or(HostPatterns::Patterns(Vec::new()));
            assert_eq!(covers(&parsed, name), expected, "{patterns} {name}");
        }
    }

    #[test]
    fn hashed_names_as_ssh_keygen_writes_them() {
        // `ssh-keygen -H` on lines for `git.example.com` and `[git.example.com]:2222`.
        for (hashed, name) in HASHED {
            let patterns: HostPatterns = hashed.parse().unwrap();
            assert!(covers(&patterns, name), "{hashed}");
            assert!(!covers(&patterns, "git.example.org"));
        }
    }

    const HASHED: [(&str, &str); 2] = [
        ("|1|tBDXbj92wGYYpwaIO9VeYnzEGpc=|bdJSeKBbWX5CKREQvFsQeZs561o=", "git.example.com"),
        ("|1|Q9kUXin/iIyBBwIESNufa4jCznI=|GV5Om3wTw3rn8fDW7FXeWayelyQ=", "[git.example.com]:2222"),
    ];
}
