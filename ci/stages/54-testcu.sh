#!/usr/bin/env bash
# libiscsi's own suite against our target, test by test: each of ALL (the other families name the same tests again) passes in one of the set-ups of
# ci/lab/testcu.sh and fails in none, but where ci/lab/testcu-impossible.txt says why it cannot.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need iscsi-test-cu
scratch
IMPOSSIBLE=$RIG_TOP/ci/lab/testcu-impossible.txt
ROWS=$RIG_SCRATCH/rows
export RIG_LIMIT=${RIG_LIMIT:-90}

# judged ROWS: says what is wrong and what is excused, then "counts: PASSED FAILED SKIPPED"
judged()
{
    awk -F'\t' '
        function is_excused(test, setup) { return test in clause && (where[test] == "everywhere" || index("," where[test] ",", "," setup ",")) }
        FNR == NR { if ($0 !~ /^#/) { where[$1] = $2; clause[$1] = $3 } next }
        {
            verdicts[$2] = verdicts[$2] " " $1 ":" $3
            if (is_excused($2, $1)) { if ($3 == "pass") wrong[$2] = 1; next }
            if ($3 == "pass") passes[$2] = 1
            else if ($3 != "skip") { wrong[$2] = 1; verdicts[$2] = verdicts[$2] " (" $4 ")" }
        }
        END {
            for (test in verdicts) {
                excused = test in clause && where[test] == "everywhere"
                bad = test in wrong || !(excused || test in passes)
                count[bad ? 2 : excused ? 3 : 1]++
                if (bad) printf "FAILED: %s%s%s\n", test, test in clause ? " (listed)" : "", verdicts[test]
                else if (test in clause) printf "%s: not %s: %s\n", test, where[test], clause[test]
            }
            for (test in clause) if (!(test in verdicts)) { printf "FAILED: %s is listed, and no test\n", test; count[2]++ }
            printf "counts: %d %d %d\n", count[1], count[2], count[3]
        }' "$IMPOSSIBLE" "$1"
}

# notices WHAT SCRIPT ROWS: rows that sed has made wrong are found wrong
notices()
{
    sed "$2" "$3" >"$RIG_SCRATCH/altered"
    ! cmp -s "$3" "$RIG_SCRATCH/altered" && judged "$RIG_SCRATCH/altered" | grep -q '^FAILED: ' && return
    say "FAILED: $1 would go unseen"
    failed=$((failed + 1))
}

bash "$RIG_TOP/ci/lab/testcu.sh" rig ALL >"$ROWS"
status=$?
[ "$status" -eq 0 ] || say "FAILED: a set-up was not played to its end"
judged "$ROWS" >"$RIG_SCRATCH/judged"
sort "$RIG_SCRATCH/judged" | grep -v '^counts: '
read -r passed failed skipped < <(sed -n 's/^counts: //p' "$RIG_SCRATCH/judged")

# each way to be wrong is noticed: in what was judged, and in a target that has a fault
notices "a test that fails" '/\tALL\.Read10\.Simple\t/s/\tpass\t/\tfail\t/' "$ROWS"
notices "a test that is skipped everywhere" '/\tALL\.Read10\.Simple\t/s/\tpass\t/\tskip\t/' "$ROWS"
notices "a listed test that passes" '/\tALL\.Sanitize\.Reset\t/s/\tfail\t/\tpass\t/' "$ROWS"
notices "a listed test that is gone" '/\tALL\.Sanitize\.Reset\t/d' "$ROWS"
RIG_SETUPS=plain RIG_FAULT=wrong-residual bash "$RIG_TOP/ci/lab/testcu.sh" rig ALL.iSCSIResiduals >"$RIG_SCRATCH/faulty"
grep -q $'\tfail\t' "$RIG_SCRATCH/faulty" || {
    say "FAILED: residuals that are wrong go unseen"
    failed=$((failed + 1))
}
tally "$passed" "$failed" "$skipped"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
