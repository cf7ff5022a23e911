# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: weights of a user's units through priorityd-session, and that user's own rules.
# shellcheck shell=bash

session_rules=/etc/priorityd/rules.d/55-vm-session.toml
session_unit=priorityd-session.service

# The weight that the kernel has for a unit of the tester's app.slice; "idle" where it is that. 100 without the controller.
app_weight() {
    local group=/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/$1
    [ -d "$group" ] || return 1
    if [ "$(cat "$group/cpu.idle" 2>/dev/null)" = 1 ]; then
        echo idle
    else
        cat "$group/cpu.weight" 2>/dev/null || echo 100
    fi
}

session_pid() {
    as_tester systemctl --user show --property MainPID --value "$session_unit"
}

# explains PROGRAM TEXT: what explain says of the newest process of this name.
explains() {
    has "$2" priorityctl explain "$(pid_of "$1")"
}

# A session runs, and it is another one than that.
is_another_session_than() {
    local pid
    pid=$(session_pid)
    [ "${pid:-0}" -ne 0 ] && [ "$pid" -ne "$1" ]
}

session_exposure() {
    as_tester systemd-analyze --user security --no-pager "$session_unit" |
        sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p'
}

session_journal() {
    journalctl --quiet --boot --output=cat _UID=1000 _COMM=priorityd-sessi "$@"
}

start_session_program() {
    as_tester systemd-run --user --quiet --collect --slice=app.slice --unit="$1" "/usr/local/bin/$2" 3600
}

part_session_service() {
    local exposure pid
    # In this test the session dies of a call that its filter does not have, instead of going on without.
    mkdir -p /run/systemd/user/priorityd-session.service.d
    printf '[Service]\nSystemCallErrorNumber=kill\n' >/run/systemd/user/priorityd-session.service.d/vm.conf
    as_tester systemctl --user daemon-reload
    check "priorityd-session is enabled for users" has enabled as_tester systemctl --user is-enabled "$session_unit"
    check "it starts" as_tester systemctl --user restart "$session_unit"
    pid=$(session_pid)
    check "it runs as its user" same tester ps -o user= -p "$pid"
    check "it has no capability" grep -q $'^CapEff:\t0000000000000000$' "/proc/$pid/status"
    check "its system calls are filtered" grep -qx $'Seccomp:\t2' "/proc/$pid/status"
    check "the unit has no faults" same "" as_tester systemd-analyze --user verify --man=no "$session_unit"
    exposure=$(session_exposure)
    note "systemd-analyze --user security: exposure $exposure"
    check "the exposure is at most 1.5" test "${exposure/./}" -le 15
    note "memory: $(as_tester systemctl --user show --property MemoryCurrent --value "$session_unit") bytes"
}

part_session_weights() {
    printf '[programs]\nvm-weighed = "vm-weighed"\n[class.vm-weighed]\ncpu_weight = 30\n' >"$session_rules"
    cp /bin/sleep /usr/local/bin/vm-weighed
    eventually has vm-weighed priorityctl rules vm-weighed
    start_session_program vm-app.service vm-weighed
    check "a unit of a user gets its weight through the session" eventually same 30 app_weight vm-app.service
    check "explain says so" eventually explains vm-weighed "applied (unit vm-app.service"
    as_tester systemctl --user set-property --runtime vm-own.service CPUWeight=77 2>/dev/null
    as_tester systemd-run --user --quiet --collect --slice=app.slice --unit=vm-own.service -p CPUWeight=77 \
        /usr/local/bin/vm-weighed 3600
    check "what a user has set for a unit stays" eventually explains vm-weighed "the unit has cpu_weight 77"
    check "in the kernel too" same 77 app_weight vm-own.service
    as_tester systemctl --user stop vm-own.service
}

part_session_faults() {
    local first
    first=$(session_pid)
    kill -9 "$first"
    check "a session that is killed comes again" eventually is_another_session_than "$first"
    check "and the weight is still there" eventually same 30 app_weight vm-app.service
    check "priorityd is restarted" systemctl restart priorityd.service
    check "and the session finds the new one" eventually explains vm-weighed "applied (unit vm-app.service"
    as_tester systemctl --user daemon-reexec
    start_session_program vm-late.service vm-weighed
    check "a user's systemd that is executed anew is asked again" eventually same 30 app_weight vm-late.service
    systemctl stop priorityd.service
    check "a daemon that stops takes the weights of users' units back" eventually same 100 app_weight vm-app.service
    systemctl start priorityd.service
    check "and sets them when it is back" eventually same 30 app_weight vm-app.service
    as_tester systemctl --user stop "$session_unit"
    check "a session that stops takes them back" eventually same 100 app_weight vm-app.service
    check "explain says what is missing" eventually explains vm-weighed "no priorityd-session of user 1000"
    as_tester systemctl --user start "$session_unit"
    check "and works when it is there again" eventually same 30 app_weight vm-app.service
}

# Nobody but the daemon is heard: the bus's policy says so first.
part_session_refusals() {
    local name
    name=$(busctl --system --no-legend list | awk '$3 == "priorityd-sessi" { print $1; exit }')
    check "the session is on the system bus" test -n "$name"
    check "a user cannot tell a session what to do" fails as_tester busctl --system call "$name" /org/priorityd1/session \
        org.priorityd1.Session SetUnitWeights 'sa{sv}' vm-app.service 1 cpu_weight i 1
    check "nor can root" fails busctl --system call "$name" /org/priorityd1/session \
        org.priorityd1.Session SetUnitWeights 'sa{sv}' vm-app.service 1 cpu_weight i 1
    check "nothing has come of it" same 30 app_weight vm-app.service
}

part_session_rules() {
    local folder=/home/tester/.config/priorityd/rules.d
    cp /bin/sleep /usr/local/bin/vm-own-rule
    start_session_program vm-ruled.service vm-own-rule
    as_tester mkdir -p "$folder"
    as_tester sh -c "printf '[[rule]]\nname = \"vm-own-rule\"\n[rule.set]\nnice = 9\n' >$folder/50-own.toml"
    check "a user's rules come into force when they are written" eventually same 9 nice_of "$(pid_of vm-own-rule)"
    as_tester sh -c "echo '[nonsense' >$folder/60-wrong.toml"
    check "what is wrong with them is in the journal" eventually eval 'session_journal | grep -q 60-wrong.toml'
    check "and the earlier ones stay in force" same 9 nice_of "$(pid_of vm-own-rule)"
    as_tester rm -r /home/tester/.config/priorityd
    check "they go when their files do" eventually same 0 nice_of "$(pid_of vm-own-rule)"
}

part_session_slices() {
    local file=/etc/priorityd/priorityd.toml.d/55-vm.toml
    printf '[slices]\n"user.slice" = { cpu_weight = 150 }\n' >"$file"
    check "a slice gets the weight of the settings" eventually same 150 cat /sys/fs/cgroup/user.slice/cpu.weight
    check "explain tells of it" eventually explains vm-weighed user.slice
    rm "$file"
    check "and it is taken back with them" eventually same 100 cat /sys/fs/cgroup/user.slice/cpu.weight
}

part_session_end() {
    as_tester systemctl --user stop 'vm-*.service'
    rm -f "$session_rules" /usr/local/bin/vm-weighed /usr/local/bin/vm-own-rule
    note "$(session_journal --priority=warning)"
    check "the session had nothing else to warn of" same "" eval 'session_journal --priority=warning | grep -v 60-wrong.toml'
    check "the user's systemd had nothing to warn of" same "" journalctl --quiet --boot --output=cat --priority=warning \
        _UID=1000 SYSLOG_IDENTIFIER=systemd --grep priorityd
}

part_session() {
    part_session_service
    part_session_weights
    part_session_faults
    part_session_refusals
    part_session_rules
    part_session_slices
    part_session_end
}
