//! [`Policy`]: what documents may ask for beyond an app's own objects. It is the daemon's configuration that says
//! so, never a document.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::builtin_kinds;
use super::diagnostic::{did_you_mean, quoted, shown};

/// The registry of images that name none, and the folder of those without any path there.
/// Source: distribution/reference, `ParseNormalizedNamed`.
const DEFAULT_HOST: &str = "docker.io";
const DEFAULT_FOLDER: &str = "library";

/// What is allowed. By default no further kind, every registry, and no privileged pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Kinds that the `objects` of an app may be of.
    pub kinds: BTreeSet<AllowedKind>,
    /// Where images may come from; empty for anywhere.
    pub registries: Vec<Registry>,
    /// Whether pods may have more rights on their node than the default.
    pub privileged: bool,
}

impl Policy {
    /// Whether `objects` may have this kind.
    pub fn allows_kind(&self, api_version: &str, kind: &str) -> bool {
        self.kinds.contains(&AllowedKind::of(api_version, kind))
    }

    /// Why an image may not be pulled from where it names, if so.
    pub fn refuses_image(&self, image: &str) -> Option<RegistryRefusal> {
        if self.allows_image(image) {
            return None;
        }
        let allowed: Vec<_> = self.registries.iter().map(|registry| format!("`{registry}`")).collect();
        Some(RegistryRefusal {
            message: format!("the configuration does not allow images from where `{}` is", shown(image)),
            help: format!("images may come from {}", allowed.join(", ")),
        })
    }

    /// Whether an image may be pulled from where it names.
    pub fn allows_image(&self, image: &str) -> bool {
        self.registries.is_empty()
            || Place::of_image(image)
                .is_some_and(|place| self.registries.iter().any(|registry| registry.0.contains(&place)))
    }
}

/// What is wrong with an image from elsewhere, and where images may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRefusal {
    /// What is wrong.
    pub message: String,
    /// What is allowed.
    pub help: String,
}

/// A kind that the configuration allows, written as kubectl writes it: `ServiceMonitor.v1.monitoring.coreos.com`; of a
/// built-in kind its name alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllowedKind {
    name: String,
    group: String,
    version: String,
}

impl AllowedKind {
    /// The kind of these words in a manifest, whether or not it could be allowed. Its text is what `allow.kinds` has
    /// to say.
    pub fn of(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { name: kind.to_owned(), group: group.to_owned(), version: version.to_owned() }
    }

    /// The kind's name as in manifests.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Whether it is a built-in kind whose objects are in no namespace. Those of other kinds only the cluster knows.
    pub fn is_cluster_scoped(&self) -> bool {
        builtin_kinds::cluster_scoped(&self.name) == Some(self.group.as_str())
    }
}

impl fmt::Display for AllowedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, group, version } = self;
        if builtin_kinds::namespaced(name) == Some((group.as_str(), version.as_str())) {
            return f.pad(name);
        }
        let dot = if group.is_empty() { "" } else { "." };
        f.pad(&format!("{name}.{version}{dot}{group}"))
    }
}

impl FromStr for AllowedKind {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let wrong = |message: String| Err(PolicyError(message));
        let (name, rest) = text.split_once('.').unwrap_or((text, ""));
        let upper = name.starts_with(|char: char| char.is_ascii_uppercase());
        if !upper || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return wrong(format!(
                "{} is not a kind: write `Role`, or `ServiceMonitor.v1.monitoring.coreos.com` (kind, version, group) \
                 for one that is not built in",
                quoted(text)
            ));
        }
        let (version, group) = rest.split_once('.').unwrap_or((rest, ""));
        if matches!((name, group), ("Deployment", "" | "apps") | ("Job", "" | "batch")) {
            return wrong(format!(
                "`{name}` is no further kind: a Deployment is a PortfolioApp of its own, and what runs once or on a \
                 schedule is a DatabaseMigration or one of an app's `jobs`"
            ));
        }
        if builtin_kinds::cluster_scoped(name).is_some_and(|own| rest.is_empty() || own == group) {
            return wrong(format!(
                "objects of kind `{name}` are in no namespace: documents can only have objects in their own"
            ));
        }
        match builtin_kinds::namespaced(name) {
            Some(known) if rest.is_empty() || known == (group, version) => {
                let (group, version) = known;
                return Ok(Self {
                    name: name.to_owned(),
                    group: group.to_owned(),
                    version: version.to_owned(),
                });
            }
            Some((own, known)) if own == group => {
                return wrong(format!(
                    "`{name}` is taken in version `{known}`, not `{}`: write `{name}`",
                    shown(version)
                ));
            }
            Some(_) | None => {}
        }
        if rest.is_empty() {
            let help = did_you_mean(name, builtin_kinds::names()).unwrap_or_else(|| {
                format!("write it with version and group, such as `{name}.v1.example.com`")
            });
            return wrong(format!("`{name}` is not a built-in kind; {help}"));
        }
        if !is_version(version) || !is_group(group) {
            return wrong(format!(
                "{} is not kind, version and group: write them like `{name}.v1.example.com`",
                quoted(text)
            ));
        }
        Ok(Self { name: name.to_owned(), group: group.to_owned(), version: version.to_owned() })
    }
}

/// `v1`, `v1beta2`. Source: <https://kubernetes.io/docs/reference/using-api/#api-versioning>.
pub(super) fn is_version(version: &str) -> bool {
    version.len() <= 63
        && version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
        && version.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// A domain of at least two labels, as every group has that is not built in.
pub(super) fn is_group(group: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    group.len() <= 253 && group.contains('.') && group.split('.').all(label)
}

/// Where images may come from: `registry.example.com`, or a folder there, `ghcr.io/team`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry(Place);

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.host)?;
        self.0.path.iter().try_for_each(|part| write!(f, "/{part}"))
    }
}

impl FromStr for Registry {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let wrong = |message: &str| Err(PolicyError(format!("`{}` {message}", shown(text))));
        if text.contains("://") {
            return wrong("has a scheme: write the host alone, such as `registry.example.com`");
        }
        let mut parts = text.trim_end_matches('/').split('/');
        let host = parts.next().filter(|host| is_host(host));
        let Some(host) = host else {
            return wrong(
                "does not begin with a registry's host: write `registry.example.com` or `ghcr.io/team`; \
                          images without a host come from `docker.io/library`",
            );
        };
        let path: Vec<String> = parts.map(str::to_owned).collect();
        if !is_authority(host) || !path.iter().all(|part| is_component(part)) {
            return wrong(
                "is not a registry or a folder of one: write `registry.example.com` or `ghcr.io/team`, \
                          without tag, digest or `*`",
            );
        }
        Ok(Self(Place { host: known_host(host), path }))
    }
}

/// Host and path of an image or of what may hold it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    host: String,
    path: Vec<String>,
}

impl Place {
    /// Where an image is; `None` for a text that no container runtime takes.
    fn of_image(image: &str) -> Option<Self> {
        let name = image.split_once('@').map_or(image, |(name, _)| name);
        // A colon before the last slash belongs to the registry's port.
        let name = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => name,
            Some(_) | None => name,
        };
        let (host, path) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (known_host(host), path),
            Some(_) | None => (DEFAULT_HOST.to_owned(), name),
        };
        let mut path: Vec<String> = path.split('/').map(str::to_owned).collect();
        if host == DEFAULT_HOST && path.len() == 1 {
            path.insert(0, DEFAULT_FOLDER.to_owned());
        }
        (is_authority(&host) && path.iter().all(|part| is_component(part))).then_some(Self { host, path })
    }

    fn contains(&self, other: &Self) -> bool {
        self.host == other.host && other.path.starts_with(&self.path)
    }
}

/// What stands before the first slash is a host, and not the first folder of an image on docker.io.
fn is_host(text: &str) -> bool {
    text.contains(['.', ':']) || text == "localhost"
}

fn known_host(host: &str) -> String {
    match host.to_ascii_lowercase().as_str() {
        "index.docker.io" => DEFAULT_HOST.to_owned(),
        host => host.to_owned(),
    }
}

/// A host, with or without a port; an IPv6 address stands in brackets.
fn is_authority(text: &str) -> bool {
    let host = |host: &str| {
        let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address =
            address.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':'));
        !host.is_empty() && (plain || address)
    };
    match text.rsplit_once(':') {
        Some((before, port)) if !port.ends_with(']') => host(before) && port.parse::<u16>().is_ok(),
        Some(_) | None => host(text),
    }
}

fn is_component(part: &str) -> bool {
    part.starts_with(|char: char| char.is_ascii_lowercase() || char.is_ascii_digit())
        && part.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
        })
}

/// A text that says nothing that could be allowed; its message says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Result<AllowedKind, String> {
        text.parse().map_err(|error: PolicyError| error.to_string())
    }

    fn policy(kinds: &[&str], registries: &[&str]) -> Policy {
        Policy {
            kinds: kinds.iter().map(|text| text.parse().unwrap()).collect(),
            registries: registries.iter().map(|text| text.parse().unwrap()).collect(),
            privileged: false,
        }
    }

    #[test]
    fn nothing_further_is_allowed_by_default_and_images_from_anywhere() {
        let policy = Policy::default();
        assert!(!policy.allows_kind("v1", "ConfigMap"));
        assert!(policy.allows_image("evil.example.com/a:1"));
        assert!(!policy.privileged);
    }

    #[test]
    fn a_kind_is_allowed_in_the_group_and_version_that_is_written() {
        let policy = policy(&["Role", "ServiceMonitor.v1.monitoring.coreos.com", "Secret.v1"], &[]);
        assert!(policy.allows_kind("rbac.authorization.k8s.io/v1", "Role"));
        assert!(policy.allows_kind("monitoring.coreos.com/v1", "ServiceMonitor"));
        assert!(policy.allows_kind("v1", "Secret"));
        for (version, name) in [
            ("rbac.authorization.k8s.io/v1beta1", "Role"),
            ("example.com/v1", "Role"),
            ("v1", "Role"),
            ("rbac.authorization.k8s.io/v1", "RoleBinding"),
            ("monitoring.coreos.com/v1beta1", "ServiceMonitor"),
            ("", "ServiceMonitor"),
            ("", ""),
        ] {
            assert!(!policy.allows_kind(version, name), "{version} {name}");
        }
    }

    #[test]
    fn a_kind_survives_its_text_form() {
        for text in
            ["Role", "StatefulSet", "ServiceMonitor.v1.monitoring.coreos.com", "Role.v1alpha2.example.com"]
        {
            assert_eq!(kind(text).unwrap().to_string(), text);
        }
        assert_eq!(kind("Secret.v1").unwrap().to_string(), "Secret");
        assert_eq!(kind("Role.v1.rbac.authorization.k8s.io").unwrap(), kind("Role").unwrap());
        assert_eq!(AllowedKind::of("apps/v1", "StatefulSet"), kind("StatefulSet").unwrap());
        assert_eq!(kind("StatefulSet").unwrap().api_version(), "apps/v1");
        assert_eq!(AllowedKind::of("v2", "Gone").to_string(), "Gone.v2");
    }

    #[test]
    fn a_kind_that_cannot_be_allowed_is_refused_with_what_to_write() {
        for (text, wanted) in [
            ("", "an empty text is not a kind: write `Role`, or"),
            ("role", "`role` is not a kind"),
            ("roles.rbac", "`roles.rbac` is not a kind"),
            ("*", "`*` is not a kind"),
            ("Rol", "`Rol` is not a built-in kind; did you mean `Role`?"),
            ("ServiceMonitor", "write it with version and group, such as `ServiceMonitor.v1.example.com`"),
            ("ClusterRole", "objects of kind `ClusterRole` are in no namespace"),
            ("Namespace.v1", "objects of kind `Namespace` are in no namespace"),
            ("ClusterRole.v1.rbac.authorization.k8s.io", "are in no namespace"),
            ("Role.v1beta1.rbac.authorization.k8s.io", "`Role` is taken in version `v1`, not `v1beta1`"),
            ("Deployment", "a Deployment is a PortfolioApp of its own"),
            ("Job.v1.batch", "`Job` is no further kind"),
            ("StatefulSet.v1", "`StatefulSet.v1` is not kind, version and group"),
            ("A.v1.local", "write them like `A.v1.example.com`"),
            ("A.monitoring.coreos.com", "is not kind, version and group"),
            ("A.v1.ex*mple.com", "is not kind, version and group"),
        ] {
            let error = kind(text).unwrap_err();
            assert!(error.contains(wanted), "{text}\n  {error}\n  {wanted}");
        }
        assert!(AllowedKind::of("v1", "Namespace").is_cluster_scoped());
        assert!(!AllowedKind::of("example.com/v1", "Namespace").is_cluster_scoped());
        assert!(kind("Namespace.v1.example.com").is_ok(), "it is another one");
    }

    #[test]
    fn an_image_is_allowed_by_its_registry_or_a_folder_of_it() {
        let digest = format!("ghcr.io/team/app:1@sha256:{}", "0".repeat(64));
        for (registries, image, allowed) in [
            (["registry.example.com"], "registry.example.com/a/b:1", true),
            (["registry.example.com"], "Registry.Example.com/a:1", true),
            (["registry.example.com"], "registry.example.com:5000/a:1", false),
            (["registry.example.com:5000"], "registry.example.com:5000/a", true),
            (["registry.example.com"], "registry.example.com.evil.net/a:1", false),
            (["registry.example.com"], "evil.net/registry.example.com/a:1", false),
            (["ghcr.io/team"], "ghcr.io/team/app:1", true),
            (["ghcr.io/team/"], "ghcr.io/team/deep/app:1", true),
            (["ghcr.io/team"], &digest, true),
            (["ghcr.io/team"], "ghcr.io/team-b/app:1", false),
            (["ghcr.io/team"], "ghcr.io/team", true),
            (["ghcr.io/team"], "ghcr.io/app:1", false),
            (["ghcr.io/team"], "team/app:1", false),
            (["docker.io"], "nginx", true),
            (["docker.io/library"], "nginx:1.27", true),
            (["docker.io/library"], "docker.io/nginx:1", true),
            (["docker.io/library"], "index.docker.io/library/nginx:1", true),
            (["docker.io/library"], "bitnami/nginx:1", false),
            (["docker.io/bitnami"], "bitnami/nginx:1", true),
            (["localhost"], "localhost/a", true),
            (["ghcr.io/team"], "ghcr.io/team/../evil/app:1", false),
            (["ghcr.io/team"], "ghcr.io/team//app:1", false),
            (["ghcr.io/team"], "", false),
        ] {
            assert_eq!(policy(&[], &registries).allows_image(image), allowed, "{registries:?} {image}");
        }
    }

    #[test]
    fn a_registry_is_a_host_with_or_without_a_path() {
        for good in ["localhost", "localhost:5000", "10.0.0.1:5000/a", "[::1]:5000", "ghcr.io/a/b_c"] {
            assert_eq!(good.parse::<Registry>().unwrap().to_string(), good);
        }
        for (text, wanted) in [
            ("", "does not begin with a registry's host"),
            ("nginx", "images without a host come from `docker.io/library`"),
            ("team/app", "does not begin with a registry's host"),
            ("https://ghcr.io", "has a scheme"),
            ("ghcr.io/team:1", "without tag, digest or `*`"),
            ("ghcr.io/*", "without tag, digest or `*`"),
            ("*.example.com", "without tag, digest or `*`"),
            ("ghcr.io:x", "is not a registry"),
            ("ghcr.io//a", "is not a registry"),
        ] {
            let error = text.parse::<Registry>().unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}\n  {error}");
        }
    }
}
