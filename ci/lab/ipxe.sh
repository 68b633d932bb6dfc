#!/usr/bin/env bash
# ci/lab/ipxe.sh: iPXE, from the ROM of qemu's network card, boots from our target: it logs in (plain, then with CHAP both ways), reads the boot
# sector, and serves that as a disk. The boot sector copies a sector and tells what it read. What passed the wire is judged by lint, what was
# written by the disk's file. 77 with the reason when iPXE or qemu is not here.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
HERE=$(dirname "${BASH_SOURCE[0]}")
ROM=${RIG_IPXE_ROM:-/usr/lib/ipxe/qemu/efi-virtio.rom} # what qemu takes by itself
HOST_IQN=iqn.2026-01.example.lab:ipxe
SECRET=secret.of.the.host
OWN=secret.of.the.disk
SAYS="our target was booted from"
export SECRET
command -v qemu-system-x86_64 >/dev/null || skip "iPXE: no qemu-system-x86_64 here"
[ -f "$ROM" ] || skip "iPXE: no ${ROM##*/} here"
need tcpdump as ld
tool_or_fail
scratch

# disk FILE: our boot sector, and words in sector 1; iPXE boots nothing that has less than one cylinder of 8 MiB
disk()
{
    as --32 -o "$RIG_SCRATCH/boot.o" "$HERE/boot-sector.S" &&
        ld -m elf_i386 -Ttext 0x7c00 -e start --oformat binary -o "$1" "$RIG_SCRATCH/boot.o" && printf '%s\0' "$SAYS" >>"$1" &&
        truncate -s "$PEER_BYTES" "$1"
}

# script CREDENTIALS: what iPXE is told, over TFTP
script()
{
    printf '#!ipxe\ndhcp\nset initiator-iqn %s\n%s' "$HOST_IQN" "$1"
    printf 'sanboot --no-describe iscsi:10.0.2.2::%s:0:%s\npoweroff\n' "${PEER_PORTAL##*:}" "$PEER_IQN"
}

# closed FILE: the capture shows the end of the connection
closed()
{
    "$RIG_TOOL" trace --port "${PEER_PORTAL##*:}" "$1" | grep -qE '^! (close|reset)'
}

# boot LABEL CREDENTIALS: boots once from the target that runs, and judges what came of it
boot()
{
    local label=$1 file=$RIG_SCRATCH/$1.pcap status
    mkdir -p "$RIG_SCRATCH/$label"
    script "$2" >"$RIG_SCRATCH/$label/boot.ipxe"
    catch "$file" "${PEER_PORTAL##*:}"
    timeout -k 2 30 qemu-system-x86_64 -accel tcg -m 256 -nodefaults -machine graphics=off -serial "file:$RIG_SCRATCH/$label.console" -no-reboot -display none \
        -netdev "user,id=lab,tftp=$RIG_SCRATCH/$label,bootfile=/boot.ipxe" -device "virtio-net-pci,netdev=lab,bootindex=1" \
        -device isa-debugcon,iobase=0xe9,chardev=said -chardev "file,id=said,path=$RIG_SCRATCH/$label.said" \
        -device isa-debug-exit,iobase=0xf4,iosize=1 >"$RIG_SCRATCH/$label.qemu" 2>&1 </dev/null
    status=$?
    [ "$status" -eq 3 ]
    judged $? "$label: the boot sector ran to its end (status $status)"
    grep -qxF "$SAYS" "$RIG_SCRATCH/$label.said"
    judged $? "$label: what it read through iPXE is what the disk holds"
    cmp -s <(dd if="$RIG_SCRATCH/$label.disk" bs=512 skip=1 count=1 2>&-) <(dd if="$RIG_SCRATCH/$label.disk" bs=512 skip=2 count=1 2>&-)
    judged $? "$label: the sector that it wrote is in the file"
    wait_for 5 "$LISTENER" closed "$file"
    stop "$LISTENER"
    grep -q "$HOST_IQN > $PEER_IQN: session up" "$RIG_SCRATCH/target.log"
    judged $? "$label: the target tells of its session"
    lint_both "$label" "$file" "${PEER_PORTAL##*:}"
    "$RIG_TOOL" trace --fields --port "${PEER_PORTAL##*:}" "$file" | cut -f 3 | sort | uniq -c
    target_is_well
    judged $? "$label: the target ran to its end"
    rm -f -- "$RIG_SCRATCH/target.log"
}

disk "$RIG_SCRATCH/plain.disk" && cp "$RIG_SCRATCH/plain.disk" "$RIG_SCRATCH/chap.disk" || die "the boot sector cannot be made"
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
