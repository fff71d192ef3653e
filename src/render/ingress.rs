//! Ingress: hosts and path prefixes to the main port of the Service.

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};

use super::subject::Subject;
use crate::document::{self, IngressHost};
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Option<Object> {
    let asked = subject.spec.ingress.as_ref()?;
    let port = subject.ports.first()?;
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name: subject.name().to_owned(),
            port: Some(ServiceBackendPort { name: Some(port.name.to_owned()), number: None }),
        }),
        resource: None,
    };
    let hosts = hosts(asked);
    let ingress = Ingress {
        metadata: subject.meta_with(subject.name(), asked.annotations.clone()),
        spec: Some(IngressSpec {
            ingress_class_name: asked.class_name.clone(),
            tls: asked.tls.as_ref().map(|secret| vec![tls(secret, &hosts)]),
            rules: Some(hosts.iter().map(|host| rule(host, &backend)).collect()),
            default_backend: None,
        }),
        status: None,
    };
    Some(subject.object(Kind::Ingress, ingress))
}

/// `host` with `path`, then `hosts`, in the order in which they were written.
fn hosts(asked: &document::IngressSpec) -> Vec<IngressHost> {
    let short = asked
        .host
        .iter()
        .map(|host| IngressHost { host: host.clone(), paths: asked.path.clone().into_iter().collect() });
    short.chain(asked.hosts.iter().cloned()).collect()
}

fn rule(host: &IngressHost, backend: &IngressBackend) -> IngressRule {
    let path = |path: &str| HTTPIngressPath {
        path: Some(path.to_owned()),
        path_type: "Prefix".to_owned(),
        backend: backend.clone(),
    };
    let paths = if host.paths.is_empty() {
        vec![path("/")]
    } else {
        host.paths.iter().map(|prefix| path(prefix)).collect()
    };
    IngressRule { host: Some(host.host.clone()), http: Some(HTTPIngressRuleValue { paths }) }
}

fn tls(secret: &str, hosts: &[IngressHost]) -> IngressTLS {
    let mut names: Vec<String> = Vec::with_capacity(hosts.len());
    for host in hosts {
        if !names.contains(&host.host) {
            names.push(host.host.clone());
        }
    }
    IngressTLS { hosts: Some(names), secret_name: Some(secret.to_owned()) }
}
