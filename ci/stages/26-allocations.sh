#!/usr/bin/env bash
# The allocation-failure run, thinned: a part of the scenarios, another one with each commit, every few allocations of each; ci/long.sh
# plays all of it. On the build with sanitizers: no crash, no leak, no hang, a named end.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
PROGRAM=$RIG_BUILD/asan/ci/long/alloc_run
PARTS=24
STEP=10
[ -x "$PROGRAM" ] || die "no ${PROGRAM#"$RIG_TOP"/}: ci/test.sh unit builds it"
cd "$RIG_TOP" || exit 2
# The number of commits chooses, so that everything has its turn and a commit always plays the same.
turn=${RIG_TURN:-$(git rev-list --count HEAD 2>/dev/null || say 0)}
part=$((turn % PARTS + 1))
first=$((turn / PARTS % STEP + 1))
mapfile -t files < <(find scenarios -name '*.scn' -not -path '*/include/*' | sort)
say "RIG_TURN=$turn: part $part of $PARTS, allocations $first, $((first + STEP)) …"
timeout 300 "$PROGRAM" --all --part "$part/$PARTS" --step "$STEP" --first "$first" "${files[@]}"
status=$?
if [ "$status" -eq 0 ]; then tally 1 0 0; else tally 0 1 0; fi
exit "$status"
