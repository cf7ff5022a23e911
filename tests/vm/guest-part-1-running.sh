# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: the package is installed, and the service does its work in every kind of unit.
# shellcheck shell=bash

rules=/etc/priorityd/rules.d/50-vm.toml
lowered_values='nice 7, BATCH, io best-effort: prio 6, oom 100'
raised_values='nice -4, OTHER, io best-effort: prio 2, oom -100'
untouched_values='nice 0, OTHER, io none: prio 0, oom 0'

# What the package must leave as it has found it. Caches and logs of others come and go.
files_of_the_system() {
    find /etc /usr /var /run/priorityd -xdev \( -path /var/log -o -path /var/cache -o -path /var/lib/dpkg \
        -o -path /var/lib/systemd -o -path /var/tmp \) -prune -o -print 2>/dev/null | grep -v '/passwd-$\|/group-$\|/shadow-$\|/gshadow-$' | sort
}

# Values of control groups that outlive this test, those of its own service and programs not.
cgroup_values() {
    # shellcheck disable=SC2046 # no blanks there
    grep -s . $(find /sys/fs/cgroup \( -name cpu.weight -o -name cpu.idle -o -name io.weight \
        -o -name cgroup.subtree_control \) | grep -v 'priorityd\|vm-\|session-\|run-\|user-runtime-dir\|\.mount' | sort)
}

# Programs with names of their own; sleep does nothing and can be anybody.
make_programs() {
    local name
    for name in vm-lowered vm-raised vm-other vm-upgraded vm-light vm-heavy vm-idle; do
        cp /bin/sleep "/usr/local/bin/$name"
    done
}

write_rules() {
    cat >"$rules" <<'T'
[class.vm-lowered]
nice = 7
sched = "batch"
io = "best-effort/6"
oom_score_adj = 100
timer_slack = "1ms"
[class.vm-raised]
nice = -4
io = "best-effort/2"
oom_score_adj = -100
[programs]
vm-lowered = "vm-lowered"
vm-raised = "vm-raised"
T
}

part_before() {
    files_of_the_system >/run/vm/files-before
    cgroup_values >/run/vm/cgroups-before
    getent passwd >/run/vm/users-before
    # In this test the daemon dies of a call that its filter does not have, instead of going on without.
    mkdir -p /run/systemd/system/priorityd.service.d
    printf '[Service]\nSystemCallErrorNumber=kill\n' >/run/systemd/system/priorityd.service.d/vm.conf
    make_programs
    check "the machine has started without failed units" same "" systemctl list-units --failed --no-legend --plain
}

part_install() {
    check "the package is installed" dpkg -i priorityd.deb || bail_out "nothing is there to be tested"
    check "the service is active" systemctl is-active --quiet priorityd.service
    check "the service is enabled" systemctl is-enabled --quiet priorityd.service
    check "the client reaches it" has "running" priorityctl status
    check "it has read the shipped rules" has "firefox" priorityctl rules firefox
    note "memory: $(systemctl show --property MemoryCurrent --value priorityd.service) bytes," \
        "at most $(cat /sys/fs/cgroup/system.slice/priorityd.service/memory.peak)"
    check "it gets real time" has "SCHED_RR|SCHED_RESET_ON_FORK" chrt -p "$(daemon_pid)"
}

part_sandbox() {
    local pid exposure
    pid=$(daemon_pid)
    check "it runs as a user of its own" same priorityd ps -o user= -p "$pid"
    # NET_ADMIN 12, SYS_NICE 23, SYS_PTRACE 19, DAC_OVERRIDE 1, SYS_RESOURCE 24
    check "it has five capabilities and no others" same "$(printf '%016x' $((1 << 12 | 1 << 23 | 1 << 19 | 1 << 1 | 1 << 24)))" \
        sed -n 's/^CapEff:\t//p' "/proc/$pid/status"
    check "its children can have no more" grep -q '^CapBnd:.*1881002$' "/proc/$pid/status"
    check "it cannot gain privileges" grep -qx $'NoNewPrivs:\t1' "/proc/$pid/status"
    check "its system calls are filtered" grep -qx $'Seccomp:\t2' "/proc/$pid/status"
    check "its state is nobody else's" same "700 priorityd" stat -c '%a %U' /var/lib/priorityd
    check "rules in /run are root's" same "755 root" stat -c '%a %U' /run/priorityd/rules.d
    exposure=$(systemd-analyze security --no-pager priorityd.service | sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p')
    check "systemd-analyze security: the exposure, $exposure, is at most 2.3" test "${exposure/./}" -le 23
    check "the unit has no faults" same "" systemd-analyze verify --man=no priorityd.service
    check "all knobs that need a capability have theirs" fails has CAP_ priorityctl status
}


start_everywhere() {
    local program
    for program in vm-lowered vm-raised; do
        systemd-run --quiet --collect --unit="$program-system" "$program" 3600
        as_tester systemd-run --user --quiet --collect --slice=app.slice --unit="app-$program" "$program" 3600
        as_tester systemd-run --user --quiet --scope --slice=app.slice --unit="app-$program" "$program" 3600 >/dev/null 2>&1 &
        runuser -l tester -c "exec $program 3600" >/dev/null 2>&1 &
    done
    eventually same 4 pgrep -c -x vm-lowered
    eventually same 4 pgrep -c -x vm-raised
}

pid_in() {
    local program=$1 cgroup=$2 pid
    for pid in $(pgrep -x "$program"); do
        if grep -q "$cgroup" "/proc/$pid/cgroup"; then
            echo "$pid"
            return
        fi
    done
}

part_sessions() {
    local place pid places=(
        "system.slice/vm-PROGRAM-system.service" "app.slice/app-vm-PROGRAM.scope"
        "user-1000.slice/session-")
    write_rules
    check "rules that are put into /etc come into force by themselves" eventually has vm-lowered priorityctl rules vm-lowered
    check "programs run in a service, a user's service and scope, and a login session" start_everywhere ||
        bail_out "without them there is nothing to look at"
    for place in "${places[@]}"; do
        check_place "$place" lowered "$lowered_values"
        check_place "$place" raised "$raised_values"
    done
    check_user_service
    pid=$(pid_in vm-lowered system.slice)
    check "the timer slack is set too" same 1000000 cat "/proc/$pid/timerslack_ns"
    check "explain says why" has "$rules:" priorityctl explain "$pid"
    check "a second look takes nothing back" same "$lowered_values" values_of "$pid"
}

check_place() {
    local place=${1/PROGRAM/$2} program=vm-$2 wanted=$3 pid
    pid=$(pid_in "$program" "$place")
    check "$program runs in $place" test -n "$pid"
    check "$program in $place: $wanted" eventually same "$wanted" values_of "$pid"
}

# A user's manager gives its services an oom_score_adj, and what a unit has set is not fought.
check_user_service() {
    local own
    own=$(as_tester systemctl --user show --property OOMScoreAdjust --value app-vm-lowered.service)
    note "oom_score_adj of a user's services: $own"
    check_place app.slice/app-vm-PROGRAM.service lowered "${lowered_values/oom 100/oom $own}"
    check_place app.slice/app-vm-PROGRAM.service raised "${raised_values/oom -100/oom $own}"
}
