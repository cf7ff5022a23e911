# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: looking at processes, and calling as somebody else.
# shellcheck shell=bash

# shellcheck source=tests/support/tap.sh
source ./tap.sh
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_PAGER='' LC_ALL=C.UTF-8

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

# What the daemon asks of systemd: set_weight UNIT runtime 1 PROPERTY TYPE VALUE, to be put behind as_daemon_user.
systemd_manager=(busctl --system call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager)
set_weight=("${systemd_manager[@]}" SetUnitProperties 'sba(sv)')
