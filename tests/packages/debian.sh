# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: the Debian package, built by packaging/deb.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # variables of who sources this; eval in single quotes

# deb_package and debug_package: built once, for the other parts too.
have_deb() {
    [ -z "${deb_package:-}" ] || return 0
    if [ -z "$deb" ]; then
        deb=$output/debian
        "$top/packaging/deb.sh" --output "$deb" >/dev/null || return 1
    fi
    deb_package=$(ls "$deb"/priorityd_*.deb) && debug_package=$(ls "$deb"/priorityd-dbgsym_*.deb)
}

part_debian() {
    check "the Debian package is built" have_deb || bail_out "the others are compared with it"
    have_deb
    check_lintian
    check "its settings files are the administrator's, and no other file of it" \
        same '/etc/priorityd/llm.toml /etc/priorityd/priorityd.toml' \
        eval 'dpkg-deb --info "$deb_package" conffiles | sort | paste -s -d " "'
    for relation in Conflicts Replaces Provides; do
        check "it $relation ananicy, ananicy-cpp and ananicy-rs" same 'ananicy, ananicy-cpp, ananicy-rs' \
            dpkg-deb --field "$deb_package" "$relation"
    done
    for program in /usr/bin/priorityctl /usr/libexec/priorityd; do
        check "there are debug symbols of $program" has_debug_symbols "$program"
    done
}

check_lintian() {
    needs lintian "lintian has nothing to say" || return 0
    check "lintian has nothing to say" same '' lintian --allow-root --fail-on none --display-level '>=warning' "$deb_package"
}

build_id_of() {
    readelf --notes "$1" | sed -n 's/.*Build ID: //p'
}

has_debug_symbols() {
    local work id status=1
    work=$(mktemp -d) || return 1
    dpkg-deb -x "$deb_package" "$work/package" && dpkg-deb -x "$debug_package" "$work/debug"
    id=$(build_id_of "$work/package$1")
    readelf --sections "$work/debug/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" | grep -q '\.debug_info' && status=0
    rm -rf "$work"
    return $status
}
