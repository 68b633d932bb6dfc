#!/usr/bin/env bash
# ci/bench/service.sh [RUNS]: a service with many discovery portals and as many kept logins. Prints a Markdown table for
# docs/measurements.md: a tenth of the rows beside all of them, so that what grows faster than they do shows.
# RIG_BENCH_ROWS says how many rows of each (10000), RIG_BENCH_FOLDER where the store lies (a folder on a disk).
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
RUNS=${1:-5}
ROWS=${RIG_BENCH_ROWS:-10000}
need cmake
build_release service_rows
scratch
folder=$(mktemp -d "${RIG_BENCH_FOLDER:-$RIG_SCRATCH}/store-XXXXXX") || die "no folder for the store"
trap 'rm -rf -- "$folder"; clean_up' EXIT

# measure ROWS: every figure of RUNS runs, as lines "ROWS NAME VALUE"; what a service says that came back is called again-NAME
measure()
{
    local turn
    for ((turn = 0; turn < RUNS; turn++)); do
        rm -f -- "$folder"/*
        "$BENCH/service_rows" "$1" "$folder/store" >"$RIG_SCRATCH/out" || die "the service did not come through"
        awk -v rows="$1" '$1 == "again" { prefix = "again-"; next } { print rows, prefix $1, $2 }' "$RIG_SCRATCH/out"
    done
}

# figure ROWS NAME FORMAT
figure()
{
    awk -v rows="$1" -v name="$2" '$1 == rows && $2 == name { print $3 }' "$RIG_SCRATCH/figures" | spread "$3"
}

# row WHAT NAME FORMAT
row()
{
    printf '| %s | %s | %s |\n' "$1" "$(figure "$((ROWS / 10))" "$2" "$3")" "$(figure "$ROWS" "$2" "$3")"
}

{ measure "$((ROWS / 10))" && measure "$ROWS"; } >"$RIG_SCRATCH/figures" || exit 1
printf '| what | %d portals, %d logins | %d portals, %d logins |\n| --- | --- | --- |\n' \
    "$((ROWS / 10))" "$((ROWS / 10))" "$ROWS" "$ROWS"
row 'add a portal, in a transaction of its own, µs' add-portal-us %.0f
row 'keep a login, in a transaction of its own, µs' add-login-us %.0f
row 'list the portals, and write the list as JSON, ms' report-portals-ms %.1f
row 'list the logins, and write the list as JSON, ms' report-logins-ms %.1f
row 'open the store and check all of it, ms' again-open-ms %.1f
row 'come back with every row, ms' again-load-ms %.1f
