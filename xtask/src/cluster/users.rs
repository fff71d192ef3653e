//! Who may ask: a static token a user, so that the audit log tells them apart
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file>).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

/// A user of the API, known by a token.
pub(super) struct User {
    /// The context in the kubeconfig.
    pub(super) context: &'static str,
    name: &'static str,
    group: &'static str,
    token: String,
}

const MASTERS: &str = "system:masters";

/// Context, user name, group.
const PEOPLE: [(&str, &str, &str); 4] = [
    ("admin", "admin", MASTERS),
    // The daemon under test: a name of its own, so that its requests can be counted.
    ("portfolio", "portfolio", MASTERS),
    // May do nothing but what a test binds to them.
    ("viewer", "viewer", ""),
    ("deployer", "deployer", ""),
];

/// The components go by their usual names, with every right: what RBAC grants
/// Kubernetes' own controllers is not ours to test.
const COMPONENTS: [(&str, &str, &str); 5] = [
    ("kube-controller-manager", "system:kube-controller-manager", MASTERS),
    ("kube-scheduler", "system:kube-scheduler", MASTERS),
    ("kwok", "kwok", MASTERS),
    ("kubelet", "kubelet", MASTERS),
    ("kube-proxy", "kube-proxy", MASTERS),
];

/// People first; the first of them is the default context.
pub(super) struct Users {
    pub(super) people: Vec<User>,
    pub(super) components: Vec<User>,
}

impl Users {
    /// All users, with new tokens.
    pub(super) fn new() -> Result<Self> {
        let enrol = |users: &[(&'static str, &'static str, &'static str)]| {
            users
                .iter()
                .map(|&(context, name, group)| Ok(User { context, name, group, token: token()? }))
                .collect::<Result<Vec<_>>>()
        };
        Ok(Self { people: enrol(&PEOPLE)?, components: enrol(&COMPONENTS)? })
    }

    /// The file for `--token-auth-file`: token, user, uid, groups.
    pub(super) fn token_file(&self) -> String {
        let line = |User { name, group, token, .. }: &User| format!("{token},{name},{name},\"{group}\"\n");
        self.people.iter().chain(&self.components).map(line).collect::<Vec<_>>().concat()
    }
}

/// A kubeconfig with a context per user, the first the current one. It is
/// written as JSON, which YAML includes, so that no path needs quoting rules.
pub(super) fn kubeconfig(server: &str, authority: &Path, users: &[User]) -> String {
    let contexts = users
        .iter()
        .map(|user| json!({"name": user.context, "context": {"cluster": "test", "user": user.context}}));
    let credentials = users.iter().map(|user| json!({"name": user.context, "user": {"token": user.token}}));
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority": authority}}],
        "contexts": contexts.collect::<Vec<_>>(),
        "users": credentials.collect::<Vec<_>>(),
        "current-context": users.first().map(|user| user.context),
    });
    format!("{config:#}\n")
}

/// Not guessable: other users of the machine reach the loopback interface too.
fn token() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("drawing a token")?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_context_is_admin_and_everybody_has_a_token_of_their_own() {
        let users = Users::new().unwrap();
        let text = kubeconfig("https://127.0.0.1:1", Path::new("/ca.crt"), &users.people);
        let config: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(config["current-context"], "admin");
        let mut tokens: Vec<_> = users.token_file().lines().map(|line| line[..32].to_owned()).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), PEOPLE.len() + COMPONENTS.len());
    }
}
