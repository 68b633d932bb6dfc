#!/usr/bin/env bash
# iscsicli and the service as people use them: a portal is added, a login kept, and behind a restart of the service the session is there by itself;
# commands and a logout follow. Against our target and tgt's daemon, with what passed the wire judged by lint, and compared with the trace of the
# same calls in the simulator. Then CHAP with secrets that are in no list of processes, the prompt, and the units for systemd.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
tool_or_fail
service_or_fail
need jq
scratch
SCENARIO=scenarios/service/live/kept-session.scn
skipped=0

# caught NAME: the same while tcpdump listens; without the right to, all but the wire is looked at
caught()
{
    local file=$RIG_SCRATCH/$1.pcap port=${PEER_PORTAL##*:}
    (catch "$RIG_SCRATCH/probe.pcap" "$port" && stop "$LISTENER" || true) >"$RIG_SCRATCH/probe"
    if [ $? -eq 77 ]; then
        skipped=$((skipped + 1))
        say "skipped: $1: $(tail -n 1 "$RIG_SCRATCH/probe")"
        service_life "$1" 1
        return
    fi
    catch "$file" "$port"
    service_life "$1" 1
    wait_for 10 "$LISTENER" all_out "$file" "$port"
    stop "$LISTENER"
    check "$1: the capture is complete" grep -q '^0 packets dropped by kernel' "$LISTENER_LOG"
    check "$1: lint finds nothing against us" no_breach "$file" "$port"
    bare_trace "$file" "$port" >"$RIG_SCRATCH/$1.trace"
    "same_as_simulated_$1"
}

all_out()
{
    [ "$("$RIG_TOOL" trace --fields --port "$2" "$1" | grep -c $'\tLogoutResp\t')" -ge 3 ]
}

no_breach()
{
    breaches "$1" "$2" initiator >"$RIG_SCRATCH/breaches" && cat "$RIG_SCRATCH/breaches" && [ ! -s "$RIG_SCRATCH/breaches" ] &&
        ! grep -q '^lint: 0 PDUs' "$1.lint"
}

# rebuilt NAME: the kept logins of a service whose session was caught, in a store made of the capture alone; its next start logs in before the
# target that is still there
rebuilt()
{
    local file=$RIG_SCRATCH/$1.pcap again=$RIG_SCRATCH/$1-again
    [ -s "$file" ] || return
    mkdir "$again"
    check "$1: a store is made of the capture" "$RIG_TOOL" to-scenario --logins --store "$again/store" --port "${PEER_PORTAL##*:}" "$file"
    start_service "$1-again" || exit 1
    check "$1: its logins are those of the capture" told "$PEER_IQN" ListPersistentTargets
    check "$1: the session is up by itself, from a kept login" one_kept_session
    check "$1: of the node of the capture" told "$SERVICE_NODE" NodeName
    check "$1: through the portal of the capture" wait_for 20 "$SERVICE_PID" told "${PEER_PORTAL##*:}" SessionList
    check "$1: logout" told "done" LogoutTarget "$SESSION"
    check "$1: the service ends that has the store" stop_service
    check "$1: a store that is there is not written over" bash -c "! '$RIG_TOOL' to-scenario --logins --store '$again/store' '$file' >/dev/null 2>&1"
}

same_as_simulated_ours()
{
    check "ours: PDU by PDU as in the simulator" diff "$RIG_SCRATCH/simulated.trace" "$RIG_SCRATCH/ours.trace"
}

same_as_simulated_tgtd()
{
    check "tgtd: what is asked for is the same as in the simulator" diff <(asked_for <"$RIG_SCRATCH/simulated.trace") \
        <(asked_for <"$RIG_SCRATCH/tgtd.trace")
}

say "the same calls in the simulator"
(cd "$RIG_TOP" && "$RIG_TOOL" run "$SCENARIO" --pcap-dir "$RIG_SCRATCH/pcap" --keep always) || exit 1
bare_trace "$RIG_SCRATCH/pcap/${SCENARIO%.scn}.pcapng" >"$RIG_SCRATCH/simulated.trace"

say "our target"
start_rig_target --lun "ram:$PEER_BYTES" || exit 1
caught ours
rebuilt ours
check "our target ran to its end" target_is_well

say "tgt's daemon"
start_tgtd rdwr || exit 1
caught tgtd
rebuilt tgtd
stop_tgtd

# ---- the service as classes of Windows' management instrumentation ----

# wmi QUERY WORD…: iscsirig wmi succeeds, and what it says fulfils a jq condition
wmi()
{
    local query=$1
    shift
    timeout -k 2 40 "$RIG_TOOL" wmi --socket "$SERVICE/socket" "$@" >"$SERVICE/said" 2>&1 </dev/null && jq -e "$query" "$SERVICE/said" >/dev/null
}

say "classes"
start_rig_target --lun "ram:$PEER_BYTES" || exit 1
start_service wmi || exit 1
check "a portal is added" told "done" AddTargetPortal "${PEER_PORTAL%:*}" "${PEER_PORTAL##*:}"
check "it is an instance" wmi ".[0].PortalPort == ${PEER_PORTAL##*:} and .[0].InitiatorName == null" SendTargetPortalClass
check "it is refreshed" wmi ".ReturnValue == 0" SendTargetPortalClass --method Refresh
check "its target is an instance" wmi ".[0].TargetName == \"$PEER_IQN\"" TargetClass
check "the target is logged in to" wmi '.UniqueSessionId | test("^[0-9a-f]{16}-[0-9a-f]{16}$")' TargetClass --method Login
check "the session is an instance" wmi '.[0].ConnectionInformation | length == 1' SessionClass
check "INQUIRY tells of a disk" wmi '.ScsiStatus == 0 and .ResponseBuffer[0] == 0' SessionClass --method SendScsiInquiry Lun=0
check "a login is kept" wmi '.ReturnValue == 0' TargetClass --method Login IsPersistent=true LoginOptions.LoginFlags=2
check "it is an instance" wmi '.[0].LoginOptions.LoginFlags == 2' --where "TargetName=$PEER_IQN" PersistentLoginClass
check "the session is logged out" wmi '.ReturnValue == 0' SessionClass --method Logout
check "there is none" wmi '. == []' SessionClass
check "the service ends behind classes" stop_service
check "the target ran to its end behind classes" target_is_well

# ---- secrets ----

say "CHAP"
export PEER_CHAP_SECRET=secret.of.host PEER_CHAP_OWN=secret.of.disk # Microsoft's API knows none above 16 bytes
(umask 077 && printf '%s\n' "$PEER_CHAP_OWN" >"$RIG_SCRATCH/own.secret") || exit 2
start_rig_target --chap host:env:PEER_CHAP_SECRET --chap-own "disk:$RIG_SCRATCH/own.secret" --chap-discovery || exit 1
ulimit -S -n 256
start_service chap || exit 1
ulimit -S -n "$(ulimit -H -n)"
check "it takes as many descriptors as it may" grep -Eq '^Max open files +([0-9]+) +\1 ' "/proc/$SERVICE_PID/limits"
host=${PEER_PORTAL%:*} port=${PEER_PORTAL##*:}
(umask 077 && printf '%s\n' "$PEER_CHAP_SECRET" >"$RIG_SCRATCH/secret" && printf 'another.secret\n' >"$RIG_SCRATCH/wrong") || exit 2
check "a portal that wants CHAP is not asked without" fails 1 "authentication-failure (0xefff0009)" AddTargetPortal "$host" "$port"
check "it is forgotten" told "done" RemoveTargetPortal "$host" "$port"
check "with a secret from a file it is" told "done" AddTargetPortal "$host" "$port" '*' '*' '*' '*' '*' '*' '*' '*' '*' host "@$RIG_SCRATCH/secret" 1
check "a login with another secret is refused" fails 1 "authentication-failure" QLoginTarget "$PEER_IQN" host "@$RIG_SCRATCH/wrong"
check "a login with a secret from a file" told Session QLoginTarget "$PEER_IQN" host "@$RIG_SCRATCH/secret"
check "it shows CHAP" told "Authentication            CHAP" SessionList
check "the secret of the other direction" told "done" CHAPSecret "@$RIG_SCRATCH/own.secret"
check "another session with CHAP both ways" told Session LoginTarget "$PEER_IQN" T "$host" "$port" '*' '*' '*' 2 '*' '*' '*' '*' '*' host \
    "@$RIG_SCRATCH/secret" 2 '*' 0
check "it shows that, too" told "Authentication            mutual CHAP" SessionList
check "it is logged out" told "done" LogoutTarget "$(ids '.connections[0]["auth-type"] == 2')"
chmod 640 "$RIG_SCRATCH/secret"
check "a secret that others may read is refused" fails 2 "chmod 600" QLoginTarget "$PEER_IQN" host "@$RIG_SCRATCH/secret"

prompted()
{
    printf '%s\n' "QLoginTarget $PEER_IQN host -" "$PEER_CHAP_SECRET" 'SessionList F' |
        timeout 20 "$ISCSICLI" --socket "$SERVICE/socket" >"$SERVICE/said" 2>&1
    [ $? -eq 1 ] && grep -qF "target-already-logged-in (0xefff003f)" "$SERVICE/said" && grep -qF "Sessions                        1" "$SERVICE/said"
}
check "a secret on a line of the prompt" prompted
check "nobody says a secret" bash -c "! grep -aFr -e '$PEER_CHAP_SECRET' -e '$PEER_CHAP_OWN' '$SERVICE/log' '$SERVICE/said' '$RIG_SCRATCH/target.log'"
check "logout of it" told "done" LogoutTarget "$(ids true)"
check "the service ends behind CHAP" stop_service
check "without a service the code says so" fails 1 "service-not-running (0xefff003e)" ListTargets
check "the target ran to its end, too" target_is_well

# ---- what is installed with them ----

check "bash reads its completions" bash -n "$RIG_BUILD/release/initiator/completions/bash-completion/completions/iscsicli"
check "bash completes verbs and switches" bash -c ". '$RIG_BUILD/release/initiator/completions/bash-completion/completions/iscsicli'
    COMP_WORDS=(iscsicli --json persistentl) COMP_CWORD=2; _iscsicli; [ \"\${COMPREPLY[*]}\" = PersistentLoginTarget ] || exit 1
    COMP_WORDS=(iscsicli listtargets '') COMP_CWORD=2; _iscsicli; [ \"\${COMPREPLY[*]}\" = 'T F' ]"
if command -v systemd-analyze >/dev/null; then
    sed "s|^ExecStart=/usr/bin/|ExecStart=${ISCSIRIGD%/*}/|" "$RIG_TOP/ci/package/systemd/iscsirigd.service" >"$RIG_SCRATCH/iscsirigd.service"
    cp "$RIG_TOP/ci/package/systemd/iscsirigd.socket" "$RIG_SCRATCH/"
    check "systemd takes the units" systemd-analyze verify --man=no "$RIG_SCRATCH/iscsirigd.service" "$RIG_SCRATCH/iscsirigd.socket"
else
    skipped=$((skipped + 1))
    say "skipped: no systemd-analyze here looks at the units"
fi
tally "$checks_passed" "$checks_failed" "$skipped"
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
