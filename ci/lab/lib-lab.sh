# shellcheck shell=bash
# The lab's peers: each file of ci/lab/peers/ says what it lacks here, its name and version, and how it starts and ends. Sourced after lib.sh.
. "$RIG_TOP/ci/lib-peers.sh"
. "$RIG_TOP/ci/lib-service.sh"
. "$RIG_TOP/ci/lab/kernel-vm.sh"
LAB_PEERS=(kernel tgtd istgt)
# shellcheck disable=SC2034 # read by table.sh and the stage
LAB_INITIATORS=(kernel-initiator ipxe)
PEER_CHAP_URL=
export PEER_CHAP_URL PEER_PID

# lab_peer NAME: reads its file, or ends the script
lab_peer()
{
    [ -f "$RIG_TOP/ci/lab/peers/$1.sh" ] || die "no peer $1; there are: ${LAB_PEERS[*]}"
    # shellcheck source=/dev/null
    . "$RIG_TOP/ci/lab/peers/$1.sh"
}

# lab_scenarios FILE…|nothing: those tagged live, of which "chap" ones go to the unit that wants CHAP: sets LAB_OPEN and LAB_CHAP
lab_scenarios()
{
    local file
    LAB_OPEN=()
    LAB_CHAP=()
    [ "$#" -gt 0 ] || set -- scenarios
    while read -r file; do
        if grep -qE '^tags .*\bchap\b' "$RIG_TOP/$file"; then LAB_CHAP+=("$file"); else LAB_OPEN+=("$file"); fi
    done < <(cd "$RIG_TOP" && grep -rlE '^tags .*\blive\b' "$@" | sort)
}

# lab_play LABEL [OPTION…]: LAB_OPEN and LAB_CHAP against the peer that runs; a record each in build/runs
lab_play()
{
    local label=$1 status=0
    shift
    LAB_OPTIONS=(--allow-writes --timeout 20 --peer-name "$(peer_version)" --known-failures "$RIG_TOP/scenarios/KNOWN.txt" "$@")
    [ "${#LAB_OPEN[@]}" -eq 0 ] || play_all "$label" "$PEER_URL" "${LAB_OPEN[@]}" || status=1
    [ "${#LAB_CHAP[@]}" -eq 0 ] || play_all "$label-chap" "$PEER_CHAP_URL" "${LAB_CHAP[@]}" --peer-chap || status=1
    return "$status"
}

# play_all LABEL URL FILE…
play_all()
{
    local label=$1 url=$2 status
    shift 2
    play "$label" "$1" "${@:2}" --target "$url" "${LAB_OPTIONS[@]}"
    status=$?
    [ "$status" -eq 77 ] || return "$status"
}

# lab_service: a login kept by iscsicli, and what the next start of the service makes of it, against the peer that runs
lab_service()
{
    local path=${PEER_URL#iscsi://*/}
    PEER_IQN=${path%/*}
    say "iscsicli and the service against $(peer_version)"
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
