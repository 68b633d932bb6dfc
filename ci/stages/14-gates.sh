#!/usr/bin/env bash
# The rules of the tree that a program can judge, after a proof that each judge can say no.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

bad=0
bash "$RIG_TOP/ci/selftest-gates.sh" || bad=1
passed=0
failed=0
for gate in floors symbols exports size banned format shell papers; do
    if bash "$RIG_TOP/ci/check-$gate.sh"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
tally $passed $failed 0
[ $((failed + bad)) -eq 0 ]
