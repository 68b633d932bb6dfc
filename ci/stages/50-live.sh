#!/usr/bin/env bash
# Our initiator and our scripts against somebody else's target: the whole pack on tgt's daemon. What asks for our own target is a counted skip,
# and what tgt does otherwise is in scenarios/KNOWN.txt, each with its reason.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
tool_or_fail
start_tgtd rdwr || exit 1
RIG_LIMIT=120 play live scenarios --target "$PEER_URL" --allow-writes --timeout 10 --peer-name "tgt/$(tgtd --version)"
status=$?
stop_tgtd
[ "$status" -ne 77 ] || skip "every scenario was skipped against tgtd"
exit "$status"
