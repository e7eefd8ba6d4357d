#!/bin/sh
# Do the least of each thing that a node does and a container or a kernel may refuse; say what was refused.
set -eu

refused() {
    echo "$1 can't be had:" "$(cat)" >&2
    exit 1
}

if [ "${1:-}" != inside ]; then
    box=datamover-try-$$
    while IFS=: read -r _ controllers path; do
        [ -n "$controllers" ] || continue # cgroup 2
        group=/sys/fs/cgroup/${controllers#name=}${path%/}/$box
        problem=$(mkdir "$group" 2>&1) || echo "$problem" | refused "a cgroup"
        rmdir "$group"
    done </proc/self/cgroup
    problem=$(unshare --mount --cgroup --pid --net --uts --fork --kill-child --propagation private true 2>&1) ||
        echo "$problem" | refused "namespaces"
    exec unshare --mount --cgroup --pid --net --uts --fork --kill-child --propagation private "$0" inside
fi

attempt() {
    what=$1
    shift
    problem=$("$@" 2>&1) || echo "$problem" | refused "$what"
}
attempt "mounts" mount -t tmpfs tmpfs /run
attempt "/proc of its own" mount -t proc proc /proc
mkdir /run/lower /run/upper /run/work /run/merged
attempt "overlayfs" mount -t overlay overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work /run/merged
attempt "cgroup mounts" umount /sys/fs/cgroup/memory
attempt "cgroup mounts" mount -t cgroup -o memory cgroup /sys/fs/cgroup/memory
attempt "a bridge" ip link add cni0 type bridge
attempt "a pair of network devices" ip link add one type veth peer name other
attempt "iptables" iptables --table nat --append OUTPUT --match addrtype --dst-type LOCAL --jump RETURN
attempt "iptables' comments and marks" iptables --table nat --append OUTPUT --match comment --comment x --jump MARK --set-xmark 0x4000/0x4000
attempt "iptables' tracking" iptables --table nat --append OUTPUT --match conntrack --ctstate NEW --match statistic --mode random --probability 0.5 --jump RETURN
attempt "forwarding" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
