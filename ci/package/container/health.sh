#!/bin/sh
# Well: a target that says it is ready answers a discovery session; where there is none, the tool runs.
set -eu
ready=${ISCSIRIG_READY:-/tmp/iscsirig.ready}
[ -e "$ready" ] || exec iscsirig --version >/dev/null
port=$(sed -n '1s/.*://p' "$ready")
exec iscsirig run --quiet --timeout 8 "${ISCSIRIG_HEALTH:-/usr/share/iscsirig/scenarios/live/discovery.scn}" --target "iscsi://127.0.0.1:$port/${ISCSIRIG_NAME:-iqn.2026-01.example.sim:disk}/0"
