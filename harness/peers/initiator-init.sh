#!/bin/busybox sh
# shellcheck shell=dash
# The first process of the lab's other VM: the kernel's own initiator, with open-iscsi, against targets on the host. Each check is a line
# "lab: ok WHAT" or "lab: FAILED WHAT" on the serial line, which ci/lab/kernel-initiator.sh counts; the last line is "lab: done".
# The kernel's command line names the ports: lab.plain, lab.chap (CHAP both ways) and lab.reset (connections are reset now and then); with
# lab.once only one session is asked for, at lab.plain.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin LD_LIBRARY_PATH=/lib64
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
    insmod "/modules/$module" || echo "lab: no $module"
done </modules/order
user='' secret='' own_user='' own_secret=''
# shellcheck source=/dev/null
. /lab.conf
ip link set lo up
for card in /sys/class/net/e*; do
    ip link set "${card##*/}" up
    ip addr add 10.0.2.15/24 dev "${card##*/}"
done

# told NAME: what the kernel's command line says
told()
{
    sed -nE "s/.*lab\.$1=([^ ]*).*/\1/p" /proc/cmdline
}
IQN=$(told iqn)
PLAIN=10.0.2.2:$(told plain)
CHAP=10.0.2.2:$(told chap)
RESET=10.0.2.2:$(told reset)

# check WHAT COMMAND…: one line, and what the command said when it failed
check()
{
    what=$1
    shift
    if "$@" >/said 2>&1; then
        echo "lab: ok $what"
    else
        echo "lab: FAILED $what: $*"
        head -n 20 /said
        failed=1
    fi
}

# refused STATUS COMMAND…: ends with open-iscsi's status for that reason: 24 when the target wants other credentials, 19 when the login cannot succeed
refused()
{
    wanted=$1
    shift
    "$@"
    [ $? -eq "$wanted" ]
}

# says WORDS COMMAND…: succeeds and says them
says()
{
    words=$1
    shift
    "$@" >/answer 2>&1
    status=$?
    cat /answer
    [ "$status" -eq 0 ] && grep -qF -- "$words" /answer
}

# within SECONDS COMMAND…: it succeeds in time
within()
{
    turns=$(($1 * 5))
    shift
    until "$@" 2>/dev/null; do
        turns=$((turns - 1))
        [ "$turns" -gt 0 ] || return 1
        sleep 0.2
    done
}

# record PORTAL OP [ARGUMENT…]: iscsiadm on the record of our target there
record()
{
    portal=$1
    shift
    iscsiadm -m node -T "$IQN" -p "$portal" "$@"
}

# set_to PORTAL NAME VALUE…: settings of a record
set_to()
{
    at=$1
    shift
    while [ $# -gt 1 ]; do
        record "$at" -o update -n "$1" -v "$2" || return
        shift 2
    done
}

# has_digest ATTRIBUTE VALUE: the only connection has that attribute
has_digest()
{
    [ "$(cat /sys/class/iscsi_connection/connection*/"$1")" = "$2" ]
}

is_up()
{
    [ -b /dev/sda ] && [ "$(cat /sys/class/iscsi_session/session*/state)" = LOGGED_IN ]
}

is_gone()
{
    [ ! -e /dev/sda ]
}

# log_in PORTAL, log_out PORTAL
log_in()
{
    record "$1" --login && within 20 is_up
}

log_out()
{
    record "$1" --logout && within 20 is_gone
}

# keep FILE MIB: writes a file and its sum, and puts both on the medium
keep()
{
    dd if=/dev/urandom of="/mnt/$1" bs=1M count="$2" && (cd /mnt && sha256sum "$1" >"/sum.$1") && sync
}

# same FILE: read again from the medium it has its sum
same()
{
    echo 3 >/proc/sys/vm/drop_caches
    (cd /mnt && sha256sum -c "/sum.$1")
}

check "iscsid starts" sh -c 'iscsid -f >/iscsid.log 2>&1 &'
check "iscsid answers" within 20 sh -c 'iscsiadm -m session 2>&1 | grep -q "No active sessions"'

# short WORDS: one login, what the kernel asks a disk by itself, a sector, and a logout: little enough to be kept (ci/lab/corpus.sh)
short()
{
    check "login $1" log_in "$PLAIN"
    check "a sector $1" dd if=/dev/sda of=/dev/null bs=512 count=1
    check "logout $1" log_out "$PLAIN"
}

# over: says what it was, and ends the machine
over()
{
    [ -z "${failed:-}" ] || tail -n 40 /iscsid.log
    [ -z "${failed:-}" ] || dmesg | tail -n 40
    echo "lab: kernel $(uname -r), $(iscsiadm --version)"
    echo "lab: done"
    poweroff -f
}

if [ "$(told short)" = discovery ]; then
    check "discovery finds the target" says "$IQN" iscsiadm -m discovery -t sendtargets -p "$PLAIN"
    over
elif [ -n "$(told short)" ]; then
    check "a record of the target" record "$PLAIN" -o new
    [ "$(told short)" = plain ] ||
        check "digests are asked for" set_to "$PLAIN" "node.conn[0].iscsi.HeaderDigest" CRC32C "node.conn[0].iscsi.DataDigest" CRC32C
    short "$(told short)"
    over
fi

check "discovery finds the target" says "$IQN" iscsiadm -m discovery -t sendtargets -p "$PLAIN"
check "a record of the target" record "$PLAIN" -o new
check "login" log_in "$PLAIN"
check "no digests" has_digest header_digest 0
check "a file system is made" mkfs.ext4 -q -F /dev/sda
check "it is mounted" mount -t ext4 /dev/sda /mnt
check "a file is written" keep plain 16
check "it is read as it was written" same plain
check "the disk is given up" umount /mnt
check "logout" log_out "$PLAIN"

check "digests are asked for" set_to "$PLAIN" "node.conn[0].iscsi.HeaderDigest" CRC32C "node.conn[0].iscsi.DataDigest" CRC32C
check "login with digests" log_in "$PLAIN"
check "header digests are on" has_digest header_digest 1
check "data digests are on" has_digest data_digest 1
check "the disk is mounted again" mount -t ext4 /dev/sda /mnt
check "the first file is still there" same plain
check "a file is written with digests" keep digests 8
check "it is read with digests" same digests
check "the disk is given up with digests" umount /mnt
check "the file system is whole" fsck.ext4 -f -n /dev/sda
check "logout with digests" log_out "$PLAIN"

check "a record of the target with CHAP" record "$CHAP" -o new
check "a login without CHAP is refused" refused 24 record "$CHAP" --login
check "another secret" set_to "$CHAP" node.session.auth.authmethod CHAP node.session.auth.username "$user" \
    node.session.auth.password another.secret.of.it
check "a login with another secret is refused" refused 24 record "$CHAP" --login
check "the right secret" set_to "$CHAP" node.session.auth.password "$secret"
check "login with CHAP" log_in "$CHAP"
check "its disk can be read" dd if=/dev/sda of=/dev/null bs=1M count=4
check "logout with CHAP" log_out "$CHAP"
check "the target's secret, wrong" set_to "$CHAP" node.session.auth.username_in "$own_user" \
    node.session.auth.password_in another.secret.of.it
check "a target with another secret is left" refused 19 record "$CHAP" --login
check "the target's secret" set_to "$CHAP" node.session.auth.password_in "$own_secret"
check "login with CHAP both ways" log_in "$CHAP"
check "its disk can be read, too" dd if=/dev/sda of=/dev/null bs=1M count=4
check "logout with CHAP both ways" log_out "$CHAP"

check "a record of the target that resets" record "$RESET" -o new
check "login where connections are reset" log_in "$RESET"
check "small commands, so that there are many" sh -c 'echo 16 >/sys/block/sda/queue/max_sectors_kb'
check "a file system is made in spite of resets" mkfs.ext4 -q -F /dev/sda
check "it is mounted in spite of resets" mount -t ext4 /dev/sda /mnt
check "a file is written in spite of resets" keep reset 16
check "it is read in spite of resets" same reset
check "the disk is given up in spite of resets" umount /mnt
check "the file system is whole in spite of resets" fsck.ext4 -f -n /dev/sda
check "logout where connections are reset" log_out "$RESET"

over
