# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced by tests in shell: results in TAP form, and what checks are made of.
# shellcheck shell=bash

tap_results=0 tap_failures=0

note() {
    printf '# %s\n' "$*"
}

# check NAME COMMAND...: passes when the command does; else its output is told. Its own variables are named so that the
# command, which sees them, has none of the same name.
check() {
    local tap_name=$1 tap_output
    shift
    tap_results=$((tap_results + 1))
    if tap_output=$("$@" 2>&1); then
        echo "ok $tap_results - $tap_name"
        return 0
    fi
    tap_failures=$((tap_failures + 1))
    echo "not ok $tap_results - $tap_name"
    sed 's/^/#   /' <<<"$*${tap_output:+$'\n'}$tap_output"
    return 1
}

# skip NAME WHY: a check that cannot be done here.
skip() {
    tap_results=$((tap_results + 1))
    echo "ok $tap_results - $1 # SKIP $2"
}

# bail_out WHY: what comes would fail for this reason alone.
bail_out() {
    echo "Bail out! $*"
    exit 1
}

# same WANTED COMMAND...: the command prints just this.
same() {
    local wanted=$1 printed
    shift
    printed=$("$@" 2>&1)
    [ "$printed" = "$wanted" ] || {
        echo "expected: $wanted"
        echo "printed: $printed"
        return 1
    }
}

# has TEXT COMMAND...: the command prints this among other things, whatever its exit status.
has() {
    local text=$1 printed
    shift
    printed=$("$@" 2>&1)
    [[ $printed == *"$text"* ]] || {
        echo "expected somewhere: $text"
        echo "printed: $printed"
        return 1
    }
}

# exits STATUS COMMAND...
exits() {
    local wanted=$1 status=0 printed
    shift
    printed=$("$@" 2>&1) || status=$?
    [ "$status" -eq "$wanted" ] || {
        echo "expected exit status $wanted, it is $status: $printed"
        return 1
    }
}

fails() {
    ! "$@"
}

# eventually COMMAND...: passes as soon as the command does; 30 s are much for an emulated machine too.
eventually() {
    local end=$((SECONDS + ${patience:-30}))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || {
            "$@"
            return
        }
        sleep 0.1
    done
}

# plan_end: the closing lines, and the exit status.
plan_end() {
    echo "1..$tap_results"
    [ $tap_failures -eq 0 ] || note "$tap_failures of $tap_results failed"
    [ $tap_failures -eq 0 ] && [ $tap_results -gt 0 ]
}
