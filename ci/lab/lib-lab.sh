# shellcheck shell=bash
# The lab's peers: each file of ci/lab/peers/ says what it lacks here, its name and version, and how it starts and ends. Sourced after lib.sh.
. "$RIG_TOP/ci/lib-peers.sh"
. "$RIG_TOP/ci/lab/kernel-vm.sh"
LAB_PEERS=(kernel tgtd istgt)
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
