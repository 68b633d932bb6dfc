#!/usr/bin/env bash
# ci/long.sh [RUN…]: everything that takes long, below 80 minutes in all on 2 cores: the fault run, the allocation failures of the
# whole pack, every fuzzer for ten minutes, scale, the soak, and the lab's table of peers. Without names all of them, even after a failure. Prints
# seconds and outcome of each; logs in build/long; status 0 only when all passed. Last line: totals.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-peers.sh"
SEEDS=${RIG_LONG_SEEDS:-1000}
MIB=${RIG_LONG_MIB:-64}
FUZZ_SECONDS=${RIG_FUZZ_SECONDS:-600}
SOAK_SECONDS=${RIG_SOAK_SECONDS:-600}
SOAK_SESSIONS=${RIG_SOAK_SESSIONS:-100}
LOGS=$RIG_BUILD/long
RUNS=(faults allocations fuzzers scale soak table)
passed=0
failed=0
skipped=0

# in_parts COMMAND… with {}: one process a core, each with its own number from 1 on in place of {}; fails when one does
in_parts()
{
    local part
    for part in $(seq "$RIG_JOBS"); do printf '%s\n' "$part"; done |
        xargs -P "$RIG_JOBS" -I '{}' bash -c "$*"
}

# The seeds of part I are those from (I-1)/N to I/N of all.
run_faults()
{
    build release fault_run || return 1
    say "commit $(git -C "$RIG_TOP" describe --always --dirty 2>/dev/null || say unknown), $SEEDS seeds at three levels, $MIB MiB each"
    in_parts "$RIG_BUILD/release/ci/long/fault_run --mib $MIB --cover \
        --seeds \$((({} - 1) * $SEEDS / $RIG_JOBS + 1))-\$(({} * $SEEDS / $RIG_JOBS))"
}

run_allocations()
{
    build asan alloc_run || return 1
    cd "$RIG_TOP" || return 1
    in_parts "find scenarios -name '*.scn' -not -path '*/include/*' | sort |
        xargs -r $RIG_BUILD/asan/ci/long/alloc_run --all --part {}/$RIG_JOBS"
}

run_fuzzers()
{
    RIG_FUZZ_SECONDS=$FUZZ_SECONDS bash "$RIG_TOP/ci/stages/60-fuzz.sh"
}

run_scale()
{
    build release sim-target_tests harness_tests || return 1
    "$RIG_BUILD/release/sim-target/sim-target_tests" && "$RIG_BUILD/release/harness/harness_tests"
}

run_soak()
{
    local status
    build release iscsirig soak || return 1
    start_rig_target --quiet "$RIG_TOP/ci/long/soak.scn" || return 1
    "$RIG_BUILD/release/ci/long/soak" --sessions "$SOAK_SESSIONS" --seconds "$SOAK_SECONDS" --watch "$PEER_PID" "$PEER_URL"
    status=$?
    target_is_well && [ "$status" -eq 0 ] && say "nothing lost, memory flat"
}

run_table()
{
    [ -x "$RIG_TOP/ci/lab/table.sh" ] || return 77
    build release iscsirig || return 1
    bash "$RIG_TOP/ci/lab/table.sh"
}

wanted()
{
    local name=$1
    shift
    case " $* " in
    "  " | *" $name "*) return 0 ;;
    esac
    return 1
}

for name; do
    case " ${RUNS[*]} " in
    *" $name "*) ;;
    *) die "unknown run $name; there are: ${RUNS[*]}" ;;
    esac
done
mkdir -p "$LOGS"
began=$SECONDS
for name in "${RUNS[@]}"; do
    wanted "$name" "$@" || continue
    say "== $name"
    from=$SECONDS
    ("run_$name") 2>&1 | tee "$LOGS/$name.log" | tail -n 40
    status=${PIPESTATUS[0]}
    case $status in
    0) passed=$((passed + 1)) word=passed ;;
    77) skipped=$((skipped + 1)) word="skipped: not in this tree" ;;
    *) failed=$((failed + 1)) word="FAILED, log ${LOGS#"$RIG_TOP"/}/$name.log" ;;
    esac
    printf '== %-12s %5d s  %s\n\n' "$name" $((SECONDS - from)) "$word"
done
say "total $((SECONDS - began)) s"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
