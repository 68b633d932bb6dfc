#!/usr/bin/env bash
# ci/bench/datapath.sh [SECONDS [RUNS]]: our engine, libiscsi and a bare socket loop do the same transfers against our target and
# tgtd, taking turns; prints the Markdown tables of docs/measurements.md. Nothing here decides whether a change is good.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
SECONDS_EACH=${1:-1}
RUNS=${2:-5}
failed=0
need tgtd cmake
build_release iscsirig engine_load libiscsi_load bare_load
scratch

# play CLIENT OPTION…: one run; its figures go to files named by client and figure
play()
{
    local client=$1 said field
    shift
    said=$(timeout 60 "$BENCH/${client}_load" "$@" -t "$SECONDS_EACH" "$PEER_URL" 2>&1) || {
        complain "$client $*: $said"
        failed=1
        return 1
    }
    for field in rate mbps cpu allocations; do
        sed -n "s/.*\\b$field \\([0-9.-]*\\).*/\\1/p" <<<"$said" >>"$RIG_SCRATCH/$client.$field"
    done
}

figures()
{
    cat "$RIG_SCRATCH/$1.$2" 2>/dev/null
}

# compare WORDS CLIENT… -- OPTION…: the clients in turn, RUNS times, so that all of them meet the same moods of the machine
compare()
{
    local words=$1 clients=() turn client
    shift
    while [ "$1" != -- ]; do
        clients+=("$1")
        shift
    done
    shift
    rm -f -- "$RIG_SCRATCH"/*.rate "$RIG_SCRATCH"/*.mbps "$RIG_SCRATCH"/*.cpu "$RIG_SCRATCH"/*.allocations
    for ((turn = 0; turn < RUNS; turn++)); do
        for client in "${clients[@]}"; do
            play "$client" "$@" || return
        done
    done
    printf '| %s ' "$words"
    for client in engine libiscsi bare; do
        printf '| %s ' "$(figures "$client" rate | spread %s)"
    done
    printf '| %s | %s ' "$(figures engine mbps | middle)" "$(ratio "$(figures engine rate | middle)" "$(figures libiscsi rate | middle)")"
    for client in engine libiscsi bare; do
        printf '| %s ' "$(figures "$client" cpu | spread %.1f)"
    done
    printf '| %s | %s | %s |\n' "$(ratio "$(figures engine cpu | middle)" "$(figures libiscsi cpu | middle)")" \
        "$(ratio "$(figures engine cpu | middle)" "$(figures bare cpu | middle)")" "$(figures engine allocations | middle)"
}

table()
{
    printf '\n### Against %s\n\n' "$1"
    printf '| load | engine /s | libiscsi /s | bare loop /s | engine MB/s | rate engine : libiscsi '
    printf '| engine CPU | libiscsi CPU | bare CPU | CPU engine : libiscsi | CPU engine : bare | engine allocations |\n'
    printf '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n'
    local depth all=(engine libiscsi bare)
    for depth in 1 32 128; do
        compare "4 KiB random read, depth $depth" "${all[@]}" -- -r -m "$depth" -b 8
    done
    for depth in 1 32 128; do
        compare "4 KiB random write, depth $depth" "${all[@]}" -- -r -w -m "$depth" -b 8
    done
    for depth in 1 32; do
        compare "256 KiB sequential read, depth $depth" "${all[@]}" -- -m "$depth" -b 512
        compare "256 KiB sequential write, depth $depth" "${all[@]}" -- -w -m "$depth" -b 512
    done
    compare "login and logout, one after the other" engine libiscsi -- -l -m 1
    compare "login and logout, 64 at once" engine libiscsi -- -l -m 64
}

start_rig_target --lun "pattern:$PEER_BYTES" >/dev/null || exit 1
PEER_URL=${PEER_URL%/0}/1
table "our target, \`--lun pattern:\`"
stop "$PEER_PID"
start_tgtd null >/dev/null || exit 1
table "tgtd, null backing"
stop_tgtd
exit "$failed"
