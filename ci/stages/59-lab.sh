#!/usr/bin/env bash
# A look at the lab: the kernel's own target in its VM, and istgt, each with a few quick scenarios. ci/lab/table.sh plays all of them.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
KERNEL=(login-logout discovery digests write-verify max-connections close-one-connection error-recovery-level async-writes lun-reset
    two-sessions bad-address residual-writes cmdsn-wraps protocol-level chap-mutual chap-wrong-secret)
ISTGT=(login-logout large-transfer chap-mutual)
bad=0
skipped=0

# try PEER SCENARIO…: plays scenarios of scenarios/live
try()
{
    local peer=$1 status
    shift
    say "== $peer"
    RIG_LIMIT=60 bash "$RIG_TOP/ci/lab/play.sh" "$peer" "${@/#/scenarios/live/}"
    status=$?
    case $status in
    0) ;;
    77)
        tally 0 0 1
        skipped=$((skipped + 1))
        ;;
    *) bad=1 ;;
    esac
}

try kernel "${KERNEL[@]/%/.scn}"
try istgt "${ISTGT[@]/%/.scn}"
[ "$bad" -eq 0 ] || exit 1
[ "$skipped" -lt 2 ] || skip "neither the kernel's target nor istgt could be had"
