# shellcheck shell=bash
# A peer of the lab: istgt, which sleeps a second in every login and starts only with a [UnitControl] section. In its other modes the thread
# that sends may be ended before the Logout Response has left, now and then in any scenario.
. "$RIG_TOP/ci/lib-peers.sh"
# shellcheck disable=SC2034 # read by testcu.sh: it leaves commands unanswered, and what waits for one costs nothing
PEER_APART=16

peer_lacks()
{
    command -v istgt >/dev/null && return 1
    say "no istgt here"
}

peer_version()
{
    say "istgt/$(istgt -V 2>&1 | sed -nE 's/.*istgt version ([0-9.]+).*/\1/p' | head -n 1)"
}

# istgt_unit N IQN METHOD GROUP: a target with one disk
istgt_unit()
{
    truncate -s "$PEER_BYTES" "$RIG_SCRATCH/istgt.disk$1"
    printf '[LogicalUnit%s]\n  TargetName %s\n  Mapping PortalGroup1 InitiatorGroup1\n  AuthMethod %s\n  AuthGroup %s\n' "$@"
    printf '  UseDigest Auto\n  UnitType Disk\n  QueueDepth 64\n  LUN0 Storage %s Auto\n' "$RIG_SCRATCH/istgt.disk$1"
}

# istgt_settings PORT
istgt_settings()
{
    cat <<SETTINGS
[Global]
  NodeBase "iqn.2026-01.example.ci"
  PidFile $RIG_SCRATCH/istgt.pid
  AuthFile $RIG_SCRATCH/istgt.auth
  MediaDirectory $RIG_SCRATCH
  LogFacility "local7"
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod None
  MaxSessions 16
  MaxConnections 4
  MaxOutstandingR2T 16
  FirstBurstLength 262144
  MaxBurstLength 1048576
  MaxRecvDataSegmentLength 262144
  InitialR2T Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod None
  Portal UC1 127.0.0.1:$(free_port)
  Netmask 127.0.0.1
[PortalGroup1]
  Portal DA1 127.0.0.1:$1
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.0/8
SETTINGS
    istgt_unit 1 "$PEER_IQN" None None
    istgt_unit 2 "$PEER_IQN-chap" CHAP AuthGroup1
}

# istgt_listens PORT: this istgt does; another that was given the port first would be taken for it
istgt_listens()
{
    ss -Hltnp "sport = :$1" | grep -q "pid=$PEER_PID,"
}

peer_start()
{
    need istgt ss
    scratch
    local port turn
    (umask 077 && printf '[AuthGroup1]\n  Auth "%s" "%s" "%s" "%s"\n' "$LAB_CHAP_USER" "$LAB_CHAP_SECRET" "$LAB_CHAP_OWN_USER" \
        "$LAB_CHAP_OWN_SECRET" >"$RIG_SCRATCH/istgt.auth") || return
    for turn in 1 2 3; do
        port=$(free_port) || break
        istgt_settings "$port" >"$RIG_SCRATCH/istgt.conf"
        istgt -D -m 0 -c "$RIG_SCRATCH/istgt.conf" >"$RIG_SCRATCH/istgt.log" 2>&1 </dev/null &
        PEER_PID=$!
        started "$PEER_PID"
        wait_for 10 "$PEER_PID" istgt_listens "$port" && {
            PEER_PORTAL=127.0.0.1:$port
            PEER_URL=iscsi://$PEER_PORTAL/$PEER_IQN/0
            PEER_CHAP_URL=iscsi://$PEER_PORTAL/$PEER_IQN-chap/0
            export PEER_PORTAL PEER_URL PEER_CHAP_URL PEER_PID
            return
        }
        complain "istgt did not come up on port $port (turn $turn)"
        stop "$PEER_PID"
    done
    tail -n 20 "$RIG_SCRATCH/istgt.log"
    return 1
}

# peer_stop: it does not heed SIGTERM
peer_stop()
{
    kill -KILL "$PEER_PID"
    wait "$PEER_PID"
} 2>/dev/null
