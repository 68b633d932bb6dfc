#!/usr/bin/env bash
# ci/lab/peer.sh NAME: starts a peer of the lab (kernel, tgtd, istgt), says its name and its URLs, and ends it on Ctrl-C.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
[ "$#" -eq 1 ] || die "usage: ci/lab/peer.sh ${LAB_PEERS[*]}"
lab_peer "$1"
if reason=$(peer_lacks); then skip "$1: $reason"; fi
peer_start || exit 1
say "$(peer_version)"
say "$PEER_URL"
say "$PEER_CHAP_URL    (CHAP: $LAB_CHAP_USER, \"$LAB_CHAP_SECRET\"; itself: $LAB_CHAP_OWN_USER, \"$LAB_CHAP_OWN_SECRET\")"
trap peer_stop INT TERM
wait "$PEER_PID"
