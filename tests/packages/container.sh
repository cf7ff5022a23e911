# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: the container, built by buildah on a base made here, since no registry need be reachable.
# shellcheck shell=bash
# shellcheck disable=SC2154 # output, top and deb_package are of who sources this

builder=(buildah --storage-driver vfs)
in_builder=(--isolation chroot)

part_container() {
    local names=("the container is built from the Debian package" "it runs the daemon with five capabilities")
    [ "$(id -u)" -eq 0 ] || {
        skip_all "building without root takes more than every machine allows" "${names[@]}"
        return
    }
    needs buildah "${names[@]}" && needs mmdebstrap "${names[@]}" || return 0
    builder+=(--root "$output/container/storage" --runroot "$output/container/run")
    rm -rf "$output/container/context"
    mkdir -p "$output/container/context/out"
    have_deb && cp "$deb_package" "$output/container/context/out/"
    have_base >"$output/container/base.log" 2>&1 || {
        skip_all "no base image can be made here: $(tail -n 1 "$output/container/base.log")" "${names[@]}"
        return
    }
    check "${names[0]}" build_container && check "${names[1]}" has "ready: " run_container
}

# What the container file begins with, under the name that it has there.
have_base() {
    "${builder[@]}" images --quiet debian:bookworm-slim 2>/dev/null | grep -q . && return
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io bookworm "$output/container/base.tar" "$(debian_mirror)" &&
        printf 'FROM scratch\nADD base.tar /\n' >"$output/container/Base" &&
        "${builder[@]}" bud "${in_builder[@]}" --tag docker.io/library/debian:bookworm-slim --file "$output/container/Base" \
            "$output/container" || return 1
    rm "$output/container/base.tar"
}

# The first stage, which is packaging/deb.sh, has been done here already.
build_container() {
    "${builder[@]}" bud "${in_builder[@]}" --pull=never --build-context build="$output/container/context" --tag priorityd \
        --file "$top/packaging/Containerfile" "$top"
}

# In the namespaces of this machine, as the head of the container file has it; changes nothing.
run_container() {
    local container
    container=$("${builder[@]}" from --pull=never localhost/priorityd) || return 1
    timeout --signal=TERM 5 "${builder[@]}" run "${in_builder[@]}" --cap-drop all \
        --cap-add net_admin,sys_nice,sys_ptrace,dac_override,sys_resource "$container" \
        timeout 3 /usr/libexec/priorityd --bus none --dry-run --log-level info
    "${builder[@]}" rm "$container" >/dev/null
}
