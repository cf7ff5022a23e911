#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a fuzz target for a while from its seeds. What it finds is kept in FOLDER: smoke.sh TARGET SEEDS FOLDER SECONDS
set -eu
target=$1 seeds=$2 folder=$3 seconds=$4
mkdir -p "$folder/corpus"
# By itself libFuzzer ends with 77 when it has found something, which here would mean that the test was skipped.
# The same inputs each time: a run of all tests must not fail by luck. To look for more: run the target by hand, for long.
exec "$target" -seed=1 -runs=60000 -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 -verbosity=1 \
    -error_exitcode=1 -timeout_exitcode=1 -artifact_prefix="$folder/" "$folder/corpus" "$seeds"
