#!/usr/bin/env bash
# Sessions inside real IPsec: our service and tgtd on two hosts of the lab with strongSwan's charon on each, which our service asks for what the
# security flags of a login say. What passes the cable between them is looked at: IKE by the exchange that was wished, then ESP, and no segment of
# TCP in the clear, also when charon refuses, is not there, or cannot do what is wished.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-ipsec.sh"
PATH=$PATH:/usr/sbin
command -v tgtd >/dev/null && command -v tgtadm >/dev/null || skip "no tgtd here; ci/setup.sh installs it"
need jq
service_or_fail
inside_or_again "$@"
two_hosts

# flags, as docs/man/iscsicli.1 has them
MAIN_TUNNEL=0x47
MAIN_TUNNEL_PFS=0x57
AGGRESSIVE_TUNNEL=0x4b
MAIN_TRANSPORT=0x27
IDENTITY=host.lab.example
HARDWARE=(--adapter 'hba0,hardware,quirk=small-security-cache')
CHARON_OF_SERVICE=(--vici "$IPSEC_FOLDER/here/vici" --vici-device "$IPSEC_DEVICE")

start_target_there()
{
    start_tgtd rdwr -D within="nsenter -t $THERE_PID -n" -D host="$IPSEC_THERE" -D port=3260 || die "tgtd did not come up"
}

# key_is WORDS: the key of the group, from a file that nobody else reads
key_is()
{
    (umask 077 && printf '%s\n' "$1" >"$RIG_SCRATCH/key") || exit 2
    told "done" GroupKey "@$RIG_SCRATCH/key" F
}

# login FLAGS: what iscsicli says of a login with these security flags
login()
{
    cli LoginTarget "$PEER_IQN" T "$IPSEC_THERE" 3260 '*' '*' "$1" '*' '*' '*' '*' '*' '*' '*' '*' '*' '*' 0
}

logs_in()
{
    login "$1" >"$SERVICE/said" 2>&1 && grep -q Session "$SERVICE/said"
}

# refused FLAGS CODE: it comes to that code, or one of several between |, and there is no session
refused()
{
    login "$1" >"$SERVICE/said" 2>&1
    grep -qE -- "$2" "$SERVICE/said" && [ -z "$(ids true)" ]
}

# charon_has_ours: connections and associations of the service
charon_has_ours()
{
    { swan here --list-conns && swan here --list-sas; } 2>&1 | grep -F iscsirig-
}

charon_has_nothing()
{
    ! charon_has_ours
}

# without_answer: a command of the session waits, and nobody hears it
without_answer()
{
    local session
    session=$(ids true)
    ! timeout -k 1 2 "$ISCSICLI" --socket "$SERVICE/socket" ReadCapacity "$session" 1 </dev/null
}

# tcp_of_there_is_guarded: what finds no tunnel is dropped, as an administrator of the target would have it; our side needs none of that
tcp_of_there_is_guarded()
{
    there ip rule add pref 230 ipproto tcp sport 3260 blackhole
}

log_says()
{
    grep -qF -- "$1" "$SERVICE/log"
}

# service_for NAME OPTION…: a service that knows the target and the key
service_for()
{
    start_service "$1" "${@:2}" || exit 1
    check "the key is set" key_is "$IPSEC_KEY"
    check "the target is made known" told "done" QAddTarget "$PEER_IQN" "$IPSEC_THERE"
}

# protected NAME EXCHANGE FLAGS: a session by that exchange, data through it, nothing in the clear
protected()
{
    watch_cable "$1"
    check "$1: a login" logs_in "$3"
    SESSION=$(ids true)
    check "$1: INQUIRY through it" told "direct access block device" ScsiInquiry "$SESSION" 1 0 0
    cli ReadCapacity "$SESSION" 1 >"$SERVICE/said" 2>&1 # there is a unit attention to tell first
    check "$1: READ CAPACITY through it" told "Bytes                           $PEER_BYTES" ReadCapacity "$SESSION" 1
    check "$1: logout" told "done" LogoutTarget "$SESSION"
    watched
    check "$1: IKE by that exchange" test "$(said_by_ike "phase 1 . $2")" -ge 3
    check "$1: quick mode" test "$(said_by_ike 'phase 2/others')" -ge 3
    check "$1: ESP" esp 10
    check "$1: nothing in the clear" none_in_clear
}

# not_connected NAME FLAGS CODE: nor anything in the clear
not_connected()
{
    watch_cable "$1"
    check "$1: the login fails" refused "$2" "$3"
    watched
    check "$1: nothing in the clear" none_in_clear
    check "$1: and no ESP" test "$(seen 'udp port 4500 and udp[8:4] != 0 and udp[4:2] > 12')" -eq 0
}

FAILED=failed-to-configure-ipsec
start_here kernel-libipsec && start_there kernel-libipsec || exit 1
start_target_there

check "charon there takes main mode with PFS" answers_to no yes tunnel "$IPSEC_KEY"
service_for main "${CHARON_OF_SERVICE[@]}"
watch_cable plain
check "without flags a login is in the clear" logs_in '*'
check "that logs out" told "done" LogoutTarget "$(ids true)"
watched
check "and what looks for clear segments finds them" test "$(seen 'tcp port 3260')" -gt 10
protected "main mode with PFS" ident $MAIN_TUNNEL_PFS
check "the service says what it has" log_says "main mode with PFS, tunnel mode, by charon"
check "charon has it, too" charon_has_ours
check "the service ends" stop_service
check "and charon has nothing of it any more" charon_has_nothing

check "charon there takes main mode without PFS" answers_to no no tunnel "$IPSEC_KEY"
service_for plainer "${CHARON_OF_SERVICE[@]}"
not_connected "PFS that the other side has not" $MAIN_TUNNEL_PFS $FAILED
protected "main mode without PFS" ident $MAIN_TUNNEL
watch_cable again
check "the association ends" swan here --terminate --ike iscsirig-2 --force
check "the next login has a new one" logs_in $MAIN_TUNNEL
check "the target's host sends nothing in the clear any more" tcp_of_there_is_guarded
check "the association ends under the session" swan here --terminate --ike iscsirig-2 --force
check "what the session says then does not arrive" without_answer
watched
check "nothing of it in the clear" none_in_clear
check "the service ends again" stop_service

check "charon there takes aggressive mode" answers_to yes no tunnel "$IPSEC_KEY"
service_for hardware "${HARDWARE[@]}" "${CHARON_OF_SERVICE[@]}"
check "the key is another one" key_is "not.$IPSEC_KEY"
not_connected "a wrong key" $AGGRESSIVE_TUNNEL $FAILED
check "the service says why" log_says "(calculated HASH does not match HASH payload)"
check "the key is the right one again" key_is "$IPSEC_KEY"
not_connected "an exchange that the other side has not" $MAIN_TUNNEL $FAILED
not_connected "transport mode, which userspace ESP has not" $MAIN_TRANSPORT request-not-supported
check "the port has an identity of its own, and a key with it" told "done" PSKey '*' '*' '*' 2 "$IDENTITY" "@$RIG_SCRATCH/key" F
protected "aggressive mode" agg $AGGRESSIVE_TUNNEL
check "that can be read on the cable, as it has to be" grep -aqF "$IDENTITY" "$CABLE_FILE"
check "nobody is told the key" bash -c "! grep -aF -e '$IPSEC_KEY' '$SERVICE/log' '$SERVICE/said'"
check "the service ends" stop_service

stop "$CHARON_HERE"
service_for alone "${HARDWARE[@]}" "${CHARON_OF_SERVICE[@]}"
not_connected "charon that is not there" $AGGRESSIVE_TUNNEL $FAILED
check "the service says that" log_says "charon cannot be asked"
check "the service ends once more" stop_service

# without ESP of the kernel's its charon agrees, and then has no association
start_here kernel-netlink || exit 1
check "charon there takes transport mode" answers_to no no transport "$IPSEC_KEY"
service_for kernel --vici "$IPSEC_FOLDER/here/vici"
watch_cable kernel
login $MAIN_TRANSPORT >"$SERVICE/said" 2>&1
watched
check "by the kernel's ESP, or not at all" bash -c "grep -qF 'transport mode, by charon' '$SERVICE/log' || grep -qF $FAILED '$SERVICE/said'"
check "and nothing in the clear" none_in_clear
check "the last service ends" stop_service
stop_tgtd
tally "$checks_passed" "$checks_failed" 0
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
