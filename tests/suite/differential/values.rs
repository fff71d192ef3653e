//! Values at the edges of what a field can be, and beyond.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// Texts of these forms, the same on every run with the same seed.
fn random(forms: &[&str], count: usize) -> Vec<Value> {
    let seed: u64 = std::env::var("PORTFOLIO_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut texts = Vec::new();
    for form in forms {
        let form = string_regex(form).unwrap();
        texts.extend((0..count).map(|_| Value::from(form.new_tree(&mut runner).unwrap().current())));
    }
    texts
}

fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(*text)).collect()
}

fn lengths(lengths: &[usize]) -> Vec<Value> {
    lengths.iter().map(|length| Value::from("a".repeat(*length))).collect()
}

fn all(parts: impl IntoIterator<Item = Vec<Value>>) -> Vec<Value> {
    parts.into_iter().flatten().collect()
}

/// Names of things.
pub fn names() -> Vec<Value> {
    all([
        texts(&[
            "a",
            "0",
            "0a",
            "a0",
            "1.2",
            "A",
            "aB",
            "-a",
            "a-",
            "a--b",
            "a.b",
            "a..b",
            ".a",
            "a.",
            "a.-b",
            "a_b",
            "_",
            "a b",
            " a",
            "a ",
            "",
            "a/b",
            "a:b",
            "a%b",
            "a%2fb",
            "a\\b",
            "*",
            "*.a",
            "é",
            "日本",
            "a\n",
            "a\tb",
            ".",
            "..",
            "...",
            "kubernetes.io",
            "xn--bcher-kva",
            "default",
            "null",
            "true",
        ]),
        lengths(&[15, 16, 52, 53, 62, 63, 64, 253, 254]),
        vec![json!(format!("{}.{}", "a".repeat(63), "b".repeat(63))), json!(format!("{}.b", "a".repeat(64)))],
        random(&["[a-z0-9.-]{1,20}", "[a-zA-Z0-9._/:-]{1,12}"], 10),
    ])
}

/// Keys of labels and annotations.
pub fn keys() -> Vec<Value> {
    all([
        names(),
        texts(&[
            "example.com/a",
            "example.com/A",
            "Example.com/a",
            "example.com/",
            "/a",
            "a/b/c",
            "example_com/a",
            "example.com/-a",
            "kubernetes.io/os",
            "app.kubernetes.io/name",
            "app.kubernetes.io/x",
            "portfolio.dev/x",
        ]),
        vec![
            json!(format!("{}/a", "a.".repeat(126) + "a")),
            json!(format!("{}/a", "a.".repeat(126) + "ab")),
            json!(format!("a.b/{}", "a".repeat(63))),
            json!(format!("a.b/{}", "a".repeat(64))),
        ],
        random(&["[a-zA-Z0-9._-]{1,9}/[a-zA-Z0-9._-]{1,9}"], 10),
    ])
}

/// Any text: of commands, variables, annotations.
pub fn free() -> Vec<Value> {
    all([
        texts(&[
            "", " ", "a", "\n", "\t", "\0", "\u{1}", "\u{7f}", "\u{85}", "\u{2028}", "\u{feff}", "\u{fffe}",
            "\u{ffff}", "😀", "e\u{301}", "$(A)", "$$(A)", "null", "1_000", "'", "\"", "\\", "a\r\nb", "---",
            "#", "%", "{}", "[]",
        ]),
        lengths(&[1_000, 40_000]),
        random(&[".{0,12}"], 10),
    ])
}

/// Whole numbers, and what is nearly one.
pub fn counts() -> Vec<Value> {
    vec![
        json!(0),
        json!(1),
        json!(2),
        json!(63),
        json!(100),
        json!(101),
        json!(9_999),
        json!(10_000),
        json!(10_001),
        json!(65_535),
        json!(65_536),
        json!(i32::MAX),
        json!(2_147_483_648_u64),
        json!(u32::MAX),
        json!(4_294_967_296_u64),
        json!(i64::MAX),
        json!(-1),
        json!(-2_147_483_648_i64),
        json!(1.5),
        json!("1"),
        json!(""),
        json!("one"),
        json!(true),
    ]
}

/// Port numbers.
pub fn ports() -> Vec<Value> {
    let more = [json!(80), json!(8080), json!(32_768), json!(-80), json!("80"), json!("http"), json!("0x50")];
    all([counts(), more.to_vec()])
}

/// Resource quantities. None with an exponent of ten digits: the API server works on it for minutes.
pub fn quantities() -> Vec<Value> {
    all([
        texts(&[
            "0",
            "1",
            "2",
            "-1",
            "+1",
            "1.5",
            "0.5",
            ".5",
            "5.",
            ".",
            "1..2",
            "1e3",
            "1E3",
            "1e-3",
            "1E-3",
            "1e+3",
            "1e",
            "1E",
            "1Ei",
            "7E",
            "7.9E",
            "8E",
            "9E",
            "10E",
            "7Ei",
            "8Ei",
            "1P",
            "1Pi",
            "1T",
            "1G",
            "1Gi",
            "1M",
            "1Mi",
            "1K",
            "1k",
            "1Ki",
            "1m",
            "1500m",
            "1u",
            "1n",
            "0.0000000001",
            "1.0000000001",
            "1.123456789",
            "1024",
            "1023",
            "1048576Ki",
            "1048575Ki",
            "1000Mi",
            "0.1Gi",
            "1.3Gi",
            "0.1Ki",
            "1.5Ki",
            "9223372036854775807",
            "9223372036854775808",
            "123456789012345678901234567890",
            "1e18",
            "1e19",
            "1e99",
            "NaN",
            "inf",
            "0x10",
            "1_000",
            "1,5",
            "1 Gi",
            " 1Gi",
            "1Gi ",
            "1GiB",
            "1gi",
            "1GI",
            "1mi",
            "1B",
            "Gi",
            "",
            "٣",
            "00012",
            "-0",
            "0.0",
        ]),
        random(&["[0-9]{1,4}(\\.[0-9]{1,3})?[EPTGMkmunKi]{0,2}"], 30),
    ])
}

/// Counts or shares of pods.
pub fn shares() -> Vec<Value> {
    all([
        counts(),
        texts(&[
            "0%", "1%", "25%", "99%", "100%", "101%", "200%", "1000%", "-1%", "+1%", "1.5%", "%", " 5%",
            "5 %", "05%", "5%%", "0x5%", "٣%",
        ]),
    ])
}

/// Times: the server counts seconds.
pub fn durations() -> Vec<Value> {
    texts(&[
        "0s",
        "1s",
        "59s",
        "60s",
        "61s",
        "1m",
        "10m",
        "1h",
        "1h30m",
        "1d",
        "365d",
        "3650d",
        "3651d",
        "24855d",
        "-1s",
        "+1s",
        "1.5h",
        "1h1h",
        "1s1m",
        "0",
        "1",
        "",
        "s",
        "1 s",
        "1ms",
        "1y",
        "99999999999d",
        "87600h",
        "87601h",
        "315360000s",
    ])
}

/// Cron lines.
pub fn cron_lines() -> Vec<Value> {
    all([
        texts(&[
            "* * * * *",
            "0 3 * * *",
            "*/5 * * * *",
            "0 0 1 1 *",
            "59 23 31 12 6",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 0 *",
            "* * * 13 *",
            "* * * * 7",
            "* * * * 8",
            "* * * * 5-7",
            "* * * * 0-7",
            "* * * * sun",
            "* * * * Sun-Tue",
            "* * * * sat-sun",
            "* * * jan *",
            "* * * JAN-mar *",
            "* * * january *",
            "0 0 30 2 *",
            "0 0 29 2 *",
            "0 0 31 4 *",
            "? ? ? ? ?",
            "* * ? * ?",
            "* * L * *",
            "* * 15W * *",
            "* * * * 5#3",
            "* * * *",
            "* * * * * *",
            "",
            " ",
            "@daily",
            "@every 1h",
            "@reboot",
            "@yearly",
            "TZ=UTC 0 3 * * *",
            "CRON_TZ=Europe/Berlin 0 3 * * *",
            "*/0 * * * *",
            "*/60 * * * *",
            "*/61 * * * *",
            "1/2 * * * *",
            "1-5/2 * * * *",
            "5-1 * * * *",
            "1,2,3 * * * *",
            "1,,2 * * * *",
            ",1 * * * *",
            "1- * * * *",
            "-1 * * * *",
            "+1 * * * *",
            "*-5 * * * *",
            "*,5 * * * *",
            "1.5 * * * *",
            "01 * * * *",
            "0x1 * * * *",
            "  0   3 * * *  ",
            "0\t3 * * *",
            "0\n3 * * *",
            "0 3 * * * # at night",
            "0 3 * * 1-5/2",
            "0 3 */2 * 1",
            "0 3 1-7 * mon",
            "a b c d e",
            "99999999999 * * * *",
            "* * * * *\n",
            "*/5/2 * * * *",
            "1-2-3 * * * *",
            "0 22-2 * * *",
            "H * * * *",
        ]),
        random(&["([0-9*?/,-]{1,4}|[1-9]|\\*)( ([0-9*?/,-]{1,3}|[1-6]|\\*)){4}"], 60),
    ])
}

/// Time zones: every one that we know, and what is none.
pub fn time_zones() -> Vec<Value> {
    all([
        chrono_tz::TZ_VARIANTS.iter().map(|zone| Value::from(zone.name())).collect(),
        texts(&[
            "Local",
            "local",
            "utc",
            "europe/berlin",
            "Europe/Berlin ",
            " Europe/Berlin",
            "",
            "UTC+1",
            "+01:00",
            "Berlin",
            "../Europe/Berlin",
            "Europe/../Europe/Berlin",
            "/usr/share/zoneinfo/UTC",
            "posixrules",
            "posix/UTC",
            "right/UTC",
            "Factory",
            "Etc/GMT+15",
            "Etc/Unknown",
            "Europe/Nowhere",
            "tzdata.zi",
            "zone.tab",
            "Europe",
            "CET-1CEST",
        ]),
    ])
}

/// Host names.
pub fn hosts() -> Vec<Value> {
    all([
        names(),
        texts(&[
            "example.com",
            "*.example.com",
            "*.*.example.com",
            "a.*.example.com",
            "*example.com",
            "*.",
            "Example.com",
            "example.com.",
            "example.com:80",
            "https://example.com",
            "example.com/a",
            "10.0.0.1",
            "::1",
            "[::1]",
            "1.2.3",
            "010.0.0.1",
            "1.2.3.256",
            "0.0.0.0",
            "1.2.3.4.5",
            "a.1",
            "999.999.999.999",
            "*.10.0.0.1",
            "localhost",
            "bücher.example",
            "-a.example",
            "a_b.example",
        ]),
    ])
}

/// Paths of URLs.
pub fn url_paths() -> Vec<Value> {
    all([
        texts(&[
            "/",
            "//",
            "/a",
            "/a/",
            "/a//b",
            "/a/.",
            "/a/./b",
            "/a/..",
            "/a/../b",
            "/.",
            "/..",
            "/.a",
            "/...",
            "a",
            "",
            "*",
            "/*",
            "/a?b=c",
            "/a#b",
            "/a%20b",
            "/a%2fb",
            "/a%2Fb",
            "/a%zz",
            "/a b",
            "/a\tb",
            "/é",
            "/a\\b",
            "/{a}",
            "/$(A)",
            "/a;b",
            "/a:b",
            "/a\"b",
            "/%",
            "http://a/b",
            "/a\u{85}b",
            "/a\u{a0}b",
        ]),
        lengths(&[300]).into_iter().map(|text| json!(format!("/{}", text.as_str().unwrap()))).collect(),
        random(&["/[a-zA-Z0-9./%?#_~-]{0,9}"], 20),
    ])
}

/// Paths in a container.
pub fn file_paths() -> Vec<Value> {
    all([
        texts(&[
            "/",
            "//",
            "/a",
            "/a/",
            "//a",
            "/a//b",
            "/a/.",
            "/a/./b",
            "/a/..",
            "/a/../b",
            "/..",
            "/.a",
            "/..a",
            "/a..",
            "a",
            "./a",
            "../a",
            "",
            ".",
            "/a b",
            "/a:b",
            "/a\\b",
            "C:\\a",
            "/a\nb",
            "/a\0b",
            "/é",
            "/a,b",
            "/a\"b",
            "/$(A)",
            "/tmp",
            "/tmp/",
            "/tmp/a",
            "/dev",
            "/proc",
            "/etc",
            "/etc/edge",
            "/var/run/secrets/kubernetes.io/serviceaccount",
            "~",
            "/a*",
        ]),
        vec![json!(format!("/{}", "a".repeat(300))), json!(format!("/{}", "a/".repeat(60)))],
        random(&["(/[a-zA-Z0-9._ -]{1,6}){1,3}"], 10),
    ])
}

/// Ranges of addresses.
pub fn ranges() -> Vec<Value> {
    texts(&[
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.1/8",
        "10.0.0.1/32",
        "10.0.0.1",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/",
        "/8",
        "10.0.0/8",
        "10.0.0.0.0/8",
        "010.0.0.0/8",
        "10.0.0.00/8",
        "256.0.0.0/8",
        "10/8",
        "0x0a.0.0.0/8",
        " 10.0.0.0/8",
        "10.0.0.0/8 ",
        "10.0.0.0/255.0.0.0",
        "::/0",
        "::1/128",
        "::1",
        "2001:db8::/32",
        "2001:DB8::/32",
        "2001:0db8::/32",
        "2001:db8:0::/32",
        "2001:db8:0:0:0:0:0:0/32",
        "2001:db8::1/32",
        "2001:db8::/129",
        "::ffff:10.0.0.0/104",
        "::ffff:0a00:0/104",
        "::10.0.0.0/104",
        "fe80::%eth0/64",
        "fe80::/10",
        "fd00::/8",
        "10.0.0.0/8,10.1.0.0/16",
        "",
        "localhost/8",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "127.0.0.0/8",
        "169.254.0.0/16",
    ])
}

/// Images.
pub fn images() -> Vec<Value> {
    let digest = "0".repeat(64);
    all([
        texts(&[
            "a",
            "a:1",
            "a:latest",
            "a:1.2.3-rc.1_x",
            "a:",
            ":1",
            "a:-1",
            "a:.1",
            "A:1",
            "a/A:1",
            "a//b:1",
            "/a:1",
            "a/:1",
            "a:1:2",
            "a b:1",
            " a:1",
            "a:1 ",
            "a:1\n",
            "",
            "a@sha256:0",
            "a@md5:0",
            "localhost/a:1",
            "localhost:5000/a:1",
            "example.com:99999/a:1",
            "example.com:port/a:1",
            "[::1]:5000/a:1",
            "10.0.0.1:5000/a:1",
            "https://a/b:1",
            "a__b:1",
            "a___b:1",
            "a..b:1",
            "a--b:1",
            "a-:1",
            "é:1",
            "${IMAGE}",
            "docker.io/library/a:1",
            "EXAMPLE.com/a:1",
        ]),
        vec![
            json!(format!("a@sha256:{digest}")),
            json!(format!("a:1@sha256:{digest}")),
            json!(format!("a@sha256:{}", "0".repeat(63))),
            json!(format!("a@sha256:{}", "A".repeat(64))),
            json!(format!("a:{}", "1".repeat(128))),
            json!(format!("a:{}", "1".repeat(129))),
            json!(format!("a:{}", ".".repeat(128))),
            json!(format!("{}:1", "a".repeat(255))),
            json!(format!("{}:1", "a".repeat(256))),
        ],
    ])
}

/// Words, in this case and in others.
pub fn words(known: &[&str]) -> Vec<Value> {
    let cases = known.iter().flat_map(|word| [word.to_lowercase(), word.to_uppercase(), format!("{word} ")]);
    all([texts(known), cases.map(Value::from).collect(), texts(&["", "None", "other"])])
}

/// Annotations' values about the size that fits on one object.
pub fn sizes() -> Vec<Value> {
    lengths(&[200_000, 261_000, 262_000, 262_130, 262_143, 262_144, 262_145, 300_000])
}
