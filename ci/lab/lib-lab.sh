# shellcheck shell=bash
# The lab: peers of harness/peers, and what it does with them. Sourced after lib.sh.
. "$RIG_TOP/ci/lib-peers.sh"
. "$RIG_TOP/ci/lib-service.sh"
# shellcheck disable=SC2034 # read by who sources this
LAB_PEERS=(kernel tgtd istgt)
# shellcheck disable=SC2034 # read by table.sh and the stage
LAB_INITIATORS=(kernel-initiator ipxe)
# names and secrets of scenarios/live, which the peer files use, too
LAB_CHAP_USER=host
LAB_CHAP_SECRET="a secret of the host"
LAB_CHAP_OWN_USER=disk
LAB_CHAP_OWN_SECRET="a secret of the disk"
export LAB_CHAP_USER LAB_CHAP_SECRET LAB_CHAP_OWN_USER LAB_CHAP_OWN_SECRET

# lab_variables: those of the peer files' shell lines, for what is sourced of harness/peers
lab_variables()
{
    export cache=$XDG_STATE_HOME/iscsirig/peers bytes=$PEER_BYTES iqn=$PEER_IQN user=$LAB_CHAP_USER secret=$LAB_CHAP_SECRET
    export own_user=$LAB_CHAP_OWN_USER own_secret=$LAB_CHAP_OWN_SECRET
}

# lab_initiator_vm CONSOLE WORD…: the kernel's initiator in its VM, in the background; sets VM_PID. harness/peers/kernel-vm.sh is sourced.
lab_initiator_vm()
{
    (vm_qemu "$1" "$VM/initiator.gz" restrict=off "${@:2}") >"$1.qemu" 2>&1 &
    VM_PID=$!
    started "$VM_PID"
}

# lab_version PEER: what it calls itself here
lab_version()
{
    "$RIG_TOOL" matrix --peer "$1" --list | awk '{ print $3 }'
}

# lab_service: a login kept by iscsicli, and what the next start of the service makes of it, against the peer that runs
lab_service()
{
    local path=${PEER_URL#iscsi://*/}
    PEER_IQN=${path%/*}
    say "iscsicli and the service against $PEER_VERSION"
    service_life service "${path##*/}" "${PEER_PORTAL%:*}" "${PEER_PORTAL##*:}"
    tally "$checks_passed" "$checks_failed" 0
    [ "$checks_failed" -eq 0 ]
}

# ---- initiators of others against our target ----

lab_passed=0
lab_failed=0
LAB_SAID=()

# judged STATUS WORDS: counts a check by the status of what went before it
judged()
{
    if [ "$1" -eq 0 ]; then
        lab_passed=$((lab_passed + 1))
        say "ok: $2"
    else
        lab_failed=$((lab_failed + 1))
        say "FAILED: $2"
        LAB_SAID+=("FAILED: $2")
    fi
}

# lint_both LABEL FILE PORT: our target breaks no rule, and there was something to judge; what the other side breaks is told
lint_both()
{
    local found row
    found=$(breaches "$2" "$3" target) && [ -z "$found" ] && ! grep -q '^lint: 0 PDUs' "$2.lint"
    judged $? "$1: lint finds nothing against our target ($(tail -n 1 "$2.lint"))"
    [ -z "$found" ] || head -n 20 <<<"$found"
    while read -r row; do
        say "breach of the initiator in $1: $row"
        LAB_SAID+=("breaks $row")
    done < <(breaches "$2" "$3" initiator | sed -nE 's/^.* initiator ([^ ]+) ([^ ]+) ([^:]*): .*; (.*)/\1 (\2, \3): \4/p' | sort -u)
}

# initiator_end NAME VERSION: tallies, and leaves its part of docs/interop.md in build/runs/lab-NAME.md
initiator_end()
{
    mkdir -p "$RIG_BUILD/runs"
    {
        say "## $2 against our target"
        say
        say "$lab_passed passed, $lab_failed failed (checks of \`ci/lab/$1.sh\`, $(date -u +%Y-%m-%d), commit $(git -C "$RIG_TOP" rev-parse --short HEAD))."
        [ "${#LAB_SAID[@]}" -eq 0 ] || { say && printf '* %s\n' "${LAB_SAID[@]}" | sort -u; }
    } >"$RIG_BUILD/runs/lab-$1.md"
    tally "$lab_passed" "$lab_failed" 0
    [ "$lab_failed" -eq 0 ] && [ "$lab_passed" -gt 0 ]
}
