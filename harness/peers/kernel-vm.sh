#!/usr/bin/env bash
# The kernel's own target (LIO) or its own initiator (open-iscsi) in a VM made of Debian packages: a kernel that is downloaded and unpacked but
# never installed, busybox, and the modules that modules.dep names. No KVM, no root, no network but one port of 127.0.0.1 for the target, and
# what the initiator asks for. The peer files start it with their variables ($cache, $iqn, names and secrets); other scripts source it.
#   kernel-vm.sh have target|initiator       fails where there can be none, and says why
#   kernel-vm.sh series                      of the kernel, as 6.1
#   kernel-vm.sh target PORT CONSOLE         the target, in the foreground, until it is killed
#   kernel-vm.sh initiator plain|digests|discovery PORT IQN    one session with 127.0.0.1:PORT; 0 when it went well
set -u
VM_HERE=$(dirname "${BASH_SOURCE[0]}")
VM=${cache:?wanted: the folder of what can be used again}/kernel
VM_MODULES=(virtio_pci virtio_net target_core_mod target_core_file iscsi_target_mod crc32c_intel)
VM_INITIATOR_MODULES=(virtio_pci virtio_net crc32c_intel crc32c_generic iscsi_tcp sd_mod ext4)
VM_INITIATOR_PROGRAMS=(iscsid iscsiadm mkfs.ext4 fsck.ext4)
VM_INITIATOR=iqn.2026-01.example.lab:kernel-initiator

# vm_kernel_package: the package behind linux-image-cloud-amd64
vm_kernel_package()
{
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }'
}

# vm_kernel: unpacks the kernel into $VM/image, once
vm_kernel()
{
    [ ! -e "$VM/image/complete" ] || return 0
    local package
    rm -rf -- "${VM:?}/image" "${VM:?}/deb"
    mkdir -p "$VM/deb" "$VM/image" || return
    package=$(vm_kernel_package)
    [ -n "$package" ] || { apt-get -q update >"$VM/apt.log" 2>&1 && package=$(vm_kernel_package); }
    [ -n "$package" ] || return
    (cd "$VM/deb" && timeout 120 apt-get -q download "$package") >>"$VM/apt.log" 2>&1 || return
    dpkg -x "$VM"/deb/"$package"_*.deb "$VM/image" || return
    rm -rf -- "${VM:?}/deb"
    depmod -b "$VM/image" "${package#linux-image-}" && printf '%s\n' "${package#linux-image-}" >"$VM/image/complete"
}

# vm_copy_modules RELEASE ROOT MODULE…: the modules in the order they have to be loaded in
vm_copy_modules()
{
    local release=$1 root=$2 path module
    shift 2
    mkdir -p "$root/modules" && : >"$root/modules/order" || return
    for module; do
        modprobe -d "$VM/image" -S "$release" --show-depends "$module" || return
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
        cp -- "$path" "$root/modules/" && printf '%s\n' "${path##*/}" >>"$root/modules/order" || return
    done
    [ -s "$root/modules/order" ]
}

# vm_copy_programs ROOT PROGRAM…: programs with the libraries they name
vm_copy_programs()
{
    local root=$1 program path
    shift
    mkdir -p "$root/sbin" "$root/lib64"
    for program; do
        path=$(command -v "$program") && cp -L -- "$path" "$root/sbin/" || return
        ldd "$path" | grep -oE '/[^ ]+' | xargs -r cp -L -t "$root/lib64" || return
    done
}

# vm_settings: what the init scripts are told
vm_settings()
{
    local name
    for name in bytes iqn user secret own_user own_secret; do
        printf "%s='%s'\n" "$name" "${!name}"
    done
}

# vm_root ROOT INIT MODULE…: what every VM has
vm_root()
{
    local root=$1
    rm -rf -- "${root:?}"
    mkdir -p "$root"/bin "$root"/proc "$root"/sys "$root"/dev || return
    cp "$(command -v busybox)" "$root/bin/busybox" && cp "$2" "$root/init" && chmod 755 "$root/init" || return
    vm_settings >"$root/lab.conf"
    vm_copy_modules "$(cat "$VM/image/complete")" "$root" "${@:3}"
}

# vm_pack ROOT OUT
vm_pack()
{
    (cd "$1" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$2.$$" && mv -- "$2.$$" "$2"
}

# vm_fresh ROOT OUT INIT: it was made of these scripts, that kernel and these settings
vm_fresh()
{
    [ "$2" -nt "$3" ] && [ "$2" -nt "$VM_HERE/kernel-vm.sh" ] && [ "$2" -nt "$VM/image/complete" ] && cmp -s "$1/lab.conf" <(vm_settings)
}

# vm_initramfs: $VM/target.gz, again whenever it is not fresh
vm_initramfs()
{
    local out=$VM/target.gz
    vm_fresh "$VM/target" "$out" "$VM_HERE/target-init.sh" ||
        { vm_root "$VM/target" "$VM_HERE/target-init.sh" "${VM_MODULES[@]}" && vm_pack "$VM/target" "$out"; }
}

# vm_initiator_initramfs: $VM/initiator.gz, the same with open-iscsi and ext4; iscsid asks for root's name, and for its settings
vm_initiator_initramfs()
{
    local out=$VM/initiator.gz root=$VM/initiator
    ! vm_fresh "$root" "$out" "$VM_HERE/initiator-init.sh" || return 0
    vm_root "$root" "$VM_HERE/initiator-init.sh" "${VM_INITIATOR_MODULES[@]}" &&
        vm_copy_programs "$root" "${VM_INITIATOR_PROGRAMS[@]}" || return
    mkdir -p "$root"/etc/iscsi "$root"/run/lock/iscsi "$root"/mnt "$root"/tmp
    printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
    printf 'InitiatorName=%s\n' "$VM_INITIATOR" >"$root/etc/iscsi/initiatorname.iscsi"
    printf '%s\n' 'node.startup = manual' 'node.session.timeo.replacement_timeout = 60' 'node.session.err_timeo.lu_reset_timeout = 20' \
        >"$root/etc/iscsi/iscsid.conf"
    vm_pack "$root" "$out"
}

# vm_lacks target|initiator: prints why there can be no such VM here; fails when there can
vm_lacks()
{
    local program programs=(qemu-system-x86_64 busybox cpio depmod modprobe dpkg apt-get)
    [ "$1" = target ] || programs+=("${VM_INITIATOR_PROGRAMS[@]}")
    for program in "${programs[@]}"; do
        command -v "$program" >/dev/null || { echo "no $program here" && return; }
    done
    mkdir -p "$VM"
    vm_kernel || { echo "linux-image-cloud-amd64 cannot be downloaded" && return; }
    if [ "$1" = target ]; then vm_initramfs; else vm_initiator_initramfs; fi || { echo "the initramfs cannot be made" && return; }
    return 1
}

# vm_qemu CONSOLE INITRAMFS NETWORK [WORD…]: qemu takes this shell's place; words for the kernel's command line
vm_qemu()
{
    exec qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1024 -smp 1 -nodefaults -no-reboot -display none -serial "file:$1" \
        -kernel "$VM/image/boot/vmlinuz-$(cat "$VM/image/complete")" -initrd "$2" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check ${*:4}" \
        -netdev "user,id=lab,$3" -device virtio-net-pci,netdev=lab,romfile= </dev/null
}

# vm_target PORT CONSOLE: the kernel's target, its port on 127.0.0.1:PORT
vm_target()
{
    vm_qemu "$2" "$VM/target.gz" "restrict=on,hostfwd=tcp:127.0.0.1:$1-10.0.2.15:3260"
}

# vm_session WAY PORT IQN: one session of the kernel's initiator, with what it said when it did not go well
vm_session()
{
    local console status
    console=$(mktemp) || return
    (vm_qemu "$console" "$VM/initiator.gz" restrict=off "lab.short=$1" "lab.plain=$2" "lab.iqn=$3")
    grep -q '^lab: done' "$console" && ! grep -q '^lab: FAILED' "$console"
    status=$?
    [ "$status" -eq 0 ] || tail -n 60 "$console"
    rm -f -- "$console"
    return "$status"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    PATH=$PATH:/usr/sbin:/sbin
    case ${1:-} in
    have) if vm_lacks "$2"; then exit 1; fi ;;
    series) cut -d. -f1,2 "$VM/image/complete" ;;
    target) vm_target "${@:2}" ;;
    initiator) vm_session "${@:2}" ;;
    *) sed -n '2,/^set -u/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
    esac
fi
