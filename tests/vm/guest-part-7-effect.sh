# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: a measurement, which runs only where it is named, after "install". What tests/bench/effect.py
# measures in sessions, for services, which compete by weights: an answering program beside four busy loops.
# shellcheck shell=bash

effect_runs=3
# The machine has one CPU: so a program that asks for three quarters of it, where the loops' fair share is half.
effect_load=(3000 1000)

# The same work in every situation: the number of steps is measured on the idle machine.
effect_measure() {
    systemd-run --quiet --collect --wait --pipe --unit=effect-answering ${effect_steps:+--setenv=STEPS_PER_US=$effect_steps} \
        /usr/local/bin/effect-answering 1 5 "${effect_load[@]}"
}

# effect_beside_loops SITUATION NICE
effect_beside_loops() {
    local loop="nice -n $2 /usr/local/bin/effect-busy -c 'while :; do :; done'"
    systemd-run --quiet --collect --unit=effect-busy /bin/sh -c "$loop & $loop & $loop & exec $loop"
    sleep 2 # until weights are set
    note "effect, $1: $(effect_measure | paste -s -d ' '); cpu.weight of the loops $(cpu_weight_of effect-busy.service)"
    systemctl stop effect-busy.service
}

part_effect() {
    local run figures
    install -m 0755 ./wakers /usr/local/bin/effect-answering
    install -m 0755 /bin/sh /usr/local/bin/effect-busy
    printf '[programs]\neffect-answering = "interactive"\neffect-busy = "background"\n' >/etc/priorityd/rules.d/90-effect.toml
    for ((run = 1; run <= effect_runs; ++run)); do
        systemctl stop priorityd.service
        figures=$(effect_measure | paste -s -d ' ')
        effect_steps=$(sed -n 's/.*steps_per_us=\([0-9.]*\).*/\1/p' <<<"$figures")
        note "effect, idle machine: $figures"
        effect_beside_loops "untouched" 0
        effect_beside_loops "loops at nice 19" 19
        systemctl start priorityd.service
        effect_beside_loops "priorityd" 0
    done
}
