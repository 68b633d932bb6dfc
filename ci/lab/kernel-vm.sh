# shellcheck shell=bash
# The kernel's own target (LIO) in a VM made of Debian packages: a kernel that is downloaded and unpacked but never installed, busybox, and the
# modules that modules.dep names. No KVM, no root, no network but one port of 127.0.0.1. Sourced after lib.sh; caches in build/lab/.
LAB=$RIG_BUILD/lab
LAB_HERE=$(dirname "${BASH_SOURCE[0]}")
LAB_MODULES=(virtio_pci virtio_net target_core_mod target_core_file iscsi_target_mod crc32c_intel)
LAB_BYTES=67108864
LAB_IQN=iqn.2026-01.example.lab:kernel
LAB_CHAP_IQN=iqn.2026-01.example.lab:kernel-chap
# as in scenarios/live, where both ends of CHAP are named
LAB_CHAP_USER=host
LAB_CHAP_SECRET="a secret of the host"
LAB_CHAP_OWN_USER=disk
LAB_CHAP_OWN_SECRET="a secret of the disk"
export LAB_BYTES LAB_IQN LAB_CHAP_IQN LAB_CHAP_USER LAB_CHAP_SECRET LAB_CHAP_OWN_USER LAB_CHAP_OWN_SECRET

# vm_kernel_package: the package behind linux-image-cloud-amd64
vm_kernel_package()
{
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }'
}

# vm_kernel: unpacks the kernel into build/lab/image, once
vm_kernel()
{
    [ ! -e "$LAB/image/complete" ] || return 0
    local package
    rm -rf -- "${LAB:?}/image" "${LAB:?}/deb"
    mkdir -p "$LAB/deb" "$LAB/image" || return
    package=$(vm_kernel_package)
    [ -n "$package" ] || { apt-get -q update >"$LAB/apt.log" 2>&1 && package=$(vm_kernel_package); }
    [ -n "$package" ] || return
    (cd "$LAB/deb" && timeout 120 apt-get -q download "$package") >>"$LAB/apt.log" 2>&1 || return
    dpkg -x "$LAB"/deb/"$package"_*.deb "$LAB/image" || return
    rm -rf -- "${LAB:?}/deb"
    depmod -b "$LAB/image" "${package#linux-image-}" && printf '%s\n' "${package#linux-image-}" >"$LAB/image/complete"
}

# vm_copy_modules RELEASE ROOT: the modules in the order they have to be loaded in
vm_copy_modules()
{
    local path module
    mkdir -p "$2/modules" && : >"$2/modules/order" || return
    for module in "${LAB_MODULES[@]}"; do
        modprobe -d "$LAB/image" -S "$1" --show-depends "$module" || return
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
        cp -- "$path" "$2/modules/" && printf '%s\n' "${path##*/}" >>"$2/modules/order" || return
    done
    [ -s "$2/modules/order" ]
}

# vm_settings: what the init script is told
vm_settings()
{
    local name
    for name in LAB_BYTES LAB_IQN LAB_CHAP_IQN LAB_CHAP_USER LAB_CHAP_SECRET LAB_CHAP_OWN_USER LAB_CHAP_OWN_SECRET; do
        printf "%s='%s'\n" "$name" "${!name}"
    done
}

# vm_initramfs: build/lab/initramfs.gz, again whenever these scripts are newer
vm_initramfs()
{
    local out=$LAB/initramfs.gz root=$LAB/root
    [ ! "$out" -nt "$LAB_HERE/vm-init.sh" ] || [ ! "$out" -nt "$LAB_HERE/kernel-vm.sh" ] || [ ! "$out" -nt "$LAB/image/complete" ] || return 0
    rm -rf -- "${root:?}"
    mkdir -p "$root"/bin "$root"/proc "$root"/sys "$root"/dev || return
    cp "$(command -v busybox)" "$root/bin/busybox" && cp "$LAB_HERE/vm-init.sh" "$root/init" && chmod 755 "$root/init" || return
    vm_settings >"$root/lab.conf"
    vm_copy_modules "$(cat "$LAB/image/complete")" "$root" || return
    (cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$out.new" && mv -- "$out.new" "$out"
}

# vm_lacks: prints why there can be no VM here; fails when there can
vm_lacks()
{
    local program
    for program in qemu-system-x86_64 busybox cpio depmod modprobe dpkg apt-get; do
        command -v "$program" >/dev/null || { say "no $program here" && return; }
    done
    mkdir -p "$LAB"
    vm_kernel || { say "linux-image-cloud-amd64 cannot be downloaded" && return; }
    vm_initramfs || { say "the initramfs cannot be made" && return; }
    return 1
}

# vm_run PORT LOG: qemu with the target's port on 127.0.0.1:PORT, in the background
vm_run()
{
    qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1024 -smp 1 -nodefaults -no-reboot -display none -serial "file:$2" \
        -kernel "$LAB/image/boot/vmlinuz-$(cat "$LAB/image/complete")" -initrd "$LAB/initramfs.gz" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off" \
        -netdev "user,id=lab,restrict=on,hostfwd=tcp:127.0.0.1:$1-10.0.2.15:3260" -device virtio-net-pci,netdev=lab,romfile= \
        >"$2.qemu" 2>&1 </dev/null &
    VM_PID=$!
    started "$VM_PID"
}

# vm_start: boots; sets VM_PID and VM_PORT. A port that somebody took meanwhile is tried again.
vm_start()
{
    need qemu-system-x86_64 ss
    scratch
    local turn log=$RIG_SCRATCH/vm.console
    for turn in 1 2 3; do
        VM_PORT=$(free_port) || break
        : >"$log"
        vm_run "$VM_PORT" "$log"
        wait_for 90 "$VM_PID" grep -q '^lab: ready' "$log" && return
        complain "the VM did not come up on port $VM_PORT (turn $turn)"
        stop "$VM_PID"
        tail -n 20 "$log" "$log.qemu"
    done
    return 1
}

vm_stop()
{
    stop "$VM_PID"
}
