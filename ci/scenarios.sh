#!/usr/bin/env bash
# ci/scenarios.sh [OPTION…]: from a bare Debian 12 to a verdict: packages, release build, and every scenario on the simulated network,
# each leaving its capture in build/captures. Options go to `iscsirig run` (--tag, --seed, …). Status 1 if a scenario failed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CAPTURES=build/captures
bash "$RIG_TOP/ci/setup.sh" || exit 2
build release || exit 1
rm -rf -- "${RIG_TOP:?}/$CAPTURES"
began=$(date +%s%N)
play scenarios --pcap-dir "$CAPTURES" --keep always "$@"
status=$?
took=$((($(date +%s%N) - began) / 1000000 + 1))
[ -s "$RIG_BUILD/runs/scenarios.json" ] || exit 1
read -r passed failed skipped < <(verdicts "$RIG_BUILD/runs/scenarios.json")
played=$((passed + failed + skipped))
say "captures: $CAPTURES ($(find "$RIG_TOP/$CAPTURES" -type f 2>/dev/null | wc -l) files)"
say "$played scenario runs in $((took / 1000)).$(printf %03d $((took % 1000))) s, $((played * 1000 / took)) a second"
say "$passed passed, $failed failed, $skipped skipped"
exit "$status"
