#!/usr/bin/env bash
# What the faults of the target and the unit tests prove, and that docs/coverage.md says what is covered now.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
scratch
cd "$RIG_TOP" || exit 2
bad=0
"$RIG_TOOL" prove --faults || bad=1
bash ci/prove-mutants.sh || bad=1
bash ci/prove-seeds.sh || bad=1
timeout 40 "$RIG_TOOL" coverage --page "$RIG_SCRATCH/coverage.md"
status=$?
[ "$status" -eq 0 ] || {
    complain "coverage ended with status $status"
    bad=1
}
diff -u docs/coverage.md "$RIG_SCRATCH/coverage.md" | head -n 40
cmp -s docs/coverage.md "$RIG_SCRATCH/coverage.md" || {
    complain "docs/coverage.md is out of date: iscsirig coverage --page docs/coverage.md"
    bad=1
}
exit "$bad"
