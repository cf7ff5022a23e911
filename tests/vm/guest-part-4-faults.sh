# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: the daemon is killed, hangs, or lacks what it needs.
# shellcheck shell=bash

is_another_daemon_than() {
    local now
    now=$(daemon_pid)
    [ "$now" -ne 0 ] && [ "$now" -ne "$1" ] && priorityctl status >/dev/null
}

# A drop-in for one part; without text it goes again.
with_drop_in() {
    local file=/run/systemd/system/priorityd.service.d/vm-part.conf
    mkdir -p "${file%/*}"
    rm -f "$file"
    [ -z "${1:-}" ] || printf '[Service]\n%s\n' "$1" >"$file"
    systemctl daemon-reload
    systemctl reset-failed priorityd.service
    systemctl restart priorityd.service
}

part_crash() {
    local pid first
    check "until now there was nothing to warn of" same "" warnings
    pid=$(pid_in vm-lowered system.slice)
    first=$(daemon_pid)
    kill -KILL "$first"
    check "after SIGKILL it comes back by itself" eventually is_another_daemon_than "$first"
    check "what it had changed is still so" same "$lowered_values" values_of "$pid"
    systemctl stop priorityd.service
    check "and known: the next stop puts back what was there before the crash" \
        same "$untouched_values" values_of "$pid"
    systemctl start priorityd.service
    check "nothing more was left to tell than that it was killed" same "" killing_apart warnings
}

# Lines of priorityd, or of others about it, that somebody would have to look at. What was wrong on purpose is known.
warnings() {
    journalctl --boot --quiet --output=short-monotonic --priority=warning |
        grep 'priorityd' | grep -v 'nice = 99\|rules are refused\|60-wrong.toml\|no answer from the model' |
        grep -v "priorityd-session.service: \(Failed with result 'signal'\|Main process exited, code=killed\)"
}

killing_apart() {
    "$@" | grep -v "Failed with result 'signal'\|code=killed, status=9"
}

part_watchdog() {
    local first
    with_drop_in 'WatchdogSec=1s'
    first=$(daemon_pid)
    kill -STOP "$first"
    check "one that hangs is ended by the watchdog and started again" eventually is_another_daemon_than "$first"
    check "it was the watchdog" has watchdog journalctl --boot --quiet --output=cat UNIT=priorityd.service
    with_drop_in
}

# without CAPABILITY: the service runs on without it.
without() {
    with_drop_in "AmbientCapabilities=~$1
CapabilityBoundingSet=~$1"
}

# Each capability of the unit is taken away once, and something has to be missing.
part_capabilities() {
    local lowered raised
    lowered=$(pid_in vm-lowered system.slice)
    raised=$(pid_in vm-raised system.slice)
    without CAP_SYS_NICE
    check "without CAP_SYS_NICE other users' processes keep their nice value" same 0 nice_of "$lowered"
    without CAP_DAC_OVERRIDE
    check "without CAP_DAC_OVERRIDE others keep their oom_score_adj" same 0 cat "/proc/$lowered/oom_score_adj"
    check "though not their nice value" same 7 nice_of "$lowered"
    without CAP_SYS_RESOURCE
    check "without CAP_SYS_RESOURCE none gets a lower oom_score_adj" same 0 cat "/proc/$raised/oom_score_adj"
    check "though a higher one" same 100 cat "/proc/$lowered/oom_score_adj"
    without CAP_SYS_PTRACE
    check "without CAP_SYS_PTRACE it does not know which file others run" fails has /usr/local/bin/vm-raised \
        priorityctl explain "$raised"
    without CAP_NET_ADMIN
    check "without CAP_NET_ADMIN it does not run at all" has "cannot receive process events" journalctl --boot --quiet \
        --output=cat _SYSTEMD_UNIT=priorityd.service
    with_drop_in
    check "with all of them it does" same "$raised_values" values_of "$raised"
}
