#!/usr/bin/env bash
# The pack over loopback sockets and in real time: what holds on the simulated network holds there. Cases mostly wait, so many run at once.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
RIG_LIMIT=120 play tcp scenarios --tcp -j 16
