# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: processes that get the CPUs of one last-level cache or of one NUMA node. Needs "install", and a
# machine with several of them: run.sh --machine numa.
# shellcheck shell=bash

# "4,6-7" as "4 6 7", which is how CPU sets are compared here. Offline ones are left out: in sysfs caches keep them.
cpus_in() {
    local range cpu is_online
    for range in ${1//,/ }; do
        for ((cpu = ${range%-*}; cpu <= ${range#*-}; ++cpu)); do
            is_online=1
            [ ! -e "/sys/devices/system/cpu/cpu$cpu/online" ] || read -r is_online <"/sys/devices/system/cpu/cpu$cpu/online"
            [ "$is_online" = 0 ] || echo "$cpu"
        done
    done | paste -s -d ' '
}

# Of CPU lists, one a line: the same as sets, each once, in the order of their first CPUs.
sets_in() {
    local list
    while read -r list; do
        cpus_in "$list"
    done | sort -u | sort -n
}

# A line for each set of CPUs that share a last-level cache / a NUMA node.
l3_sets() {
    cat /sys/devices/system/cpu/cpu[0-9]*/cache/index3/shared_cpu_list | sets_in
}

node_sets() {
    cat /sys/devices/system/node/node[0-9]*/cpulist | sets_in
}

all_cpus() {
    cpus_in "$(cat /sys/devices/system/cpu/online)"
}

# sets_of PID...: those of all threads of all of them. Of offline CPUs the kernel does not tell here.
sets_of() {
    local pid
    for pid in "$@"; do
        taskset -acp "$pid" | sed 's/.*: //'
    done | sets_in
}

# end PID...: of this shell's children; they are gone when it returns.
end() {
    kill "$@"
    wait "$@"
}

# serve NAME: one more server with three threads; its pid is in $pid.
serve() {
    [ -e "/usr/local/bin/$1" ] || install -m 0755 ./server "/usr/local/bin/$1"
    "/usr/local/bin/$1" 3 &
    pid=$!
}

has_an_l3() {
    l3_sets | grep -qx "$(sets_of "$1")"
}

# Of the first four servers. With four sets no two of them have the same.
have_an_l3_each() {
    same "$(l3_sets)" sets_of "${servers[@]:0:4}"
}

part_placement() {
    local pid pinned servers=()
    if [ -e no-server ]; then
        skip "placement" "the server was not built: $(tail -n 1 no-server)"
        return
    elif [ "$(l3_sets | wc -l)" -ne 4 ]; then
        skip "placement" "this machine does not have four last-level caches"
        return
    elif ! priorityctl topology >/dev/null 2>&1; then
        skip "placement" "this priorityd does not place"
        return
    fi
    with_kernel_rules '[class.vm-server]' 'cpus = "llc:auto"' '[class.vm-big]' 'cpus = "numa:auto"' \
        '[programs]' 'vm-server = "vm-server"' 'vm-big = "vm-big"'
    part_placement_topology
    part_placement_kernel
    part_placement_caches
    part_placement_nodes
    part_placement_hotplug
    part_placement_end
    end "${servers[@]}"
    rm /usr/local/bin/vm-server /usr/local/bin/vm-big
    without_kernel_rules
}

part_placement_topology() {
    local count
    for count in '"cpus":16' '"numa_nodes":2' '"l3":4'; do
        check "topology counts $count" has "$count" eval 'priorityctl topology --json | tr -d " \n"'
    done
}

# Linux 7.2 places by itself, and is not fought.
part_placement_kernel() {
    if ! set_cache_aware 1; then
        note "this kernel has no cache-aware scheduling"
        return
    fi
    serve vm-server
    check "while the kernel does it, explain says so" eventually has "not live" priorityctl explain "$pid"
    note "$(priorityctl explain "$pid" | grep -F 'not live' | paste -s -d ' ')"
    check "and nothing is set" same "$(all_cpus)" sets_of "$pid"
    end "$pid"
    set_cache_aware 0
}

part_placement_caches() {
    local first
    for _ in 1 2 3 4; do
        serve vm-server
        servers+=("$pid")
    done
    check "four servers have the four last-level caches" eventually have_an_l3_each
    serve vm-server
    check "a fifth shares one" eventually has_an_l3 "$pid"
    check "the others stay where they are" have_an_l3_each
    end "$pid"
    first=$(sets_of "${servers[0]}")
    end "${servers[0]}"
    serve vm-server
    servers[0]=$pid
    check "the next one gets the cache of one that has ended" eventually same "$first" sets_of "$pid"
    taskset -c 2,3 /usr/local/bin/vm-server 3 &
    pinned=$!
    check "one that was pinned before is told as held" eventually has "held by someone else" priorityctl explain "$pinned"
    check "and stays" same "2 3" sets_of "$pinned"
}

part_placement_nodes() {
    local pids=()
    for _ in 1 2; do
        serve vm-big
        pids+=("$pid")
    done
    check "two big ones have the two nodes" eventually same "$(node_sets)" sets_of "${pids[@]}"
    servers+=("${pids[@]}")
}

part_placement_hotplug() {
    local switch=/sys/devices/system/cpu/cpu5/online index
    echo 0 >"$switch"
    check "when a CPU goes each has what is left of its cache" eventually have_an_l3_each
    for index in 0 1 2 3; do
        [ "$(sets_of "${servers[index]}")" != "4 6 7" ] || break
    done
    end "${servers[index]}"
    serve vm-server
    servers[index]=$pid
    check "one that starts meanwhile gets what is left" eventually same "4 6 7" sets_of "$pid"
    echo 1 >"$switch"
    check "when the CPU comes again each has it again" eventually have_an_l3_each
}

all_have() {
    local wanted=$1 pid
    shift
    for pid in "$@"; do
        same "$wanted" sets_of "$pid" || return 1
    done
}

part_placement_end() {
    systemctl stop priorityd.service
    check "after a stop all have all CPUs" all_have "$(all_cpus)" "${servers[@]}"
    check "but for the pinned one" same "2 3" sets_of "$pinned"
    end "$pinned"
    systemctl start priorityd.service
}
