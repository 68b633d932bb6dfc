#!/usr/bin/env bash
# ci/lab/play.sh PEER [SCENARIO…]: plays the scenarios tagged live (all, or those given) against a peer, by iscsirig matrix, then a kept login
# through iscsicli and the service. Records in build/runs/matrix. 77 with the reason when the peer cannot be had.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
[ "$#" -gt 0 ] || die "usage: ci/lab/play.sh PEER [SCENARIO…]; peers: ${LAB_PEERS[*]}"
scratch
peer=$1
shift
start_peer "$peer" || exit
play_matrix "$peer" --peer "$peer" --held "$PEER_FOLDER" "$@"
status=$?
lab_service || status=1
stop_peer
exit "$status"
