#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what the tests need, builds, runs every test that this machine can run, and sums up in one line.
set -u -o pipefail

usage() {
    cat <<'EOF'
usage: tests/run.sh [--quick] [--no-install] [STAGE...]

  --quick       the unit suites alone, built with g++; needs no root
  --no-install  installs nothing; what is missing fails or is skipped
  STAGE         only these, of: gcc clang asan format tidy fuzz bench packages vm trixie

The stages are: g++ build with the unit, bus and system suites (gcc), clang++ build with the unit suites (clang),
a build with address and undefined-behaviour sanitizers with the unit and bus suites (asan), clang-format (format),
clang-tidy (tidy), twenty seconds of each fuzz target (fuzz), the benchmark with tiny counts (bench), the installed
Debian package in two emulated machines, one with a newer Linux and 16 CPUs (vm).
Only where they are named: the packages of Debian, Fedora and Arch (packages), the unit and bus suites in Debian 13
(trixie).
The system suites, the benchmark, vm and trixie need root and get it through sudo where this is not root already.
Full logs are in build-logs/. Exit status: 0 when nothing failed, 1 otherwise, 2 on wrong usage.
EOF
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
logs=$top/build-logs
results=$logs/results.jsonl
# packages and trixie build everything again, three times and once: they run where they are named.
all_stages=(gcc clang asan format tidy fuzz bench vm)
quick=no install=yes stages=()

for argument in "$@"; do
    case $argument in
    --quick) quick=yes ;;
    --no-install) install=no ;;
    -h | --help)
        usage
        exit 0
        ;;
    gcc | clang | asan | format | tidy | fuzz | bench | packages | vm | trixie) stages+=("$argument") ;;
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
# shellcheck source=tests/support/stages.sh
source "$top/tests/support/stages.sh"

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

cd "$top" || exit 1
mkdir -p "$logs"
rm -f "$results"

if [ $install = yes ]; then
    lists=("$top/packaging/build-dependencies.txt")
    [ $quick = yes ] || lists+=("$top/tests/dependencies.txt" "$top/packaging/deb-dependencies.txt")
    run_logged "packages" install_packages "${lists[@]}" || {
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    }
fi

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

debian_build() {
    build_once "Debian package" packaging/deb.sh
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
if wanted packages && built debian_build "distributions"; then
    tap_suite "distributions" tests/packages/run.sh --deb build-deb
fi
if wanted vm && built debian_build "virtual machine" "virtual machine, newer Linux"; then
    tap_suite "virtual machine" root_where_possible tests/vm/run.sh --deb "$(ls build-deb/priorityd_*.deb)"
    tap_suite "virtual machine, newer Linux" root_where_possible tests/vm/run.sh --deb "$(ls build-deb/priorityd_*.deb)" \
        --kernel forky --machine numa --limit 1800 --output "$logs/vm-newer" install sched_ext uclamp cache_aware placement
    give_back "$logs"
fi
if wanted trixie; then
    script_suite "unit and bus suites, Debian 13" "$logs/trixie.json" tests/trixie.sh --results "$logs/trixie.json"
    give_back "$logs"
fi

echo
python3 "$top/tests/house/results.py" summary "$results"
