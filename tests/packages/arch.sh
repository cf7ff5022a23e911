# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: the Arch package, by Debian's makepkg.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # variables of who sources this; eval in single quotes

part_arch() {
    local version names=("the Arch package is built" "the Arch package has the files of Debian's"
        "the Arch package conflicts with ananicy")
    check "the PKGBUILD is a shell script" bash -n "$top/packaging/PKGBUILD"
    version=$(sed -n 's/^pkgver=//p' "$top/packaging/PKGBUILD")
    check "the PKGBUILD is of the version of the tree" same "$version" version_of_the_tree
    needs makepkg "${names[@]}" && needs pacman "${names[@]}" && needs bsdtar "${names[@]}" && needs fakeroot "${names[@]}" || return 0
    rm -rf "$output/arch"
    mkdir -p "$output/arch"
    cp "$top/packaging/PKGBUILD" "$output/arch/"
    source_archive "$version" "$output/arch/priorityd-$version.tar.gz"
    check "${names[0]}" make_arch_package || return
    have_deb
    check "${names[1]}" diff <(files_of_debian) <(tar -t -f "$output"/arch/*.pkg.tar | as_in_debian | own_files)
    check "${names[2]}" has 'conflict = ananicy-cpp' tar -x -O -f "$output"/arch/*.pkg.tar .PKGINFO
}

# makepkg refuses to be root.
make_arch_package() {
    local as=() cache=$CCACHE_DIR
    if [ "$(id -u)" -eq 0 ]; then
        cache=$output/ccache-of-nobody
        mkdir -p "$cache"
        chown -R nobody "$output/arch" "$cache"
        as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    fi
    makepkg_settings >"$output/arch/makepkg.conf"
    (cd "$output/arch" && "${as[@]}" env HOME="$output/arch" CCACHE_DIR="$cache" \
        makepkg --config makepkg.conf --nodeps --noconfirm --force)
}

makepkg_settings() {
    cat <<EOF
CARCH=$(uname -m)
CHOST=$(uname -m)-pc-linux-gnu
CFLAGS='$CFLAGS'
CXXFLAGS='$CXXFLAGS'
BUILDENV=(!check !sign !distcc !color)
OPTIONS=(strip !debug)
INTEGRITY_CHECK=(sha256)
PKGEXT=.pkg.tar
SRCEXT=.src.tar.gz
EOF
}
