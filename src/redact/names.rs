//! Names that tell a secret: `DB_PASSWORD`, `apiKey`, `--client-secret`, `tls.key`.

use super::forms::is_random;

/// A word of a name that is enough by itself.
const WORDS: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "pw",
    "token",
    "secret",
    "key",
    "credential",
    "cred",
    "creds",
    "otp",
    "dsn",
    "htpasswd",
    "pgpass",
];
/// What a name is made of where its words cannot be told apart: `PGPASSWORD`, `apikey`.
const PARTS: [&str; 18] = [
    "password",
    "passwd",
    "passphrase",
    "credential",
    "secret",
    "apikey",
    "privatekey",
    "accesskey",
    "sshkey",
    "authkey",
    "authtoken",
    "accesstoken",
    "connectionstring",
    "requirepass",
    "masterauth",
    "dbpass",
    "userpass",
    "rootpass",
];
/// The same for fields of Kubernetes, where `key` and `secret` name something.
const FIELDS: [&str; 8] =
    ["password", "passwd", "passphrase", "privatekey", "apikey", "accesskey", "clientsecret", "token"];
/// Words after which the name tells where a secret is, or how long it lasts, but not what it is.
const LAST: [&str; 41] = [
    "name",
    "namespace",
    "file",
    "filename",
    "path",
    "dir",
    "folder",
    "ref",
    "url",
    "uri",
    "host",
    "port",
    "endpoint",
    "issuer",
    "audience",
    "type",
    "algorithm",
    "prefix",
    "header",
    "enabled",
    "ttl",
    "timeout",
    "expiry",
    "expires",
    "expiration",
    "lifetime",
    "length",
    "size",
    "limit",
    "seconds",
    "minutes",
    "hours",
    "days",
    "age",
    "policy",
    "mode",
    "format",
    "interval",
    "duration",
    "attempt",
    "provider",
];
/// Words that make an amount of the word beside them: `MAX_TOKENS`, `TOKEN_COUNT`.
const AMOUNTS: [&str; 5] = ["max", "min", "num", "count", "total"];
/// Words before `key` that make it one by which something is found.
const FINDING: [&str; 9] =
    ["public", "primary", "foreign", "sort", "partition", "routing", "cache", "group", "idempotency"];
/// Words with which a value is a secret if it looks like one.
const WEAK: [&str; 20] = [
    "auth",
    "authorization",
    "bearer",
    "session",
    "cookie",
    "salt",
    "signature",
    "sig",
    "hmac",
    "seed",
    "license",
    "licence",
    "private",
    "jwt",
    "pin",
    "nonce",
    "webhook",
    "signing",
    "encryption",
    "routing",
];
/// Whose annotations have a meaning that is written down, and name Secrets at most.
const KNOWN: [&str; 6] =
    ["kubernetes.io", "k8s.io", "cert-manager.io", "istio.io", "traefik.io", "portfolio.dev"];

/// Whether a name that people chose says that this value is a secret.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let Some(last) = words.last() else { return false };
    if LAST.contains(&last.as_str()) {
        // Who knows the address of a webhook may call it.
        return has(&["webhook"]) && value.split('/').any(is_random);
    }
    if is_known(name)
        || (is_amount(value) && has(&AMOUNTS) && is_plural(name) && WORDS.contains(&last.as_str()))
    {
        return false;
    }
    // What something is found by, in most files; unless it looks like one or stands on lines of its own.
    if words == ["key"] {
        return is_random(value) || value.trim_start().starts_with(['|', '>']);
    }
    let telling = telling(&words);
    let joined = telling.concat();
    telling.iter().any(|word| WORDS.contains(word))
        || PARTS.iter().any(|part| joined.contains(part))
        || (has(&WEAK) && is_random(value))
}

/// The words without those that their neighbour makes something else.
fn telling(words: &[String]) -> Vec<&str> {
    let is_other = |at: usize, word: &str| {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map_or("", String::as_str);
        let after = words.get(at + 1).map_or("", String::as_str);
        AMOUNTS.contains(&before) || AMOUNTS.contains(&after) || (word == "key" && FINDING.contains(&before))
    };
    let words = words.iter().map(String::as_str).enumerate();
    words.filter(|(at, word)| !(WORDS.contains(word) && is_other(*at, word))).map(|(_, word)| word).collect()
}

/// A number, or nothing that would be known of it.
fn is_amount(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plural(name: &str) -> bool {
    name.ends_with(['s', 'S'])
}

fn is_known(name: &str) -> bool {
    let domain = name.split_once('/').map_or("", |(domain, _)| domain);
    KNOWN
        .iter()
        .any(|known| domain.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Whether a field of Kubernetes holds a secret.
pub(super) fn is_secret_field(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    words.last().is_some_and(|last| !LAST.contains(&last.as_str()))
        && FIELDS.iter().any(|field| joined.ends_with(field))
}

/// The words of a name in lower case, without the `s` of a plural.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for char in name.chars() {
        if !char.is_alphanumeric() || (was_lower && char.is_uppercase()) {
            words.push(std::mem::take(&mut word));
        }
        if char.is_alphanumeric() {
            word.extend(char.to_lowercase());
        }
        was_lower = char.is_lowercase() || char.is_numeric();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    for word in &mut words {
        if word.ends_with('s')
            && !word.ends_with("ss")
            && !["creds", "expires", "seconds", "minutes", "hours", "days"].contains(&word.as_str())
        {
            word.pop();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for name in [
            "DB_PASSWORD",
            "password",
            "dbPassword",
            "PGPASSWORD",
            "api-key",
            "apiKey",
            "APIKEY",
            "AWS_SECRET_ACCESS_KEY",
            "clientSecret",
            "--token",
            "tls.key",
            "credentials.json",
            "tokens",
            "REDIS_PASS",
            "spring.datasource.password",
            "id_rsa_key",
            ".htpasswd",
        ] {
            assert!(is_secret(name, "x"), "{name}");
        }
    }

    #[test]
    fn names_that_only_sound_like_it_are_none() {
        for name in [
            "LOG_LEVEL",
            "KEYCLOAK_URL",
            "MONKEY",
            "TOKEN_URL",
            "PASSWORD_FILE",
            "SECRET_NAME",
            "MAX_TOKENS",
            "JWT_PUBLIC_KEY",
            "tokenizer",
            "COMPASS",
            "passengers",
            "keyboard",
            "SESSION_TTL",
            "app.toml",
        ] {
            assert!(!is_secret(name, "x"), "{name}");
        }
    }

    #[test]
    fn a_weak_name_needs_a_value_that_looks_like_a_secret() {
        assert!(is_secret("SESSION_SALT", "9f86d081884c7d659a2feaa0c55ad015"));
        assert!(!is_secret("SESSION_COOKIE", "shop-session"));
        assert!(!is_secret("AUTH_MODE", "openid-connect-with-groups"));
    }
}
