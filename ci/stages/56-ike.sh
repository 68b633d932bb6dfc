#!/usr/bin/env bash
# Our IKE with strongSwan's charon, in both roles.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
exec bash "$RIG_TOP/ci/lab/ike.sh"
