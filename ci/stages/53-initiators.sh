#!/usr/bin/env bash
# Somebody else's initiators in front of our target, judged by scenarios: what libiscsi's tools and qemu say on the wire is as it has to be.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
RIG_LIMIT=120 play_matrix initiators --peer libiscsi --peer qemu --timeout 10
status=$?
[ "$status" -ne 77 ] || skip "neither libiscsi's tools nor qemu can be had here"
exit "$status"
