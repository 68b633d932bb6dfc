#!/usr/bin/env bash
# ci/lab/play.sh PEER [SCENARIO…]: starts a peer of the lab, plays the scenarios tagged live (all, or those given) against it, then a kept login
# through iscsicli and the service, and ends it.
# Records in build/runs/lab-PEER.json and lab-PEER-chap.json, the peer's name in lab-PEER.version. 77 with the reason when it cannot be had.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
[ "$#" -gt 0 ] || die "usage: ci/lab/play.sh PEER [SCENARIO…]; peers: ${LAB_PEERS[*]}"
tool_or_fail
peer=$1
shift
lab_peer "$peer"
if reason=$(peer_lacks); then skip "$peer: $reason"; fi
lab_scenarios "$@"
mkdir -p "$RIG_BUILD/runs"
rm -f -- "$RIG_BUILD/runs/lab-$peer.json" "$RIG_BUILD/runs/lab-$peer-chap.json"
peer_version >"$RIG_BUILD/runs/lab-$peer.version"
peer_start || exit 1
lab_play "lab-$peer"
status=$?
lab_service || status=1
peer_stop
exit "$status"
