#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds in a root tree of Debian 13, and runs the unit and bus suites there.
set -u -o pipefail

usage() {
    cat <<'EOF'
usage: tests/trixie.sh [--results FILE] [MESON-TEST-ARGUMENT...]

  --results FILE       also writes there what each test came to, as `meson test` does
  MESON-TEST-ARGUMENT  names of tests, or options; without one all unit and bus suites run

Needs root (for chroot, in a mount namespace of its own) and mmdebstrap. Root tree, build and compiler cache are kept below
${XDG_CACHE_HOME:-~/.cache}/priorityd-trixie. Exit status: 0 when all passed, 77 when it cannot be done here (the last
line says why), 1 otherwise.
EOF
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=tests/support/debian.sh
source "$top/tests/support/debian.sh"
# shellcheck source=packaging/install-packages.sh
source "$top/packaging/install-packages.sh"
# shellcheck source=packaging/copy-tree.sh
source "$top/packaging/copy-tree.sh"

suite=trixie results='' arguments=()
while [ $# -gt 0 ]; do
    case $1 in
    --results) results=$2 && shift ;;
    -h | --help)
        usage
        exit 0
        ;;
    *) arguments+=("$1") ;;
    esac
    shift
done
[ ${#arguments[@]} -gt 0 ] || arguments=(--no-suite system --no-suite bench --no-suite fuzz)

# Of what the tests need, that which the unit and bus suites do.
test_packages=(ccache dbus-daemon fish libglib2.0-bin man-db mandoc polkitd procps python3 python3-dbus python3-dbusmock
    python3-gi util-linux zsh)

skip() {
    echo "$*"
    exit 77
}

die() {
    echo "tests/trixie.sh: $*" >&2
    exit 1
}

packages() {
    { listed_packages "$top/packaging/build-dependencies.txt" && printf '%s\n' "${test_packages[@]}"; } | sort -u | paste -s -d ,
}

make_root() {
    local into=$1 begin=$SECONDS
    echo "making a root tree of Debian $suite"
    rm -rf "$into"
    mkdir -p "$into"
    mmdebstrap --quiet --variant=apt --include="$(packages)" --aptopt='APT::Install-Recommends "0"' \
        --dpkgopt=force-unsafe-io "$suite" "$into/root" "$(debian_mirror)" || return 1
    rm -rf "$into"/root/var/cache/apt/archives/*.deb
    touch "$into/complete"
    echo "made in $((SECONDS - begin)) s, $(du -sm "$into" | cut -f 1) MB"
}

# What is mounted goes with the namespace.
inside() {
    # shellcheck disable=SC2016 # for the shell inside
    unshare --mount --fork bash -eu -c 'root=$1 && shift
        for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done
        mount -t tmpfs tmpfs "$root/run" && mount -t tmpfs tmpfs "$root/tmp"
        exec chroot "$root" env -i HOME=/root LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 \
            PATH=/usr/lib/ccache:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"' - "$root" "$@"
}

# What is other than before gets the time of now, and the rest keeps its own: so that what has changed is built again and
# nothing else, whichever clone the earlier files came from.
update_tree() {
    local fresh=$2.fresh file
    copy_tree "$1" "$fresh"
    (cd "$fresh" && find . -type f -print0) | while IFS= read -r -d '' file; do
        if cmp -s "$fresh/$file" "$2/$file"; then
            touch -r "$2/$file" "$fresh/$file"
        else
            touch "$fresh/$file"
        fi
    done
    rm -rf "$2"
    mv "$fresh" "$2"
}

build() {
    inside bash -eu -c 'cd /src
        [ -f /build/build.ninja ] || meson setup /build /src -Dwerror=true -Dcpp_args=-Wno-error=restrict
        ninja -C /build -k 0'
}

versions() {
    # shellcheck disable=SC2016 # for the shell inside
    inside bash -c '. /etc/os-release && echo "$PRETTY_NAME, $(g++ --version | head -n 1)"
        for package in sdbus-c++ tomlplusplus fmt libproc2 libsystemd hwloc sqlite3; do
            echo "$package $(pkg-config --modversion $package)"
        done' | paste -s -d ';' | sed 's/;/, /g'
}

[ "$(id -u)" -eq 0 ] || skip "a root tree of another Debian needs root"
command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed"
unshare --mount true 2>/dev/null || skip "there is no mount namespace to be had"
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/priorityd-$suite
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
tree=$cache/$(hash_of "$suite $(packages) $(debian_mirror)" /dev/null)
root=$tree/root
if [ ! -e "$tree/complete" ]; then
    make_root "$tree" || die "the root tree cannot be made"
fi
touch "$tree/complete"
drop_unused "$cache"
update_tree "$top" "$root/src"
versions
build || die "it does not build"
inside meson test -C /build --no-rebuild --print-errorlogs --logbase log "${arguments[@]}"
status=$?
[ -z "$results" ] || cp "$root/build/meson-logs/log.json" "$results"
exit $status
