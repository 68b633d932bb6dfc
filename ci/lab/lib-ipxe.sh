# shellcheck shell=bash
# iPXE, from the ROM of qemu's network card, and a disk that it can boot. Sourced after lib.sh and lib-lab.sh.
. "$RIG_TOP/harness/peers/ipxe.sh"
IPXE_SAYS="the disk was booted from" # what the boot sector tells
IPXE_WELL=3                            # status of a boot that ran to its end
export IPXE_IQN IPXE_SAYS IPXE_WELL

# ipxe_disk FILE: our boot sector, and words in sector 1; iPXE boots nothing that has less than one cylinder of 8 MiB
ipxe_disk()
{
    as --32 -o "$RIG_SCRATCH/boot.o" "$RIG_TOP/ci/lab/boot-sector.S" &&
        ld -m elf_i386 -Ttext 0x7c00 -e start --oformat binary -o "$1" "$RIG_SCRATCH/boot.o" && printf '%s\0' "$IPXE_SAYS" >>"$1" &&
        truncate -s "$PEER_BYTES" "$1"
}

# ipxe_script LUN CREDENTIALS: what iPXE is told, over TFTP
ipxe_script()
{
    ipxe_told "$2" "sanboot --no-describe iscsi:10.0.2.2::${PEER_PORTAL##*:}:$1:$PEER_IQN" poweroff
}

# ipxe_boot LABEL LUN CREDENTIALS: boots once from the target that runs; what was said is in LABEL.said of the scratch, the status is the boot
# sector's
ipxe_boot()
{
    local label=$RIG_SCRATCH/$1
    mkdir -p "$label"
    ipxe_script "$2" "$3" >"$label/boot.ipxe"
    ipxe_machine 30 "$label" -serial "file:$label.console" \
        -device isa-debugcon,iobase=0xe9,chardev=said -chardev "file,id=said,path=$label.said" \
        -device isa-debug-exit,iobase=0xf4,iosize=1 >"$label.qemu" 2>&1 </dev/null
}
