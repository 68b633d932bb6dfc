#!/usr/bin/env bash
# Our initiator against somebody else's target: the scenarios that ask nothing of a simulated one (scenarios/live), on tgt's daemon.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
tool_or_fail
start_tgtd || exit 1
RIG_LIMIT=120 play live scenarios/live --target "$PEER_URL" --allow-writes --timeout 10 --peer-name "tgt/$(tgtd --version)" --known-failures scenarios/KNOWN.txt
status=$?
stop_tgtd
[ "$status" -ne 77 ] || skip "every scenario was skipped against tgtd"
exit "$status"
