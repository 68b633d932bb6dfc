#!/usr/bin/env bash
# A live exchange caught by tcpdump and read back by us: every PDU a tool of somebody else sent is there.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
need tcpdump iscsi-inq
tool_or_fail
scratch
start_rig_target || exit 1
capture=$RIG_SCRATCH/live.pcap
tcpdump -i lo -s 0 -U -w "$capture" "tcp port ${PEER_PORTAL##*:}" 2>"$RIG_SCRATCH/tcpdump.log" &
listener=$!
started "$listener"
wait_for 10 "$listener" grep -q 'listening on' "$RIG_SCRATCH/tcpdump.log" || {
    grep -qiE 'permi|not permitted' "$RIG_SCRATCH/tcpdump.log" && skip "capturing needs root or CAP_NET_RAW: $(tail -n 1 "$RIG_SCRATCH/tcpdump.log")"
    cat "$RIG_SCRATCH/tcpdump.log"
    exit 1
}
timeout 20 iscsi-inq "$PEER_URL" >/dev/null || die "iscsi-inq failed"
timeout 20 iscsi-inq "$PEER_URL?header_digest=crc32c" >/dev/null || die "iscsi-inq with a header digest failed"

complete()
{
    [ "$("$RIG_TOOL" trace --fields "$capture" | grep -c '	LogoutResp	')" -eq 2 ]
}
wait_for 10 "$listener" complete || {
    "$RIG_TOOL" trace "$capture" | head -n 20
    complain "the capture does not show both sessions to their ends"
    exit 1
}
stop "$listener"
grep -E 'captured|dropped' "$RIG_SCRATCH/tcpdump.log"
"$RIG_TOOL" trace --fields "$capture" | cut -f 3 | sort | uniq -c

# The kernel leaves checksums of loopback to the card that is not there, so only the PDUs are compared.
mkdir "$RIG_SCRATCH/live"
mv "$capture" "$RIG_SCRATCH/live/live.pcap"
RIG_CHECKSUMS=FALSE RIG_PORTS=${PEER_PORTAL##*:} bash "$RIG_TOP/ci/judge/tshark-compare.sh" "$RIG_SCRATCH/live"
