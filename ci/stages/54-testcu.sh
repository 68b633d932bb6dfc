#!/usr/bin/env bash
# The iSCSI family of libiscsi's own suite against our target, test by test: a hang costs one test, and a test that prints [SKIPPED]
# is a skip, whatever CUnit makes of it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
need iscsi-test-cu
start_rig_target || exit 1
FAMILY=${RIG_FAMILY:-iSCSI}
passed=0
failed=0
skipped=0

# outcome LOG: passed, failed or skipped, from CUnit's own summary of the one test
outcome()
{
    awk '
        /\[SKIPPED\]/ { skips++ }
        /^ +tests +[0-9]/ { ran = $3; bad = $5 }
        /^ +asserts +[0-9]/ { asserts = $3; bad += $5 }
        END { print bad || !ran ? "failed" : skips ? "skipped" : "passed" }' "$1"
}

# known TEST LOG: why the suite itself is to blame, when the one assertion in ci/known-testcu.txt is all that failed
known()
{
    local assertion reason
    read -r _ assertion reason < <(grep -E "^$1 " "$RIG_TOP/ci/known-testcu.txt") || return 1
    grep -qE '^ +[0-9]+\. ' "$2" || return 1
    ! grep -E '^ +[0-9]+\. ' "$2" | grep -qvF " $assertion " || return 1
    printf '%s\n' "$reason"
}

mapfile -t tests < <(iscsi-test-cu -l 2>/dev/null | grep -E "^$FAMILY\.[^.]+\.[^.]+$")
[ "${#tests[@]}" -gt 0 ] || die "iscsi-test-cu lists no test of $FAMILY"
for test in "${tests[@]}"; do
    log=$RIG_SCRATCH/$test.log
    timeout -k 2 30 iscsi-test-cu -d -V -t "$test" "$PEER_URL" >"$log" 2>&1 </dev/null
    status=$?
    result=$(outcome "$log")
    [ "$status" -lt 124 ] || result=failed
    if [ "$result" = failed ] && reason=$(known "$test" "$log"); then
        skipped=$((skipped + 1))
        say "skipped: $test: $reason"
        continue
    fi
    case $result in
    passed) passed=$((passed + 1)) ;;
    skipped)
        skipped=$((skipped + 1))
        say "skipped: $test: $(grep -m 1 -F '[SKIPPED]' "$log")"
        ;;
    failed)
        failed=$((failed + 1))
        say "FAILED: $test (status $status)"
        grep -E 'FAILED|^ +[0-9]+\. ' "$log" | head -n 5
        ;;
    esac
done
target_is_well || failed=$((failed + 1))
tally "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
