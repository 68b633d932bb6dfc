#!/usr/bin/env bash
# ci/lab/testcu.sh rig|kernel|tgtd|istgt [FAMILY…]: libiscsi's own suite against a target, one line a test and set-up: set-up, test, verdict
# (pass, skip, fail; na: the suite never came to it) and why, between tabs. A test that prints [SKIPPED] is a skip, whatever CUnit makes of it,
# for part of it was not asked. Our target is put up in four ways, the others in one, and with two paths; a unit without medium is none of them,
# as the suite begins with its capacity (its own tests eject). Status 0 when every set-up was played to its end, 77 when the target cannot be had.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
[ "$#" -ge 1 ] || die "usage: ci/lab/testcu.sh rig|kernel|tgtd|istgt [FAMILY…]"
need iscsi-test-cu
scratch
PEER=$1
shift
[ "$#" -gt 0 ] || set -- ALL
FAMILIES=("$@")
LIMIT=${RIG_LIMIT:-120}
LISTED=$RIG_SCRATCH/listed
iscsi-test-cu -l 2>/dev/null >"$LISTED"

# results LOG: "TEST<tab>pass|skip|fail<tab>REASON" of each test the log tells of
results()
{
    awk -F'\n' '
        function tell() {
            if (test != "") printf "%s.%s\t%s\t%s\n", suite, test, bad ? "fail" : skips ? "skip" : good ? "pass" : "fail", bad ? failure : skips ? reason : ""
            test = ""
        }
        /^Suite: / { tell(); split($0, word, " "); suite = word[2] }
        /^Run Summary/ { tell() }
        /^ +Test: / { tell(); split($0, word, " "); test = word[2]; bad = skips = good = 0; reason = failure = "" }
        /\[SKIPPED\]/ { skips = 1; if (reason == "") { reason = $0; sub(/.*\[SKIPPED\] */, "", reason); gsub(/\t/, " ", reason) } }
        /\[FAILED\]/ { if (failure == "") { failure = $0; sub(/.*\[FAILED\] */, "", failure); gsub(/\t/, " ", failure) } }
        /FAILED$/ { bad = 1 }
        /passed( |$)/ { good = 1 }
        END { tell() }' "$1"
}

# judge SETUP FAMILY URL [URL]: plays a family in one process, as the authors of the suite do, and judges each test it should have had
judge()
{
    local setup=$1 family=$2 log=$RIG_SCRATCH/$1.$2.log status
    shift 2
    timeout -k 2 "$LIMIT" iscsi-test-cu -d -S -V -t "$family" "$@" >"$log" 2>&1 </dev/null
    status=$?
    results "$log" >"$log.results"
    awk -F'\t' -v setup="$setup" -v family="$family" -v status="$status" '
        FNR == NR { verdict[$1] = $2; why[$1] = $3; next }
        {
            split($0, name, "."); test = name[2] "." name[3]
            if (index($0, family ".") == 1 && name[3] != "")
                printf "%s\t%s\t%s\t%s\n", setup, $0, test in verdict ? verdict[test] : "na", test in verdict ? why[test] : "the suite ended with status " status
        }' "$log.results" "$LISTED"
    [ "$status" -lt 124 ] || complain "$setup: $family did not end by itself (status $status)"
    [ "$status" -lt 124 ]
}

# judge_rig SETUP OPTION…: LUN 1 of our target for each family in turn, as what one leaves is not another's beginning
judge_rig()
{
    local setup=$1 family second bad=0
    shift
    [ "$setup" != read-only ] || FAMILIES=(ALL.ReadOnly) # every other suite writes
    for family in "${FAMILIES[@]}"; do
        second=()
        start_rig_target --quiet "$@" || return
        [ "$setup" != two-paths ] || second=("iscsi://127.0.0.1:$SECOND_PORT/$PEER_IQN/1")
        judge "$setup" "$family" "${PEER_URL%/0}/1" "${second[@]}" || bad=1
        target_is_well >&2 || bad=1
    done
    return "$bad"
}

# play_rig: the set-ups side by side, each with a folder of its own
play_rig()
{
    local disk=ram:128MiB setup pid bad=0 pids=()
    SECOND_PORT=$(free_port) || return
    for setup in plain removable,removable read-only,read-only two-paths; do
        (
            RIG_SCRATCH= RIG_CHILDREN=()
            scratch
            name=${setup%%,*} options=${setup#"${setup%%,*}"}
            paths=()
            [ "$name" != two-paths ] || paths=(--listen "127.0.0.1:$SECOND_PORT,2")
            judge_rig "$name" --lun "$disk$options" "${paths[@]}" >"$OUT/$name"
        ) &
        pids+=("$!")
        started "$!"
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || bad=1
    done
    cat "$OUT"/*
    return "$bad"
}

# play_peer: a target of others, over one path and over two
play_peer()
{
    local family bad=0 reason
    lab_peer "$PEER"
    if reason=$(peer_lacks); then skip "$PEER: $reason"; fi
    for family in "${FAMILIES[@]}"; do
        peer_start >&2 || return
        judge plain "$family" "$PEER_URL" || bad=1
        judge two-paths "$family" "$PEER_URL" "$PEER_URL" || bad=1
        peer_stop
    done
    return "$bad"
}

OUT=$RIG_SCRATCH/out
mkdir "$OUT"
if [ "$PEER" = rig ]; then play_rig; else play_peer; fi
