# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: what newer kernels have, a scheduler in BPF, utilisation clamps, cache-aware scheduling. Each
# part needs "install" alone, and is skipped where the kernel has no such thing.
# shellcheck shell=bash

kernel_rules=/etc/priorityd/rules.d/70-vm-kernel.toml
# Engines and guard would see the busy loops, and have a word in what they get.
kernel_settings=/etc/priorityd/priorityd.toml.d/vm-kernel.toml
fifo=priorityd_test_fifo

# with_kernel_rules LINE...: these and no engines.
with_kernel_rules() {
    mkdir -p "${kernel_settings%/*}"
    printf '[scoring]\nenabled = false\n' >"$kernel_settings"
    printf '%s\n' "$@" >"$kernel_rules"
    priorityctl reload >/dev/null
}

without_kernel_rules() {
    rm -f "$kernel_rules" "$kernel_settings"
    priorityctl reload >/dev/null
}

# busy_loop NAME: on the first CPU, in the task group of this test.
busy_loop() {
    install -m 0755 /bin/dash "/usr/local/bin/$1"
    taskset -c 0 "/usr/local/bin/$1" -c 'while :; do :; done' &
}

# In hundredths of a second.
cpu_time_of() {
    echo $(($(stat_field "$1" 14) + $(stat_field "$1" 15)))
}

both_have_had() {
    [ $(($(cpu_time_of "$plain") + $(cpu_time_of "$niced"))) -ge "$1" ]
}

# What the kernel gives them of the next two seconds that they get together: "plain niced".
shares_of_both() {
    local plain_before niced_before
    plain_before=$(cpu_time_of "$plain") niced_before=$(cpu_time_of "$niced")
    patience=120 eventually both_have_had $((plain_before + niced_before + 200))
    echo "$(($(cpu_time_of "$plain") - plain_before)) $(($(cpu_time_of "$niced") - niced_before))"
}

# They get the same, or nearly so / the first gets many times as much; nice 19 is a 68th by the kernel's own scheduler.
are_alike() {
    echo "hundredths of a second: $*"
    [ "$1" -lt $((2 * $2)) ] && [ "$2" -lt $((2 * $1)) ]
}

are_far_apart() {
    echo "hundredths of a second: $*"
    [ "$1" -gt $((8 * $2)) ]
}

# What the kernel's own scheduler weighs a process with: 1048576 for nice 0, 15360 for nice 19.
own_weight_of() {
    sed -n 's/^se\.load\.weight *: *//p' "/proc/$1/sched"
}

part_sched_ext() {
    local plain niced shares
    if [ ! -e /sys/kernel/sched_ext ]; then
        skip "a scheduler in BPF" "this kernel has no sched_ext"
        return
    elif [ -e no-scheduler ]; then
        skip "a scheduler in BPF" "it was not built: $(tail -n 1 no-scheduler)"
        return
    fi
    with_kernel_rules '[class.vm-plain]' 'nice = 0' '[class.vm-niced]' 'nice = 19' \
        '[programs]' 'vm-plain = "vm-plain"' 'vm-niced = "vm-niced"' 'vm-late = "vm-niced"'
    busy_loop vm-plain && plain=$!
    busy_loop vm-niced && niced=$!
    check "the rule's nice value is there" eventually same 19 nice_of "$niced"
    check "status knows of no scheduler but the kernel's" fails has sched_ext priorityctl status
    check "nor does explain" fails has sched_ext priorityctl explain "$niced"
    shares=$(shares_of_both)
    # shellcheck disable=SC2086 # two numbers, here and below
    check "nice counts" are_far_apart $shares
    note "hundredths of a second, nice 0 and nice 19, the kernel's scheduler: $shares"
    part_sched_ext_loaded
    part_sched_ext_unloaded
    kill "$plain" "$niced" "$(pid_of vm-late)"
    rm /usr/local/bin/vm-plain /usr/local/bin/vm-niced /usr/local/bin/vm-late
    without_kernel_rules
}

part_sched_ext_loaded() {
    start_unit vm-fifo -- "$PWD/load" "$PWD/fifo.bpf.o"
    check "a scheduler in BPF is loaded" eventually same "$fifo" cat /sys/kernel/sched_ext/root/ops
    check "status names it" has "the sched_ext scheduler $fifo" priorityctl status
    check "explain says that what comes of nice is up to it" \
        has "what comes of it is up to the sched_ext scheduler $fifo" priorityctl explain "$niced"
    note "status: $(priorityctl status | grep -F "$fifo" | sed 's/^ */| /' | paste -s -d ' ')"
    note "explain: $(priorityctl explain "$niced" | grep -F "$fifo" | sed 's/^ */| /' | paste -s -d ' ')"
    shares=$(shares_of_both)
    # shellcheck disable=SC2086
    check "which is true: nice does not count" are_alike $shares
    note "hundredths of a second, nice 0 and nice 19, first come first served: $shares"
    busy_loop vm-late
    check "a program that starts now is handled all the same" eventually same 19 nice_of "$(pid_of vm-late)"
    check "the daemon is real time still" has "SCHED_RR|SCHED_RESET_ON_FORK" chrt -p "$(daemon_pid)"
}

part_sched_ext_unloaded() {
    kill -STOP "$(pid_of vm-late)"
    systemctl stop vm-fifo.service
    check "it is unloaded" same disabled cat /sys/kernel/sched_ext/state
    check "status does not speak of it any more" fails has sched_ext priorityctl status
    check "nor does explain" fails has sched_ext priorityctl explain "$niced"
    shares=$(shares_of_both)
    # shellcheck disable=SC2086
    check "nice counts again" are_far_apart $shares
    # A nice value that was set meanwhile; Linux 7.2 has the old weight until another value is set.
    note "what the kernel weighs nice 19 with, set before, and set meanwhile: $(own_weight_of "$niced"), $(own_weight_of "$(pid_of vm-late)")"
}

# "205 614": lower and upper bound, of 1024.
clamps_of() {
    sed -n 's/^uclamp\.m.. *: *//p' "/proc/$1/sched" | paste -s -d ' '
}

part_uclamp() {
    local clamped other
    if ! grep -q '^uclamp\.min' /proc/self/sched 2>/dev/null; then
        skip "utilisation clamps" "this kernel has none"
        return
    fi
    with_kernel_rules '[class.vm-clamped]' 'uclamp_min = 20' 'uclamp_max = 60' '[programs]' 'vm-clamped = "vm-clamped"'
    cp /bin/sleep /usr/local/bin/vm-clamped
    vm-clamped 3600 &
    clamped=$!
    check "status tells the lower clamp alive" eval 'priorityctl status | grep -Eq "uclamp_min +live"'
    check "and the upper one" eval 'priorityctl status | grep -Eq "uclamp_max +live"'
    check "the kernel has the clamps of the rule" eventually same "205 614" clamps_of "$clamped"
    uclampset -m 100 -M 900 vm-clamped 3600 &
    other=$!
    check "explain tells of them" has "20" priorityctl explain "$clamped"
    note "clamps that somebody else has set before: $(clamps_of "$other"): $(priorityctl explain "$other" | grep uclamp | paste -s -d ' ')"
    systemctl stop priorityd.service
    check "after a stop the clamps are what they were" same "0 1024" clamps_of "$clamped"
    systemctl start priorityd.service
    check "and after a start those of the rule" eventually same "205 614" clamps_of "$clamped"
    kill "$clamped" "$other"
    rm /usr/local/bin/vm-clamped
    without_kernel_rules
}

cache_aware=/sys/kernel/debug/sched/llc_balancing/enabled

# set_cache_aware 0|1: the kernel's own placing of processes near their cache. Fails where it has none.
set_cache_aware() {
    mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
    [ -e "$cache_aware" ] && echo "$1" >"$cache_aware"
}

# What a process in the service's sandbox, with its user and capabilities, reads there: "1", or the error.
cache_aware_in_sandbox() {
    cp /bin/cat /usr/lib/vm-cat # where files may be executed
    with_drop_in "ExecStartPre=-/usr/lib/vm-cat $cache_aware"
    journalctl --boot --quiet --output=cat --identifier=vm-cat | tail -n 1
    with_drop_in
    rm /usr/lib/vm-cat
}

part_cache_aware() {
    local seen
    if ! set_cache_aware 1; then
        skip "cache-aware scheduling" "this kernel has none"
        return
    fi
    note "of cache-aware scheduling: $(cd "${cache_aware%/*}" && grep -H . -- * | paste -s -d ' ')"
    seen=/proc/$(daemon_pid)/root$cache_aware
    check "the daemon sees what was mounted after its start" same 1 cat "$seen"
    check "cache-aware scheduling can be switched off" set_cache_aware 0
    check "the daemon sees that too" same 0 cat "$seen"
    check "and on again" set_cache_aware 1
    check "its sandbox and its user may read the switch" same 1 cache_aware_in_sandbox
}
