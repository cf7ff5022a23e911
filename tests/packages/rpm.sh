# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: the RPM package, by Debian's rpm and with stand-ins for a distribution's macros.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # variables of who sources this; eval in single quotes

rpm_with_macros() {
    local program=$1
    shift
    "$program" --load="$here/rpm.macros" --define "_topdir $output/rpm" "$@"
}

part_rpm() {
    local spec=$top/packaging/priorityd.spec version
    needs rpmbuild "the spec file is read" "the RPM package is built" "the RPM package has the files of Debian's" || return 0
    version=$(sed -n 's/^Version: *//p' "$spec")
    check "the spec file is read" eval 'rpm_with_macros rpmspec --parse "$spec" >/dev/null'
    check "the spec file is of the version of the tree" same "$version" version_of_the_tree
    ! needs rpmlint "rpmlint has no errors" || check "rpmlint has no errors" rpmlint --config "$here/rpmlint.toml" "$spec"
    mkdir -p "$output/rpm/SOURCES"
    source_archive "$version" "$output/rpm/SOURCES/priorityd-$version.tar.gz"
    check "the RPM package is built" rpm_with_macros rpmbuild -bb --nodeps "$spec" || return
    have_deb
    check "the RPM package has the files of Debian's" diff <(files_of_debian) <(rpm -qlp "$output"/rpm/RPMS/*/*.rpm | as_in_debian | own_files)
    check "its settings file is the administrator's" same /etc/priorityd/priorityd.toml \
        eval 'rpm -qp --configfiles "$output"/rpm/RPMS/*/*.rpm'
    check "it conflicts with ananicy" has ananicy-cpp eval 'rpm -qp --conflicts "$output"/rpm/RPMS/*/*.rpm'
}

version_of_the_tree() {
    sed -n "s/^  version: '\(.*\)',$/\1/p" "$top/meson.build"
}
