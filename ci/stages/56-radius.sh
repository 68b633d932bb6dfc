#!/usr/bin/env bash
# Targets that RADIUS verifies, by FreeRADIUS.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
exec bash "$RIG_TOP/ci/lab/radius.sh"
