#!/bin/busybox sh
# shellcheck shell=dash
# The first process of the lab's VM: modules, network, then the kernel's target through configfs. What it says goes to the serial line, which
# kernel-vm.sh waits for. Two targets: one open to everybody, one that wants CHAP both ways.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
    insmod "/modules/$module" || echo "lab: no $module"
done </modules/order
iqn='' user='' secret='' own_user='' own_secret='' bytes=0
# shellcheck source=/dev/null
. /lab.conf
ip link set lo up
for card in /sys/class/net/e*; do
    ip link set "${card##*/}" up
    ip addr add 10.0.2.15/24 dev "${card##*/}"
done
mount -t configfs config /sys/kernel/config
mkdir -p /var/target/pr # where the target keeps registrations that outlive power loss; without it none can be made
CORE=/sys/kernel/config/target/core
ISCSI=/sys/kernel/config/target/iscsi
mkdir -p "$CORE/rd_mcp_0/memory" "$CORE/fileio_0/file" || poweroff -f
echo "rd_pages=$((bytes / 4096))" >"$CORE/rd_mcp_0/memory/control"
truncate -s "$bytes" /disk
echo "fd_dev_name=/disk,fd_dev_size=$bytes" >"$CORE/fileio_0/file/control"
for unit in rd_mcp_0/memory fileio_0/file; do
    echo 1 >"$CORE/$unit/enable"
    echo "lab-${unit%%/*}" >"$CORE/$unit/wwn/vpd_unit_serial"
done

# target IQN UNIT: a target portal group with UNIT as LUN 0; leaves its folder in group
target()
{
    group=$ISCSI/$1/tpgt_1
    mkdir -p "$group/lun/lun_0" "$group/np/0.0.0.0:3260"
    ln -s "$CORE/$2" "$group/lun/lun_0/disk"
    echo 1 >"$group/attrib/generate_node_acls"
    echo 0 >"$group/attrib/demo_mode_write_protect"
    echo 1 >"$group/attrib/cache_dynamic_acls"
    echo 2 >"$group/attrib/default_erl"
    echo 4 >"$group/param/MaxConnections"
    echo 2 >"$group/param/ErrorRecoveryLevel"
    echo "CRC32C,None" >"$group/param/HeaderDigest"
    echo "CRC32C,None" >"$group/param/DataDigest"
}

target "$iqn" rd_mcp_0/memory
echo 0 >"$group/attrib/authentication"
echo None >"$group/param/AuthMethod"
echo 1 >"$group/enable"

target "$iqn-chap" fileio_0/file
echo 1 >"$group/attrib/authentication"
echo CHAP >"$group/param/AuthMethod"
# written as it is: a newline would belong to the name
echo -n "$user" >"$group/auth/userid"
echo -n "$secret" >"$group/auth/password"
echo -n "$own_user" >"$group/auth/userid_mutual"
echo -n "$own_secret" >"$group/auth/password_mutual"
echo 1 >"$group/enable"

echo "lab: ready $(uname -r)"
while :; do
    sleep 3600
done
