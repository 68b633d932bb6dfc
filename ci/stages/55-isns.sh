#!/usr/bin/env bash
# Our iSNS client against somebody else's server: open-isns registers us, answers us, tells us of changes and forgets us, and says itself what it
# knows of us. Its port is 3205 and nothing else: where that is taken, or there is no isnsd, this is a counted skip.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
command -v isnsd >/dev/null && command -v isnsadm >/dev/null || skip "no isnsd and isnsadm here (open-isns-server, open-isns-utils)"
service_or_fail
need jq
listening 3205 && skip "something listens on port 3205 already"
scratch
ISNS=$RIG_SCRATCH/isns
ISNSD_PID=
TARGET=iqn.2026-01.example.sim
mkdir -p "$ISNS"

start_isnsd()
{
    mkdir -p "$ISNS/db"
    cat >"$ISNS/isnsd.conf" <<CONF
SourceName = iqn.2026-01.example.isns:server
Database = $ISNS/db
BindAddress = 127.0.0.1
Security = 0
DefaultDiscoveryDomain = 1
RegistrationPeriod = 10m
SLPRegister = 0
PIDFile = $ISNS/pid
ControlSocket = $ISNS/control
CONF
    cat >"$ISNS/adm.conf" <<CONF
SourceName = iqn.2026-01.example.adm:node
ServerAddress = 127.0.0.1
Security = 0
ControlSocket = $ISNS/control
CONF
    isnsd -c "$ISNS/isnsd.conf" -f >>"$ISNS/log" 2>&1 &
    ISNSD_PID=$!
    started "$ISNSD_PID"
    wait_for 10 "$ISNSD_PID" listening 3205
}

# adm WORD…: what an administrator does at the server
adm()
{
    timeout 20 isnsadm -c "$ISNS/adm.conf" "$@"
}

# knows NAME: the server has a node of that name
knows()
{
    adm --list nodes | grep -qF "\"$1\""
}

knows_not()
{
    ! knows "$1"
}

add_target()
{
    adm --register "entity=$TARGET:$1" "target=$TARGET:$1,alias=$1" "portal=127.0.0.1:$2/tcp" "pg,pgt=$3"
}

names()
{
    cli --json ListTargets | jq -r '.labels[]?.text'
}

sees()
{
    names | grep -qxF "$TARGET:$1"
}

sees_not()
{
    ! sees "$1"
}

start_isnsd || {
    cat "$ISNS/log"
    complain "isnsd did not start"
    exit 1
}
add_target one 3260 7 >/dev/null || complain "isnsadm: no first target"
start_service isns --host-name isns || exit 1

check "the node is named" told "done" NodeName "$SERVICE_NODE"
check "a server is added" cli AddiSNSServer 127.0.0.1
check "what it tells is known" sees one
cli --json TargetInfo "$TARGET:one" "iSNS:127.0.0.1" >"$RIG_SCRATCH/info" 2>&1
check "with its alias" grep -q '"one"' "$RIG_SCRATCH/info"
check "and its portal group" grep -qE '"tag": ?7' "$RIG_SCRATCH/info"
check "the server knows us" knows "$SERVICE_NODE"
add_target two 3261 1 >/dev/null
check "a target that comes is told of, and asked for without a call" wait_for 20 "$SERVICE_PID" sees two
adm --local --deregister "eid=$TARGET:one" >/dev/null
check "one that goes, too" wait_for 20 "$SERVICE_PID" sees_not one
check "a refresh is answered" cli RefreshiSNSServer 127.0.0.1
stop "$ISNSD_PID"
check "a refresh without the server says so" fails 1 isns-server-not-found RefreshiSNSServer 127.0.0.1
check "what was told stays" sees two
start_isnsd
check "it is asked again when it is back" cli RefreshiSNSServer 127.0.0.1
check "the server is removed" cli RemoveiSNSServer 127.0.0.1
check "and does not know us any more" wait_for 10 "$SERVICE_PID" knows_not "$SERVICE_NODE"
check "its targets stay" sees two
stop_service || checks_failed=$((checks_failed + 1))
tally "$checks_passed" "$checks_failed" 0
[ "$checks_failed" -eq 0 ]
