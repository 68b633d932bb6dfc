# shellcheck shell=bash
# The kernel's own target (LIO) or its own initiator (open-iscsi) in a VM made of Debian packages: a kernel that is downloaded and unpacked but
# never installed, busybox, and the modules that modules.dep names. No KVM, no root, no network but one port of 127.0.0.1 for the target, and
# what the initiator asks for. Sourced after lib.sh; caches in build/lab/.
LAB=$RIG_BUILD/lab
LAB_HERE=$(dirname "${BASH_SOURCE[0]}")
LAB_MODULES=(virtio_pci virtio_net target_core_mod target_core_file iscsi_target_mod crc32c_intel)
LAB_INITIATOR_MODULES=(virtio_pci virtio_net crc32c_intel crc32c_generic iscsi_tcp sd_mod ext4)
LAB_INITIATOR_PROGRAMS=(iscsid iscsiadm mkfs.ext4 fsck.ext4)
LAB_BYTES=67108864
LAB_IQN=iqn.2026-01.example.lab:kernel
LAB_CHAP_IQN=iqn.2026-01.example.lab:kernel-chap
# as in scenarios/live, where both ends of CHAP are named
LAB_INITIATOR=iqn.2026-01.example.lab:kernel-initiator
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

# vm_copy_modules RELEASE ROOT MODULE…: the modules in the order they have to be loaded in
vm_copy_modules()
{
    local release=$1 root=$2 path module
    shift 2
    mkdir -p "$root/modules" && : >"$root/modules/order" || return
    for module; do
        modprobe -d "$LAB/image" -S "$release" --show-depends "$module" || return
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

# vm_settings: what the init script is told
vm_settings()
{
    local name
    for name in LAB_BYTES LAB_IQN LAB_CHAP_IQN LAB_CHAP_USER LAB_CHAP_SECRET LAB_CHAP_OWN_USER LAB_CHAP_OWN_SECRET; do
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
    vm_copy_modules "$(cat "$LAB/image/complete")" "$root" "${@:3}"
}

# vm_pack ROOT OUT
vm_pack()
{
    (cd "$1" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$2.new" && mv -- "$2.new" "$2"
}

# vm_fresh OUT INIT: it was made of these scripts and that kernel
vm_fresh()
{
    [ "$1" -nt "$2" ] && [ "$1" -nt "$LAB_HERE/kernel-vm.sh" ] && [ "$1" -nt "$LAB/image/complete" ]
}

# vm_initramfs: build/lab/initramfs.gz, again whenever these scripts are newer
vm_initramfs()
{
    local out=$LAB/initramfs.gz
    vm_fresh "$out" "$LAB_HERE/vm-init.sh" ||
        { vm_root "$LAB/root" "$LAB_HERE/vm-init.sh" "${LAB_MODULES[@]}" && vm_pack "$LAB/root" "$out"; }
}

# vm_initiator_initramfs: build/lab/initiator.gz, the same with open-iscsi and ext4; iscsid asks for root's name, and for its settings
vm_initiator_initramfs()
{
    local out=$LAB/initiator.gz root=$LAB/initiator
    ! vm_fresh "$out" "$LAB_HERE/initiator-init.sh" || return 0
    vm_root "$root" "$LAB_HERE/initiator-init.sh" "${LAB_INITIATOR_MODULES[@]}" &&
        vm_copy_programs "$root" "${LAB_INITIATOR_PROGRAMS[@]}" || return
    mkdir -p "$root"/etc/iscsi "$root"/run/lock/iscsi "$root"/mnt "$root"/tmp
    printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
    printf 'InitiatorName=%s\n' "$LAB_INITIATOR" >"$root/etc/iscsi/initiatorname.iscsi"
    printf '%s\n' 'node.startup = manual' 'node.session.timeo.replacement_timeout = 60' 'node.session.err_timeo.lu_reset_timeout = 20' \
        >"$root/etc/iscsi/iscsid.conf"
    vm_pack "$root" "$out"
}

# vm_lacks [PROGRAM…]: prints why there can be no VM here; fails when there can
vm_lacks()
{
    local program
    for program in qemu-system-x86_64 busybox cpio depmod modprobe dpkg apt-get "$@"; do
        command -v "$program" >/dev/null || { say "no $program here" && return; }
    done
    mkdir -p "$LAB"
    vm_kernel || { say "linux-image-cloud-amd64 cannot be downloaded" && return; }
    vm_initramfs || { say "the initramfs cannot be made" && return; }
    return 1
}

# vm_initiator_lacks: the same of the initiator's VM
vm_initiator_lacks()
{
    ! vm_lacks "${LAB_INITIATOR_PROGRAMS[@]}" || return 0
    vm_initiator_initramfs || { say "the initiator's initramfs cannot be made" && return; }
    return 1
}

# vm_boot LOG INITRAMFS NETWORK [WORD…]: qemu in the background; words for the kernel's command line
vm_boot()
{
    qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1024 -smp 1 -nodefaults -no-reboot -display none -serial "file:$1" \
        -kernel "$LAB/image/boot/vmlinuz-$(cat "$LAB/image/complete")" -initrd "$2" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check ${*:4}" \
        -netdev "user,id=lab,$3" -device virtio-net-pci,netdev=lab,romfile= >"$1.qemu" 2>&1 </dev/null &
    VM_PID=$!
    started "$VM_PID"
}

# vm_run PORT LOG: the kernel's target, its port on 127.0.0.1:PORT
vm_run()
{
    vm_boot "$2" "$LAB/initramfs.gz" "restrict=on,hostfwd=tcp:127.0.0.1:$1-10.0.2.15:3260"
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
