#!/usr/bin/env bash
# ipxe.sh have: says why there can be no iPXE here, and fails. ipxe.sh hook PORT IQN LUN: iPXE hooks that disk of 127.0.0.1, which it logs in
# for, and goes. The ROM is the one that qemu takes by itself.
set -u
IPXE_ROM=/usr/lib/ipxe/qemu/efi-virtio.rom
IPXE_IQN=iqn.2026-01.example.lab:ipxe

ipxe_lacks()
{
    command -v qemu-system-x86_64 >/dev/null || { echo "no qemu-system-x86_64 here" && return; }
    [ -f "$IPXE_ROM" ] || { echo "no ${IPXE_ROM##*/} here" && return; }
    return 1
}

# ipxe_told CREDENTIALS COMMAND…: what iPXE is told
ipxe_told()
{
    printf '#!ipxe\ndhcp\nset initiator-iqn %s\n%s' "$IPXE_IQN" "$1"
    printf '%s\n' "${@:2}"
}

# ipxe_machine SECONDS FOLDER [OPTION…]: boots from the network, with FOLDER/boot.ipxe as what TFTP gives
ipxe_machine()
{
    timeout -k 2 "$1" qemu-system-x86_64 -accel tcg -m 256 -nodefaults -machine graphics=off -no-reboot -display none \
        -netdev "user,id=lab,tftp=$2,bootfile=/boot.ipxe" -device "virtio-net-pci,netdev=lab,bootindex=1" "${@:3}"
}

# hook PORT IQN LUN: what iPXE says on its console tells how it went; this ROM cannot switch the machine off
hook()
{
    local folder machine turn
    folder=$(mktemp -d) || return 2
    # shellcheck disable=SC2064 # that folder
    trap "rm -rf -- '$folder'" EXIT
    ipxe_told "" "sanhook --drive 0x80 iscsi:10.0.2.2::$1:$3:$2" "sanunhook --drive 0x80" >"$folder/boot.ipxe"
    ipxe_machine 30 "$folder" -serial "file:$folder/console" </dev/null &
    machine=$!
    for turn in {1..280}; do
        grep -qE 'Unregistered SAN device|Could not|No bootable' "$folder/console" 2>/dev/null && break
        kill -0 "$machine" 2>/dev/null || break
        sleep 0.1
    done
    kill "$machine" 2>/dev/null
    wait "$machine" 2>/dev/null
    grep -q 'Unregistered SAN device' "$folder/console" && return
    echo "iPXE did not hook the disk ($turn tenths of a second):"
    tail -n 20 "$folder/console"
    return 1
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    case ${1:-} in
    have) if ipxe_lacks; then exit 1; fi ;;
    hook) hook "${@:2}" ;;
    *) echo "usage: ipxe.sh have|hook PORT IQN LUN" >&2 && exit 2 ;;
    esac
fi
