#!/usr/bin/env bash
# ci/lab/kernel-initiator.sh: the kernel's own initiator (open-iscsi, in a VM) against our target: discovery, logins plain and with CHAP, digests,
# a file system that is written and read again, also while connections are reset. What passed the wire is judged by lint. 77 with the reason
# when the VM cannot be had.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
lab_variables
. "$RIG_TOP/harness/peers/kernel-vm.sh"
need tcpdump
tool_or_fail
if reason=$(vm_lacks initiator); then skip "the kernel's initiator: $reason"; fi
scratch
LIMIT=${RIG_LIMIT:-240}
targets=()
captures=()

# serve LABEL OPTION…: one of our targets, its wire caught; its port goes to PORT
serve()
{
    local label=$1
    shift
    start_rig_target "$@" || exit 1
    PORT=${PEER_PORTAL##*:}
    targets+=("$PEER_PID")
    catch "$RIG_SCRATCH/$label.pcap" "$PORT"
    captures+=("$label $PORT $LISTENER $LISTENER_LOG")
}

# logins FILE PORT: sessions that came up in a capture
logins()
{
    "$RIG_TOOL" trace --fields --port "$2" "$1" | awk -F'\t' '$3 == "LoginResp" && /\tT=1/ && /\tStatus=0/ && /\tNSG=3/ { n++ } END { print n + 0 }'
}

# judge_capture LABEL PORT LISTENER LOG: our target breaks no rule, and nothing of the capture is missing
judge_capture()
{
    local file=$RIG_SCRATCH/$1.pcap
    stop "$3"
    grep -q '^0 packets dropped by kernel' "$4"
    judged $? "$1: the capture is complete ($(grep captured "$4"), $(logins "$file" "$2") sessions)"
    lint_both "$1" "$file" "$2"
}

(umask 077 && printf '%s\n' "$LAB_CHAP_OWN_SECRET" >"$RIG_SCRATCH/own.secret") || exit 2
serve plain && plain=$PORT
serve chap --chap "$LAB_CHAP_USER:env:LAB_CHAP_SECRET" --chap-own "$LAB_CHAP_OWN_USER:$RIG_SCRATCH/own.secret" && chap=$PORT
serve reset "$RIG_TOP/ci/lab/targets/resets.scn" && reset=$PORT
console=$RIG_SCRATCH/console
lab_initiator_vm "$console" "lab.iqn=$PEER_IQN" "lab.plain=$plain" "lab.chap=$chap" "lab.reset=$reset"
wait_for "$LIMIT" "$VM_PID" grep -q '^lab: done' "$console"
grep -q '^lab: done' "$console"
judged $? "the VM came to its end"
stop "$VM_PID"
while read -r word what; do
    [ "$word" = ok ]
    judged $? "$what"
done < <(sed -nE 's/\r$//; s/^lab: (ok|FAILED) /\1 /p' "$console")
for capture in "${captures[@]}"; do
    # shellcheck disable=SC2086 # four words
    judge_capture $capture
done
[ "$(logins "$RIG_SCRATCH/reset.pcap" "$reset")" -ge 3 ]
judged $? "the session came back behind resets"
for PEER_PID in "${targets[@]}"; do
    target_is_well
    judged $? "a target ran to its end"
done
[ "$lab_failed" -eq 0 ] || {
    tail -n 120 "$console"
    tail -n 40 "$RIG_SCRATCH/target.log"
}
[ -z "${RIG_KEEP:-}" ] || cp -r "$RIG_SCRATCH/." "$RIG_KEEP"
initiator_end kernel-initiator "open-iscsi and Linux ($(sed -nE 's/\r$//; s/^lab: (kernel .*)/\1/p' "$console"))"
