# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced by tests/run.sh: running something with its output in a log, and noting what came of it.
# shellcheck shell=bash
# shellcheck disable=SC2154 # top, logs, results and quick are of who sources this

note() {
    python3 "$top/tests/house/results.py" note "$results" "$@"
}

# A name as a file name: "build with g++" becomes build-with-gxx.
slug() {
    tr -cs '[:alnum:]\n' '-' <<<"${1//+/x}"
}

# run_logged NAME COMMAND...: runs it with its output in $log, prints one line with the time; the log on failure.
run_logged() {
    local name=$1 begin=$SECONDS status=0 word=ok
    shift
    log=$logs/$(slug "$name").log
    printf '%-44s' "$name"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    case $status in
    0) ;;
    77) word=skipped ;;
    *) word=FAILED ;;
    esac
    printf '%-8s %4d s\n' "$word" $((SECONDS - begin))
    if [ "$word" = FAILED ]; then
        echo "--- $log, last 300 lines:"
        tail -n 300 "$log"
        echo "---"
    fi
    return $status
}

# step NAME COMMAND...: something that passes, fails or (exit status 77) is skipped as a whole.
step() {
    local name=$1 status=0
    run_logged "$@" || status=$?
    case $status in
    0) note "$name" passed ;;
    77) note "$name" skipped "$(tail -n 1 "$log")" ;;
    *) note "$name" failed "see $log" ;;
    esac
    return $status
}

# suite NAME DIR MESON-TEST-ARGUMENTS...: runs tests of a build folder; each test counts by itself.
suite() {
    local name=$1 dir=$2 base status=0
    shift 2
    base=log-$(slug "$name")
    rm -f "$dir/meson-logs/$base.json"
    run_logged "$name" root_where_possible \
        meson test -C "$dir" --no-rebuild --print-errorlogs --logbase "$base" "$@" || status=$?
    give_back "$dir/meson-logs"
    collect "$name" "$dir/meson-logs/$base.json" $status
}

# script_suite NAME RESULTS COMMAND...: the same for what runs meson elsewhere, and may not be possible here (77).
script_suite() {
    local name=$1 file=$2 status=0
    shift 2
    rm -f "$file"
    run_logged "$name" root_where_possible "$@" || status=$?
    if [ $status -eq 77 ]; then
        note "$name" skipped "$(tail -n 1 "$log")"
    else
        collect "$name" "$file" $status
    fi
}

# collect NAME FILE STATUS: the results of `meson test` in FILE, which ended with STATUS.
collect() {
    if ! python3 "$top/tests/house/results.py" collect "$2" "$results"; then
        note "$1" failed "no test ran, see $log"
    elif [ "$3" -ne 0 ] && ! grep -q '"result": "\(FAIL\|ERROR\|TIMEOUT\|INTERRUPT\|UNEXPECTEDPASS\)"' "$2"; then
        note "$1" failed "it ended with $3, see $log"
    fi
}

# Tests that need root say so and are skipped when there is no way to get it. --quick asks nobody for a password.
root_where_possible() {
    if [ $quick = no ] && as_root true 2>/dev/null; then
        as_root env ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" PYTHONDONTWRITEBYTECODE=1 \
            XDG_CACHE_HOME="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}" "$@"
    else
        "$@"
    fi
}

give_back() {
    [ "$(id -u)" -eq 0 ] || [ -z "$(find "$1" -user root -print -quit 2>/dev/null)" ] ||
        as_root chown -R "$(id -u):$(id -g)" "$1"
}

# tap_suite NAME COMMAND...: runs what prints its results in TAP form; each counts by itself.
tap_suite() {
    local name=$1 status=0
    shift
    run_logged "$name" "$@" || status=$?
    if [ $status -eq 77 ]; then
        note "$name" skipped "$(tail -n 1 "$log")"
    elif ! python3 "$top/tests/house/results.py" tap "$log" "$name" "$results"; then
        note "$name" failed "it has no results, see $log"
    elif [ $status -ne 0 ] && ! grep -q '^not ok' "$log"; then
        note "$name" failed "ended with $status, see $log"
    fi
}

needs_program() {
    command -v "$1" >/dev/null && return 0
    echo "$2: $1 is not installed"
    note "$2" skipped "$1 is not installed"
    return 1
}

# build_once NAME COMMAND...: a step that several stages need; the second time it only tells how the first one ended.
declare -A build_status
build_once() {
    if [ -z "${build_status[$1]:-}" ]; then
        build_status[$1]=0
        step "$@" || build_status[$1]=$?
    fi
    return "${build_status[$1]}"
}

# built BUILD NAME...: builds. Where that fails, what NAMEs stand for counts as skipped, since the build counts as failed.
built() {
    local name build=$1
    shift
    "$build" && return 0
    for name in "$@"; do
        note "$name" skipped "its build failed"
    done
    return 1
}
