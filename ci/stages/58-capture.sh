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
suite=$RIG_BUILD/release/ci/libiscsi_api
RIG_API_PORTAL=$PEER_PORTAL RIG_API_TARGET=$PEER_IQN RIG_API_LUN=0 timeout 60 "$suite" >/dev/null 2>&1 || die "${suite##*/} failed"
timeout 20 iscsi-inq -e 1 -c 0 "$PEER_URL" >/dev/null || die "the last iscsi-inq failed"

# every login that was let in has gone out again, and there were as many as the suite and two inquiries make
complete()
{
    "$RIG_TOOL" trace --fields "$capture" | awk -F'\t' '
        $3 == "LoginResp" && /\tT=1/ && /\tStatus=0/ && /\tNSG=3/ { in_++ }
        $3 == "LogoutResp" { out++ }
        END { exit !(in_ >= 20 && out >= in_ - 1) }'
}
wait_for 10 "$listener" complete || {
    "$RIG_TOOL" trace "$capture" | head -n 20
    complain "the capture does not show the sessions to their ends"
    exit 1
}
stop "$listener"
grep -E 'captured|dropped' "$RIG_SCRATCH/tcpdump.log"
"$RIG_TOOL" trace --fields "$capture" | cut -f 3 | sort | uniq -c

# The kernel leaves checksums of loopback to the card that is not there, so only the PDUs are compared.
mkdir "$RIG_SCRATCH/live"
mv "$capture" "$RIG_SCRATCH/live/live.pcap"
RIG_CHECKSUMS=FALSE RIG_PORTS=${PEER_PORTAL##*:} bash "$RIG_TOP/ci/judge/tshark-compare.sh" "$RIG_SCRATCH/live"
