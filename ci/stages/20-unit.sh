#!/usr/bin/env bash
# Every ctest entry on a build with AddressSanitizer and UndefinedBehaviorSanitizer, leaks included. Counts CUnit's tests one by one.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need ctest
build asan || exit 1 # there already, unless the stage runs alone

log=$RIG_BUILD/asan.ctest.log
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
ctest --test-dir "$RIG_BUILD/asan" -j "$RIG_JOBS" --timeout 120 --no-tests=error --verbose >"$log" 2>&1
status=$?
grep -E 'FAILED|\*\*\*|Sanitizer|runtime error|SUMMARY|^[0-9]+: +[0-9]+\. ' "$log" | head -n 60
mkdir -p "$RIG_BUILD/ci"
grep -E 'tests passed|Total Test time|tests failed out of' "$log" | tee "$RIG_BUILD/ci/ctest.txt"

# CUnit prints "tests  total ran passed failed inactive"; an entry without that line is one test. A program that died counts once.
read -r passed failed < <(awk '
    /^[0-9]+: +tests +[0-9]/ { split($1, at, ":"); counted[at[1]] = 1; passed += $5; failed += $6; own[at[1]] = $6 }
    /Test +#[0-9]+:/ {
        match($0, /#[0-9]+/); id = substr($0, RSTART + 1, RLENGTH - 1)
        if (/ Passed /) passed += !(id in counted); else died += !own[id]
    }
    END { print passed + 0, failed + died + 0 }' "$log")
tally "$passed" "$failed" 0
[ "$status" -eq 0 ]
