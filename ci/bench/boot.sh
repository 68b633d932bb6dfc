#!/usr/bin/env bash
# ci/bench/boot.sh [LOGINS [RUNS]]: what a service takes that starts with so many kept logins (1000), each of them to another portal of one
# target. Prints a Markdown table for docs/measurements.md, with a tenth of the logins beside all of them.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
LOGINS=${1:-1000}
RUNS=${2:-5}
need cmake ss
build_release iscsirig iscsirigd service_calls
scratch

# served FILE: a service with the store FILE; DAEMON is its process
served()
{
    rm -f -- "$RIG_SCRATCH/up"
    "$RIG_BUILD/release/initiator/iscsirigd" --socket "$RIG_SCRATCH/socket" --store "$1" --ready-file "$RIG_SCRATCH/up" 2>"$RIG_SCRATCH/log" &
    DAEMON=$!
    started "$DAEMON"
    wait_for 60 "$DAEMON" test -e "$RIG_SCRATCH/up" || die "the service did not start"
}

# cpu_ms PID: milliseconds of the processor, all threads; kernel_ms PID: of which in the kernel
cpu_ms()
{
    awk '{ used += $1 } END { print used / 1e6 }' /proc/"$1"/task/*/schedstat
}

kernel_ms()
{
    awk -v tick="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); print $13 * 1000 / tick }' "/proc/$1/stat"
}

# shown NUMBER: so many disks are there
shown()
{
    [ "$(grep -c 'new device' "$RIG_SCRATCH/log")" -eq "$1" ]
}

sessions()
{
    ss -Htn state established "sport = :$PORT" | wc -l
}

# fill LOGINS: a store of so many
fill()
{
    served "$RIG_SCRATCH/store-$1"
    "$BENCH/service_calls" "$RIG_SCRATCH/socket" "$DAEMON" keep "$1" "$PORT" "$PEER_IQN" >/dev/null || die "the logins were not kept"
    stop "$DAEMON"
}

# measure LOGINS: lines "LOGINS NAME VALUE"
measure()
{
    local turn began
    for ((turn = 0; turn < RUNS; turn++)); do
        began=$(date +%s%N)
        served "$RIG_SCRATCH/store-$1"
        printf '%s wall %s\n' "$1" "$((($(date +%s%N) - began) / 1000000))"
        wait_for 60 "$DAEMON" shown "$1" || die "not every disk is shown"
        printf '%s cpu %s\n%s kernel %s\n' "$1" "$(cpu_ms "$DAEMON")" "$1" "$(kernel_ms "$DAEMON")"
        [ "$(sessions)" -eq "$1" ] || die "not every login is up"
        stop "$DAEMON"
    done
}

# row WHAT NAME
row()
{
    local few many
    few=$(awk -v rows="$((LOGINS / 10))" -v name="$2" '$1 == rows && $2 == name { print $3 }' "$RIG_SCRATCH/figures")
    many=$(awk -v rows="$LOGINS" -v name="$2" '$1 == rows && $2 == name { print $3 }' "$RIG_SCRATCH/figures")
    printf '| %s | %s | %s | %s |\n' "$1" "$(spread %.0f <<<"$few")" "$(spread %.0f <<<"$many")" \
        "$(ratio "$(middle <<<"$many")" "$(middle <<<"$few")" 1)"
}

PORT=$(free_port) && start_rig_target --quiet --listen "0.0.0.0:$PORT" || exit 1
fill "$((LOGINS / 10))"
fill "$LOGINS"
{ measure "$((LOGINS / 10))" && measure "$LOGINS"; } >"$RIG_SCRATCH/figures" || exit 1
printf '| a service starts with | %d kept logins | %d kept logins | ratio |\n| --- | --- | --- | --- |\n' "$((LOGINS / 10))" "$LOGINS"
row 'until every login is up, ms that pass' wall
row 'its processor until every disk is shown, ms' cpu
row '… of which in the kernel, ms' kernel
