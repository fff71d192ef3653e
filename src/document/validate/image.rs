//! Image references, after the grammar of distribution/reference.

use super::Rules;
use crate::document::diagnostic::{quoted, shown};
use crate::document::{Code, Diagnostic, Span};

/// Tags that people move.
const FLOATING: [&str; 9] =
    ["latest", "stable", "main", "master", "edge", "nightly", "dev", "develop", "head"];

impl Rules<'_> {
    pub(super) fn image(&mut self) {
        // An image that could not be read was reported already.
        if self.places.root.get("image").and_then(|image| image.text()).is_some() {
            check(&self.app.spec.image, self.at(&["image"]), self.diagnostics);
        }
    }
}

/// Reports what is wrong with an image reference.
pub(in crate::document) fn check(image: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    let Some(reference) = Reference::parse(image) else {
        let message = format!("{} is not an image reference", quoted(image));
        diagnostics.push(
            Diagnostic::error(Code::InvalidImage, span, message)
                .help("write `registry.example.com/team/app:1.4.2`, the path in lower case"),
        );
        return;
    };
    // With a digest the tag is only a remark.
    let floating = match reference.tag {
        None if reference.digest.is_none() => format!("`{}` has no tag, which means `latest`", shown(image)),
        Some(tag) if reference.digest.is_none() && is_floating(tag) => {
            format!("the tag `{}` can move to another image at any time", shown(tag))
        }
        Some(_) | None => return,
    };
    diagnostics.push(
        Diagnostic::warning(Code::FloatingTag, span, floating)
            .help("name a version, or better a digest: `app:1.4.2@sha256:…`"),
    );
}

fn is_floating(tag: &str) -> bool {
    FLOATING.iter().any(|floating| floating.eq_ignore_ascii_case(tag))
}

struct Reference<'i> {
    tag: Option<&'i str>,
    digest: Option<&'i str>,
}

impl<'i> Reference<'i> {
    fn parse(image: &'i str) -> Option<Self> {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (image, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            // A colon before the last slash belongs to the registry's port.
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            Some(_) | None => (rest, None),
        };
        let good =
            name.len() <= 255 && is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
        good.then_some(Self { tag, digest })
    }
}

fn is_name(name: &str) -> bool {
    let (domain, path) = match name.split_once('/') {
        Some((domain, path)) if domain.contains(['.', ':']) || domain == "localhost" => (Some(domain), path),
        Some(_) | None => (None, name),
    };
    domain.is_none_or(is_domain) && path.split('/').all(is_component)
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Lower-case letters and digits, separated by `.`, `_`, `__` or any number of `-`.
fn is_component(component: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separators = component.split(|char: char| char.is_ascii_lowercase() || char.is_ascii_digit());
    component.bytes().next().is_some_and(lower)
        && component.bytes().next_back().is_some_and(lower)
        && separators.into_iter().all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(image: &str) -> Vec<Code> {
        let mut diagnostics = Vec::new();
        check(image, Span::START, &mut diagnostics);
        diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn images_are_those_that_a_container_runtime_takes() {
        let digest = format!("a@sha256:{}", "0".repeat(64));
        for good in [
            "nginx:1.27",
            "localhost:5000/a:1",
            "registry.example.com/a/b_c/d--e:v1.2-rc.1",
            &digest,
            "library/a__b:1",
            "Registry.Example.com/a:1",
        ] {
            assert_eq!(codes(good), [], "{good}");
        }
        for floating in ["nginx", "nginx:latest", "localhost:5000/a", "a.b/c:Main"] {
            assert_eq!(codes(floating), [Code::FloatingTag], "{floating}");
        }
        for bad in [
            "",
            "Nginx:1",
            "a b:1",
            "a:",
            "a:1:2",
            ":1",
            "a//b:1",
            "/a:1",
            "a/:1",
            "a@sha256:12",
            "https://a/b:1",
            "a___b:1",
            "a..b:1",
            "${IMAGE}",
            "a:-1",
            "a@md5:0",
        ] {
            assert_eq!(codes(bad), [Code::InvalidImage], "{bad}");
        }
    }
}
