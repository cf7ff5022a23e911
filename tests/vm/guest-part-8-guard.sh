# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: the guard on services, which compete by weights. After the part "weights", by whose rules
# system.slice shares out CPU time.
# shellcheck shell=bash

at_least() { # LIMIT COMMAND...
    local limit=$1 printed
    shift
    printed=$("$@")
    echo "expected: at least $limit, printed: $printed"
    [[ $printed -ge $limit ]]
}

part_guard() {
    local hog settings=/etc/priorityd/priorityd.toml.d/vm-guard.toml
    # What a program did here before shall not decide; the guard stands aside where something else speaks.
    mkdir -p "${settings%/*}"
    printf '[engine.profiles]\nenabled = false\n' >"$settings"
    check "the profiles are off" eventually has "profiles      off" priorityctl engines
    install -m 0755 /usr/bin/perl /usr/local/bin/vm-answering
    install -m 0755 /usr/bin/perl /usr/local/bin/vm-hog
    start_unit vm-hogs -- sh -c "vm-hog -e 'while (1) {}' & vm-hog -e 'while (1) {}' & exec vm-other 3600"
    start_unit vm-answering -- vm-answering -e 'while (1) { select undef, undef, undef, 0.006; for (1 .. 2000) {} }'
    eventually pid_in vm-hog vm-hogs.service
    hog=$(pid_in vm-hog vm-hogs.service)
    check "a hog that an interactive program waits for is lowered by the guard" \
        eventually has "engine guard" priorityctl explain "$hog"
    check "and its unit, although another process in it is not" eventually fails same 100 cpu_weight_of vm-hogs
    check "not the unit of who waits" at_least 100 cpu_weight_of vm-answering
    note "$(priorityctl explain "$hog" | grep -A 1 "engine guard" | paste -s -d ' ')"
    # On a slow machine somebody waits for the hogs as long as they are busy.
    systemctl kill --signal=STOP vm-hogs.service
    check "when nobody waits any more the unit is what it was" eventually same 100 cpu_weight_of vm-hogs
    check "and the hog" eventually same 0 nice_of "$hog"
    systemctl stop vm-answering.service
    systemctl kill --signal=KILL vm-hogs.service
    rm "$settings"
}
