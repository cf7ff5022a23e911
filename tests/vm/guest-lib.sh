# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: results in TAP form, waiting, and looking at processes.
# shellcheck shell=bash

results=0 failures=0
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_PAGER='' LC_ALL=C.UTF-8

note() {
    printf '# %s\n' "$*"
}

# check NAME COMMAND...: passes when the command does; else its output is told.
check() {
    local name=$1 output
    shift
    results=$((results + 1))
    if output=$("$@" 2>&1); then
        echo "ok $results - $name"
        return 0
    fi
    failures=$((failures + 1))
    echo "not ok $results - $name"
    sed 's/^/#   /' <<<"$*${output:+$'\n'}$output"
    return 1
}

# bail_out WHY: what comes would fail for this reason alone.
bail_out() {
    echo "Bail out! $*"
    exit 1
}

# same WANTED COMMAND...: the command prints just this.
same() {
    local wanted=$1 printed
    shift
    printed=$("$@" 2>&1)
    [ "$printed" = "$wanted" ] || {
        echo "expected: $wanted"
        echo "printed: $printed"
        return 1
    }
}

# has TEXT COMMAND...: the command prints this among other things, whatever its exit status.
has() {
    local text=$1 printed
    shift
    printed=$("$@" 2>&1)
    [[ $printed == *"$text"* ]] || {
        echo "expected somewhere: $text"
        echo "printed: $printed"
        return 1
    }
}

# exits STATUS COMMAND...
exits() {
    local wanted=$1 status=0 printed
    shift
    printed=$("$@" 2>&1) || status=$?
    [ "$status" -eq "$wanted" ] || {
        echo "expected exit status $wanted, it is $status: $printed"
        return 1
    }
}

fails() {
    ! "$@"
}

# eventually COMMAND...: passes as soon as the command does; 30 s are much for an emulated machine too.
eventually() {
    local end=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || {
            "$@"
            return
        }
        sleep 0.1
    done
}

# plan_end: the closing lines, and the exit status.
plan_end() {
    echo "1..$results"
    [ $failures -eq 0 ] || note "$failures of $results failed"
    [ $failures -eq 0 ] && [ $results -gt 0 ]
}

daemon_pid() {
    systemctl show --property MainPID --value priorityd.service
}

pid_of() {
    pgrep -n -x "$1"
}

# Without a process of their own, which cost a tenth of a second each under emulation.
stat_field() {
    local line fields
    read -r line <"/proc/$1/stat" || return 1
    read -r -a fields <<<"${line##*) }"
    echo "${fields[$(($2 - 3))]}"
}

nice_of() {
    stat_field "$1" 19
}

# Of a process: nice value, scheduling policy, I/O priority, oom_score_adj.
values_of() {
    local pid=$1 policies=(OTHER FIFO RR BATCH ISO IDLE)
    echo "nice $(nice_of "$pid"), ${policies[$(stat_field "$pid" 41)]}, io $(ionice -p "$pid")," \
        "oom $(<"/proc/$pid/oom_score_adj")"
}

# as_tester COMMAND...: by the ordinary user, with that user's bus, but in no session.
as_tester() {
    runuser -u tester -- env XDG_RUNTIME_DIR=/run/user/1000 \
        DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@"
}

# as_daemon_user COMMAND...: by the daemon's user, without its capabilities.
as_daemon_user() {
    runuser -u priorityd -- "$@"
}
