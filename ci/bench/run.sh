#!/usr/bin/env bash
# ci/bench/run.sh [SECONDS [RUNS]]: the figures of docs/measurements.md, side by side with peers in one run on this machine.
# Prints the Markdown of that file; `ci/bench/run.sh >docs/measurements.md` renews it. Nothing here decides whether a change is good.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
SECONDS_EACH=${1:-1}
RUNS=${2:-5}
need tgtd cmake
build_release iscsirig sim_pdus
scratch

# repeat COMMAND…: its output, RUNS times
repeat()
{
    local turn
    for ((turn = 0; turn < RUNS; turn++)); do
        "$@"
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
| scenario pack, one core, cases/s | $(repeat scenario_rate 1 | spread %s) |
| scenario pack, $(nproc) cores, cases/s | $(repeat scenario_rate "$(nproc)" | spread %s) |
| 4 KiB reads through both engines, untapped, M PDUs/s on one core | $(repeat pdus 500000 | spread %s) |
| the same, packets of 64 KiB | $(repeat pdus 500000 65535 | spread %s) |
| the same as the first, tapped into pcapng and reassembled | $(repeat tapped | spread %s) |

## Transfers over loopback sockets

Written by \`ci/bench/datapath.sh $SECONDS_EACH $RUNS\`: three clients do the same transfers over one connection, taking turns, $SECONDS_EACH s each: our engine over its
sockets, libiscsi, and a loop of readv and sendmsg without an initiator (the floor). The disk is 64 MiB. CPU is user and system time of the client in µs per
I/O or login, from the first command on. Allocations are what the engine asked its allocator for behind the first 1000 I/Os.
EOF
"$(dirname "${BASH_SOURCE[0]}")/datapath.sh" "$SECONDS_EACH" "$RUNS" || exit
"$(dirname "${BASH_SOURCE[0]}")/profile.sh"
cat <<EOF

## The target

Written by \`ci/bench/target.sh $SECONDS_EACH $RUNS\`: our target (\`--lun ram:\`, \`pattern:\` and \`null:\`), tgtd (a file in memory, and its null backing) and istgt (a file in
memory) under the same client over one connection, taking turns, $SECONDS_EACH s each. A cell: I/Os a second as median (min–max), MB/s, and user and system time of the
target in µs per I/O, login included.
EOF
"$(dirname "${BASH_SOURCE[0]}")/target.sh" "$SECONDS_EACH" "$RUNS" || exit
"$(dirname "${BASH_SOURCE[0]}")/capture.sh" 1000000000 "$RUNS" || exit
# what ci/long.sh measured stays as it is
printf '\n'
git -C "$RIG_TOP" show HEAD:docs/measurements.md 2>/dev/null | sed -n '/^## Long runs/,$p'
