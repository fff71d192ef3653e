//! Service: rendered when there is a port. Target ports are names, so that a changed number follows each pod
//! while old and new ones run side by side.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::ports::NamedPort;
use super::subject::Subject;
use crate::document::ServiceType;
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Option<Object> {
    if subject.ports.is_empty() {
        return None;
    }
    let asked = subject.spec.service.clone().unwrap_or_default();
    let ports = subject.ports.iter().enumerate().map(|(index, port)| {
        let own = asked.port.filter(|_| index == 0);
        service_port(port, own.unwrap_or_else(|| default_number(index == 0, port)))
    });
    let service = Service {
        metadata: subject.meta_with(subject.name(), asked.annotations),
        spec: Some(ServiceSpec {
            type_: Some(service_type(asked.kind).to_owned()),
            cluster_ip: asked.headless.then(|| "None".to_owned()),
            selector: Some(subject.selector.clone()),
            ports: Some(ports.collect()),
            ..ServiceSpec::default()
        }),
        status: None,
    };
    Some(subject.object(Kind::Service, service))
}

fn service_port(port: &NamedPort<'_>, number: u16) -> ServicePort {
    ServicePort {
        name: Some(port.name.to_owned()),
        port: number.into(),
        target_port: Some(IntOrString::String(port.name.to_owned())),
        protocol: Some(port.protocol_name().to_owned()),
        app_protocol: port.app_protocol().map(Into::into),
        node_port: None,
    }
}

/// The number that clients expect of the main port, else the container's.
fn default_number(is_main: bool, port: &NamedPort<'_>) -> u16 {
    if is_main && port.name == "http" { 80 } else { port.number }
}

const fn service_type(kind: Option<ServiceType>) -> &'static str {
    match kind {
        None | Some(ServiceType::ClusterIP) => "ClusterIP",
        Some(ServiceType::NodePort) => "NodePort",
        Some(ServiceType::LoadBalancer) => "LoadBalancer",
    }
}
