#!/usr/bin/env bash
# What libiscsi's tools and tgt's daemon say to each other, caught by tcpdump, and each side of it played again to the other.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
need tcpdump iscsi-ls iscsi-inq iscsi-readcapacity16 qemu-io
tool_or_fail
scratch
passed=0
failed=0

# ends STATUS WORDS COMMAND…: it ends so within 30 s, and says the words
ends()
{
    local status=$1 words=$2 said got
    shift 2
    said=$(timeout -k 2 30 "$@" 2>&1 </dev/null)
    got=$?
    if [ "$got" -eq "$status" ] && grep -qF -- "$words" <<<"$said"; then
        passed=$((passed + 1))
        say "ok: $got: ${*:1:6} … ($words)"
    else
        failed=$((failed + 1))
        say "FAILED: $got, wanted $status: $* ($words)"
        head -n 20 <<<"$said"
    fi
}

# closed FILE CONNECTIONS: so many connections, and all of them have ended
closed()
{
    [ "$("$RIG_TOOL" trace --port "$port" "$1" | grep -c '^! close')" -ge "$2" ]
}

# record NAME CONNECTIONS COMMAND…: what the command and the target say to each other
record()
{
    local file=$RIG_SCRATCH/$1.pcap connections=$2
    shift 2
    port=${PEER_PORTAL##*:}
    catch "$file" "$port"
    timeout 20 "$@" >"$file.said" 2>&1 || die "$* failed: $(tail -n 1 "$file.said")"
    wait_for 10 "$LISTENER" closed "$file" "$connections" || die "$* left no whole capture"
    stop "$LISTENER"
}

# before NAME WORDS COMMAND…: the target of that capture before the command, which says the words; {} becomes its portal
before()
{
    local name=$1 words=$2 ready=$RIG_SCRATCH/$1.ready replayed portal status
    shift 2
    rm -f -- "$ready"
    "$RIG_TOOL" replay --as target --listen 127.0.0.1:0 --ready-file "$ready" --port "$port" --timeout 20 "$RIG_SCRATCH/$name.pcap" \
        >"$RIG_SCRATCH/$name.replay" 2>&1 &
    replayed=$!
    started "$replayed"
    wait_for 10 "$replayed" test -s "$ready" || die "the replayed target did not come up: $(tail -n 1 "$RIG_SCRATCH/$name.replay")"
    portal=$(head -n 1 "$ready")
    ends 0 "$words" "${@//\{\}/$portal}"
    wait "$replayed"
    status=$?
    ends 0 "to the end" cat "$RIG_SCRATCH/$name.replay"
    [ "$status" -eq 0 ] || failed=$((failed + 1))
}

again()
{
    "$RIG_TOOL" replay --as initiator --port "$port" --timeout 20 "$@"
}
export -f again
export RIG_TOOL port

# shellcheck disable=SC2119 # it takes arguments elsewhere
start_tgtd || exit 1
port=${PEER_PORTAL##*:}
record ls 2 iscsi-ls -s "iscsi://$PEER_PORTAL"
record inq 1 iscsi-inq "$PEER_URL"
record capacity 1 iscsi-readcapacity16 "$PEER_URL"
record write 1 qemu-io -f raw -c "write -P 0x5a 4096 64k" "$PEER_URL"
for name in ls inq capacity; do
    for timing in order loose; do
        ends 0 "to the end" bash -c "again --timing $timing --target iscsi://$PEER_PORTAL/$PEER_IQN '$RIG_SCRATCH/$name.pcap'"
    done
done
ends 77 "--allow-writes" bash -c "again --target iscsi://$PEER_PORTAL/$PEER_IQN '$RIG_SCRATCH/write.pcap'"
ends 0 "to the end" bash -c "again --allow-writes --target iscsi://$PEER_PORTAL/$PEER_IQN '$RIG_SCRATCH/write.pcap'"
stop_tgtd
before ls "Portal:127.0.0.1" iscsi-ls -s "iscsi://{}"
before inq "Product:VIRTUAL-DISK" iscsi-inq "iscsi://{}/$PEER_IQN/1"
before capacity "Total size:$PEER_BYTES" iscsi-readcapacity16 "iscsi://{}/$PEER_IQN/1"

say "another target: what differs is shown, and nothing goes to where the capture's was"
start_rig_target || exit 1
ends 1 "+ < " bash -c "again --pcap-dir '$RIG_SCRATCH/other' --target iscsi://$PEER_PORTAL/$PEER_IQN '$RIG_SCRATCH/capacity.pcap'"
ends 1 "- < " bash -c "again --target iscsi://$PEER_PORTAL/$PEER_IQN '$RIG_SCRATCH/ls.pcap'"
find "$RIG_SCRATCH/other" -name '*.pcapng' -exec "$RIG_TOOL" trace {} \; | grep '^! connect' | sort -u >"$RIG_SCRATCH/where"
ends 0 "1 ! connect $PEER_PORTAL" bash -c "echo \$(wc -l <'$RIG_SCRATCH/where') \$(cat '$RIG_SCRATCH/where')"
target_is_well || failed=$((failed + 1))

say "CHAP: other challenges, answered with the secret"
start_chap_target || exit 1
record chap 1 iscsi-inq "iscsi://host%$PEER_CHAP_SECRET@$PEER_PORTAL/$PEER_IQN/0"
ends 0 "to the end" bash -c "again --chap host:env:PEER_CHAP_SECRET --target iscsi://$PEER_PORTAL/$PEER_IQN '$RIG_SCRATCH/chap.pcap'"
ends 1 "LoginResp" bash -c "again --target iscsi://$PEER_PORTAL/$PEER_IQN '$RIG_SCRATCH/chap.pcap'"
target_is_well || failed=$((failed + 1))
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
