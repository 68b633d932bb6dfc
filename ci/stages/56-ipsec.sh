#!/usr/bin/env bash
# Sessions of our service and tgtd inside the IPsec of strongSwan.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
exec bash "$RIG_TOP/ci/lab/ipsec.sh"
