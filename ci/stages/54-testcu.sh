#!/usr/bin/env bash
# libiscsi's own suite against our target, test by test: each of ALL (the other families name the same tests again) passes in one of the set-ups of
# ci/lab/testcu.sh and fails in none.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need iscsi-test-cu
scratch
ROWS=$RIG_SCRATCH/rows
export RIG_LIMIT=${RIG_LIMIT:-90}

# judged ROWS: says what is wrong, then "counts: PASSED FAILED"
judged()
{
    awk -F'\t' '
        {
            verdicts[$2] = verdicts[$2] " " $1 ":" $3
            if ($3 == "pass") passes[$2] = 1
            else if ($3 != "skip") { wrong[$2] = 1; verdicts[$2] = verdicts[$2] " (" $4 ")" }
        }
        END {
            for (test in verdicts) {
                bad = test in wrong || !(test in passes)
                count[bad]++
                if (bad) printf "FAILED: %s%s\n", test, verdicts[test]
            }
            printf "counts: %d %d\n", count[0], count[1]
        }' "$1"
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
read -r passed failed < <(sed -n 's/^counts: //p' "$RIG_SCRATCH/judged")

# each way to be wrong is noticed: in what was judged, and in a target that has a fault
notices "a test that fails" '/\tALL\.Read10\.Simple\t/s/\tpass\t/\tfail\t/' "$ROWS"
notices "a test that is skipped everywhere" '/\tALL\.Read10\.Simple\t/s/\tpass\t/\tskip\t/' "$ROWS"
notices "a test that the suite never came to" '/^plain\tALL\.Read10\.Simple\t/s/\tpass\t/\tna\t/' "$ROWS"
RIG_SETUPS=plain RIG_FAULT=wrong-residual bash "$RIG_TOP/ci/lab/testcu.sh" rig ALL.iSCSIResiduals >"$RIG_SCRATCH/faulty"
grep -q $'\tfail\t' "$RIG_SCRATCH/faulty" || {
    say "FAILED: residuals that are wrong go unseen"
    failed=$((failed + 1))
}
tally "$passed" "$failed" 0
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
