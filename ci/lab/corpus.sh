#!/usr/bin/env bash
# corpus.sh FOLDER [SET…]: makes the captures of pcap/corpus again: initiators of others against targets of others on the loopback, sanitized. What
# lint says of them is printed as EXPECTED.tsv has it. Sets: tgtd, istgt, lio (the kernel's target in its VM), linux (the kernel's initiator in
# its VM), ipxe; all of them without one. A set that cannot be had here is told, and the status is 77 when none could.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-ipxe.sh"
lab_variables
. "$RIG_TOP/harness/peers/kernel-vm.sh"
need tcpdump iscsi-ls iscsi-inq iscsi-readcapacity16 qemu-img istgt tgtd
tool_or_fail
scratch
FOLDER=${1:?wanted: a folder}
shift
[ "$#" -gt 0 ] || set -- tgtd istgt lio linux ipxe
KEPT=20000 # bytes of a file in the tree; a larger one is packed
made=0

# record NAME COMMAND…: what the command says to PEER_PORTAL and what comes back
record()
{
    local name=$1 port=${PEER_PORTAL##*:} raw=$RIG_SCRATCH/$1.pcap
    shift
    catch "$raw" "$port"
    "$@" >"$raw.said" 2>&1 || die "$name: $1 failed: $(tail -n 3 "$raw.said")"
    wait_for 10 "$LISTENER" ends "$raw" "$port" || die "$name: no end of it in the capture"
    stop "$LISTENER"
    name=$name.pcapng
    rm -f -- "$FOLDER/$name" "$FOLDER/$name.gz"
    "$RIG_TOOL" sanitize --port "$port" "$raw" "$FOLDER/$name" || exit 1
    [ "$(stat -c %s "$FOLDER/$name")" -le "$KEPT" ] || { gzip -9n "$FOLDER/$name" && name=$name.gz; } || exit 2
    printf '%s\t%s\n' "$name" "$("$RIG_TOOL" lint "$FOLDER/$name" | awk '$1 == "frame" { print $5, $6 }' | sort -u | paste -sd ,)"
    made=$((made + 1))
}

# tool COMMAND…
tool()
{
    timeout 30 "$@"
}

# ends CAPTURE PORT: as many connections are closed as were made
ends()
{
    "$RIG_TOOL" trace --port "$2" "$1" | awk '/^! connect/ { made++ } /^! close/ { closed++ } END { exit !(made && made == closed) }'
}

record_all()
{
    record "$1-libiscsi-inq" tool iscsi-inq "$PEER_URL"
    record "$1-libiscsi-readcapacity16" tool iscsi-readcapacity16 "$PEER_URL"
    record "$1-qemu-img-info" tool qemu-img info -f raw "$PEER_URL"
}

# record_chap PEER: with the user and the secret of the lab
record_chap()
{
    record "$1-libiscsi-inq-chap" tool iscsi-inq "${PEER_CHAP_URL/:\/\//://$LAB_CHAP_USER%$LAB_CHAP_SECRET@}"
}

make_tgtd()
{
    start_tgtd rdwr || exit 1
    record tgtd-libiscsi-ls tool iscsi-ls "iscsi://$PEER_PORTAL"
    record_all tgtd
    stop_tgtd
}

# make_peer PEER NAME: a peer of the lab
make_peer()
{
    local status
    start_peer "$1"
    status=$?
    [ "$status" -ne 77 ] || return 0
    [ "$status" -eq 0 ] || exit 1
    record_all "$2"
    record_chap "$2"
    stop_peer
}

make_istgt()
{
    make_peer istgt istgt
}

make_lio()
{
    make_peer kernel lio
}

# linux HOW: the kernel's initiator logs in to the target that runs, reads a sector and logs out
linux()
{
    local console=$RIG_SCRATCH/console.$1
    lab_initiator_vm "$console" "lab.iqn=$PEER_IQN" "lab.plain=${PEER_PORTAL##*:}" "lab.short=$1"
    wait_for 120 "$VM_PID" grep -q '^lab: done' "$console"
    sed -nE 's/\r$//; s/^lab: //p' "$console"
    grep -q '^lab: done' "$console" && ! grep -q '^lab: FAILED' "$console"
}

# against tgtd plain, and against istgt with digests
make_linux()
{
    local reason
    if reason=$(vm_lacks initiator); then
        complain "linux: $reason"
        return
    fi
    start_tgtd rdwr || exit 1
    record tgtd-linux-login linux plain
    stop "$VM_PID"
    stop_tgtd
    start_peer istgt || exit 1
    record istgt-linux-digests linux digests
    stop "$VM_PID"
    stop_peer
}

# ipxe LABEL: boots from the target that runs
ipxe()
{
    ipxe_boot "$1" 1 ""
    [ $? -eq "$IPXE_WELL" ] && grep -qxF "$IPXE_SAYS" "$RIG_SCRATCH/$1.said"
}

make_ipxe()
{
    local reason
    if reason=$(ipxe_lacks); then
        complain "ipxe: $reason"
        return
    fi
    ipxe_disk "$RIG_SCRATCH/boot.disk" || die "the boot sector cannot be made"
    start_tgtd rdwr -D disk="$RIG_SCRATCH/boot.disk" || exit 1
    record tgtd-ipxe-boot ipxe boot
    stop_tgtd
}

mkdir -p -- "$FOLDER" || exit 2
for which; do
    [ "$(type -t "make_$which")" = function ] || die "no set $which; there are: tgtd istgt lio linux ipxe"
    "make_$which"
done
[ "$made" -gt 0 ] || skip "none of $* could be had"
