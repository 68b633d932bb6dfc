#!/usr/bin/env bash
# libiscsi's own suite against our target, test by test: each of ALL (the other families name the same tests again) passes in one of the set-ups of
# ci/lab/testcu.sh and fails in none, but for those of ci/lab/testcu-impossible.txt, which pass in none.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need iscsi-test-cu
scratch
ROWS=$RIG_SCRATCH/rows
RIG_LIMIT=${RIG_LIMIT:-90} bash "$RIG_TOP/ci/lab/testcu.sh" rig ALL >"$ROWS"
status=$?
[ "$status" -eq 0 ] || say "FAILED: a set-up was not played to its end"

awk -F'\t' '
    FNR == NR { if ($0 !~ /^#/) clause[$1] = $2; next }
    { verdict[$2] = verdict[$2] " " $1 ":" $3; if ($3 == "pass") passes[$2] = 1; if ($3 == "fail") fails[$2] = 1 }
    END {
        for (test in verdict) {
            listed = test in clause
            bad = listed ? test in passes : !(test in passes) || test in fails
            count[bad ? 2 : listed ? 3 : 1]++
            if (bad) printf "FAILED: %s%s%s\n", test, listed ? " (listed)" : "", verdict[test]
            else if (listed) printf "skipped: %s: %s\n", test, clause[test]
        }
        for (test in clause) if (!(test in verdict)) { printf "FAILED: %s is listed, and no test\n", test; count[2]++ }
        printf "%d %d %d\n", count[1], count[2], count[3] >"'"$RIG_SCRATCH/counts"'"
    }' "$RIG_TOP/ci/lab/testcu-impossible.txt" "$ROWS"
read -r passed failed skipped <"$RIG_SCRATCH/counts"
tally "$passed" "$failed" "$skipped"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
