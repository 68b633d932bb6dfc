#!/usr/bin/env bash
# Initiators that share no line with libiscsi, against our target: the kernel's own in a VM, and iPXE out of a network card's ROM.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib-lab.sh"
tool_or_fail
bad=0
skipped=0
for initiator in "${LAB_INITIATORS[@]}"; do
    say "== $initiator"
    bash "$RIG_TOP/ci/lab/$initiator.sh"
    status=$?
    case $status in
    0) ;;
    77)
        tally 0 0 1
        skipped=$((skipped + 1))
        ;;
    *) bad=1 ;;
    esac
done
[ "$bad" -eq 0 ] || exit 1
[ "$skipped" -lt "${#LAB_INITIATORS[@]}" ] || skip "neither the kernel's initiator nor iPXE could be had"
