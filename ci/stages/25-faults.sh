#!/usr/bin/env bash
# The fault run, thinned: 24 seeds at each level, every kind of PDU dropped, reset and corrupted; a few of them with sanitizers; and
# the proofs that it would notice a command carried out twice and a write that is lost. ci/long.sh plays all of it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
PROGRAM=$RIG_BUILD/release/ci/long/fault_run
scratch
passed=0
failed=0

# good NAME COMMAND…: has to succeed
good()
{
    local name=$1
    shift
    if (cd "$RIG_TOP" && timeout 120 "$@") >"$RIG_SCRATCH/log" 2>&1; then
        passed=$((passed + 1))
        say "ok: $name: $(tail -n 1 "$RIG_SCRATCH/log")"
    else
        failed=$((failed + 1))
        say "FAILED: $name"
        grep -E -A 1 'FAILED|Sanitizer|runtime error' "$RIG_SCRATCH/log" | head -n 30
    fi
}

# caught NAME TEXT COMMAND…: has to fail, for that reason
caught()
{
    local name=$1 text=$2
    shift 2
    (cd "$RIG_TOP" && timeout 120 "$@") >"$RIG_SCRATCH/log" 2>&1
    if [ $? -eq 1 ] && grep -q "FAILED: .*$text" "$RIG_SCRATCH/log"; then
        passed=$((passed + 1))
        say "ok: $name is noticed: $(grep -c '^FAILED: seed' "$RIG_SCRATCH/log") runs failed"
    else
        failed=$((failed + 1))
        say "FAILED: $name goes unnoticed"
    fi
}

[ -x "$PROGRAM" ] || die "no ${PROGRAM#"$RIG_TOP"/}: the release build makes it"
good "24 seeds at three levels" "$PROGRAM" --seeds 1-24 --mib 1 --cover
caught "a retry carried out twice" "written twice" "$PROGRAM" --seeds 1-40 --level 1 --fault retry-twice
caught "a write that is lost" "is lost" "$PROGRAM" --seeds 1-2 --lose 5
if [ -x "$RIG_BUILD/asan/ci/long/fault_run" ]; then
    good "with sanitizers" "$RIG_BUILD/asan/ci/long/fault_run" --seeds 100-107 --mib 1
fi
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
