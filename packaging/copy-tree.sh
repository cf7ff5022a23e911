# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: the files of this tree, as a release would have them.
# shellcheck shell=bash

# tree_files TOP: their names, each with a NUL behind: what git knows, and what is new and not ignored; without git all
# but build folders.
tree_files() {
    if git -C "$1" rev-parse --git-dir >/dev/null 2>&1; then
        git -C "$1" ls-files -z --cached --others --exclude-standard --deduplicate
    else
        (cd "$1" && find . -path './build*' -prune -o -type f -print0)
    fi | (cd "$1" && while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "${file#./}"; done)
}

# copy_tree TOP TO: replaces TO. Times are kept.
copy_tree() {
    rm -rf "$2"
    mkdir -p "$2"
    tree_files "$1" | tar -c -C "$1" --null -T - | tar -x -C "$2"
}
