//! [`Target`]: which objects of an app a patch or an ignored field is about.

use super::policy::{is_group, is_version};
use super::structure::{self, kinds, type_of_kind};

/// A kind, or `Kind/name`. The kind of somebody else whose name a built-in one has too is written with version and group,
/// as kubectl takes it: `Deployment.v1.example.com`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'t> {
    kind: &'t str,
    /// Version and group.
    version: Option<(&'t str, &'t str)>,
    name: Option<&'t str>,
}

impl<'t> Target<'t> {
    /// The target of this text; `None` for a text that is none.
    pub fn parse(text: &'t str) -> Option<Self> {
        let (kind, name) = text.split_once('/').map_or((text, None), |(kind, name)| (kind, Some(name)));
        let (kind, version) = kind
            .split_once('.')
            .map_or((kind, None), |(kind, rest)| (kind, Some(rest.split_once('.').unwrap_or((rest, "")))));
        let good = kind.starts_with(|char: char| char.is_ascii_uppercase())
            && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && version.is_none_or(|(version, group)| {
                is_version(version)
                    && (is_group(group) || structure::kind(&api_version(version, group), kind).is_some())
            })
            && name.is_none_or(|name| !name.is_empty() && !name.contains('/'));
        good.then_some(Self { kind, version, name })
    }

    /// Whether it is about this object. The plain name of a built-in kind means the built-in one, in any of its versions.
    pub fn means(&self, api_version: &str, kind: &str, name: &str) -> bool {
        self.kind == kind
            && self.name.is_none_or(|wanted| wanted == name)
            && match self.version {
                Some((version, group)) => self::api_version(version, group) == api_version,
                None => {
                    structure::kind(api_version, kind).is_some()
                        || !kinds().any(|built_in| built_in.name == kind)
                }
            }
    }

    /// The type of its objects, such as `apps.v1.Deployment`, where it is known by what is written.
    pub(in crate::document) fn type_name(&self) -> Option<&'static str> {
        match self.version {
            Some((version, group)) => structure::kind(&api_version(version, group), self.kind)?.type_name(),
            None => type_of_kind(self.kind),
        }
    }

    /// Whether nothing is known of the fields of its objects.
    pub(in crate::document) fn is_foreign(&self) -> bool {
        match self.version {
            Some((version, group)) => structure::kind(&api_version(version, group), self.kind).is_none(),
            None => structure::is_foreign_kind(self.kind),
        }
    }
}

fn api_version(version: &str, group: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_kind_with_or_without_a_name() {
        for good in [
            "Deployment",
            "Ingress/shop",
            "Deployment.v1.example.com",
            "Widget.v1beta1.example.com/a",
            "Secret.v1",
        ] {
            assert!(Target::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "deployment",
            "apps/v1/Deployment",
            "Deployment/",
            "Deployment/a/b",
            "Deployment.",
            "Deployment.v1",
            "Deployment.apps",
            "Widget.v1.local",
            "Widget.example.com",
            "De-ployment",
        ] {
            assert!(Target::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_plain_name_of_a_built_in_kind_is_not_that_of_somebody_elses() {
        for (target, api_version, kind, name, meant) in [
            ("Deployment", "apps/v1", "Deployment", "web", true),
            ("Deployment/web", "apps/v1", "Deployment", "web", true),
            ("Deployment/web", "apps/v1", "Deployment", "other", false),
            ("Deployment", "example.com/v1", "Deployment", "web", false),
            ("Deployment.v1.example.com", "example.com/v1", "Deployment", "web", true),
            ("Deployment.v1.example.com", "apps/v1", "Deployment", "web", false),
            ("Deployment.v1.apps/web", "apps/v1", "Deployment", "web", true),
            ("HorizontalPodAutoscaler", "autoscaling/v1", "HorizontalPodAutoscaler", "web", true),
            ("Widget", "example.com/v1", "Widget", "web", true),
            ("Widget", "other.example/v2", "Widget", "web", true),
            ("Widget.v1.example.com", "other.example/v1", "Widget", "web", false),
            ("Service", "apps/v1", "Deployment", "web", false),
        ] {
            let parsed = Target::parse(target).unwrap();
            assert_eq!(parsed.means(api_version, kind, name), meant, "{target} {api_version} {kind}/{name}");
        }
    }
}
