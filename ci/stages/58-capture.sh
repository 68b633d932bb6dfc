#!/usr/bin/env bash
# Live exchanges caught by tcpdump and read back by us and by tshark: tools of somebody else against our target, and our initiator against
# somebody else's target.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
need tcpdump iscsi-inq
tool_or_fail
scratch
passed=0
failed=0

# complete FILE SESSIONS [OTHERWISE]: so many logins were let in, and every one but the last has gone out again, but for so many that end
# otherwise: a peer that drops a connection, or a scenario that does
complete()
{
    "$RIG_TOOL" trace --fields --port "${PEER_PORTAL##*:}" "$1" | awk -F'\t' -v wanted="$2" -v otherwise="${3:-0}" '
        $3 == "LoginResp" && /\tT=1/ && /\tStatus=0/ && /\tNSG=3/ { in_++ }
        $3 == "LogoutResp" { out++ }
        END { exit !(in_ >= wanted && out >= in_ - 1 - otherwise) }'
}

# judge FILE SESSIONS [OTHERWISE]: waits until the capture is complete, ends it, and lets tshark read it. The kernel leaves checksums of loopback to the
# card that is not there, so only the PDUs are compared.
judge()
{
    local folder=$RIG_SCRATCH/${1##*/}.judged bad=0 p f
    wait_for 10 "$LISTENER" complete "$1" "$2" "${3:-0}" || {
        "$RIG_TOOL" trace "$1" | head -n 20
        complain "the capture does not show $2 sessions to their ends"
        bad=1
    }
    stop "$LISTENER"
    grep -E 'captured|dropped' "$LISTENER_LOG"
    "$RIG_TOOL" trace --fields "$1" | cut -f 3 | sort | uniq -c
    mkdir "$folder"
    mv "$1" "$folder"
    RIG_JUDGED=$folder/judged RIG_CHECKSUMS=FALSE RIG_PORTS=${PEER_PORTAL##*:} bash "$RIG_TOP/ci/judge/tshark-compare.sh" "$folder" || bad=1
    if [ -s "$folder/judged" ] && read -r p f <"$folder/judged"; then
        passed=$((passed + p)) failed=$((failed + f))
    fi
    [ "$bad" -eq 0 ] || [ "${f:-0}" -gt 0 ] || failed=$((failed + 1))
}

say "libiscsi's tools against our target"
start_chap_target || exit 1
export RIG_API_CHAP_PORTAL=$PEER_PORTAL RIG_API_CHAP_SECRET=$PEER_CHAP_SECRET RIG_API_CHAP_OWN=$PEER_CHAP_OWN
start_rig_target || exit 1
catch "$RIG_SCRATCH/tools.pcap" "${PEER_PORTAL##*:}"
timeout 20 iscsi-inq "$PEER_URL" >/dev/null || die "iscsi-inq failed"
suite=$RIG_BUILD/release/ci/libiscsi_api
RIG_API_PORTAL=$PEER_PORTAL RIG_API_TARGET=$PEER_IQN RIG_API_LUN=0 timeout 60 "$suite" >/dev/null 2>&1 || die "${suite##*/} failed"
timeout 20 iscsi-inq -e 1 -c 0 "$PEER_URL" >/dev/null || die "the last iscsi-inq failed"
judge "$RIG_SCRATCH/tools.pcap" 20
target_is_well || failed=$((failed + 1))

say "our initiator against tgt's daemon"
start_tgtd rdwr || exit 1
catch "$RIG_SCRATCH/tgtd.pcap" "${PEER_PORTAL##*:}"
# the whole disk, 128 MiB on the wire, is left to the stage before: tshark would read for minutes
mapfile -t files < <(cd "$RIG_TOP" && grep -L '^tags.* large' scenarios/live/*.scn)
RIG_TALLY='' play capture "${files[@]}" --target "$PEER_URL" --allow-writes --timeout 10 --peer-name "tgt/$(tgtd --version)" || failed=$((failed + 1))
judge "$RIG_SCRATCH/tgtd.pcap" 40 10 # tgt drops what it does not like (KNOWN.txt), and some scenarios go without a word
stop_tgtd
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
