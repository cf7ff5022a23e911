#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a root tree with llama-server and a generated model, once for each recipe, keeps it, and prints where it is.
set -eu -o pipefail

usage() {
    cat <<'EOF'
usage: tests/llm/server/tree.sh MODEL

  MODEL  tiny: confidences from 0 to 1; wild: 3 and more; slow: 76 M parameters, seconds for an answer

Prints the folder of the tree, in which the model is /models/MODEL.gguf. Trees are kept below
${XDG_CACHE_HOME:-~/.cache}/priorityd-llm. Exit status: 77 when it cannot be done here (the last line says why).
EOF
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/support/debian.sh
source "$here/../../support/debian.sh"

suite=forky # the first Debian that has llama.cpp
packages=llama.cpp-tools,python3-gguf
keys=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(debian_mirror)

skip() {
    echo "$*"
    exit 77
}

can_fetch() {
    /usr/lib/apt/apt-helper download-file "$mirror/dists/$suite/InRelease" "$1/InRelease" >/dev/null 2>&1
}

# Beside its place at first: one that was not finished is never taken for a tree.
make_tree() {
    local tree=$1 draft=$1.draft
    command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed"
    [ -e "$keys" ] || skip "debian-archive-keyring is not installed"
    rm -rf "$cache"/*.draft
    mkdir "$draft"
    can_fetch "$draft" || skip "no Debian $suite to be had from $mirror"
    mmdebstrap --quiet --variant=apt --include="$packages" --aptopt='APT::Install-Recommends "0"' \
        --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" "$draft/root" "deb [signed-by=$keys] $mirror $suite main" >&2
    rm -rf "$draft/InRelease" "$draft"/root/var/cache/apt/* "$draft"/root/var/lib/apt/lists/*
    mkdir "$draft/root/models"
    cp "$here/make-model.py" "$draft/root/models"
    touch "$draft/complete"
    mv "$draft" "$tree"
}

make_model() {
    local root=$1 file=models/$2.gguf
    chroot "$root" python3 /models/make-model.py "$2" "/$file.draft" >&2
    mv "$root/$file.draft" "$root/$file"
}

case ${1:-} in
tiny | wild | slow) model=$1 ;;
-h | --help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
[ "$(id -u)" -eq 0 ] || skip "a root tree of another Debian needs root"
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/priorityd-llm
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
tree=$cache/$(hash_of "$suite $packages $mirror" "$here/tree.sh" "$here/make-model.py")
[ -e "$tree/complete" ] || make_tree "$tree"
[ -e "$tree/root/models/$model.gguf" ] || make_model "$tree/root" "$model"
touch "$tree/complete" # when it was last used
drop_unused "$cache"
echo "$tree/root"
