#!/usr/bin/env bash
# ci/lab/ipxe.sh: iPXE, from the ROM of qemu's network card, boots from our target: it logs in (plain, then with CHAP both ways), reads the boot
# sector, and serves that as a disk. The boot sector copies a sector and tells what it read. What passed the wire is judged by lint, what was
# written by the disk's file. 77 with the reason when iPXE or qemu is not here.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-ipxe.sh"
SECRET=secret.of.the.host
OWN=secret.of.the.disk
export SECRET
if reason=$(ipxe_lacks); then skip "iPXE: $reason"; fi
need tcpdump as ld
tool_or_fail
scratch

# closed FILE: the capture shows the end of the connection
closed()
{
    "$RIG_TOOL" trace --port "${PEER_PORTAL##*:}" "$1" | grep -qE '^! (close|reset)'
}

# boot LABEL CREDENTIALS: boots once from the target that runs, and judges what came of it
boot()
{
    local label=$1 file=$RIG_SCRATCH/$1.pcap status
    catch "$file" "${PEER_PORTAL##*:}"
    ipxe_boot "$label" 0 "$2"
    status=$?
    [ "$status" -eq "$IPXE_WELL" ]
    judged $? "$label: the boot sector ran to its end (status $status)"
    grep -qxF "$IPXE_SAYS" "$RIG_SCRATCH/$label.said"
    judged $? "$label: what it read through iPXE is what the disk holds"
    cmp -s <(dd if="$RIG_SCRATCH/$label.disk" bs=512 skip=1 count=1 2>&-) <(dd if="$RIG_SCRATCH/$label.disk" bs=512 skip=2 count=1 2>&-)
    judged $? "$label: the sector that it wrote is in the file"
    wait_for 5 "$LISTENER" closed "$file"
    stop "$LISTENER"
    grep -q "$IPXE_IQN > $PEER_IQN: session up" "$RIG_SCRATCH/target.log"
    judged $? "$label: the target tells of its session"
    lint_both "$label" "$file" "${PEER_PORTAL##*:}"
    "$RIG_TOOL" trace --fields --port "${PEER_PORTAL##*:}" "$file" | cut -f 3 | sort | uniq -c
    target_is_well
    judged $? "$label: the target ran to its end"
    rm -f -- "$RIG_SCRATCH/target.log"
}

ipxe_disk "$RIG_SCRATCH/plain.disk" && cp "$RIG_SCRATCH/plain.disk" "$RIG_SCRATCH/chap.disk" || die "the boot sector cannot be made"
PEER_LUN=file:$RIG_SCRATCH/plain.disk
start_rig_target || exit 1
boot plain ""
(umask 077 && printf '%s\n' "$OWN" >"$RIG_SCRATCH/own.secret") || exit 2
PEER_LUN=file:$RIG_SCRATCH/chap.disk
start_rig_target --chap host:env:SECRET --chap-own "disk:$RIG_SCRATCH/own.secret" || exit 1
boot chap "set username host
set password $SECRET
set reverse-username disk
set reverse-password $OWN
"
[ -z "${RIG_KEEP:-}" ] || cp -r "$RIG_SCRATCH/." "$RIG_KEEP"
initiator_end ipxe "iPXE ($(dpkg-query -W -f '${Version}' ipxe-qemu 2>&-))"
