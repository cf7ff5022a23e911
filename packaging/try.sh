#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what building needs, builds, and runs the daemon here until Ctrl-C, which puts everything back.
set -u -o pipefail

usage() {
    cat <<'EOF'
usage: packaging/try.sh [--dry-run] [DAEMON-OPTION...]

Builds priorityd and runs it in the foreground with the shipped rules, printing each change with its reason. Ctrl-C
ends it: what it changed is put back, and nothing is left behind but the build folder and the installed packages.

  --dry-run      decides and prints everything, changes nothing
  DAEMON-OPTION  any other option of priorityd, see build/src/daemon/priorityd --help
EOF
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=packaging/install-packages.sh
source "$top/packaging/install-packages.sh"

build() {
    install_packages "$top/packaging/build-dependencies.txt" || return 1
    echo "building in $top/build (the first time takes a few minutes)"
    [ -f "$top/build/build.ninja" ] || meson setup "$top/build" "$top" || return 1
    ninja -C "$top/build" src/daemon/priorityd src/cli/priorityctl
}

is_system_bus_there() {
    [ -S /run/dbus/system_bus_socket ] && command -v dbus-send >/dev/null &&
        dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId >/dev/null 2>&1
}

# The system bus gives a name only to whom a policy file allows it. An installed package brings one; this one goes again.
policy_file=/etc/dbus-1/system.d/org.priorityd1-try.conf
allow_name_on_system_bus() {
    [ -e /usr/share/dbus-1/system.d/org.priorityd1.conf ] && return
    mkdir -p "${policy_file%/*}"
    cp "$top/units/org.priorityd1.conf" "$policy_file"
    reload_system_bus
}

reload_system_bus() {
    dbus-send --system --type=method_call --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus \
        org.freedesktop.DBus.ReloadConfig >/dev/null 2>&1
}

# A bus of our own, with the policy of the installed one: sets bus_pid and address.
start_private_bus() {
    cat >"$scratch/bus.conf" <<EOF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=$scratch/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>$scratch/org.priorityd1.conf</include>
</busconfig>
EOF
    cp "$top/units/org.priorityd1.conf" "$scratch/"
    address=unix:path=$scratch/bus
    dbus-daemon --nofork --config-file="$scratch/bus.conf" 2>"$scratch/bus.log" &
    bus_pid=$!
    for _ in $(seq 100); do
        [ -S "$scratch/bus" ] && return 0
        kill -0 "$bus_pid" 2>/dev/null || break
        sleep 0.05
    done
    cat "$scratch/bus.log" >&2
    echo "dbus-daemon does not start; going on without D-Bus" >&2
    address=none
}

cleanup() {
    trap '' INT TERM HUP
    if [ -n "${daemon_pid:-}" ]; then
        kill -TERM "$daemon_pid" 2>/dev/null
        wait "$daemon_pid" 2>/dev/null
    fi
    if [ -n "${bus_pid:-}" ]; then
        kill -TERM "$bus_pid" 2>/dev/null
        wait "$bus_pid" 2>/dev/null
    fi
    if [ -n "${has_policy_file:-}" ]; then
        rm -f "$policy_file"
        reload_system_bus
    fi
    [ -z "${scratch:-}" ] || rm -rf "$scratch"
}

# Ends the daemon, which puts everything back before it exits; wait in run() then goes on.
stop() {
    [ -z "${daemon_pid:-}" ] || kill -TERM "$daemon_pid" 2>/dev/null
}

run() {
    local ask=build/src/cli/priorityctl status=0
    scratch=$(mktemp -d /tmp/priorityd-try.XXXXXX)
    chmod 755 "$scratch"
    trap cleanup EXIT
    trap stop INT TERM HUP
    if is_system_bus_there; then
        address=system
        has_policy_file=yes
        allow_name_on_system_bus
    else
        start_private_bus
        [ "$address" = none ] || ask="$ask --bus $address"
    fi
    mkdir "$scratch/state"
    # Background jobs of a script ignore SIGINT: at Ctrl-C it is stop() that tells the daemon, once.
    "$top/build/src/daemon/priorityd" --rules "$top/rules.d" --state "$scratch/state" --bus "$address" \
        --log-level info "$@" &
    daemon_pid=$!
    if [ "$address" != none ]; then
        echo "ask in a second terminal, in $top:"
        echo "  $ask status"
        echo "  $ask list"
        echo "  $ask explain NAME-OR-PID"
    fi
    echo "Ctrl-C ends it and puts back what it has changed"
    # A signal ends wait, not the daemon: wait until it is really gone.
    while kill -0 "$daemon_pid" 2>/dev/null; do
        wait "$daemon_pid"
        status=$?
    done
    daemon_pid=
    return $status
}

case ${1:-} in
-h | --help)
    usage
    exit 0
    ;;
--built)
    shift
    run "$@"
    exit
    ;;
esac

cd "$top" || exit 1
build || exit 1
if [ "$(id -u)" -eq 0 ]; then
    run "$@"
else
    as_root "$top/packaging/try.sh" --built "$@"
fi
