#!/usr/bin/env bash
# ci/scenarios.sh [OPTION…]: from a bare Debian 12 to a verdict: packages, release build, and every scenario on the simulated network,
# each leaving its capture in build/captures. Options go to `iscsirig run` (--tag, --seed, …), whose own summary ends the output: rate,
# verdicts, folder of captures, `N passed, N failed, N skipped`. Status 1 if a scenario failed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

bash "$RIG_TOP/ci/setup.sh" || exit 2
rm -rf -- "${RIG_BUILD:?}/captures" "$RIG_BUILD/runs/scenarios.json"
build release || exit 1
play scenarios scenarios --pcap-dir build/captures --keep always "$@"
