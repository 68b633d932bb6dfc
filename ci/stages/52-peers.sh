#!/usr/bin/env bash
# Somebody else's initiators against our target: libiscsi's tools and qemu.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
need iscsi-ls iscsi-inq iscsi-readcapacity16 qemu-img qemu-io cmp
start_rig_target || exit 1
passed=0
failed=0

# try WORDS COMMAND…: the command ends 0 within 20 s and says the words
try()
{
    local words=$1 said
    shift
    if said=$(timeout -k 2 20 "$@" 2>&1 </dev/null) && grep -qF -- "$words" <<<"$said"; then
        passed=$((passed + 1))
        say "ok: $* ($words)"
    else
        failed=$((failed + 1))
        say "FAILED: $* (wanted: $words)"
        head -n 10 <<<"$said"
    fi
}

# copies: a file through qemu onto the disk and back is the same file
copies()
{
    head -c 8388608 /dev/urandom >"$RIG_SCRATCH/in"
    truncate -s "$PEER_BYTES" "$RIG_SCRATCH/in"
    timeout 60 qemu-img convert -n -f raw -O raw "$RIG_SCRATCH/in" "$PEER_URL" &&
        timeout 60 qemu-img convert -f raw -O raw "$PEER_URL" "$RIG_SCRATCH/out" && cmp "$RIG_SCRATCH/in" "$RIG_SCRATCH/out" &&
        echo "the same"
}

try "$PEER_IQN" iscsi-ls "iscsi://$PEER_PORTAL"
try "Type:DIRECT_ACCESS" iscsi-ls -s "iscsi://$PEER_PORTAL"
try "Peripheral Qualifier:CONNECTED" iscsi-inq "$PEER_URL"
try "CONNECTED" iscsi-inq "$PEER_URL?header_digest=crc32c"
try "SUPPORTED_VPD_PAGES" iscsi-inq -e 1 -c 0 "$PEER_URL"
try "Total size:$PEER_BYTES" iscsi-readcapacity16 "$PEER_URL"
try "virtual size: 64 MiB" qemu-img info "$PEER_URL"
try "wrote 1048576/1048576" qemu-io -f raw -c "write -P 0x5a 4096 1M" "$PEER_URL"
try "read 1048576/1048576" qemu-io -f raw -c "read -P 0x5a 4096 1M" "$PEER_URL"
try "read 512/512" qemu-io -f raw -c "read -P 0 0 512" -c "flush" "$PEER_URL"
try "discard 65536/65536" qemu-io -f raw -d unmap -c "discard 0 64k" "$PEER_URL"
with_digests=driver=iscsi,transport=tcp,portal=$PEER_PORTAL,target=$PEER_IQN,lun=0,header-digest=crc32c
try "wrote 1048576/1048576" qemu-io --image-opts -c "write -P 0xa5 3M 1M" "$with_digests"
try "read 1048576/1048576" qemu-io --image-opts -c "read -P 0xa5 3M 1M" "$with_digests"
export -f copies
export RIG_SCRATCH
try "the same" bash -c copies
target_is_well || failed=$((failed + 1))

# through_resets: patterns written and verified, one command each, while connections are reset
through_resets()
{
    local i commands=()
    for i in {0..199}; do commands+=(-c "write -P $((i % 251)) $((i * 64))k 64k"); done
    for i in {0..199}; do commands+=(-c "read -P $((i % 251)) $((i * 64))k 64k"); done
    timeout 18 qemu-io -f raw "${commands[@]}" "$PEER_URL" >"$RIG_SCRATCH/resets.log" 2>&1
    say "$(grep -c '^wrote 65536/65536' "$RIG_SCRATCH/resets.log") written, $(grep -c '^read 65536/65536' "$RIG_SCRATCH/resets.log") verified," \
        "$(grep -c 'made wrong (reset)' "$RIG_SCRATCH/target.log") resets"
}

sed 's/every 400/every 150/' "$RIG_TOP/ci/lab/targets/resets.scn" >"$RIG_SCRATCH/resets.scn"
start_rig_target "$RIG_SCRATCH/resets.scn" || exit 1
export -f through_resets say
try "200 written, 200 verified, 2 resets" bash -c through_resets
target_is_well || failed=$((failed + 1))

# refuses WORDS COMMAND…: the command fails within 20 s and says the words
refuses()
{
    local words=$1 said
    shift
    if ! said=$(timeout -k 2 20 "$@" 2>&1 </dev/null) && grep -qF -- "$words" <<<"$said"; then
        passed=$((passed + 1))
        say "ok: refused: $* ($words)"
    else
        failed=$((failed + 1))
        say "FAILED: $* (wanted a refusal: $words)"
        head -n 10 <<<"$said"
    fi
}

start_chap_target || exit 1
disk=$PEER_PORTAL/$PEER_IQN/0
own="?target_user=disk&target_password="
try "Peripheral Qualifier:CONNECTED" iscsi-inq "iscsi://host%$PEER_CHAP_SECRET@$disk"
try "Peripheral Qualifier:CONNECTED" iscsi-inq "iscsi://host%$PEER_CHAP_SECRET@$disk$own$PEER_CHAP_OWN"
try "$PEER_IQN" iscsi-ls "iscsi://host%$PEER_CHAP_SECRET@$PEER_PORTAL"
try "virtual size: 64 MiB" qemu-img info "iscsi://host%$PEER_CHAP_SECRET@$disk"
refuses "Authentication failure" iscsi-inq "iscsi://host%another.secret.of.it@$disk"
refuses "Authentication failure" iscsi-inq "iscsi://nobody%$PEER_CHAP_SECRET@$disk"
refuses "Authentication failure" iscsi-inq "iscsi://$disk"
refuses "Authentication failure" qemu-img info "iscsi://host%another.secret.of.it@$disk"
refuses "Invalid CHAP_R response" iscsi-inq "iscsi://host%$PEER_CHAP_SECRET@$disk${own}another.secret.of.it"
refuses "" grep -aF "$PEER_CHAP_SECRET" "/proc/$PEER_PID/cmdline" "$RIG_SCRATCH/target.log"
target_is_well || failed=$((failed + 1))

chmod 640 "$RIG_SCRATCH/own.secret"
refuses "chmod 600" "$RIG_TOOL" target --chap "host:$RIG_SCRATCH/own.secret"
chmod 600 "$RIG_SCRATCH/own.secret"
refuses "another secret" "$RIG_TOOL" target --chap "host:$RIG_SCRATCH/own.secret" --chap-own "disk:$RIG_SCRATCH/own.secret"
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
