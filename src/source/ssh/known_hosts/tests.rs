//! Which keys are believed, and what is said of the others.

use super::{Distrust, KnownHosts};
use crate::source::ssh::SshAddress;

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtONkeztvSZs/Cqppl7Hf4aRfo3ZvsqFQedMAKIYogj";
const OTHER_ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBSn37Pcyof8MC6KxLSeS9CAiSial5AFEXOocydDksYF";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNyumnXqVKhOJXR5Pt7eEPaTlA+1e+SySIqQfGXayoe5l73OxTvRpUcEiuAa/71V5egwVn1SPIXw4yo8dqpHlZA=";
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDP0PAPqne6bzg7v5LTuMTwa31S2gcmIVni5jwcDajHjZ6ewWsvInxEWz2Ngb450mfohlp0erFAEdZ+a0i6rFMnfx+V6YzOfs20WDhh7CtJRxSwTJPz5Jkcrur9J9y3JSgn2VhaW8iZT5yrSCCs3OCkynzbXRS/eUUeHFLI4SMJEUEiqCOEaSbfWE3np8t9A0hvsq6B2F7JFNfYpyQcU67YPQqVUOCw+p2TbIW+xTfZ5jrqiTMitGy/b84kjeX8pxPVCCNJX528ifIod8vrWg63vAX3NRtTWYEEEuHSILjgAnp+lOlEEjc+gNgHbN+ofFliDJBDcj8Zy5UVDXs63ANh";

fn blob(key: &str) -> Vec<u8> {
    key.parse::<ssh_key::PublicKey>().unwrap().to_bytes().unwrap()
}

fn judge(file: &str, presented: &str, url: &str) -> Result<(), Distrust> {
    let address: SshAddress = url.parse().unwrap();
    KnownHosts::parse(file).unwrap().judge(&address, &blob(presented))
}

fn file(lines: &[(&str, &str)]) -> String {
    lines.iter().map(|(hosts, key)| format!("{hosts} {key} comment\n")).collect::<Vec<_>>().concat()
}

#[test]
fn a_key_that_stands_in_the_file_is_believed() {
    for key in [ED25519, ECDSA, RSA] {
        for (hosts, url) in [
            ("host", "git@host:apps"),
            ("other,host", "ssh://host/apps"),
            ("[host]:2222", "ssh://host:2222/apps"),
            ("*", "ssh://host:2222/apps"),
        ] {
            let text = format!("# comment\n\n{hosts}\t{key}  with  blanks # in it\r\n");
            assert_eq!(judge(&text, key, url), Ok(()), "{hosts} {url}");
        }
    }
    // A second key of the type, as during a change of keys.
    let both = file(&[("host", OTHER_ED25519), ("host", ED25519)]);
    assert_eq!(judge(&both, ED25519, "git@host:apps"), Ok(()));
}

#[test]
fn a_key_that_does_not_is_not_believed_and_the_reason_is_told() {
    let unknown = Distrust::Unknown as fn(String) -> Distrust;
    let (changed, revoked) =
        (Distrust::Changed as fn(String) -> Distrust, Distrust::Revoked as fn(String) -> Distrust);
    for (lines, url, kind, wanted) in [
        (vec![], "git@host:apps", unknown, "has no line for `host`; compare"),
        (
            vec![("elsewhere", ED25519)],
            "git@host:apps",
            unknown,
            "`ssh-keyscan -t ed25519 host >> known_hosts`",
        ),
        (vec![("host", ED25519)], "ssh://host:2222/apps", unknown, "`ssh-keyscan -t ed25519 -p 2222 host >>"),
        (vec![("host,!host", ED25519)], "git@host:apps", unknown, "has no line for `host`"),
        (
            vec![("host", ECDSA), ("host", RSA)],
            "git@host:apps",
            unknown,
            "known_hosts:1,2 has only ecdsa-sha2-nistp256, ssh-rsa for `host`",
        ),
        (
            vec![("@cert-authority host", ED25519)],
            "git@host:apps",
            unknown,
            "known_hosts:1 has only @cert-authority for `host`",
        ),
        (
            vec![("host", OTHER_ED25519)],
            "git@host:apps",
            changed,
            "known_hosts:1 expects the ssh-ed25519 key SHA256:dnBEpfjjwRdQv9od2vwFgT01Xu1UFxlUNVnmKhfmWs8",
        ),
        (
            vec![("host", OTHER_ED25519)],
            "git@host:apps",
            changed,
            "the server presents SHA256:2naEkrXQpLd6B0p7+fP3FgPF+bd2SrsadLbf6D0BcsA",
        ),
        (
            vec![("host", ED25519), ("@revoked *", ED25519)],
            "git@host:apps",
            revoked,
            "known_hosts:2 revokes the ssh-ed25519 key SHA256:2naEkrXQpLd6B0p7+fP3FgPF+bd2SrsadLbf6D0BcsA",
        ),
    ] {
        let distrust = judge(&file(&lines), ED25519, url).unwrap_err();
        let (Distrust::Unknown(said) | Distrust::Changed(said) | Distrust::Revoked(said)) = &distrust;
        assert!(said.contains(wanted), "{said}\n{wanted}");
        assert_eq!(distrust, kind(said.clone()));
    }
}

#[test]
fn a_key_that_is_revoked_for_others_is_not_for_this_server() {
    let text = file(&[("host", ED25519), ("@revoked other", ED25519)]);
    assert_eq!(judge(&text, ED25519, "git@host:apps"), Ok(()));
}

#[test]
fn a_line_that_cannot_be_read_is_named() {
    let good = file(&[("host", ED25519)]);
    for bad in [
        "host",
        "host ssh-ed25519",
        "host ssh-ed25519 AAAA",
        "host ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAILglw2LNJb1tspu20FmVLWVgJKy23BKdbSwKipZNp2wj",
        "@trusted host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILglw2LNJb1tspu20FmVLWVgJKy23BKdbSwKipZNp2wj",
        "|1|rubbish ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILglw2LNJb1tspu20FmVLWVgJKy23BKdbSwKipZNp2wj",
        "<html>",
    ] {
        let error =
            KnownHosts::parse(&format!("{good}# two\n{bad}\n")).err().unwrap_or_else(|| panic!("{bad}"));
        assert!(error.starts_with("known_hosts:3: is not `host keytype key`"), "{bad}: {error}");
    }
}

#[test]
fn only_what_would_be_believed_is_asked_for() {
    let text = file(&[
        ("host,other", ED25519),
        ("host", ECDSA),
        ("host", RSA),
        ("@revoked *", RSA),
        ("@cert-authority *", ED25519),
        ("elsewhere", ED25519),
    ]);
    let asked = KnownHosts::parse(&text).unwrap().believed(&"git@host:apps".parse().unwrap());
    let expected: Vec<String> = [ED25519, ECDSA].iter().map(|key| format!("host {key} comment")).collect();
    assert_eq!(asked, expected);
}

#[test]
fn a_key_of_a_type_that_we_cannot_read_is_named_all_the_same() {
    let mut key = vec![0, 0, 0, 5];
    key.extend(b"ssh-x more");
    let address: SshAddress = "git@host:apps".parse().unwrap();
    let known = KnownHosts::parse(&file(&[("host", ED25519)])).unwrap();
    let Err(Distrust::Unknown(said)) = known.judge(&address, &key) else { panic!("believed") };
    assert!(said.contains("presents the ssh-x key SHA256:"), "{said}");
    let Err(Distrust::Unknown(said)) = known.judge(&address, b"\xff\xff\xff\xffx") else {
        panic!("believed")
    };
    assert!(said.contains("the unknown key"), "{said}");
}
