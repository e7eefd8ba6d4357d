"""The node's configuration files (KubeletConfiguration, KubeProxyConfiguration, CNI, containerd, CoreDNS)."""

from __future__ import annotations

import json
from pathlib import Path

from datamover_dev.node.programs import CNI

PAUSE_IMAGE = "localhost/pause:1"
NETWORK = "10.88.0.0/16"
DNS_ADDRESS = "10.0.0.10"
DOMAIN = "cluster.local"


def write(folder: Path, *, kubelet_port: int) -> None:
    """Write all of them; JSON is YAML, so the Kubernetes ones are JSON. `folder` holds kubeconfig already."""
    (folder / "cni").mkdir()
    (folder / "resolv.conf").write_text("")
    (folder / "cni" / "box.conflist").write_text(json.dumps(_cni()))
    (folder / "kubelet.yaml").write_text(json.dumps(_kubelet(folder, kubelet_port)))
    (folder / "kube-proxy.yaml").write_text(json.dumps(_kube_proxy(folder)))
    (folder / "containerd.toml").write_text(_containerd(folder))
    (folder / "Corefile").write_text(_corefile(folder))


def _cni() -> dict[str, object]:
    ipam = {
        "type": "host-local",
        "dataDir": "/run/cni-ipam",
        "ranges": [[{"subnet": NETWORK}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True, "ipam": ipam}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "box", "plugins": [bridge, ports]}


def _kubelet(folder: Path, port: int) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "port": port,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": True,
        "enforceNodeAllocatable": ["pods"],
        "failSwapOn": False,
        "failCgroupV1": False,
        "clusterDomain": DOMAIN,
        "clusterDNS": [DNS_ADDRESS],
        "resolvConf": str(folder / "resolv.conf"),
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        # An image that was removed can't be pulled again.
        "imageGCHighThresholdPercent": 100,
        "nodeStatusUpdateFrequency": "5s",
        # Who ends a pod here does so on purpose, and waits for it.
        "featureGates": {"KubeletCrashLoopBackOffMax": True},
        "crashLoopBackOff": {"maxContainerRestartPeriod": "1s"},
    }


def _kube_proxy(folder: Path) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": "127.0.0.1",
        "clusterCIDR": NETWORK,
        "clientConnection": {"kubeconfig": str(folder / "kubeconfig")},
        # These are the machine's own; zero leaves them as they are.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _containerd(folder: Path) -> str:
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
[{cri}]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
disable_apparmor = true
[{cri}.containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
[{cri}.cni]
bin_dir = "{CNI}"
conf_dir = "{folder}/cni"
"""


def _corefile(folder: Path) -> str:
    return f""".:53 {{
    bind {DNS_ADDRESS}
    kubernetes {DOMAIN} in-addr.arpa ip6.arpa {{
        kubeconfig {folder}/kubeconfig
        pods insecure
    }}
    cache 5
    errors
}}
"""
