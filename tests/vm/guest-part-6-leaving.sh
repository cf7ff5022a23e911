# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: upgrade, stop, removal and purge.
# shellcheck shell=bash

part_upgrade() {
    local pid first id
    systemd-run --quiet --collect --unit=vm-other vm-other 3600
    systemd-run --quiet --collect --unit=vm-upgraded vm-upgraded 3600
    eventually pid_of vm-other
    pid=$(pid_of vm-other)
    echo '# changed by hand' >>/etc/priorityd/priorityd.toml
    check "a permanent override is there" priorityctl set name:vm-other --nice 11 --permanent --reason "to stay"
    check "and in force" eventually same 11 nice_of "$pid"
    id=$(priorityctl overrides | grep -F vm-other)
    first=$(daemon_pid)
    check "a higher version is installed over it" dpkg -i upgrade.deb
    check "another daemon runs" is_another_daemon_than "$first"
    check "the override is still there" same "$id" eval 'priorityctl overrides | grep -F vm-other'
    check "and in force on what ran all the time" eventually same 11 nice_of "$pid"
    check "what is new in the package is in force" eventually fails same 0 nice_of "$(pid_of vm-upgraded)"
    check "a changed settings file was left alone" grep -q '^# changed by hand$' /etc/priorityd/priorityd.toml
    check "the service is still enabled" systemctl is-enabled --quiet priorityd.service
}

# Knobs that have come since then are those of the controllers that a weight has turned on in system.slice, as long as
# systemd knows a unit with one.
changed_weights() {
    cgroup_values | grep -v subtree_control | grep -vxFf /run/vm/cgroups-before | grep -v 'cpu.weight:100$\|cpu.idle:0$\|io.weight:default 100$'
}

part_stop() {
    systemctl stop priorityd.service
    check "after a stop all weights are what they were" same "" changed_weights
    systemctl start priorityd.service
}

# Of the programs of this test; what a user's manager has given its services is theirs.
all_are_untouched() {
    local pid
    for pid in $(pgrep vm-); do
        grep -q '/app-.*\.service' "/proc/$pid/cgroup" || same "$untouched_values" values_of "$pid" || return 1
    done
}

part_remove() {
    check "the package is removed" dpkg --remove priorityd
    check "everything that runs has what it had before" all_are_untouched
    check "the service is gone" same not-found systemctl show --property LoadState --value priorityd.service
    check "nobody answers" exits 1 busctl --system call org.priorityd1 /org/priorityd1 org.freedesktop.DBus.Peer Ping
    check "the overrides are kept" eval 'grep -rq vm-other /var/lib/priorityd/overrides.d'
    check "settings are kept" test -e /etc/priorityd/priorityd.toml
}

part_purge() {
    # What an administrator has written stays an administrator's; here that is this test.
    rm -f "$rules"
    check "the package is purged" dpkg --purge priorityd
    pkill -f /usr/local/bin/vm- || pkill vm-
    rm -f /usr/local/bin/vm-*
    check "no file is left" diff /run/vm/files-before <(files_of_the_system)
    check "no user is left" diff /run/vm/users-before <(getent passwd)
    as_tester systemctl --user stop session.slice # which that user's systemd has made for priorityd-session, and keeps
    check "cgroups have what they had" diff /run/vm/cgroups-before <(cgroup_values)
    check "systemd has nothing to complain of" same "" systemctl list-units --failed --no-legend --plain
    check "systemd knows nothing of it any more" same "" systemctl list-unit-files --no-legend 'priorityd*' '*priorityd1*'
}
