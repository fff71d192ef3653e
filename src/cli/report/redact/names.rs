//! Names that tell a secret: `DB_PASSWORD`, `apiKey`, `--client-secret`, `tls.key`.

/// A word of a name that is enough by itself.
const WORDS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "token",
    "secret",
    "key",
    "credential",
    "cred",
    "creds",
    "otp",
    "htpasswd",
    "pgpass",
];
/// What a name is made of where its words cannot be told apart: `PGPASSWORD`, `apikey`.
const PARTS: [&str; 12] = [
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
];
/// The same for fields of Kubernetes, where `key` and `secret` name something.
const FIELDS: [&str; 8] =
    ["password", "passwd", "passphrase", "privatekey", "apikey", "accesskey", "clientsecret", "token"];
/// Words after which the name tells where a secret is, or how long it lasts, but not what it is.
const LAST: [&str; 32] = [
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
    "days",
];
/// Words that make it something else wherever they are.
const OTHERWISE: [&str; 5] = ["public", "max", "min", "num", "count"];
/// Words with which a value is a secret if it looks like one.
const WEAK: [&str; 19] = [
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
];

/// Whether a name that people chose says that this value is a secret.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&OTHERWISE) || words.last().is_some_and(|last| LAST.contains(&last.as_str())) {
        return false;
    }
    let joined = words.concat();
    has(&WORDS) || PARTS.iter().any(|part| joined.contains(part)) || (has(&WEAK) && is_random(value))
}

/// Whether a field of Kubernetes holds a secret.
pub(super) fn is_secret_field(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    words.last().is_some_and(|last| !LAST.contains(&last.as_str()))
        && FIELDS.iter().any(|field| joined.ends_with(field))
}

/// Whether a value is none, or refers to another variable.
pub(super) fn is_harmless(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let refers = |open: &str, close: char| {
        let inside = value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inside.is_some_and(|name| !name.contains(['$', '(', ')', '{', '}']) && !name.contains(":-"))
    };
    ["", "true", "false", "null", "none", "~", "|", ">", "|-", ">-", "{}", "[]"].contains(&value)
        || refers("$(", ')')
        || refers("${", '}')
}

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
            && !["creds", "expires", "seconds", "minutes", "days"].contains(&word.as_str())
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
