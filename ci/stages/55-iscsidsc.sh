#!/usr/bin/env bash
# A program of Microsoft's API against real targets over the loopback: ours, which allows two connections, and tgt's daemon, which allows one. Built
# for both character sets, with a service inside the process and with iscsirigd; what passed the wire is judged by lint.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
tool_or_fail
service_or_fail
need jq
scratch
PROGRAM=$RIG_BUILD/release/initiator/windows_session
RUNS=4 # of the program a target
skipped=0

# flow SOCKET SET: the program, with a service there
flow()
{
    ISCSIRIG_SOCKET=$1 timeout -k 2 60 "${PROGRAM}_$2" "${PEER_PORTAL%:*}" "${PEER_PORTAL##*:}" "$PEER_IQN" >"$RIG_SCRATCH/said" 2>&1
    local status=$?
    grep -v '^ok' "$RIG_SCRATCH/said"
    [ "$status" -eq 0 ] && ! grep -q '^WRONG' "$RIG_SCRATCH/said"
}

# flows NAME: every build of it, each with a service of its own, and one more with iscsirigd, which then has nothing left of it
flows()
{
    local set
    for set in narrow wide utf16; do
        check "$1: $set, embedded" flow "embedded:$RIG_SCRATCH/$1.$set" "$set"
    done
    start_service "$1" || exit 1
    check "$1: wide, iscsirigd" flow "$SERVICE/socket" wide
    check "$1: no session is left" told "Sessions                        0" SessionList
    check "$1: no kept login is left" bash -c "! '$ISCSICLI' --socket '$SERVICE/socket' ListPersistentTargets | grep -F '$PEER_IQN'"
    check "$1: the service ends" stop_service
}

# caught NAME LOGOUTS: the same while tcpdump listens, with so many logouts a run; without the right to, all but the wire is looked at
caught()
{
    local file=$RIG_SCRATCH/$1.pcap port=${PEER_PORTAL##*:}
    (catch "$RIG_SCRATCH/probe.pcap" "$port" && stop "$LISTENER" || true) >"$RIG_SCRATCH/probe"
    if [ $? -eq 77 ]; then
        skipped=$((skipped + 1))
        say "skipped: the wire to $1: $(tail -n 1 "$RIG_SCRATCH/probe")"
        flows "$1"
        return
    fi
    catch "$file" "$port"
    flows "$1"
    wait_for 10 "$LISTENER" all_out "$file" "$port" $((RUNS * $2))
    stop "$LISTENER"
    check "$1: the capture is complete" grep -q '^0 packets dropped by kernel' "$LISTENER_LOG"
    check "$1: every session is logged out" all_out "$file" "$port" $((RUNS * $2))
    check "$1: lint finds nothing against us" no_breach "$file" "$port"
}

# fails_alone: the program says which functions failed, and ends with 1
fails_alone()
{
    ! flow "embedded:$RIG_SCRATCH/nobody" narrow && grep -qx "WRONG AddIScsiSendTargetPortal: 0xefff0003" "$RIG_SCRATCH/said"
}

# all_out CAPTURE PORT LOGOUTS
all_out()
{
    [ "$("$RIG_TOOL" trace --fields --port "$2" "$1" | grep -c $'\tLogoutResp\t')" -eq "$3" ]
}

no_breach()
{
    breaches "$1" "$2" initiator >"$RIG_SCRATCH/breaches" && cat "$RIG_SCRATCH/breaches" && [ ! -s "$RIG_SCRATCH/breaches" ] &&
        ! grep -q '^lint: 0 PDUs' "$1.lint"
}

[ -x "${PROGRAM}_narrow" ] || die "no ${PROGRAM#"$RIG_TOP"/}_narrow: the release build did not make it"

say "our target"
start_rig_target --offer MaxConnections=2 || exit 1
caught ours 5
check "ours: it said that two connections are allowed" grep -qx "the target allows two connections" "$RIG_SCRATCH/said"
check "ours: the target ran to its end" target_is_well

say "tgt's daemon"
if command -v tgtd >/dev/null && command -v tgtadm >/dev/null; then
    start_tgtd rdwr || exit 1
    caught tgtd 4
    check "tgtd: it said that one connection is allowed" grep -qx "the target allows one connection" "$RIG_SCRATCH/said"
    stop_tgtd
else
    skipped=$((skipped + 1))
    say "skipped: no tgtd here"
fi

say "nobody"
PEER_PORTAL=127.0.0.1:1
check "without a target it fails" fails_alone
tally "$checks_passed" "$checks_failed" "$skipped"
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
