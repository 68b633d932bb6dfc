#!/usr/bin/env bash
# ci/lab/peer.sh NAME: starts a peer by its file in harness/peers (kernel, tgtd, istgt), says its name and its URLs, and ends it on Ctrl-C.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
[ "$#" -eq 1 ] || die "usage: ci/lab/peer.sh ${LAB_PEERS[*]}"
start_peer "$1" || exit
say "$PEER_VERSION"
say "$PEER_URL"
say "$PEER_CHAP_URL    (CHAP: $LAB_CHAP_USER, \"$LAB_CHAP_SECRET\"; itself: $LAB_CHAP_OWN_USER, \"$LAB_CHAP_OWN_SECRET\")"
trap stop_peer INT TERM
wait "$PEER_HOLDER"
