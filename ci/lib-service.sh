# shellcheck shell=bash
# The initiator service and its command line, for stages and the lab. Sourced after lib.sh; SERVICE is the folder of a service that start_service
# started last.
SERVICE=
SERVICE_PID=
ISCSICLI=${ISCSICLI:-$RIG_BUILD/release/initiator/iscsicli}
ISCSIRIGD=${ISCSIRIGD:-$RIG_BUILD/release/initiator/iscsirigd}
SERVICE_NODE=iqn.2026-01.example.host:initiator # as the initiators of scenarios are called
export SERVICE ISCSICLI
checks_passed=0
checks_failed=0

# service_or_fail: the release build's programs, or a failure that says how to get them
service_or_fail()
{
    [ -x "$ISCSICLI" ] && [ -x "$ISCSIRIGD" ] && return
    complain "no ${ISCSICLI#"$RIG_TOP"/} or ${ISCSIRIGD#"$RIG_TOP"/}: the release build did not make them (ci/test.sh build-gcc shows why)"
    exit 1
}

# start_service NAME [OPTION…]: with the store of that name, made when there is none; returns when its start is over
start_service()
{
    service_or_fail
    scratch
    SERVICE=$RIG_SCRATCH/$1
    mkdir -p "$SERVICE"
    rm -f -- "$SERVICE/ready"
    "$ISCSIRIGD" --socket "$SERVICE/socket" --store "$SERVICE/store" --ready-file "$SERVICE/ready" "${@:2}" >>"$SERVICE/log" 2>&1 &
    SERVICE_PID=$!
    started "$SERVICE_PID"
    wait_for 20 "$SERVICE_PID" test -e "$SERVICE/ready" || {
        cat "$SERVICE/log"
        complain "the service did not start"
        return 1
    }
}

# stop_service: by SIGTERM, which it ends in order at
stop_service()
{
    local status
    kill -TERM "$SERVICE_PID"
    wait "$SERVICE_PID"
    status=$?
    [ "$status" -eq 0 ] && ! grep -E 'Sanitizer|runtime error' "$SERVICE/log"
}

# cli WORD…: iscsicli on that service
cli()
{
    timeout -k 2 40 "$ISCSICLI" --socket "$SERVICE/socket" "$@" </dev/null
}

# ids QUERY: session ids of a list of sessions that fulfil a jq condition, one a line, as the verbs take them
ids()
{
    cli --json SessionList | jq -r ".sessions[]? | select($1) | .id | \"\(.adapter)-\(.specific)\""
}

# told WORDS WORD…: iscsicli succeeds and says the words; what it said is in the file said of the service's folder
told()
{
    local words=$1
    shift
    cli "$@" >"$SERVICE/said" 2>&1 && grep -qF -- "$words" "$SERVICE/said"
}

# check LABEL COMMAND…
check()
{
    local label=$1
    shift
    if "$@" >"$RIG_SCRATCH/check" 2>&1; then
        checks_passed=$((checks_passed + 1))
        say "ok: $label"
    else
        checks_failed=$((checks_failed + 1))
        say "FAILED: $label: $*"
        head -n 20 "$RIG_SCRATCH/check"
        [ ! -s "$SERVICE/said" ] || head -n 40 "$SERVICE/said"
    fi
}

# fails STATUS WORDS WORD…: iscsicli ends with that status and says the words on the standard error output alone
fails()
{
    local wanted=$1 words=$2
    shift 2
    cli "$@" >"$SERVICE/said" 2>"$SERVICE/complained"
    [ $? -eq "$wanted" ] && [ ! -s "$SERVICE/said" ] && grep -qF -- "$words" "$SERVICE/complained"
}

# ---- one life of a kept login: PEER_PORTAL, PEER_IQN and PEER_BYTES are the target's ----

one_kept_session()
{
    SESSION=$(ids .persistent)
    [ "$(wc -l <<<"$SESSION")" -eq 1 ] && [ -n "$SESSION" ]
}

# keep_login [ADDRESS SOCKET]: what is done before the restart; the login is for any portal the target tells, or for that one
keep_login()
{
    check "the node is named" told "done" NodeName "$SERVICE_NODE"
    check "a portal is added" told "done" AddTargetPortal "${PEER_PORTAL%:*}" "${PEER_PORTAL##*:}"
    check "its target is known" told "$PEER_IQN" ListTargets
    check "a login is kept" told "done" PersistentLoginTarget "$PEER_IQN" T "${1:-*}" "${2:-*}" '*' '*' '*' '*' '*' '*' '*' '*' '*' '*' '*' '*' '*' 0
    check "it is listed" told "$PEER_IQN" ListPersistentTargets
    check "it was not made" told "Sessions                        0" SessionList
}

# use_session LUN: what is done with the session behind it
use_session()
{
    local digits
    digits=$(printf '0x%04x000000000000' "$1")
    check "the session is up, and from a kept login" one_kept_session
    check "LUN $1 is mapped" wait_for 20 "$SERVICE_PID" told "$digits" ReportTargetMappings
    check "INQUIRY" told "direct access block device" ScsiInquiry "$SESSION" "$1" 0 0
    cli ReadCapacity "$SESSION" "$1" >"$SERVICE/said" 2>&1 # some have a unit attention to tell first
    check "READ CAPACITY" told "Bytes                           $PEER_BYTES" ReadCapacity "$SESSION" "$1"
    check "REPORT LUNS" told "$digits  ($1)" ReportLUNs "$SESSION"
    check "ping" told "Answers                         1" Ping '*' "${PEER_PORTAL%:*}" 1
    check "logout" told "done" LogoutTarget "$SESSION"
    check "it is gone" told "Sessions                        0" SessionList
    check "a second logout finds no session" fails 1 "invalid-session-id (0xefff001c)" LogoutTarget "$SESSION"
    check "the login is kept all the same" told "$PEER_IQN" ListPersistentTargets
}

# service_life NAME LUN [ADDRESS SOCKET]: that life with a restart of the service in between
service_life()
{
    start_service "$1" || exit 1
    keep_login "${@:3}"
    check "the service ends" stop_service
    start_service "$1" || exit 1
    use_session "$2"
    check "the service ends again" stop_service
}

# ---- the wire ----

# bare_trace CAPTURE [PORT]: the trace of a capture without what differs from run to run: addresses, ISIDs, and when which side closes
bare_trace()
{
    local of=("$1")
    [ -z "${2:-}" ] || of=(--port "$2" "$1")
    "$RIG_TOOL" trace "${of[@]}" | sed -E 's/\bISID=[0-9a-f:]+/ISID=_/; s/\bTargetAddress=[^ ]+/TargetAddress=_/' | awk '
        /^#/ { connection = $3; next }
        /^!/ { next }
        connection != shown { print "# connection", shown = connection }
        { print }'
}

# asked_for: of such a trace what the initiator asks for, without numbers, which depend on how many PDUs a target spends on a login
asked_for()
{
    awk '/^[<>#]/ { mine = !/^</ } mine' | sed -E 's/ (ITT|CmdSN|ExpStatSN|TSIH)=[^ ]+//g'
}
