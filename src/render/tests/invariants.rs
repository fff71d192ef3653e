//! What holds for every app: tried over the space of options.

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use super::{app, find, rendered};
use crate::document::{
    AccessMode, Amounts, App, AppSpec, ConfigFile, Deletion, Duration, FullPort, IngressSpec, IntOrPercent,
    Port, Probe, Probes, Protocol, Quantity, Resources, Rollout, Scalar, SecretKey, Security, ServiceSpec,
    ServiceType, Storage, VolumePolicy,
};
use crate::object::{Kind, Object};
use crate::render::{names, to_yaml};

fn texts(keys: &'static str) -> impl Strategy<Value = std::collections::BTreeMap<String, String>> {
    btree_map(keys, "[a-z0-9]{0,8}", 0..3)
}

fn image() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "[a-z]{1,8}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}",
        "[a-z]{1,4}\\.io:5000/[a-z]{1,8}@sha256:[0-9a-f]{64}",
    ]
}

fn quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        (1_i64..1 << 40).prop_map(Quantity::from_bytes),
        (1_i64..100_000).prop_map(Quantity::from_millis)
    ]
}

fn duration() -> impl Strategy<Value = Duration> {
    (0_u64..100_000).prop_map(Duration::from_secs)
}

fn port() -> impl Strategy<Value = Port> {
    let protocol = prop_oneof![Just(Protocol::TCP), Just(Protocol::UDP), Just(Protocol::SCTP)];
    prop_oneof![
        (1_u16..).prop_map(Port::Number),
        (1_u16.., protocol).prop_map(|(port, protocol)| Port::Full(FullPort { port, protocol })),
    ]
}

fn probe() -> impl Strategy<Value = Probe> {
    (option::of(Just("/health".to_owned())), any::<bool>(), option::of(duration()), option::of(1_u32..100))
        .prop_map(|(path, grpc, period, failures)| Probe { path, grpc, period, failures, ..Probe::default() })
}

fn storage() -> impl Strategy<Value = Storage> {
    let mode = prop_oneof![
        Just(AccessMode::ReadWriteOnce),
        Just(AccessMode::ReadWriteOncePod),
        Just(AccessMode::ReadOnlyMany),
        Just(AccessMode::ReadWriteMany)
    ];
    (quantity(), "/[a-z]{1,9}", option::of("[a-z]{1,9}"), mode)
        .prop_map(|(size, mount_path, class, access_mode)| Storage { size, mount_path, class, access_mode })
}

fn rollout() -> impl Strategy<Value = Rollout> {
    let share =
        prop_oneof![(0_u16..9).prop_map(IntOrPercent::Int), (0_u8..=100).prop_map(IntOrPercent::Percent)];
    (
        option::of(duration()),
        option::of(share),
        option::of(duration()),
        option::of(duration()),
        option::of(duration()),
    )
        .prop_map(|(deadline, max_surge, min_ready, grace, drain)| Rollout {
            deadline,
            max_surge,
            min_ready,
            grace,
            drain,
            ..Rollout::default()
        })
}

fn resources() -> impl Strategy<Value = Resources> {
    let amounts = || {
        (option::of(quantity()), option::of(quantity()), option::of(quantity()))
            .prop_map(|(cpu, memory, ephemeral_storage)| Amounts { cpu, memory, ephemeral_storage })
    };
    (option::of(amounts()), option::of(amounts()))
        .prop_map(|(requests, limits)| Resources { requests, limits })
}

fn service() -> impl Strategy<Value = ServiceSpec> {
    let kind = prop_oneof![
        Just(ServiceType::ClusterIP),
        Just(ServiceType::NodePort),
        Just(ServiceType::LoadBalancer)
    ];
    (option::of(1_u16..), option::of(kind), texts("[a-z]{1,9}"), any::<bool>())
        .prop_map(|(port, kind, annotations, headless)| ServiceSpec { port, kind, annotations, headless })
}

fn specification() -> impl Strategy<Value = AppSpec> {
    let workload = (
        image(),
        texts("[a-z]{1,9}"),
        option::of(".{0,20}".prop_map(Scalar)),
        option::of(0_u32..50),
        option::of(1_u16..),
        btree_map("[a-z]{1,15}", port(), 0..3),
        btree_map("[A-Z_]{1,9}", ".{0,12}".prop_map(Scalar), 0..4),
        btree_map(
            "[A-Z_]{1,9}",
            Just(SecretKey { secret: "s".into(), key: "k".into(), optional: true }),
            0..2,
        ),
    );
    let around = (
        option::of(service()),
        option::of(resources()),
        option::of((option::of(probe()), option::of(probe()), option::of(probe()))),
        option::of(prop_oneof![Just("shop.example.com"), Just("*.example.com")]),
        btree_map("[a-z]([a-z0-9-]{0,40}[a-z0-9])?", storage(), 0..3),
        btree_map("(/[a-zA-Z0-9._-]{1,30}){1,4}/?", quantity(), 0..3),
        option::of(rollout()),
        (any::<bool>(), option::of(any::<u32>()), any::<bool>(), texts("[a-z]{1,9}"), texts("[a-z]{1,9}")),
    );
    (workload, around).prop_map(|(workload, around)| {
        let (image, selector, restart, replicas, port, ports, env, secrets) = workload;
        let (service, resources, probes, host, storage, scratch, rollout, rest) = around;
        let (root, user, delete, pod_labels, pod_annotations) = rest;
        AppSpec {
            image,
            selector,
            restart,
            replicas,
            port,
            ports,
            env,
            secrets,
            service,
            resources,
            probes: probes.map(|(startup, ready, live)| Probes { startup, ready, live }),
            ingress: host.map(|host| IngressSpec { host: Some(host.to_owned()), ..IngressSpec::default() }),
            storage,
            scratch,
            rollout,
            security: Some(Security { user, root, ..Security::default() }),
            deletion: delete.then(|| Deletion { volumes: VolumePolicy::Delete, ..Deletion::default() }),
            pod_labels,
            pod_annotations,
            ..AppSpec::default()
        }
    })
}

fn any_app() -> impl Strategy<Value = App> {
    let files = btree_map(
        "[a-z.]{1,9}",
        prop_oneof![
            ".{0,30}".prop_map(ConfigFile::Text),
            "([ -~\t]{0,12}\n){0,4}[a-z]{0,2}".prop_map(ConfigFile::Text),
            Just(ConfigFile::Base64("//79".into()))
        ],
        0..3,
    );
    (specification(), files).prop_map(|(spec, config_files)| App { config_files, ..app(spec) })
}

fn keys<'a>(content: &'a Value, pointer: &str) -> Vec<&'a str> {
    content
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect()
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Where each kind that selects pods says so.
fn selectors(objects: &[Object]) -> Vec<&Value> {
    [
        (Kind::Deployment, "/spec/selector/matchLabels"),
        (Kind::Service, "/spec/selector"),
        (Kind::PodDisruptionBudget, "/spec/selector/matchLabels"),
        (Kind::NetworkPolicy, "/spec/podSelector/matchLabels"),
    ]
    .into_iter()
    .filter_map(|(kind, pointer)| find(objects, kind)?.pointer(pointer))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn objects_are_sorted_complete_and_the_same_each_time(app in any_app()) {
        let objects = rendered(&app);
        prop_assert_eq!(&objects, &rendered(&app));
        prop_assert!(objects.is_sorted_by(|one, other| one.reference < other.reference));
        for object in &objects {
            let content = &object.content;
            prop_assert_eq!(&content["kind"], object.reference.kind.name());
            prop_assert_eq!(&content["apiVersion"], &object.reference.kind.api_version());
            prop_assert_eq!(&content["metadata"]["name"], &object.reference.name);
            prop_assert_eq!(&content["metadata"]["namespace"], "shop");
            prop_assert_eq!(&content["metadata"]["labels"]["portfolio.dev/source"], "main");
            prop_assert_eq!(&content["metadata"]["annotations"]["portfolio.dev/document"], "PortfolioApp/shop/web");
            prop_assert_eq!(&content["metadata"]["annotations"]["portfolio.dev/owner"], "portfolio-system/main");
            prop_assert!(content.get("status").is_none());
            prop_assert!(!has_null(content));
        }
    }

    #[test]
    fn pods_carry_no_label_of_ours_and_all_that_selects_them(app in any_app()) {
        let objects = rendered(&app);
        let deployment = find(&objects, Kind::Deployment).unwrap();
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        for key in keys(deployment, "/spec/template/metadata/labels") {
            prop_assert!(!key.starts_with("portfolio.dev/"), "{key}");
        }
        let selectors = selectors(&objects);
        for selector in &selectors {
            prop_assert_eq!(*selector, selectors[0]);
            for (key, value) in selector.as_object().unwrap() {
                prop_assert_eq!(&labels[key], value);
                prop_assert!(!key.contains("version"));
            }
        }
    }

    #[test]
    fn names_fit_and_meet_what_refers_to_them(app in any_app()) {
        let objects = rendered(&app);
        let deployment = find(&objects, Kind::Deployment).unwrap();
        let pod = &deployment["spec"]["template"]["spec"];
        let volumes: Vec<_> = pod["volumes"].as_array().unwrap().iter().map(|volume| &volume["name"]).collect();
        for name in &volumes {
            prop_assert!(name.as_str().unwrap().len() <= names::MAX_LABEL);
            prop_assert_eq!(volumes.iter().filter(|other| other == &name).count(), 1);
        }
        for mount in pod["containers"][0]["volumeMounts"].as_array().unwrap() {
            prop_assert!(volumes.contains(&&mount["name"]));
        }
        for volume in pod["volumes"].as_array().unwrap() {
            if let Some(claim) = volume.pointer("/persistentVolumeClaim/claimName") {
                prop_assert!(objects.iter().any(|object| object.reference.kind == Kind::PersistentVolumeClaim
                    && object.reference.name == claim.as_str().unwrap()));
            }
            if let Some(map) = volume.pointer("/configMap/name") {
                prop_assert_eq!(&find(&objects, Kind::ConfigMap).unwrap()["metadata"]["name"], map);
            }
        }
    }

    #[test]
    fn yaml_is_read_back_as_the_same_objects(app in any_app()) {
        let objects = rendered(&app);
        let text = to_yaml(&objects);
        let read: Vec<Value> = serde_yaml::Deserializer::from_str(&text)
            .map(|document| serde::Deserialize::deserialize(document).unwrap())
            .collect();
        let written: Vec<_> = objects.into_iter().map(|object| object.content).collect();
        prop_assert_eq!(read, written, "{}", text);
    }
}
