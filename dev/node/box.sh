#!/bin/sh
# Process 1 of the box: make it look like a machine of its own, start what makes a node, and wait.
# NODE: a folder with configuration and state. BIN: kubelet and kube-proxy. DNS: coredns. API_PORT, KUBELET_PORT.
# API_ADDRESS: where pods find the API server. IMAGES: archives to import, by lines.
set -eu

mount --make-rshared /
mount -t proc proc /proc
for folder in /sys/fs/cgroup/*; do
    name=${folder##*/}
    [ ! -L "$folder" ] && mountpoint -q "$folder" || continue
    umount "$folder"
    case $name in
    unified) ;; # a node of cgroup 1 knows nothing of it
    systemd) mount -t cgroup -o none,name=systemd cgroup "$folder" ;;
    *) mount -t cgroup -o "$name" cgroup "$folder" ;;
    esac
done
# The unpacked images, too, are in memory: a gigabyte that is there at once, and gone with the box.
mkdir -p /var/lib/cni "$NODE/containerd"
for folder in /run /var/log /var/lib/cni "$NODE/containerd"; do
    mount -t tmpfs tmpfs "$folder"
done
hostname node

# The kubelet wants these for the whole machine: show it what it wants, and leave the machine as it is.
mkdir -p /run/wanted
wanted() {
    echo "$2" >"/run/wanted/${1##*/}"
    mount --bind "/run/wanted/${1##*/}" "/proc/sys/$1"
}
wanted vm/overcommit_memory 1
wanted kernel/panic 10
wanted kernel/panic_on_oops 1

ip link set lo up
ip address add "$API_ADDRESS/32" dev lo
ip address add 10.0.0.10/32 dev lo
ip link add cni0 type bridge
ip address add 10.88.0.1/16 dev cni0
ip link set cni0 up
ip route add 10.0.0.0/24 dev cni0
echo 1 >/proc/sys/net/ipv4/ip_forward
[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
socat "TCP4-LISTEN:$API_PORT,fork,reuseaddr" "UNIX-CONNECT:$NODE/api.sock" &
socat "UNIX-LISTEN:$NODE/kubelet.sock,fork,unlink-early" "TCP4:127.0.0.1:$KUBELET_PORT" &

containerd --config "$NODE/containerd.toml" >"$NODE/containerd.log" 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
echo "$IMAGES" | while read -r image; do
    ctr --namespace k8s.io images import "$image" >>"$NODE/import.log" 2>&1
done
"$BIN/kube-proxy" --config "$NODE/kube-proxy.yaml" >"$NODE/kube-proxy.log" 2>&1 &
"$DNS/coredns" -conf "$NODE/Corefile" >"$NODE/coredns.log" 2>&1 &
"$BIN/kube-scheduler" --kubeconfig "$NODE/kubeconfig" --leader-elect=false --secure-port=0 >"$NODE/kube-scheduler.log" 2>&1 &
exec "$BIN/kubelet" --config "$NODE/kubelet.yaml" --kubeconfig "$NODE/kubeconfig" --root-dir "$NODE/kubelet" \
    --cert-dir "$NODE/kubelet-certificates" --hostname-override 127.0.0.1 --node-ip 10.88.0.1 >"$NODE/kubelet.log" 2>&1
