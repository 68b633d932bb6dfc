#!/usr/bin/env bash
# Our initiator and our scripts against somebody else's target: the whole pack on tgt's daemon. What asks for our own target is a counted skip,
# and what tgt does otherwise is in harness/peers/tgtd.peer, each with its reason.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
RIG_LIMIT=120 play_matrix live --peer tgtd --timeout 10 scenarios
status=$?
[ "$status" -ne 77 ] || skip "tgtd cannot be had here: $(jq -r '.peers[0].reason' "$RIG_BUILD/runs/live.matrix.json")"
exit "$status"
