# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: who may do what, decided by the real bus, polkit and systemd.
# shellcheck shell=bash

# The exit statuses of priorityctl. Source: priorityctl(1).
not_authorised=4

part_ordinary_user() {
    local pid
    pid=$(pid_in vm-lowered app.slice)
    check "a user sees how the daemon is" has "running" as_tester priorityctl status
    check "a user sees what was decided" has vm-lowered as_tester priorityctl list --class vm-lowered
    check "a user is told why a process has what it has" has "class vm-lowered" as_tester priorityctl explain "$pid"
    check "a user calls it by plain D-Bus" has 'a{sv}' as_tester busctl --system call org.priorityd1 /org/priorityd1 \
        org.priorityd1.Manager GetProcess u "$pid"
    check "a user cannot take its name" fails as_tester busctl --system call org.freedesktop.DBus /org/freedesktop/DBus \
        org.freedesktop.DBus RequestName su org.priorityd1 0
    check "the bus has the daemon under its name, as its user" has "priorityd" busctl --system status org.priorityd1
}

part_polkit() {
    local own others permission=/etc/polkit-1/rules.d/10-vm.rules
    own=$(pid_in vm-lowered app.slice)
    others=$(pid_in vm-lowered system.slice)
    check "a user lowers an own process" as_tester priorityctl set "$own" --nice 15
    check "and that is done" eventually same 15 nice_of "$own"
    check "a user elsewhere than at the machine raises nothing" exits $not_authorised as_tester priorityctl set "$own" --nice -2
    check "a user does not change a process of others" exits $not_authorised as_tester priorityctl set "$others" --nice 15
    check "a user does not have the rules read again" exits $not_authorised as_tester priorityctl reload
    check "what was refused has changed nothing" same 7 nice_of "$others"
    cat >"$permission" <<'J'
polkit.addRule(function (action, subject) {
    if (action.id === "org.priorityd1.raise-own" && subject.user === "tester") {
        return polkit.Result.YES;
    }
    return polkit.Result.NOT_HANDLED;
});
J
    check "an administrator's rule lets the user raise" eventually as_tester priorityctl set "$own" --nice -2
    check "and that is done too" eventually same -2 nice_of "$own"
    check "the limits for users hold all the same" exits $not_authorised as_tester priorityctl set "$own" --nice -15
    rm "$permission"
    check "without the rule it is over" eventually exits $not_authorised as_tester priorityctl set "$own" --nice -3
    as_tester priorityctl unset "$own" >/dev/null
    check "unset gives back to the rules" eventually same 7 nice_of "$own"
    polkit_of_systemd
}

# What units/priorityd.rules allows the daemon's user, and what not.
polkit_of_systemd() {
    local weight=("${set_weight[@]}" vm-lowered-system.service true 1 CPUWeight t)
    check "the daemon's user sets a unit's weight" eventually as_daemon_user "${weight[@]}" 50
    check "and the kernel has it" same 50 cat /sys/fs/cgroup/system.slice/vm-lowered-system.service/cpu.weight
    check "the daemon's user takes the weight back" as_daemon_user "${weight[@]}" 18446744073709551615
    check "the daemon's user stops no unit" fails as_daemon_user "${systemd_manager[@]}" StopUnit ss \
        vm-lowered-system.service replace
    check "another user sets no weight" fails as_tester "${weight[@]}" 50
}

part_reload() {
    local pid first
    pid=$(pid_in vm-lowered system.slice)
    first=$(daemon_pid)
    sed -i 's/^nice = 7/nice = 9/' "$rules"
    check "systemctl reload reads the rules again" systemctl reload priorityd.service
    check "and what runs gets the new value" eventually same 9 nice_of "$pid"
    sed -i 's/^nice = 9/nice = 99/' "$rules"
    check "a bad rule is refused" exits 1 priorityctl reload
    check "and the old one stays in force" same 9 nice_of "$pid"
    write_rules
    check "a mended file is taken over" eventually same 7 nice_of "$pid"
    check "it is the same process all the time" same "$first" daemon_pid
}

part_activation() {
    local pid
    pid=$(pid_in vm-lowered system.slice)
    check "the service stops" systemctl stop priorityd.service
    check "everything is back where it was" same "$untouched_values" values_of "$pid"
    check "who calls it by D-Bus starts it" has "running" as_tester priorityctl status
    check "and it is the service that runs" systemctl is-active --quiet priorityd.service
    check "what runs has its class again" eventually same "$lowered_values" values_of "$pid"
    systemctl disable --quiet priorityd.service
    systemctl stop priorityd.service
    check "who calls a disabled one does not start it" exits 3 as_tester priorityctl status
    systemctl enable --quiet --now priorityd.service
    check "it runs again" eventually has "running" priorityctl status
}
