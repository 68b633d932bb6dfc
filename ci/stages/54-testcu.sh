#!/usr/bin/env bash
# The iSCSI family of libiscsi's own suite against our target, judged test by test: one that prints [SKIPPED] is a skip, whatever CUnit makes of
# it. One process, as its authors run it: LUNResetSimpleAsync judges a flag that only the tests before it set, so alone it fails against any
# target. Behind AbortTaskSimpleAsync, whose end leaves no session, it asks nothing either; ci/api resets a unit for both.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
need iscsi-test-cu
start_rig_target || exit 1
FAMILY=${RIG_FAMILY:-iSCSI}
log=$RIG_SCRATCH/family.log
passed=0
failed=0
skipped=0

timeout -k 2 90 iscsi-test-cu -d -V -t "$FAMILY" "$PEER_URL" >"$log" 2>&1 </dev/null
status=$?
[ "$status" -lt 124 ] || say "FAILED: the suite hung or died (status $status)"

# results: "SUITE.TEST passed|failed|skipped" of each test whose end the log tells
results()
{
    awk -v family="$FAMILY" '
        function tell() { if (test != "") print family "." suite "." test, bad ? "failed" : skips ? "skipped" : good ? "passed" : "failed"; test = "" }
        /^Suite: / { tell(); suite = $2 }
        /^Run Summary/ { tell() }
        /^ +Test: / { tell(); test = $2; bad = skips = good = 0 }
        /\[SKIPPED\]/ { skips = 1 }
        /FAILED$/ { bad = 1 }
        /passed( |$)/ { good = 1 }
        END { tell() }' "$log"
}

results >"$RIG_SCRATCH/results"
mapfile -t tests < <(iscsi-test-cu -l 2>/dev/null | grep -E "^$FAMILY\.[^.]+\.[^.]+$")
[ "${#tests[@]}" -gt 0 ] || die "iscsi-test-cu lists no test of $FAMILY"
for test in "${tests[@]}"; do
    case $(awk -v test="$test" '$1 == test { print $2 }' "$RIG_SCRATCH/results") in
    passed) passed=$((passed + 1)) ;;
    skipped)
        skipped=$((skipped + 1))
        say "skipped: $test"
        ;;
    *)
        failed=$((failed + 1))
        say "FAILED: $test"
        ;;
    esac
done
[ "$failed" -eq 0 ] || grep -E '^ +[0-9]+\. ' "$log" | head -n 20
grep -E '^ +(tests|asserts) ' "$log"
target_is_well || failed=$((failed + 1))
tally "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
