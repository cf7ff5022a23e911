#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs in the emulated machine, as root: what priorityd promises as an installed service. One function a part, in order.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
[ "$(hostname)" = vm ] || {
    echo "this changes the machine that it runs on, and so runs in tests/vm/run.sh alone" >&2
    exit 1
}
source ./guest-lib.sh
for part in ./guest-part-*.sh; do
    # shellcheck source=/dev/null
    source "$part"
done

all_parts=(before install sandbox sessions weights guard llm weights_faults session ordinary_user polkit reload activation crash
    weights_end watchdog capabilities upgrade stop remove purge)

mapfile -t parts <arguments
[ ${#parts[@]} -gt 0 ] && [ -n "${parts[0]}" ] || parts=("${all_parts[@]}")
note "$(grep -o 'PRETTY_NAME="[^"]*' /etc/os-release | cut -d '"' -f 2), Linux $(uname -r)," \
    "systemd $(systemctl --version | head -n 1 | cut -d ' ' -f 2), booted in $(cut -d ' ' -f 1 /proc/uptime) s"
for part in "${parts[@]}"; do
    begin=$SECONDS
    note "$part"
    "part_$part"
    note "$part took $((SECONDS - begin)) s"
done
plan_end
