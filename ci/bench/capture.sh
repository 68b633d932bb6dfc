#!/usr/bin/env bash
# ci/bench/capture.sh [BYTES [RUNS]]: readers of one capture of 4 KiB random reads, 1 GB without an argument, and of one of the same traffic
# cut behind the headers, a tenth as large: lint and trace, libpcap's bare loop, tcpdump and tshark, taking turns; then lint's memory against
# the size of what it reads. Prints Markdown for docs/measurements.md. The captures lie in memory where /dev/shm is there.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
BYTES=${1:-1000000000}
RUNS=${2:-5}
LARGEST=${RIG_BENCH_LARGEST:-5000000000}
HEADERS=102 # bytes of a frame in the cut capture: Ethernet, IP, TCP and a PDU's header
need tshark tcpdump cmake
build_release iscsirig capture_make bare_pcap timed
scratch
failed=0

# room BYTES: whether the captures fit, in the file system and in memory
room()
{
    local there
    there=$(df --output=avail -B1 "$RIG_SCRATCH" | tail -n 1)
    [ "$there" -gt "$1" ] || die "$1 bytes are wanted in $RIG_SCRATCH, $there are free: give a smaller size, or another TMPDIR"
    there=$(awk '/^MemAvailable/ { printf "%.0f\n", $2 * 1024 }' /proc/meminfo)
    [ "$there" -gt $(($1 * 2)) ] || die "the captures of $1 bytes would fill the memory, of which $there bytes are free: give a smaller size"
}

# capture_of FILE BYTES [SNAP]
capture_of()
{
    "$BENCH/capture_make" "${@:2}" >"$1" || die "no capture of $2 bytes could be made"
}

# the readers, by name; what they print goes nowhere
reader()
{
    case $1 in
    bare) "$BENCH/timed" "$BENCH/bare_pcap" "$2" ;;
    lint) "$BENCH/timed" "$RIG_TOOL" lint "$2" ;;
    trace) "$BENCH/timed" "$RIG_TOOL" trace "$2" ;;
    fields) "$BENCH/timed" "$RIG_TOOL" trace --fields "$2" ;;
    tcpdump) "$BENCH/timed" tcpdump -nn -r "$2" ;;
    tshark) "$BENCH/timed" tshark -n -r "$2" -T fields -e iscsi.opcode ;;
    esac 2>&1 >/dev/null | sed -n 's/^seconds \([0-9.]*\) cpu \([0-9.]*\) kib \([0-9]*\)$/\1 \2 \3/p'
}

# once READER FILE: one run; its figures go to files named by reader and figure
once()
{
    local seconds cpu kib
    read -r seconds cpu kib < <(reader "$1" "$2")
    [ -n "${kib:-}" ] || {
        complain "$1 gave no figures"
        failed=1
        return
    }
    awk -v n="$FRAMES" -v s="$seconds" 'BEGIN { printf "%.3f\n", n / s / 1e6 }' >>"$RIG_SCRATCH/$1.rate"
    awk -v n="$SIZE" -v s="$seconds" 'BEGIN { printf "%.0f\n", n / s / 1e6 }' >>"$RIG_SCRATCH/$1.mbps"
    awk -v n="$FRAMES" -v s="$cpu" 'BEGIN { printf "%.3f\n", s * 1e6 / n }' >>"$RIG_SCRATCH/$1.cpu"
    awk -v kib="$kib" 'BEGIN { printf "%.1f\n", kib / 1024 }' >>"$RIG_SCRATCH/$1.mib"
}

rate_of()
{
    middle <"$RIG_SCRATCH/$1.rate"
}

row()
{
    printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$2" "$(spread %.3f <"$RIG_SCRATCH/$1.rate")" "$(middle <"$RIG_SCRATCH/$1.mbps")" \
        "$(middle <"$RIG_SCRATCH/$1.cpu")" "$(middle <"$RIG_SCRATCH/$1.mib")" "$(ratio "$(rate_of "$1")" "$(rate_of bare)")" \
        "$(ratio "$(rate_of "$1")" "$(rate_of tshark)" 1)"
}

# compare FILE WORDS: every reader in turn, RUNS times, so that all meet the same moods of the machine; tshark, which takes a minute, once
compare()
{
    local turn each
    rm -f -- "$RIG_SCRATCH"/*.rate "$RIG_SCRATCH"/*.mbps "$RIG_SCRATCH"/*.cpu "$RIG_SCRATCH"/*.mib
    SIZE=$(stat -c %s "$1")
    FRAMES=$("$BENCH/bare_pcap" "$1" | sed -n 's/^frames \([0-9]*\) .*/\1/p')
    [ "${FRAMES:-0}" -gt 0 ] || die "$1 has no frames"
    "$RIG_TOOL" lint "$1" >"$RIG_SCRATCH/said" || {
        complain "lint finds something in $2"
        failed=1
    }
    for ((turn = 0; turn < RUNS; turn++)); do
        for each in bare lint fields trace tcpdump; do
            once "$each" "$1"
        done
    done
    once tshark "$1"
    printf '\n### %s\n\n%s bytes, %s frames. %s.\n\n' "$2" "$SIZE" "$FRAMES" "$(sed -n 's/^lint: \([0-9]* PDUs .*\)/lint: \1/p' "$RIG_SCRATCH/said")"
    printf '| reader | M frames/s | MB/s | CPU µs a frame | peak memory, MiB | rate : bare | rate : tshark |\n| --- | --- | --- | --- | --- | --- | --- |\n'
    row bare "libpcap, nothing done"
    row lint "\`iscsirig lint\`"
    row fields "\`iscsirig trace --fields\`"
    row trace "\`iscsirig trace\`"
    row tcpdump "\`tcpdump -nn\`"
    row tshark "\`tshark -T fields -e iscsi.opcode\`"
}

# memory BYTES [SNAP]: lint's peak when so much comes by a pipe
memory()
{
    local said
    said=$("$BENCH/capture_make" "$@" | "$BENCH/timed" "$RIG_TOOL" lint - 2>&1 >"$RIG_SCRATCH/said")
    printf '| %s | %s | %s |\n' "$1" "$(sed -n 's/^lint: read \([0-9]*\) frames.*/\1/p' "$RIG_SCRATCH/said")" \
        "$(sed -n 's/.* kib \([0-9]*\)$/\1/p' <<<"$said" | awk '{ printf "%.1f", $1 / 1024 }')"
}

room $((BYTES + BYTES / 10 + 1000000))
printf '\n## Captures\n\nWritten by %s at commit %s, %s: one connection, depth 32, right checksums, the file in memory.\n' \
    "\`ci/bench/capture.sh $BYTES $RUNS\`" "$(git -C "$RIG_TOP" rev-parse --short HEAD)" "$(date +%Y-%m-%d)"
printf 'Median (min–max) of %s runs, of tshark one. Peers: %s; %s.\n' "$RUNS" "$(tshark --version 2>/dev/null | head -n 1)" \
    "$(tcpdump --version 2>&1 | head -n 1)"
capture_of "$RIG_SCRATCH/whole" "$BYTES"
compare "$RIG_SCRATCH/whole" "4 KiB random reads"
rm -f -- "$RIG_SCRATCH/whole"
capture_of "$RIG_SCRATCH/cut" $((BYTES / 10)) "$HEADERS"
compare "$RIG_SCRATCH/cut" "The same, cut behind the headers"
rm -f -- "$RIG_SCRATCH/cut"
printf '\n### Memory of lint\n\nOf 4 KiB random reads that come by a pipe:\n\n| bytes | frames | peak memory, MiB |\n| --- | --- | --- |\n'
for size in 10000000 100000000 1000000000 "$LARGEST"; do
    memory "$size"
done
exit "$failed"
