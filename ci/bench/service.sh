#!/usr/bin/env bash
# ci/bench/service.sh [RUNS]: a service with many discovery portals, static targets and kept logins. Prints Markdown tables for
# docs/measurements.md: a tenth of the rows beside all of them and the ratio of both, so that what grows faster than they do shows. Times
# are of the processor, but for opening the store. RIG_BENCH_ROWS says how many rows of each (10000), RIG_BENCH_FOLDER where the stores
# lie (in memory, where /dev/shm is there).
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
RUNS=${1:-5}
ROWS=${RIG_BENCH_ROWS:-10000}
need cmake
build_release iscsirig iscsirigd service_rows service_calls
scratch
folder=$(mktemp -d "${RIG_BENCH_FOLDER:-$RIG_SCRATCH}/store-XXXXXX") || die "no folder for the store"
trap 'rm -rf -- "$folder"; clean_up' EXIT

# ---- the programs ----

# prefixed: what a program prints, with a word that stands alone in front of all behind it
prefixed()
{
    awk 'NF == 1 { prefix = $1 "-"; next } { print prefix $1, $2 }'
}

in_memory()
{
    "$BENCH/service_rows" "$1" >"$RIG_SCRATCH/out"
}

on_sqlite()
{
    "$BENCH/service_rows" "$1" "$folder/store" >"$RIG_SCRATCH/out"
}

over_socket()
{
    local daemon status
    "$RIG_BUILD/release/initiator/iscsirigd" --quiet --socket "$folder/socket" --store "$folder/store" --ready-file "$folder/ready" &
    daemon=$!
    started "$daemon"
    wait_for 10 "$daemon" test -e "$folder/ready" || die "the service did not start"
    "$BENCH/service_calls" "$folder/socket" "$daemon" rows "$1" "${PEER_PORTAL##*:}" >"$RIG_SCRATCH/out"
    status=$?
    stop "$daemon"
    return "$status"
}

# measure WAY: every figure of RUNS runs, as lines "WAY ROWS NAME VALUE"
measure()
{
    local turn rows
    for ((turn = 0; turn < RUNS; turn++)); do
        for rows in "$((ROWS / 10))" "$ROWS"; do
            rm -f -- "$folder"/*
            "$1" "$rows" || die "the service did not come through ($1, $rows)"
            prefixed <"$RIG_SCRATCH/out" | sed "s/^/$1 $rows /"
        done
    done >>"$RIG_SCRATCH/figures"
}

# ---- tables ----

# figures WAY ROWS NAME
figures()
{
    awk -v way="$1" -v rows="$2" -v name="$3" '$1 == way && $2 == rows && $3 == name { print $4 }' "$RIG_SCRATCH/figures"
}

# row WAY WHAT NAME FORMAT
row()
{
    local few many
    few=$(figures "$1" "$((ROWS / 10))" "$3" | middle)
    many=$(figures "$1" "$ROWS" "$3" | middle)
    printf '| %s | %s | %s | %s |\n' "$2" "$(figures "$1" "$((ROWS / 10))" "$3" | spread "$4")" \
        "$(figures "$1" "$ROWS" "$3" | spread "$4")" "$(ratio "$many" "$few" 1)"
}

# head_row WHERE
head_row()
{
    printf '| %s | %d of each | %d of each | ratio |\n| --- | --- | --- | --- |\n' "$1" "$((ROWS / 10))" "$ROWS"
}

# calls WAY PREFIX: the rows that the embedded ways have alike; PREFIX stands before what is measured on a service that came back
calls()
{
    row "$1" 'add a static target, µs' add-target-cpu-us %.1f
    row "$1" 'add a portal, µs' add-portal-cpu-us %.1f
    row "$1" 'keep a login, µs' add-login-cpu-us %.1f
    row "$1" 'list the portals, and write the list as JSON, ms' report-portals-cpu-ms %.1f
    row "$1" 'list the logins, and write the list as JSON, ms' report-logins-cpu-ms %.1f
    row "$1" 'list the names of the targets, and write the list as JSON, ms' report-targets-cpu-ms %.1f
    row "$1" 'list the instances of all targets, and write the list as JSON, ms' report-instances-cpu-ms %.1f
    row "$1" 'ask one portal anew, which cannot be reached, µs' "$2refresh-portal-cpu-us" %.1f
    row "$1" 'remove a login, µs' "$2remove-login-cpu-us" %.1f
    row "$1" 'remove a portal, µs' "$2remove-portal-cpu-us" %.1f
    row "$1" 'remove a static target, µs' "$2remove-target-cpu-us" %.1f
}

start_rig_target --quiet --lun ram:1048576 || exit 1
measure in_memory
measure on_sqlite
measure over_socket
head_row 'embedded, store in memory'
calls in_memory ''
say
head_row 'embedded, SQLite, each change a transaction of its own'
calls on_sqlite again-
row on_sqlite 'open the store and check all of it, ms that pass' again-open-ms %.1f
row on_sqlite 'come back with every row, ms' again-load-cpu-ms %.1f
say
head_row 'over the socket, SQLite: the service'
row over_socket 'add a portal, whose connection is refused, µs' add-portal-cpu-us %.0f
row over_socket 'keep a login, µs' add-login-cpu-us %.0f
row over_socket 'list the portals, ms' report-portals-cpu-ms %.1f
row over_socket 'list the logins, ms' report-logins-cpu-ms %.1f
row over_socket 'a portal among the others: discovery session, question, answer, logout, µs' refresh-cpu-us %.0f
row over_socket 'remove a login, µs' remove-login-cpu-us %.0f
row over_socket 'remove a portal, µs' remove-portal-cpu-us %.0f
