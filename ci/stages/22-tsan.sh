#!/usr/bin/env bash
# ThreadSanitizer over what threads share: callers of a service in another process, of one in a thread of their own, of Microsoft's API.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
SUITES=('the service behind its socket' 'iscsidsc texts' 'management: a storm of calls')
build tsan initiator_tests || exit 1

export TSAN_OPTIONS=halt_on_error=0:exitcode=66
log=$RIG_BUILD/tsan.log
passed=0
failed=0
for suite in "${SUITES[@]}"; do
    timeout 120 "$RIG_BUILD/tsan/initiator/initiator_tests" "$suite" >"$log" 2>&1
    status=$?
    # a suite that is not there ends with 1 as well
    if [ "$status" -eq 0 ] && ! grep -q 'WARNING: ThreadSanitizer' "$log"; then
        passed=$((passed + 1))
        say "ok: $suite"
    else
        failed=$((failed + 1))
        say "FAILED: $suite (status $status)"
        grep -E -A 12 'WARNING: ThreadSanitizer|had failures' "$log" | head -n 60
    fi
done
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
