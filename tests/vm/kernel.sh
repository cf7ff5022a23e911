# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: fetches the kernel of a newer Debian for the virtual machine, once for each recipe, and keeps it.
# shellcheck shell=bash

kernel_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# kernel_for SUITE CACHE: prints the vmlinuz of that Debian's newest cloud kernel, which it fetches where there is none yet.
kernel_for() {
    local suite=$1 cache=$2 mirror kernel
    mirror=$(debian_mirror)
    kernel=$cache/linux-$suite-$(hash_of "$suite $mirror" "${BASH_SOURCE[0]}")
    mkdir -p "$cache"
    # See image_for() for the shell of its own.
    # shellcheck disable=SC2016
    flock "$cache/lock" bash -eu -o pipefail -c 'source "$0"; [ -e "$3/complete" ] || fetch_kernel "$@"' \
        "${BASH_SOURCE[0]}" "$suite" "$mirror" "$kernel" >&2
    [ -e "$kernel/complete" ] || return 1
    touch "$kernel/complete" # when it was last used
    echo "$kernel/vmlinuz"
}

# With lists of its own, so that the machine's apt learns nothing of another Debian. Its dates are not looked at: a mirror may
# stand still.
fetch_kernel() {
    local suite=$1 mirror=$2 kernel=$3 package apt
    echo "fetching the kernel of Debian $suite"
    rm -rf "$kernel"
    mkdir -p "$kernel"/apt/{lists,cache}
    cd "$kernel" || return
    : >apt/status
    echo "deb [signed-by=$kernel_keys] $mirror $suite main" >apt/sources.list
    apt=(-qq -o "Dir::Etc::SourceList=$kernel/apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State=$kernel/apt"
        -o "Dir::State::Status=$kernel/apt/status" -o "Dir::Cache=$kernel/apt/cache" -o Acquire::Languages=none
        -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update
    package=$(apt-cache "${apt[@]}" search --names-only '^linux-binary-[0-9].*[0-9]-cloud-amd64$' | cut -d ' ' -f 1 |
        sort -V | tail -n 1)
    apt-get "${apt[@]}" download "$package"
    dpkg-deb -x ./*.deb root
    mv root/usr/lib/modules/*/vmlinuz vmlinuz
    rm -rf apt root ./*.deb
    touch complete
    echo "$package"
}
