# shellcheck shell=bash
# The initiator service and its command line, for stages and the lab. Sourced after lib.sh; SERVICE is the folder of a service that start_service
# started last.
SERVICE=
SERVICE_PID=
ISCSICLI=$RIG_BUILD/release/initiator/iscsicli
ISCSIRIGD=$RIG_BUILD/release/initiator/iscsirigd
export SERVICE ISCSICLI

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
