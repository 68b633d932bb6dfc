#!/usr/bin/env bash
# The independent initiator's C API driven by our own suite (ci/api) against our target.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
suite=$RIG_BUILD/release/ci/libiscsi_api
[ -x "$suite" ] || die "no ${suite#"$RIG_TOP"/}: the release build did not make it"
start_chap_target || exit 1
export RIG_API_CHAP_PORTAL=$PEER_PORTAL RIG_API_CHAP_SECRET=$PEER_CHAP_SECRET RIG_API_CHAP_OWN=$PEER_CHAP_OWN
chap_pid=$PEER_PID
start_rig_target || exit 1
RIG_API_PORTAL=$PEER_PORTAL RIG_API_TARGET=$PEER_IQN RIG_API_LUN=0 timeout -k 2 60 "$suite" >"$RIG_SCRATCH/api.log" 2>&1
status=$?
grep -E '^ +[0-9]+\. |FAIL|Test:' "$RIG_SCRATCH/api.log"
read -r passed failed < <(awk '/^ +tests +[0-9]/ { p += $4; f += $5 } END { print p + 0, f + 0 }' "$RIG_SCRATCH/api.log")
target_is_well || failed=$((failed + 1))
PEER_PID=$chap_pid
target_is_well || failed=$((failed + 1))
tally "$passed" "$failed" 0
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
