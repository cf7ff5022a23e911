# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: what tests that make a Debian of their own need to know of this one.
# shellcheck shell=bash

# The machine's own Debian mirror, so that nothing else has to be reachable.
debian_mirror() {
    local uri
    uri=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
    [ -n "$uri" ] || uri=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1)
    echo "${uri:-http://deb.debian.org/debian}"
}

# bookworm, trixie ...; empty elsewhere.
debian_release() {
    # shellcheck disable=SC1091
    (. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# hash_of TEXT FILE...: of what a cached thing is made from.
hash_of() {
    local text=$1
    shift
    { echo "$text" && cat "$@"; } | sha256sum | cut -c 1-16
}

# drop_unused FOLDER: what is in there and has not been used for thirty days; "complete" in each tells when it was.
drop_unused() {
    find "$1" -mindepth 2 -maxdepth 2 -name complete -mtime +30 -execdir sh -c 'rm -rf "$PWD"' \;
}
