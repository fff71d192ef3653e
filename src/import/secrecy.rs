//! What looks like a secret. Better one too many: a value that was taken for one is written back in a minute, one that
//! got into git is there for good.

/// Parts of names that secrets have.
const PARTS: [&str; 14] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "CREDENTIAL",
    "CONNECTION_STRING",
    "ACCOUNT_KEY",
];
/// Ends of such names.
const ENDS: [&str; 4] = ["_PWD", "_PASS", "_PW", "_DSN"];
/// Ends of names that only lead to a secret.
const HARMLESS: [&str; 5] = ["_FILE", "_PATH", "_NAME", "_URL", "_TTL"];

/// Whether a variable looks like a secret by its name, or by a password within an address.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let named = PARTS.iter().any(|part| upper.contains(part)) || ENDS.iter().any(|end| upper.ends_with(end));
    let leads = HARMLESS.iter().any(|end| upper.ends_with(end));
    named && !leads || has_password(value) || holds_key(value)
}

/// Whether a text is a key that must stay with its owner.
pub(super) fn holds_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

/// `scheme://user:password@host`
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let Some((login, _)) = authority.rsplit_once('@') else { return false };
    // What Kubernetes puts in from another variable is no password by itself.
    login.split_once(':').is_some_and(|(_, password)| !password.is_empty() && !password.starts_with("$("))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names_and_addresses_by_their_passwords() {
        for (name, value) in [
            ("POSTGRES_PASSWORD", ""),
            ("aws_secret_access_key", "x"),
            ("DB_PASS", "x"),
            ("DATABASE_URL", "postgres://shop:hunter2@db/shop"),
            ("CERT", "-----BEGIN RSA PRIVATE KEY-----"),
        ] {
            assert!(is_secret(name, value), "{name}");
        }
        for (name, value) in [
            ("LOG_LEVEL", "info"),
            ("POSTGRES_PASSWORD_FILE", "/run/secrets/db"),
            ("DATABASE_URL", "postgres://db/shop"),
            ("DATABASE_URL", "postgres://shop@db:5432/shop"),
            ("DATABASE_URL", "postgres://$(USER):$(PASS)@db/shop"),
            ("SECRET_NAME", "shop"),
            ("KEYBOARD", "de"),
        ] {
            assert!(!is_secret(name, value), "{name}");
        }
    }
}
