#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the packages of three distributions as far as Debian's tools can, and looks at what is in them.
set -u -o pipefail

usage() {
    cat <<'EOF'
usage: tests/packages/run.sh [--deb DIR] [--output DIR] [PART...]

  --deb DIR     the Debian packages are there already (packaging/deb.sh --output DIR)
  --output DIR  where packages and logs go; build-packages/ in this tree if not given
  PART          only these, of: debian rpm arch container

Prints the results in TAP form. What needs a program that is not installed is skipped. Nothing is installed.
EOF
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
# shellcheck source=tests/support/tap.sh
source "$top/tests/support/tap.sh"
# shellcheck source=tests/support/debian.sh
source "$top/tests/support/debian.sh"
# shellcheck source=packaging/copy-tree.sh
source "$top/packaging/copy-tree.sh"
for part in debian rpm arch container; do
    # shellcheck source=/dev/null
    source "$here/$part.sh"
done

output=$top/build-packages deb='' parts=()
while [ $# -gt 0 ]; do
    case $1 in
    --deb) deb=$2 && shift ;;
    --output) output=$2 && shift ;;
    -h | --help)
        usage
        exit 0
        ;;
    debian | rpm | arch | container) parts+=("$1") ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(debian rpm arch container)

# needs PROGRAM NAME...: the checks of these names are skipped where the program is not installed.
needs() {
    local program=$1
    command -v "$program" >/dev/null && return 0
    shift
    skip_all "$program is not installed" "$@"
    return 1
}

# skip_all WHY NAME...
skip_all() {
    local why=$1 name
    shift
    for name in "$@"; do
        skip "$name" "$why"
    done
}

# source_archive VERSION FILE
source_archive() {
    tree_files "$top" | tar -c -z -f "$2" -C "$top" --null -T - --transform "s,^,priorityd-$1/,"
}

# One set of flags, so that the compiler's cache serves both of the other packages.
export CFLAGS='-O2 -g' CXXFLAGS='-O2 -g'
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ccache} CCACHE_NOHASHDIR=1

# Names of files, one a line, as they would be in Debian: documentation, licences, what a format brings by itself and how
# manual pages are compressed differ, and so do the folders of helpers and of zsh.
as_in_debian() {
    sed -e 's,^\.\?/*,/,' -e 's,/$,,' -e 's,\.\(gz\|zst\)$,,' \
        -e 's,^/usr/lib/priorityd/\(priorityd\(-session\)\{0,1\}\)$,/usr/libexec/\1,' \
        -e 's,/zsh/site-functions/,/zsh/vendor-completions/,' -e 's,^/usr/lib/systemd/,/lib/systemd/,' |
        grep -v '^/usr/share/\(doc\|licenses\|lintian\)\(/\|$\)\|^/usr/lib/\(debug\|\.build-id\)\|^/\.' | sort -u
}

# files_of_debian: what the others have to have too; folders count where they are priorityd's own.
files_of_debian() {
    dpkg-deb --fsys-tarfile "$deb_package" | tar -t | as_in_debian | own_files
}

own_files() {
    grep '[^/]*priority[^/]*\(/\|$\)' || true
}

mkdir -p "$output"
output=$(cd "$output" && pwd -P)
for part in "${parts[@]}"; do
    note "$part"
    "part_$part"
done
plan_end
