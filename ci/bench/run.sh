#!/usr/bin/env bash
# ci/bench/run.sh [SECONDS [RUNS]]: the figures of docs/measurements.md, side by side with peers in one run on this machine.
# Prints the Markdown of that file; `ci/bench/run.sh >docs/measurements.md` renews it. Nothing here decides whether a change is good.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
SECONDS_EACH=${1:-2}
RUNS=${2:-3}
BENCH=$RIG_BUILD/release/ci/bench
need iscsi-perf tgtd cmake
cmake --preset release -S "$RIG_TOP" >/dev/null && cmake --build "$RIG_BUILD/release" -j "$RIG_JOBS" \
    --target iscsirig initiator_perf sim_pdus >/dev/null || die "the release build failed"
scratch

# spread: numbers on lines to "median (min–max)"
spread()
{
    sort -n | awk '{ v[NR] = $1 } END { if (NR) printf "%s (%s–%s)\n", v[int((NR + 1) / 2)], v[1], v[NR]; else print "-" }'
}

# repeat COMMAND…: its output, RUNS times
repeat()
{
    local turn
    for ((turn = 0; turn < RUNS; turn++)); do
        "$@"
    done
}

cpu_of()
{
    awk -v hertz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hertz }' "/proc/$1/stat"
}

# load LABEL CLIENT DEPTH BLOCKS: rows of I/Os per second, client and target CPU in µs per I/O
load()
{
    local label=$1 client=$2 depth=$3 blocks=$4 before after said iops
    : >"$RIG_SCRATCH/iops" && : >"$RIG_SCRATCH/client" && : >"$RIG_SCRATCH/target"
    for ((turn = 0; turn < RUNS; turn++)); do
        before=$(cpu_of "$PEER_PID")
        said=$( (/usr/bin/time -f 'cpu %U %S' timeout 60 "$client" -r -m "$depth" -b "$blocks" -t "$SECONDS_EACH" "$PEER_URL") \
            2>&1 </dev/null | tr '\r' '\n')
        after=$(cpu_of "$PEER_PID")
        iops=$(grep -o 'iops average [0-9]*' <<<"$said" | tail -n 1 | awk '{ print $3 }')
        [ -n "$iops" ] || continue
        printf '%s\n' "$iops" >>"$RIG_SCRATCH/iops"
        awk -v iops="$iops" -v seconds="$SECONDS_EACH" '/^cpu/ { printf "%.1f\n", ($2 + $3) * 1e6 / (iops * seconds) }' <<<"$said" >>"$RIG_SCRATCH/client"
        awk -v before="$before" -v after="$after" -v iops="$iops" -v seconds="$SECONDS_EACH" \
            'BEGIN { printf "%.1f\n", (after - before) * 1e6 / (iops * seconds) }' >>"$RIG_SCRATCH/target"
    done
    printf '| %s | %s KiB | %s | %s | %s | %s |\n' "$label" "$((blocks / 2))" "$depth" "$(spread <"$RIG_SCRATCH/iops")" \
        "$(spread <"$RIG_SCRATCH/client")" "$(spread <"$RIG_SCRATCH/target")"
}

loads()
{
    local depth
    for depth in 1 32; do
        load "$1" "$2" "$depth" 8
        load "$1" "$2" "$depth" 512
    done
}

scenario_rate()
{
    (cd "$RIG_TOP" && "$RIG_TOOL" run scenarios -j "$1" --keep never | sed -n 's/.* \([0-9]*\) cases\/s.*/\1/p')
}

pdus()
{
    "$BENCH/sim_pdus" "$1" "${2:-0}" | sed -n 's/.*: \([0-9.]*\) M PDUs.*/\1/p'
}

tapped()
{
    CAPTURE=$RIG_SCRATCH/tapped.pcapng "$BENCH/sim_pdus" 100000 | sed -n 's/.*: \([0-9.]*\) M PDUs.*/\1/p'
    rm -f -- "$RIG_SCRATCH/tapped.pcapng"
}

cat <<EOF
# Measurements

Written by \`ci/bench/run.sh $SECONDS_EACH $RUNS\`: median (min–max) of $RUNS runs, commit $(git -C "$RIG_TOP" rev-parse --short HEAD), $(date +%Y-%m-%d), $(nproc) cores,
$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), kernel $(uname -r). Peers: tgt $(dpkg-query -W -f '${Version}' tgt), libiscsi $(dpkg-query -W -f '${Version}' libiscsi-bin).

## Simulated

| what | figure |
| --- | --- |
| scenario pack, one core, cases/s | $(repeat scenario_rate 1 | spread) |
| scenario pack, $(nproc) cores, cases/s | $(repeat scenario_rate "$(nproc)" | spread) |
| 4 KiB reads through both engines, untapped, M PDUs/s on one core | $(repeat pdus 500000 | spread) |
| the same, packets of 64 KiB | $(repeat pdus 500000 65535 | spread) |
| the same as the first, tapped into pcapng and reassembled | $(repeat tapped | spread) |

## Random reads over loopback sockets, $SECONDS_EACH s each

CPU is user and system time in µs per I/O, login included. Our target serves its disk from memory, tgtd a file on $(df --output=fstype "$RIG_SCRATCH" | tail -n 1).

| client → target | size | depth | I/Os per second | client CPU | target CPU |
| --- | --- | --- | --- | --- | --- |
EOF
start_tgtd >/dev/null || exit 1
loads "libiscsi → tgtd" iscsi-perf
loads "our engine → tgtd" "$BENCH/initiator_perf"
stop_tgtd
start_rig_target >/dev/null || exit 1
loads "libiscsi → our target" iscsi-perf
loads "our engine → our target" "$BENCH/initiator_perf"
stop "$PEER_PID"
