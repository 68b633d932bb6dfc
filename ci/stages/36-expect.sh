#!/usr/bin/env bash
# Every literal of every expectation altered once must make its line fail.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
cd "$RIG_TOP" || exit 2
"$RIG_TOOL" prove --expect
