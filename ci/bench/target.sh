#!/usr/bin/env bash
# ci/bench/target.sh [SECONDS [RUNS]]: our target beside tgtd and istgt under the same clients, libiscsi's iscsi-perf and our engine, taking
# turns; then logins, sessions that are held, and discovery of many targets. Prints Markdown for docs/measurements.md. Nothing here decides
# whether a change is good. Disks of files lie in memory where /dev/shm is there.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib-lab.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
SECONDS_EACH=${1:-1}
RUNS=${2:-5}
SESSIONS=${RIG_BENCH_SESSIONS:-10000}
need tgtd iscsi-perf cmake
build_release iscsirig engine_load engine_hold engine_discover bare_stream
scratch
failed=0
COLUMNS_OF=(ram pattern null tgtd-file tgtd-null istgt)
PEERS=(tgtd-file tgtd-null istgt)
declare -A URL PID

# ---- the targets, all of them at once ----

start_all()
{
    start_rig_target --quiet --lun "pattern:$PEER_BYTES" --lun "null:$PEER_BYTES" || exit 1
    PID[ram]=$PEER_PID PID[pattern]=$PEER_PID PID[null]=$PEER_PID
    URL[ram]=$PEER_URL URL[pattern]=${PEER_URL%/0}/1 URL[null]=${PEER_URL%/0}/2
    start_tgtd rdwr || exit 1
    tgt_admin --lld iscsi --op new --mode logicalunit --tid 1 --lun 2 --bstype null --backing-store "$PEER_FOLDER/disk" || exit 1
    PID[tgtd-file]=$PEER_PID PID[tgtd-null]=$PEER_PID
    URL[tgtd-file]=$PEER_URL URL[tgtd-null]=${PEER_URL%/1}/2
    HOLDERS=("$PEER_HOLDER")
    if ! start_peer istgt; then
        COLUMNS_OF=(ram pattern null tgtd-file tgtd-null)
        PEERS=(tgtd-file tgtd-null)
        return
    fi
    HOLDERS+=("$PEER_HOLDER")
    PID[istgt]=$PEER_PID URL[istgt]=$PEER_URL
}

stop_all()
{
    for PEER_HOLDER in "${HOLDERS[@]}"; do stop_peer; done
    stop "${PID[ram]}"
} 2>/dev/null

# cpu_of PID: its ticks of user and system time
cpu_of()
{
    awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# ---- clients: each prints "RATE MBPS" ----

run_engine()
{
    timeout -k 2 $((SECONDS_EACH + 20)) "$BENCH/engine_load" "${@:2}" -t "$SECONDS_EACH" "$1" 2>/dev/null |
        sed -nE 's/^rate ([0-9]+) mbps ([0-9]+) .*/\1 \2/p'
}

# shellcheck disable=SC2317 # once calls it by its name
run_perf()
{
    timeout -k 2 $((SECONDS_EACH + 20)) iscsi-perf "${@:2}" -t "$SECONDS_EACH" "$1" 2>/dev/null | tr '\r' '\n' |
        awk -v blocks="$(sed -E 's/.*-b ([0-9]+).*/\1/' <<<"$*")" '/^iops average/ { printf "%d %d\n", $3, $3 * blocks * 512 / 1e6 }'
}

# once CLIENT COLUMN OPTION…: one run; its figures go to files named by column and figure
once()
{
    local client=$1 column=$2 before after rate mbps
    shift 2
    before=$(cpu_of "${PID[$column]}")
    read -r rate mbps < <("run_$client" "${URL[$column]}" "$@")
    after=$(cpu_of "${PID[$column]}")
    [ "${rate:-0}" -gt 0 ] || return
    printf '%s\n' "$rate" >>"$RIG_SCRATCH/$column.rate"
    printf '%s\n' "$mbps" >>"$RIG_SCRATCH/$column.mbps"
    awk -v ticks=$((after - before)) -v hertz="$(getconf CLK_TCK)" -v ios=$((rate * SECONDS_EACH)) 'BEGIN { print ticks * 1e6 / hertz / ios }' \
        >>"$RIG_SCRATCH/$column.cpu"
}

figures()
{
    cat "$RIG_SCRATCH/$1.$2" 2>/dev/null
}

# best FIGURE: that of the best peer
best()
{
    local peer
    for peer in "${PEERS[@]}"; do
        figures "$peer" "$1" | middle
    done | sort -g | tail -n 1
}

# compare CLIENT WORDS OPTION…: the targets in turn, RUNS times, so that all of them meet the same moods of the machine
compare()
{
    local client=$1 words=$2 turn column
    shift 2
    rm -f -- "$RIG_SCRATCH"/*.rate "$RIG_SCRATCH"/*.mbps "$RIG_SCRATCH"/*.cpu
    for ((turn = 0; turn < RUNS; turn++)); do
        for column in "${COLUMNS_OF[@]}"; do
            once "$client" "$column" "$@"
        done
    done
    printf '| %s ' "$words"
    for column in "${COLUMNS_OF[@]}"; do
        printf '| %s, %s MB/s, %s µs ' "$(figures "$column" rate | spread %s)" "$(figures "$column" mbps | middle)" \
            "$(figures "$column" cpu | middle | awk '{ printf "%.1f", $1 }')"
    done
    printf '| %s | %s |\n' "$(ratio "$(figures ram rate | middle)" "$(best rate)")" "$(ratio "$(figures pattern rate | middle)" "$(best rate)")"
}

head_of_table()
{
    local column
    printf '| load |'
    for column in "${COLUMNS_OF[@]}"; do
        printf ' %s |' "$column"
    done
    printf ' ram : best peer | pattern : best peer |\n| --- |'
    for column in "${COLUMNS_OF[@]}"; do
        printf ' --- |'
    done
    printf ' --- | --- |\n'
}

transfers()
{
    local depth
    printf '\n### By iscsi-perf of libiscsi\n\n'
    head_of_table
    for depth in 1 32 128; do
        compare perf "4 KiB random read, depth $depth" -r -m "$depth" -b 8
    done
    compare perf "256 KiB sequential read, depth 32" -m 32 -b 512
    printf '\n### By our engine\n\n'
    head_of_table
    for depth in 1 32 128; do
        compare engine "4 KiB random read, depth $depth" -r -m "$depth" -b 8
    done
    compare engine "256 KiB sequential read, depth 32" -m 32 -b 512
    compare engine "256 KiB sequential write, depth 32" -w -m 32 -b 512
}

# floor WORDS RIG_OPTIONS BARE_OPTIONS: our RAM disk by our engine and the bare stream in turn
floor()
{
    local turn ours=$RIG_SCRATCH/floor.ours bare=$RIG_SCRATCH/floor.bare
    rm -f -- "$ours" "$bare"
    for ((turn = 0; turn < RUNS; turn++)); do
        # shellcheck disable=SC2086 # options
        run_engine "${URL[ram]}" $2 | cut -d ' ' -f 2 >>"$ours"
        # shellcheck disable=SC2086
        "$BENCH/bare_stream" $3 "$SECONDS_EACH" | sed -nE 's/.*mbps ([0-9]+) .*/\1/p' >>"$bare"
    done
    printf '| %s | %s | %s | %s |\n' "$1" "$(spread %s <"$ours")" "$(spread %s <"$bare")" "$(ratio "$(middle <"$ours")" "$(middle <"$bare")")"
}

floors()
{
    printf '\n### 256 KiB against a bare stream\n\n'
    printf 'The floor streams headers and pieces of 256 KiB out of, or into, 64 MiB of memory over one connection; nothing is asked or answered.\n\n'
    printf '| load | ram, MB/s | bare stream, MB/s | ram : bare |\n| --- | --- | --- | --- |\n'
    floor "256 KiB sequential read, depth 32" "-m 32 -b 512" ""
    floor "256 KiB sequential write, depth 32" "-w -m 32 -b 512" "-w"
}

# run_logins URL OPTION…: CLIENTS of our engine at once, their rates together
# shellcheck disable=SC2317 # once calls it by its name
run_logins()
{
    local each
    for ((each = 0; each < CLIENTS; each++)); do
        run_engine "$@" &
    done | awk '{ rate += $1 } END { print rate + 0, 0 }'
}

# logins WORDS CLIENTS DEPTH: so many clients of all, each with so many logins at once. istgt sleeps a second in every login and takes one after
# the other: 64 at once end at our time limit, so that it is asked for one at a time, and what it spends is less than a tick can show.
logins()
{
    local turn column best CLIENTS=$2 columns=(ram tgtd-file)
    [ "$3" -gt 1 ] || [ -z "${PID[istgt]:-}" ] || columns+=(istgt)
    rm -f -- "$RIG_SCRATCH"/*.rate "$RIG_SCRATCH"/*.cpu
    for ((turn = 0; turn < RUNS; turn++)); do
        for column in "${columns[@]}"; do
            once logins "$column" -l -m "$3"
        done
    done
    best=$(for column in tgtd-file istgt; do figures "$column" rate | middle; done | sort -g | tail -n 1)
    printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$1" "$(figures ram rate | spread %s)" "$(figures tgtd-file rate | spread %s)" \
        "$(figures istgt rate | spread %s)" "$(ratio "$(figures ram rate | middle)" "$best")" "$(figures ram cpu | spread %.1f)" \
        "$(figures tgtd-file cpu | spread %.1f)" "$(ratio "$(figures ram cpu | middle)" "$(figures tgtd-file cpu | middle)")"
}

resident()
{
    awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

# sessions_held COLUMN WORDS SESSIONS: that many sessions at once, and the memory they take
sessions_held()
{
    local before after said=$RIG_SCRATCH/held.said line=$RIG_SCRATCH/held.line holder
    ulimit -n "$(ulimit -Hn)"
    before=$(resident "${PID[$1]}")
    rm -f -- "$line"
    mkfifo "$line"
    "$BENCH/engine_hold" "$3" "${URL[$1]}" <"$line" >"$said" 2>&1 &
    holder=$!
    started "$holder"
    exec 7>"$line"
    wait_for 60 "$holder" grep -q '^up' "$said"
    after=$(resident "${PID[$1]}")
    printf '| %s | %s | %s | %.1f | %s |\n' "$2" "$(sed -nE 's/^up ([0-9]+) .*/\1/p' "$said")" "$(sed -nE 's/.* ms ([0-9]+) .*/\1/p' "$said")" \
        "$(ratio $((after - before)) "$3" 3)" "$(ratio "$(sed -nE 's/.* kib ([0-9]+)/\1/p' "$said")" "$3" 1)"
    exec 7>&-
    wait "$holder" || failed=1
}

# found N: discovery of N targets, RUNS times
found()
{
    local turn said us=$RIG_SCRATCH/found.us
    printf 'scenario "many targets"\nlevel MAY\nneeds peer\ntarget\n  nodes %s prefix %s\nnever < Reject\n' "$1" "$PEER_IQN" >"$RIG_SCRATCH/many.scn"
    start_rig_target --quiet "$RIG_SCRATCH/many.scn" >/dev/null || exit 1
    rm -f -- "$us"
    for ((turn = 0; turn < RUNS; turn++)); do
        said=$("$BENCH/engine_discover" "$1" "$PEER_IQN" "$PEER_PORTAL") || {
            complain "discovery of $1 targets: $said"
            failed=1
            return
        }
        sed -nE 's/.* us ([0-9]+)$/\1/p' <<<"$said" >>"$us"
    done
    stop "$PEER_PID"
    printf '| %s | %s | %s | %s | %s |\n' "$1" "$(sed -nE 's/.* bytes ([0-9]+) .*/\1/p' <<<"$said")" "$(sed -nE 's/.* pdus ([0-9]+) .*/\1/p' <<<"$said")" \
        "$(awk '{ print $1 / 1000 }' "$us" | spread %.2f)" "$(ratio "$(middle <"$us")" "$1" 2)"
}

start_all >/dev/null
transfers
floors
printf '\n### Sessions\n\n'
printf 'A single client with 64 logins at once fills a core before a target does: its rate is its own, and the more a target sleeps the more it pays\n'
printf 'for waking it. Two clients of 32 ask the targets for what they can do.\n\n'
printf '| what | our target /s | tgtd /s | istgt /s | ours : best peer | our CPU, µs | CPU of tgtd, µs | CPU ours : tgtd |\n'
printf '| --- | --- | --- | --- | --- | --- | --- | --- |\n'
logins "login and logout, one after the other" 1 1
logins "login and logout, 64 at once, by 2 clients" 2 32
logins "login and logout, 64 at once, by a single client" 1 64
logins "login and logout, 3 clients with 32 at once each" 3 32
printf '\n| held by | sessions | ms until all were up | kB each at the target | kB each at our engine |\n| --- | --- | --- | --- | --- |\n'
sessions_held ram "our target" "$SESSIONS"
sessions_held tgtd-file tgtd $((SESSIONS * 9 / 10))
stop_all
printf '\n### Discovery\n\nEach target has to come once, by its name; our engine asks, in segments of 8192 bytes.\n\n'
printf '| targets | bytes | Text PDUs at least | ms | µs a target |\n| --- | --- | --- | --- | --- |\n'
for count in 1000 2000 5000 10000; do
    found "$count"
done
exit "$failed"
