#!/bin/sh
# Leave the machine: cgroups, mounts, processes, network and host name of its own, then box.sh as process 1 in there.
# Takes the box's name; everything else comes by the environment (see box.sh).
set -eu
box=$1
groups=$(cat /proc/self/cgroup)
echo "$groups" | while IFS=: read -r _ controllers path; do
    [ -n "$controllers" ] || continue # cgroup 2
    parent=/sys/fs/cgroup/${controllers#name=}${path%/}
    mkdir "$parent/$box"
    if [ "$controllers" = cpuset ]; then
        cat "$parent/cpuset.cpus" >"$parent/$box/cpuset.cpus"
        cat "$parent/cpuset.mems" >"$parent/$box/cpuset.mems"
    fi
    [ "$controllers" != memory ] || echo 1 >"$parent/$box/memory.use_hierarchy" 2>/dev/null || true
    echo $$ >"$parent/$box/cgroup.procs"
done
exec unshare --mount --cgroup --pid --net --uts --fork --kill-child --propagation private "$(dirname "$0")/box.sh"
