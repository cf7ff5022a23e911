#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the Debian package from a copy of this tree, and leaves the tree as it is.
set -eu -o pipefail

usage() {
    cat <<'EOF'
usage: packaging/deb.sh [--check] [--output DIR] [--install-dependencies]

  --check                 also runs the unit tests in the build, and lintian over what comes of it
  --output DIR            where the packages go; build-deb/ in this tree if not given
  --install-dependencies  installs first what building needs

Prints the path of the package. What is not committed is built too, except what git ignores.
EOF
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
output=$top/build-deb check=no install=no
while [ $# -gt 0 ]; do
    case $1 in
    --check) check=yes ;;
    --output)
        output=$2
        shift
        ;;
    --install-dependencies) install=yes ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done

# shellcheck source=packaging/install-packages.sh
source "$top/packaging/install-packages.sh"
# shellcheck source=packaging/copy-tree.sh
source "$top/packaging/copy-tree.sh"
[ $install = no ] || install_packages "$top/packaging/build-dependencies.txt" "$top/packaging/deb-dependencies.txt" >&2

mkdir -p "$output"
output=$(cd "$output" && pwd -P)
# One folder for all builds, so that the compiler cache knows the paths again; one build at a time.
tree=$output/tree/priorityd
mkdir -p "$tree"
exec 9>"$output/lock"
flock 9

build() {
    local profiles=nocheck
    [ $check = no ] || profiles=
    # debhelper takes $HOME away, where the compiler cache is looked for otherwise.
    export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ccache} CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1
    # Minutes of packing the debug symbols save a fifth of their size.
    export DPKG_DEB_COMPRESSOR_LEVEL=${DPKG_DEB_COMPRESSOR_LEVEL:-1}
    (cd "$tree" && DEB_BUILD_OPTIONS="$profiles parallel=$(nproc)" DEB_BUILD_PROFILES=$profiles \
        dpkg-buildpackage --build=full --unsigned-source --unsigned-changes --no-check-builddeps)
}

copy_tree "$top" "$tree"
cp -R "$tree/packaging/debian" "$tree/debian"
rm -f "$output"/*.deb "$output"/tree/*.{deb,changes,buildinfo,dsc,tar.*}
build >"$output/build.log" 2>&1 || {
    tail -n 100 "$output/build.log" >&2
    echo "packaging/deb.sh: the build failed, see $output/build.log" >&2
    exit 1
}
[ $check = no ] || lintian --fail-on error,warning --info "$output"/tree/*.changes >&2
mv "$output"/tree/*.deb "$output/"
ls "$output"/priorityd_*.deb
