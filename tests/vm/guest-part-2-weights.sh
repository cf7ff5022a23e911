# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: weights of real units, set by systemd, seen in the kernel, and put back.
# shellcheck shell=bash

weight_rules=/etc/priorityd/rules.d/60-vm-weights.toml

# write_weight_rules WEIGHT: of vm-light.
write_weight_rules() {
    cat >"$weight_rules" <<T
[class.vm-light]
cpu_weight = $1
io_weight = 30
[class.vm-heavy]
cpu_weight = 400
[class.vm-idle]
cpu_weight = "idle"
[programs]
vm-light = "vm-light"
vm-heavy = "vm-heavy"
vm-idle = "vm-idle"
T
}

# start_unit UNIT [OPTION...] -- PROGRAM ARGUMENT...
start_unit() {
    local unit=$1
    shift
    systemd-run --quiet --collect --unit="$unit" "$@"
}

cgroup_of() {
    echo "/sys/fs/cgroup$(systemctl show --property ControlGroup --value "$1")"
}

# A unit of a file, as packages bring them; systemd keeps its weight in a drop-in.
install_unit() {
    printf '[Service]\nExecStart=/usr/local/bin/vm-light 3600\n' >/run/systemd/system/vm-installed.service
    systemctl daemon-reload
    systemctl start vm-installed.service
}

# What the kernel has for the unit; 100 where it has no such knob, because nobody there has a weight.
cpu_weight_of() {
    local cgroup
    cgroup=$(cgroup_of "$1")
    if [ "$(cat "$cgroup/cpu.idle" 2>/dev/null)" = 1 ]; then
        echo idle
    else
        cat "$cgroup/cpu.weight" 2>/dev/null || echo 100
    fi
}

# What systemd has for the unit, for people: "CPUWeight=20 IOWeight=[not set]".
set_weights_of() {
    systemctl show --property CPUWeight --property IOWeight "$1" | sort | paste -s -d ' '
}

part_weights() {
    write_weight_rules 20
    eventually has vm-light priorityctl rules vm-light
    start_unit vm-light -- vm-light 3600
    start_unit vm-idle -- vm-idle 3600
    install_unit
    start_unit vm-admin --property=CPUWeight=300 -- vm-light 3600
    start_unit vm-both -- sh -c "vm-heavy 3600 & exec vm-light 3600"
    start_unit vm-mixed -- sh -c "vm-light 3600 & exec vm-other 3600"
    start_unit vm-passing -- sh -c "vm-heavy 3600 & exec vm-other 3600"
    check "a service gets the weight of its program" eventually same 20 cpu_weight_of vm-light
    check "an installed service too" eventually same 20 cpu_weight_of vm-installed
    check "systemd knows of both weights" same 'CPUWeight=20 IOWeight=30' set_weights_of vm-light
    check "\"idle\" is the kernel's idle group" eventually same idle cpu_weight_of vm-idle
    check "explain names the unit" has "applied (unit vm-light.service" priorityctl explain "$(pid_in vm-light vm-light.service)"
    check "of two programs the one that asks for more decides" eventually same 400 cpu_weight_of vm-both
    part_weights_of_mixed_units
    part_weights_of_administrators
    part_weights_of_sessions
    write_weight_rules 25
    check "a changed rule changes the weight of what runs" eventually same 25 cpu_weight_of vm-light
    write_weight_rules 20
    check "and back" eventually same 20 cpu_weight_of vm-light
}

part_weights_of_mixed_units() {
    check "a unit is not lowered for one of its programs" same 100 cpu_weight_of vm-mixed
    check "and explain says so" has "processes in it without a weight" priorityctl explain "$(pid_in vm-light vm-mixed.service)"
    check "it is raised for one" eventually same 400 cpu_weight_of vm-passing
    kill "$(pid_in vm-heavy vm-passing.service)" "$(pid_in vm-heavy vm-both.service)"
    check "when that one ends, the weight goes" eventually same 100 cpu_weight_of vm-passing
    check "in systemd too" same 'CPUWeight=[not set] IOWeight=[not set]' set_weights_of vm-passing
    check "where another one is left, its weight comes" eventually same 20 cpu_weight_of vm-both
}

# Weights that somebody else has set, before priorityd looked or after it.
part_weights_of_administrators() {
    check "a weight that the administrator has given stays" same 300 cpu_weight_of vm-admin
    check "and explain says whose it is" has "held by someone else: the unit has cpu_weight 300" \
        priorityctl explain "$(pid_in vm-light vm-admin.service)"
    start_unit vm-taken -- vm-light 3600
    eventually same 20 cpu_weight_of vm-taken
    systemctl set-property --runtime vm-taken.service CPUWeight=70
    priorityctl reload >/dev/null
    check "so does one that the administrator gives later" same 70 cpu_weight_of vm-taken
}

part_weights_of_sessions() {
    local session
    runuser -l tester -c "exec vm-heavy 3600" >/dev/null 2>&1 &
    eventually pid_in vm-heavy 'user-1000.slice/session-'
    session=$(sed 's/.*\///' "/proc/$(pid_in vm-heavy 'user-1000.slice/session-')/cgroup")
    check "a login session is raised for its program" eventually same 400 cpu_weight_of "$session"
    pkill -x vm-heavy
    check "and is what it was when that has ended" eventually same 100 cpu_weight_of "$session"
}

# Without its permission the daemon goes on, and says what it may not; systemd is started anew.
part_weights_faults() {
    local rules=/usr/share/polkit-1/rules.d/priorityd.rules kept=/run/vm/priorityd.rules
    mv "$rules" "$kept"
    eventually fails as_daemon_user "${set_weight[@]}" vm-idle.service true 1 CPUWeight t 0
    start_unit vm-refused -- vm-light 3600
    eventually pid_in vm-light vm-refused.service
    check "without polkit's permission the daemon says that it may not" eventually has "ermission denied" priorityctl explain \
        "$(pid_in vm-light vm-refused.service)"
    check "and the unit has no weight" same 100 cpu_weight_of vm-refused
    mv "$kept" "$rules"
    systemctl daemon-reexec
    check "systemd started anew has the weights" same 'CPUWeight=20 IOWeight=30' set_weights_of vm-light
    start_unit vm-late -- vm-light 3600
    check "and takes more of them" eventually same 20 cpu_weight_of vm-late
}

# The units of these parts that run now, and what they had before priorityd: what an administrator has given stays.
weights_are_back() {
    local unit wanted
    for unit in vm-light vm-installed vm-idle vm-both vm-passing vm-late vm-admin vm-taken; do
        case $unit in
        vm-admin) wanted=300 ;;
        vm-taken) wanted=70 ;;
        *) wanted=100 ;;
        esac
        same $wanted cpu_weight_of $unit || {
            echo "unit: $unit"
            return 1
        }
    done
}

part_weights_end() {
    systemctl stop priorityd.service
    check "after a stop every unit has the weight that it had" weights_are_back
    check_later_weight
    systemctl start priorityd.service
    check "after a start it has that of its program" eventually same 20 cpu_weight_of vm-light
    systemctl kill --signal=KILL priorityd.service
    eventually priorityctl status
    check "a killed daemon's weights stay, the next one's are the same" eventually same 20 cpu_weight_of vm-light
    systemctl stop priorityd.service
    check "and are known to it: after a stop all is as it was" weights_are_back
    part_weights_of_the_dead
}

# systemd keeps a drop-in that says that there is no weight; those of an administrator come after it.
check_later_weight() {
    mkdir -p /run/systemd/system/vm-installed.service.d
    printf '[Service]\nCPUWeight=200\n' >/run/systemd/system/vm-installed.service.d/override.conf
    systemctl daemon-reload
    check "what systemctl edit gives a service after that counts" same 200 cpu_weight_of vm-installed
    rm /run/systemd/system/vm-installed.service.d/override.conf
    systemctl daemon-reload
}

# What was changed by a daemon that was killed, and is for nobody any more when the next one comes.
part_weights_of_the_dead() {
    with_drop_in 'Restart=no'
    eventually same 20 cpu_weight_of vm-light
    start_unit vm-both-later -- sh -c "vm-heavy 3600 & exec vm-other 3600"
    eventually same 400 cpu_weight_of vm-both-later
    systemctl kill --signal=KILL priorityd.service
    eventually systemctl is-failed --quiet priorityd.service
    kill "$(pid_in vm-heavy vm-both-later.service)"
    check "the weight stays when the daemon is dead" same 400 cpu_weight_of vm-both-later
    with_drop_in
    check "the next daemon takes back what nobody asks for any more" eventually same 100 cpu_weight_of vm-both-later
    systemctl stop vm-installed.service
    rm -r "$weight_rules" /run/systemd/system/vm-installed.service*
    systemctl daemon-reload
}
