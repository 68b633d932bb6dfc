#!/usr/bin/env bash
# Targets that RADIUS verifies, against FreeRADIUS on this machine: our service logs in to our target by CHAP in both directions, and the secret of
# the target is known to the target and to FreeRADIUS alone, never to the service. FreeRADIUS runs as whoever calls this, from a folder made here.
# And what libradcli takes for an answer, which is why the service does not ask by it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
PATH=$PATH:/usr/sbin
command -v freeradius >/dev/null || skip "no freeradius here; ci/setup.sh installs it"
need perl ss
tool_or_fail
service_or_fail
scratch
SHARED=twenty-two.octets.of.it
export PEER_CHAP_SECRET=secret.of.host PEER_CHAP_OWN=secret.of.disk
LIBRADCLI=$RIG_TOP/ci/lab/radcli-forged/run.sh
RADIUS_PID=
RADIUS_PORT=
SILENT_PID=

# radius_config FOLDER SHARED SECRET: one client, one target, CHAP and nothing else
radius_config()
{
    cat >"$1/radiusd.conf" <<END
name = judge
prefix = /usr
libdir = $(radius_modules)
raddbdir = $1
logdir = $1
run_dir = $1
log {
    destination = stdout
    auth = yes
}
security {
    allow_core_dumps = no
    reject_delay = 0
    status_server = no
}
client loopback {
    ipaddr = 127.0.0.1
    secret = $2
}
modules {
    chap {
    }
    files {
        filename = $1/users
    }
}
server default {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = $RADIUS_PORT
    }
    authorize {
        chap
        files
    }
    authenticate {
        Auth-Type CHAP {
            chap
        }
    }
}
END
    printf 'disk Cleartext-Password := "%s"\n' "$3" >"$1/users"
}

# radius_modules: where they are; other systems than Debian have them elsewhere
radius_modules()
{
    local folder
    for folder in /usr/lib/freeradius /usr/lib64/freeradius /usr/lib; do
        [ -e "$folder/rlm_chap.so" ] && break
    done
    say "$folder"
}

udp_free_port()
{
    local port turn
    for turn in 1 2 3 4 5; do
        port=$(free_port) || return
        [ -n "$(ss -Hlun "sport = :$port")" ] || break
    done
    say "$port"
}

# start_radius SHARED SECRET: with those of the client and of the target
start_radius()
{
    local folder=$RIG_SCRATCH/radius
    mkdir -p "$folder"
    (umask 077 && radius_config "$folder" "$@") || exit 2
    : >"$folder/log"
    freeradius -f -d "$folder" -n radiusd -l stdout >>"$folder/log" 2>&1 &
    RADIUS_PID=$!
    started "$RADIUS_PID"
    wait_for 20 "$RADIUS_PID" grep -q 'Ready to process requests' "$folder/log" || {
        cat "$folder/log"
        complain "freeradius did not come up"
        exit 1
    }
}

# radius_says WORDS
radius_says()
{
    grep -qF -- "$1" "$RIG_SCRATCH/radius/log" || {
        cat "$RIG_SCRATCH/radius/log"
        return 1
    }
}

# start_silent: a server at 127.0.0.77 that hears and says nothing
start_silent()
{
    # shellcheck disable=SC2016 # the words of perl
    perl -MIO::Socket::INET -e '
        my $socket = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.77", LocalPort => $ARGV[0]) or die "$!\n";
        1 while $socket->recv(my $heard, 4096);' "$RADIUS_PORT" &
    SILENT_PID=$!
    started "$SILENT_PID"
    wait_for 10 "$SILENT_PID" hears 127.0.0.77
}

# hears ADDRESS: something is bound to that address and the port of RADIUS
hears()
{
    ss -Hlun "sport = :$RADIUS_PORT" | grep -qF "$1:$RADIUS_PORT" || ss -Haun "sport = :$RADIUS_PORT" | grep -qF "$1:$RADIUS_PORT"
}

# call CODE WORD JSON: a management call over the service's socket comes to that code
call()
{
    # shellcheck disable=SC2016 # the words of perl
    timeout -k 2 40 perl -MIO::Socket::UNIX -e '
        my $service = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no service: $!\n";
        print $service "$ARGV[1] $ARGV[2]\n";
        print scalar <$service>;' "$SERVICE/socket" "$2" "${3//$'\n'/ }" >"$SERVICE/said"
    grep -q "^$1 " "$SERVICE/said"
}

# login CODE [MEMBERS]: a login that RADIUS is to verify
login()
{
    call "$1" login "{\"target\":\"$PEER_IQN\",\"port\":4294967295,\"has-options\":true,\"options\":{\"specified\":224,\"auth-type\":2,
        \"username\":{\"text\":\"host\"},\"password\":{\"text\":\"$PEER_CHAP_SECRET\"},\"flags\":32}${2:-}}"
}

# took LEAST MOST COMMAND…: it succeeds, and takes that many seconds
took()
{
    local least=$1 most=$2 began=$SECONDS
    shift 2
    "$@" && [ $((SECONDS - began)) -ge "$least" ] && [ $((SECONDS - began)) -le "$most" ]
}

up()
{
    [ "$(ids true | grep -c .)" -eq "$1" ]
}

logout()
{
    told "done" LogoutTarget "$(ids true)"
}

portal_by_radius()
{
    call $OK add-send-targets-portal "{\"portal\":{\"address\":\"$host\",\"socket\":$port},\"port\":4294967295,\"options\":{\"specified\":224,
        \"auth-type\":2,\"username\":{\"text\":\"host\"},\"password\":{\"text\":\"$PEER_CHAP_SECRET\"},\"flags\":32}}"
}

# forged_by_all: libradcli takes forged answers in each of its ways, or docs/decisions.md ("what counts as an answer of a RADIUS server") has to be
# looked at again; without the library 1 in skipped
forged_by_all()
{
    bash "$LIBRADCLI" >"$RIG_SCRATCH/libradcli" 2>&1
    case $? in
    77) skipped=1 ;;
    0) check "libradcli still takes forged answers" true ;;
    *) check "libradcli still takes forged answers, or the decision has to be looked at again" false ;;
    esac
    cat "$RIG_SCRATCH/libradcli"
}

# by_libradcli: every call of it takes the answer of the FreeRADIUS that runs now
by_libradcli()
{
    RADCLI_SECRET=$SHARED RADCLI_PASSWORD=$PEER_CHAP_OWN bash "$LIBRADCLI" "$RADIUS_PORT"
}

# libradcli_takes WHICH
libradcli_takes()
{
    [ "$skipped" -gt 0 ] || check "libradcli takes $1" by_libradcli
}

skipped=0
OK=0x00000000
REFUSED=0xefff0009
SILENT=0xefff0003
MISSING=0xefff0028
RADIUS_PORT=$(udp_free_port)
(umask 077 && printf '%s\n' "$PEER_CHAP_OWN" >"$RIG_SCRATCH/own.secret") || exit 2
start_rig_target --chap host:env:PEER_CHAP_SECRET --chap-own "disk:$RIG_SCRATCH/own.secret" --chap-discovery || exit 1
host=${PEER_PORTAL%:*} port=${PEER_PORTAL##*:}
start_radius "$SHARED" "$PEER_CHAP_OWN"
start_service radius --radius-port "$RADIUS_PORT" || exit 1

forged_by_all
libradcli_takes "what FreeRADIUS accepts"
check "the target is made known" call $OK add-static-target \
    "{\"target\":\"$PEER_IQN\",\"persist\":true,\"portals\":[{\"address\":\"$host\",\"socket\":$port}]}"
check "without a RADIUS server nothing can be verified" login $MISSING
check "a server is added" call $OK add-radius-server '{"text":"127.0.0.1"}'
check "without a secret of it neither" login $MISSING
check "the secret is set" call $OK set-radius-secret "{\"secret\":{\"text\":\"$SHARED\"}}"
check "what FreeRADIUS accepts is logged in to" login $OK
check "FreeRADIUS has said so" radius_says "Login OK: [disk]"
check "the session is there" up 1
check "it is CHAP both ways" told "mutual CHAP" SessionList
check "logout" logout
check "a portal is discovered the same way" portal_by_radius
check "a login is kept" login $OK ',"persistent":true'
check "the service ends" stop_service
start_service radius --radius-port "$RADIUS_PORT" || exit 1
check "behind a restart the kept login is up" wait_for 10 "$SERVICE_PID" up 1
check "logout of that" logout
check "it is kept no more" call $OK remove-login "{\"target\":\"$PEER_IQN\",\"port\":4294967295}"

stop "$RADIUS_PID"
start_radius "$SHARED" another.secret
check "with another secret there it is refused" login $REFUSED
check "FreeRADIUS has said that, too" radius_says "Login incorrect"
stop "$RADIUS_PID"
start_radius "another.secret.of.client" "$PEER_CHAP_OWN"
libradcli_takes "that of a FreeRADIUS with another shared secret, too"
check "with another shared secret the server is as good as silent" login $SILENT
check "FreeRADIUS has noticed by what signs the request" radius_says "invalid Message-Authenticator"
stop "$RADIUS_PID"
check "when nobody listens there the login ends at once" took 0 2 login $SILENT
start_silent || exit 1
check "the same with a second server" call $OK add-radius-server '{"text":"127.0.0.77"}'
check "when that one is silent it ends when its time is over" took 3 6 login $SILENT

start_radius "$SHARED" "$PEER_CHAP_OWN"
check "the server goes to the end of the list" call $OK remove-radius-server '{"text":"127.0.0.1"}'
check "it is back, behind the silent one" call $OK add-radius-server '{"text":"127.0.0.1"}'
check "the login waits for the first and is verified by the second" took 3 6 login $OK
check "and up" up 1
check "nobody is told a secret" bash -c "! grep -aFr -e '$SHARED' -e '$PEER_CHAP_SECRET' -e '$PEER_CHAP_OWN' '$SERVICE/log' '$SERVICE/said' '$RIG_SCRATCH/target.log'"
check "the service ends behind it" stop_service
stop "$RADIUS_PID" "$SILENT_PID"
check "the target ran to its end" target_is_well
tally "$checks_passed" "$checks_failed" "$skipped"
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
