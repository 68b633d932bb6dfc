#!/usr/bin/env bash
# corpus.sh FOLDER: makes the captures of pcap/corpus again: tools of somebody else against somebody else's target on the loopback, sanitized.
# What lint says of them is printed as EXPECTED.tsv has it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
need tcpdump iscsi-ls iscsi-inq iscsi-readcapacity16 qemu-img istgt tgtd
tool_or_fail
scratch
FOLDER=${1:?wanted: a folder}

# record NAME COMMAND…: what the command says to PEER_URL and what comes back
record()
{
    local name=$1 port=${PEER_PORTAL##*:} raw=$RIG_SCRATCH/$1.pcap
    shift
    catch "$raw" "$port"
    timeout 30 "$@" >/dev/null || die "$1 failed"
    wait_for 10 "$LISTENER" ends "$raw" "$port" || die "$name: no end of it in the capture"
    stop "$LISTENER"
    "$RIG_TOOL" sanitize --port "$port" "$raw" "$FOLDER/$name.pcapng" || exit 1
    printf '%s\t%s\n' "$name.pcapng" "$("$RIG_TOOL" lint --ids --port "$port" "$FOLDER/$name.pcapng" | paste -sd ,)"
}

# ends CAPTURE PORT: as many connections are closed as were made
ends()
{
    "$RIG_TOOL" trace --port "$2" "$1" | awk '/^! connect/ { made++ } /^! close/ { closed++ } END { exit !(made && made == closed) }'
}

record_all()
{
    record "$1-libiscsi-inq" iscsi-inq "$PEER_URL"
    record "$1-libiscsi-readcapacity16" iscsi-readcapacity16 "$PEER_URL"
    record "$1-qemu-img-info" qemu-img info -f raw "$PEER_URL"
}

mkdir -p -- "$FOLDER" || exit 2
start_tgtd rdwr || exit 1
record tgtd-libiscsi-ls iscsi-ls "iscsi://$PEER_PORTAL"
record_all tgtd
stop_tgtd
lab_peer istgt
peer_start || exit 1
record_all istgt
record istgt-libiscsi-inq-chap iscsi-inq "${PEER_CHAP_URL/:\/\//://$LAB_CHAP_USER%$LAB_CHAP_SECRET@}"
peer_stop
