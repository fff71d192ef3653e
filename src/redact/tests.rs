//! What is a secret and what is not, side by side: for both who show and who write.

use super::*;

/// Put together here, so that no scanner takes the test for a leak.
fn token(prefix: &str, rest: &str) -> String {
    format!("{prefix}{rest}")
}

#[test]
fn what_looks_like_a_secret_is_one() {
    for (name, value) in [
        ("POSTGRES_PASSWORD", ""),
        ("DB_PASSWORD", "hunter2"),
        ("DB_PASS", "x"),
        ("DB_PW", "x"),
        ("PIN_PASSWORD", "1234"),
        ("aws_secret_access_key", "x"),
        ("MIN_IO_SECRET_KEY", "hunter2"),
        ("MINIO_ROOT_PASSWORD", "hunter2"),
        ("MAX_RETRIES_API_KEY", "hunter2"),
        ("COUNT_SERVICE_TOKEN", "hunter2"),
        ("NAMESPACE_SECRET", "hunter2"),
        ("SECRET_KEY_BASE", "abc"),
        ("SENTRY_DSN", "https://o1.example.com/1"),
        ("REDIS_AUTH", "9f86d081884c7d659a2feaa0c55ad015"),
        ("PAGERDUTY_ROUTING_KEY", "9f86d081884c7d659a2feaa0c55ad015"),
        ("SLACK_WEBHOOK_URL", "https://chat.example.com/hooks/9f86d081884c7d659a2feaa0c55ad015"),
        ("SLACK_WEBHOOK_URL", &token("https://hooks.slack.com/services/", "T000/B000/abcdef")),
        ("NOTIFY", &token("https://discord.com/api/webhooks/", "123456/abc-def")),
        ("DATABASE_URL", "postgres://shop:hunter2@db/shop"),
        ("DATABASE_URL", "postgres://shop:h1/nter2?x@db"),
        ("DATABASE_URL", "postgres://shop:8080/x@db"),
        ("CACHE", "redis://:hunter2@cache:6379/0"),
        ("CONNECTION", "Server=db;User Id=sa;Password=hunter2"),
        ("OPTIONS", "--db-password hunter2 --verbose"),
        ("STRIPE_KEY", &token("sk_live_", "abcdefghij")),
        ("STRIPE", &token("sk_live_", "abcdefghij")),
        ("GH", &token("ghp_", "abcdefghij")),
        ("GH", &token("github_pat_", "abcdefghij_x")),
        ("GL", &token("glpat-", "abcdefghij")),
        ("SLACK", &token("xoxb-", "1234-abcd")),
        ("AWS", &token("AKIA", "ABCDEFGHIJKLMNOP")),
        ("MAPS", &token("AIza", "SyA1234567890abcdefghij")),
        ("CERT", &token("-----BEGIN RSA PRIVATE", " KEY-----")),
        ("HEADER", "Bearer abcdefghijklmnop"),
    ] {
        assert!(is_secret(name, value), "{name}={value}");
    }
}

#[test]
fn ordinary_values_pass() {
    for (name, value) in [
        ("LOG_LEVEL", "info"),
        ("MAX_TOKENS", "4096"),
        ("OPENAI_MAX_OUTPUT_TOKENS", "4096"),
        ("TOKEN_COUNT", "3"),
        ("PASSWORD_MIN_LENGTH", "12"),
        ("MIN_PASSWORD_LENGTH", "12"),
        ("PASSWORD_MAX_AGE", "90d"),
        ("TOKEN_TTL", "5m"),
        ("KEYBOARD", "de"),
        ("MONKEY", "george"),
        ("COMPASS", "north"),
        ("POSTGRES_PASSWORD_FILE", "/run/secrets/db"),
        ("SECRET_NAME", "shop"),
        ("JWT_PUBLIC_KEY", "/etc/keys/jwt.pub"),
        ("PARTITION_KEY", "tenant"),
        ("ALLOW_EMPTY_PASSWORD", "yes"),
        ("DEBUG_TOKENS", "false"),
        ("AUTH_MODE", "openid-connect-with-groups"),
        ("SESSION_COOKIE", "shop-session"),
        ("DATABASE_URL", "postgres://db/shop"),
        ("DATABASE_URL", "postgres://shop@db:5432/shop"),
        ("DATABASE_URL", "postgres://$(USER):$(PASS)@db/shop"),
        ("DB_PASSWORD", "$(OTHER)"),
        ("DB_PASSWORD", "${OTHER}"),
        ("PUBLIC_URL", "https://shop.example.com:8443/a?mail=a@b.example.com"),
        ("PUBLIC_URL", "https://shop.example.com/@team/page"),
        ("WEBHOOK_URL", "https://shop.example.com/hooks"),
        ("IMAGE", "oci://registry.example.com:5000/shop@sha256:abc"),
        ("nginx.ingress.kubernetes.io/auth-secret", "shop-basic-auth"),
        ("COMMAND", "export TOKEN=$(cat /run/token) && exec web --port 80"),
        ("COMMAND", "export TOKEN=$$(cat /run/token)"),
        ("CERT", "-----BEGIN CERTIFICATE-----\nMHc\n-----END CERTIFICATE-----"),
        ("JAVA_OPTS", "-Xmx512m -Dfile.encoding=UTF-8"),
        ("CRON", "*/5 * * * *"),
        ("MOTD", "Ask for a password at the desk"),
    ] {
        assert!(!is_secret(name, value), "{name}={value}: {}", Redactor::default().text(value));
    }
}

#[test]
fn the_first_line_with_a_secret_is_told() {
    assert_eq!(line_of_secret("port = 80\npassword = \"hunter2\"\n"), Some(2));
    assert_eq!(line_of_secret("port = 80\n"), None);
}

#[test]
fn references_stand_in_the_place_of_secrets_in_arguments() {
    let arguments =
        ["--db-password", "hunter2", "--token=abc", "sh -c 'psql --password hunter2'", "--port", "80"];
    let mut redactor = Redactor::referring("SECRET");
    let redacted = redactor.arguments(&arguments.map(str::to_owned));
    assert_eq!(
        redacted,
        [
            "--db-password",
            "$(SECRET_1)",
            "--token=$(SECRET_2)",
            "sh -c 'psql --password $(SECRET_1)'",
            "--port",
            "80"
        ]
    );
    assert_eq!(redactor.references(), ["SECRET_1", "SECRET_2"]);
}

#[test]
fn what_is_said_about_a_text_does_not_quote_its_secrets() {
    let mut redactor = Redactor::default();
    redactor.text("env: {DB_PASSWORD: hunter2}");
    assert_eq!(redactor.said("`hunter2` is no number"), "`<redacted 1>` is no number");
    assert_eq!(
        redactor.said("string \"hunter2\", expected a map"),
        "string \"<redacted 1>\", expected a map"
    );
    assert_eq!(redactor.said("`shop` is no number"), "`shop` is no number");
}
