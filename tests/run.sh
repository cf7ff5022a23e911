#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what the tests need, builds, runs every test that this machine can run, and sums up in one line.
set -u -o pipefail

usage() {
    cat <<'EOF'
usage: tests/run.sh [--quick] [--no-install] [STAGE...]

  --quick       the unit suites alone, built with g++; needs no root
  --no-install  installs nothing; what is missing fails or is skipped
  STAGE         only these, of: gcc clang asan format tidy fuzz bench

The stages are: g++ build with the unit, bus and system suites (gcc), clang++ build with the unit suites (clang),
a build with address and undefined-behaviour sanitizers with the unit and bus suites (asan), clang-format (format),
clang-tidy (tidy), twenty seconds of each fuzz target (fuzz), the benchmark with tiny counts (bench).
The system suites and the benchmark need root and get it through sudo where this is not root already.
Full logs are in build-logs/. Exit status: 0 when nothing failed, 1 otherwise, 2 on wrong usage.
EOF
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
logs=$top/build-logs
results=$logs/results.jsonl
all_stages=(gcc clang asan format tidy fuzz bench)
quick=no install=yes stages=()

for argument in "$@"; do
    case $argument in
    --quick) quick=yes ;;
    --no-install) install=no ;;
    -h | --help)
        usage
        exit 0
        ;;
    gcc | clang | asan | format | tidy | fuzz | bench) stages+=("$argument") ;;
    *)
        echo "tests/run.sh: unknown argument '$argument'" >&2
        usage >&2
        exit 2
        ;;
    esac
done
[ ${#stages[@]} -gt 0 ] || stages=("${all_stages[@]}")
[ $quick = no ] || stages=(gcc)

# shellcheck source=packaging/install-packages.sh
source "$top/packaging/install-packages.sh"

# Equal sources in another clone are found in the compiler cache too.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-$top/build-logs}/.cache}/ccache}
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$top} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}
export ASAN_OPTIONS=${ASAN_OPTIONS:-halt_on_error=1:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export PYTHONDONTWRITEBYTECODE=1
# Warnings are errors where a machine reads them, and only warnings where a person works on them.
werror=false
[ -z "${CI:-}" ] || werror=true

wanted() {
    local stage
    for stage in "${stages[@]}"; do
        [ "$stage" != "$1" ] || return 0
    done
    return 1
}

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
    if ! python3 "$top/tests/house/results.py" collect "$dir/meson-logs/$base.json" "$results"; then
        note "$name" failed "no test ran"
    elif [ $status -ne 0 ] && ! grep -q '"result": "\(FAIL\|ERROR\|TIMEOUT\|INTERRUPT\|UNEXPECTEDPASS\)"' \
        "$dir/meson-logs/$base.json"; then
        note "$name" failed "meson test ended with $status, see $log"
    fi
}

# Tests that need root say so and are skipped when there is no way to get it. --quick asks nobody for a password.
root_where_possible() {
    if [ $quick = no ] && as_root true 2>/dev/null; then
        as_root env ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" PYTHONDONTWRITEBYTECODE=1 "$@"
    else
        "$@"
    fi
}

give_back() {
    [ "$(id -u)" -eq 0 ] || [ -z "$(find "$1" -user root -print -quit 2>/dev/null)" ] ||
        as_root chown -R "$(id -u):$(id -g)" "$1"
}

# build CC CXX DIR MESON-SETUP-ARGUMENTS...
build() {
    local cc=$1 cxx=$2 dir=$3
    shift 3
    [ -f "$dir/build.ninja" ] || CC=$cc CXX=$cxx meson setup "$dir" "$top" -Dwerror=$werror "$@" || return 1
    ninja -C "$dir" -k 0
}

sources() {
    find "$top/src" "$top/tests" \( -name '*.cpp' -o -name '*.hpp' \) -print0
}

format_check() {
    local file status=0
    while IFS= read -r -d '' file; do
        clang-format --dry-run -Werror "$file" 2>/dev/null && continue
        echo "clang-format -i ${file#"$top/"}"
        status=1
    done < <(sources)
    return $status
}

tidy_check() {
    run-clang-tidy -quiet -j "$(nproc)" -p "$top/build-clang" "^$top/src/" 2>&1 |
        sed -e 's/\x1b\[[0-9;]*m//g' -e '/^clang-tidy/d' -e '/^[0-9]* warnings.* generated\.$/d' -e '/^Suppressed/d' \
            -e '/^Use -header-filter/d' -e '/^$/d'
}

needs_program() {
    command -v "$1" >/dev/null && return 0
    echo "$2: $1 is not installed"
    note "$2" skipped "$1 is not installed"
    return 1
}

cd "$top" || exit 1
mkdir -p "$logs"
rm -f "$results"

if [ $install = yes ]; then
    lists=("$top/packaging/build-dependencies.txt")
    [ $quick = yes ] || lists+=("$top/tests/dependencies.txt")
    run_logged "packages" install_packages "${lists[@]}" || {
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    }
fi

# build_once NAME COMMAND...: a step that several stages need; the second time it only tells how the first one ended.
declare -A build_status
build_once() {
    if [ -z "${build_status[$1]:-}" ]; then
        build_status[$1]=0
        step "$@" || build_status[$1]=$?
    fi
    return "${build_status[$1]}"
}

# g++ 12 takes the appending of short strings for overlapping copies (its bug 105329): no error, even in CI.
plain_build() {
    build_once "build with g++" build gcc g++ build -Dcpp_args=-Wno-error=restrict
}

# Without optimisation: this build is for its warnings, its tests and clang-tidy, not for speed.
clang_build() {
    build_once "build with clang++" build clang clang++ build-clang -Doptimization=0 -Db_ndebug=false
}

# The fuzz targets live in this build, since they need the sanitizers too.
sanitized_build() {
    build_once "build with sanitizers" build clang clang++ build-asan -Dfuzz=true -Ddebug=true -Doptimization=1 \
        -Db_ndebug=false -Db_sanitize=address,undefined -Db_lundef=false \
        "-Dcpp_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=all"
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

unit=(--no-suite bus --no-suite system --no-suite bench --no-suite fuzz)
further_suites=()
[ $quick = yes ] || further_suites=(bus system)

if wanted gcc && built plain_build unit "${further_suites[@]}"; then
    suite "unit suites" build "${unit[@]}"
    for further in "${further_suites[@]}"; do
        suite "$further suite" build --suite "$further"
    done
fi
if wanted clang && needs_program clang++ "unit suites, clang++" && built clang_build "unit suites, clang++"; then
    suite "unit suites, clang++" build-clang "${unit[@]}"
fi
if wanted asan && needs_program clang++ "sanitized suites" && built sanitized_build "sanitized suites"; then
    suite "unit suites, sanitized" build-asan --timeout-multiplier 4 "${unit[@]}"
    suite "bus suite, sanitized" build-asan --timeout-multiplier 4 --suite bus
fi
if wanted fuzz && needs_program clang++ "fuzz targets" && built sanitized_build "fuzz targets"; then
    suite "fuzz targets" build-asan --suite fuzz
fi
if wanted format && needs_program clang-format "clang-format"; then
    step "clang-format" format_check
fi
if wanted tidy && needs_program run-clang-tidy "clang-tidy" && built clang_build "clang-tidy"; then
    step "clang-tidy" tidy_check
fi
if wanted bench && built plain_build "benchmark, tiny counts"; then
    suite "benchmark, tiny counts" build --suite bench
fi

echo
python3 "$top/tests/house/results.py" summary "$results"
