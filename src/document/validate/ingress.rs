//! HTTP from outside.

use std::collections::BTreeMap;

use super::ports::declared;
use super::{Rules, names};
use crate::document::diagnostic::{quoted, shown};
use crate::document::{Code, Diagnostic, Protocol, Span};

impl Rules<'_> {
    pub(super) fn ingress(&mut self) {
        let Some(ingress) = &self.app.spec.ingress else { return };
        self.needs_port("ingress", "the Ingress");
        if let Some((port, _, Protocol::UDP | Protocol::SCTP)) = declared(&self.app.spec).first() {
            self.key_error(
                Code::NotTcp,
                &["ingress"],
                format!("the Ingress leads to the first port, `{}`, which is no TCP port", shown(port)),
                "call the port for HTTP `http`, which makes it the first",
            );
        }
        if ingress.host.is_some() && !ingress.hosts.is_empty() {
            self.key_error(
                Code::HostAndHosts,
                &["ingress", "hosts"],
                "`host` and `hosts` are both there",
                "write `host` with `path` for one host, or `hosts` for several",
            );
        } else if ingress.host.is_none() && ingress.hosts.is_empty() && self.whole {
            self.key_error(
                Code::HostAndHosts,
                &["ingress", "hosts"],
                "the Ingress has no host",
                "write `host: shop.example.com`",
            );
        }
        if let (Some(_), false) = (&ingress.path, ingress.hosts.is_empty()) {
            self.key_error(
                Code::HostAndHosts,
                &["ingress", "path"],
                "`path` belongs to `host`, not to `hosts`",
                "write the paths into `hosts`: `- {host: …, paths: [/]}`",
            );
        }
        if let Some(host) = &ingress.host {
            self.host(&["ingress", "host"], host);
        }
        if let Some(path) = &ingress.path {
            self.prefix(&["ingress", "path"], path);
        }
        let mut rules: BTreeMap<(&str, String), Span> = BTreeMap::new();
        for (number, host) in ingress.hosts.iter().enumerate() {
            let number = number.to_string();
            self.host(&["ingress", "hosts", &number, "host"], &host.host);
            for (at, path) in host.paths.iter().enumerate() {
                self.prefix(&["ingress", "hosts", &number, "paths", &at.to_string()], path);
            }
            let root = ["/".to_owned()];
            let paths = if host.paths.is_empty() { root.as_slice() } else { host.paths.as_slice() };
            for (at, path) in paths.iter().enumerate() {
                let at = at.to_string();
                let place: &[&str] = match host.paths.as_slice() {
                    [] => &["ingress", "hosts", &number, "host"],
                    _ => &["ingress", "hosts", &number, "paths", &at],
                };
                let place = self.at(place);
                if let Some(first) = rules.insert((host.host.as_str(), path.clone()), place) {
                    let message = format!("`{}{}` is there twice", shown(&host.host), shown(path));
                    self.push(
                        Diagnostic::error(Code::InvalidHost, place, message)
                            .label(first, "the first of them")
                            .help("remove one of them"),
                    );
                }
            }
        }
        if let Some(class) = &ingress.class_name {
            self.reference("an IngressClass", &["ingress", "className"], class);
        }
        if let Some(secret) = &ingress.tls {
            self.reference("a Secret", &["ingress", "tls"], secret);
        }
        self.object_annotations(&ingress.annotations, &["ingress", "annotations"]);
    }

    /// The prefix of paths. What could mean another path than it says is refused.
    /// Source: k8s.io/kubernetes `validateHTTPIngressPath`.
    fn prefix(&mut self, path: &[&str], prefix: &str) {
        self.url_path(path, prefix);
        let odd = ["//", "/./", "/../", "%2f", "%2F"].into_iter().find(|part| prefix.contains(part));
        let odd = odd.or_else(|| ["/.", "/.."].into_iter().find(|end| prefix.ends_with(end)));
        if let Some(part) = odd.filter(|_| prefix.starts_with('/')) {
            self.error(
                Code::InvalidUrlPath,
                path,
                format!("{} cannot be a prefix of paths, because of `{part}`", quoted(prefix)),
                "write the path as servers see it, without `//`, `.`, `..` and an encoded `/`",
            );
        }
    }

    fn host(&mut self, path: &[&str], host: &str) {
        let address = is_address(host);
        if names::is_host(host, true) && !address {
            return;
        }
        let help = if address {
            "an Ingress is for names: give the address one in DNS, such as `shop.example.com`"
        } else if host.contains("://") {
            "write the host alone, without `https://` and path"
        } else if host.contains(':') {
            "write the host alone, without a port"
        } else {
            "write a name in lower case such as `shop.example.com` or `*.example.com`"
        };
        self.error(Code::InvalidHost, path, format!("{} is not a host name", quoted(host)), help);
    }
}

/// An IPv4 address, leading zeros and all, as the API server sees one.
fn is_address(host: &str) -> bool {
    let parts: Vec<&str> = host.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok())
}
