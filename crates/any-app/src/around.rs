//! What is around the pods: the Service, HTTP from outside, who may reach whom.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fields::{
    Field, LABEL, SUBDOMAIN, always, annotations, any_of, boolean, list, number, object, often, one_of,
    port_number, sometimes, text,
};

pub(crate) fn fields() -> Vec<Field> {
    vec![sometimes("service", service()), sometimes("ingress", ingress()), often("network", network())]
}

fn service() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("port", port_number()),
        sometimes("type", one_of(["ClusterIP", "NodePort", "LoadBalancer"])),
        sometimes("annotations", annotations()),
        sometimes("headless", boolean()),
    ])
}

const HOST: &str = "(\\*\\.)?[a-z0-9]{1,9}(-[a-z]{1,4})?\\.example\\.com";
const PREFIX: &str = "/([a-zA-Z0-9_~-]{1,6}(/[a-z.]{1,6}[a-z])?/?)?";

/// Hosts are few enough to come twice; [`fit`](crate::fit) leaves each prefix to the first.
fn ingress() -> BoxedStrategy<Value> {
    let host = object(vec![always("host", text(HOST)), sometimes("paths", list(text(PREFIX), 0..3))]);
    let which = prop_oneof![
        object(vec![always("host", text(HOST)), sometimes("path", text(PREFIX))]),
        object(vec![always("hosts", list(host, 1..4))]),
    ];
    let how = object(vec![
        sometimes("className", text(SUBDOMAIN)),
        sometimes("tls", text(SUBDOMAIN)),
        sometimes("annotations", annotations()),
    ]);
    (which, how)
        .prop_map(|(mut which, how)| {
            if let (Some(which), Value::Object(how)) = (which.as_object_mut(), how) {
                which.extend(how);
            }
            which
        })
        .boxed()
}

fn network() -> BoxedStrategy<Value> {
    object(vec![
        often("from", list(peer(list(number(0..7), 0..4)), 0..4)),
        sometimes("to", list(peer(list(any_of([port_number(), port_text(), full_port()]), 0..4)), 0..4)),
    ])
}

fn full_port() -> BoxedStrategy<Value> {
    object(vec![always("port", port_number()), always("protocol", one_of(["TCP", "UDP", "SCTP"]))])
}

fn port_text() -> BoxedStrategy<Value> {
    (1_u16..).prop_map(|port| Value::from(port.to_string())).boxed()
}

/// The ports of who may reach the app are numbers for [`fit`](crate::fit).
fn peer(ports: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let pods = object(vec![
        always("app", text(LABEL)),
        sometimes("namespace", text(LABEL)),
        often("ports", ports.clone()),
    ]);
    let namespace = object(vec![always("namespace", text(LABEL)), often("ports", ports.clone())]);
    let v4 = (0_u8..=24, any::<u32>()).prop_map(|(length, bits)| {
        let network =
            std::net::Ipv4Addr::from(bits & u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0));
        (format!("{network}/{length}"), format!("{network}/{}", length + 8))
    });
    let v6 = (0_u8..=64, any::<u128>()).prop_map(|(length, bits)| {
        let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        // 2000::/3 is what is routed; elsewhere are addresses of other meanings.
        let network = std::net::Ipv6Addr::from(((bits >> 3) | (1 << 125)) & mask);
        (format!("{network}/{length}"), format!("{network}/{}", length + 16))
    });
    let ranges = (prop_oneof![v4.boxed(), v6.boxed()], any::<bool>(), proptest::option::of(ports)).prop_map(
        |((range, part), cut, ports)| {
            let mut peer = json!({"cidr": range});
            if cut {
                peer["except"] = json!([part]);
            }
            if let Some(ports) = ports {
                peer["ports"] = ports;
            }
            peer
        },
    );
    any_of([pods, namespace, ranges.boxed()])
}
