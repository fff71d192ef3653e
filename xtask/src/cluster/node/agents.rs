//! The command lines and configurations of the kubelet and of kube-proxy.

use anyhow::Result;

use super::super::components::{Component, flag, path_flag};
use super::super::state::StateDir;
use super::NAME;
use super::namespaces::Namespaces;
use super::runtime;

pub(super) fn kubelet(state: &StateDir, namespaces: &Namespaces, cgroup: &str) -> Result<Component> {
    let config = serde_json::json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": true}, "webhook": {"enabled": false}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{cgroup}"),
        "containerRuntimeEndpoint": format!("unix://{}", runtime::socket(state).display()),
        "enforceNodeAllocatable": [],
        // A full disk is no reason to throw images away: nobody brings them back.
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "64Mi"},
        "imageGCHighThresholdPercent": 100,
        "failCgroupV1": false,
        // Nobody answers inside: a pod that has a file with nothing in it asks nobody.
        "resolvConf": state.write("resolv.conf", "")?,
        "failSwapOn": false,
        // Tests wait for what it does.
        "nodeStatusUpdateFrequency": "2s",
        "syncFrequency": "10s",
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "crashLoopBackOff": {"maxContainerRestartPeriod": "5s"},
        "shutdownGracePeriod": "0s",
    });
    let config = state.write("kubelet.json", &format!("{config:#}\n"))?;
    Ok(Component {
        program: "kubelet",
        args: vec![
            path_flag("config", &config),
            path_flag("kubeconfig", &state.file("kubelet.kubeconfig")),
            path_flag("root-dir", &state.file("kubelet")),
            path_flag("cert-dir", &state.file("kubelet-pki")),
            flag("hostname-override", NAME),
            flag("node-ip", &namespaces.address().to_string()),
        ],
    })
}

pub(super) fn proxy(state: &StateDir, namespaces: &Namespaces) -> Result<Component> {
    // A zero leaves the machine's own limits alone.
    let conntrack = serde_json::json!({
        "maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s",
    });
    let config = serde_json::json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": namespaces.subnets().pods(),
        "clientConnection": {"kubeconfig": state.file("kube-proxy.kubeconfig")},
        "hostnameOverride": NAME,
        "conntrack": conntrack,
        "iptables": {"minSyncPeriod": "100ms"},
    });
    let config = state.write("kube-proxy.json", &format!("{config:#}\n"))?;
    Ok(Component { program: "kube-proxy", args: vec![path_flag("config", &config)] })
}
