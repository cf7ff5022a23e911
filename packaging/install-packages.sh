# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: becoming root for one command, and installing the Debian packages named in a list.
# shellcheck shell=bash

# as_root COMMAND...: runs it as root, through sudo where needed. Fails with one line where there is no way.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        echo "root is needed for '$*': run this as root, or install sudo" >&2
        return 1
    fi
}

# listed_packages FILE...: the names in the lists, without comments.
listed_packages() {
    sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@" | sort -u
}

# missing_packages FILE...: those of them that are not installed.
missing_packages() {
    local package
    listed_packages "$@" | while read -r package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# install_packages FILE...: installs what is missing, and nothing else; apt is not called when nothing is.
install_packages() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        echo "not a Debian system: the packages named in $* have to be there already" >&2
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing: ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    as_root "${apt[@]}" update </dev/null || echo "apt-get update failed; trying with the lists at hand" >&2
    as_root "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null
}
