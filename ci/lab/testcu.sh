#!/usr/bin/env bash
# ci/lab/testcu.sh rig|kernel|tgtd|istgt [TESTS…]: libiscsi's own suite against a target, one line a test and set-up: set-up, test, verdict
# (pass, skip, fail; hang: it did not end in time; na: the suite never came to it) and why, between tabs. TESTS are families, suites or tests as
# iscsi-test-cu -t takes them. A test that prints [SKIPPED] is a skip, whatever CUnit makes of it, for part of it was not asked. Status 0 when
# every set-up was played to its end, 77 when the target cannot be had. RIG_SETUPS names fewer set-ups of our target, RIG_FAULT a fault it has;
# RIG_LIMIT is the seconds one call of the suite may take.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
[ "$#" -ge 1 ] || die "usage: ci/lab/testcu.sh rig|kernel|tgtd|istgt [TESTS…]"
PEER=$1
shift
LIMIT=${RIG_LIMIT:-120}
read -ra SETUPS <<<"${RIG_SETUPS:-plain removable write-protected no-medium two-paths large-blocks sanitized sanitizing}"

# setup_unit SETUP: what our target puts up. Where deallocated blocks read as zeros, WRITE SAME(10) unmaps nothing: the suite unmaps with 0xff and
# wants zeros, SBC-3 has such blocks written. One test wants a SANITIZE that lasts, the others wait for each of theirs.
setup_unit()
{
    case $1 in
    removable) say "ram:128MiB,removable,always-on,$COMMON" ;;
    write-protected) say ram:128MiB,read-only ;;
    no-medium) say ram:128MiB,removable,empty ;;
    large-blocks) say ram:128MiB,physical=4096,lbprz=0 ;;
    sanitized) say ram:128MiB ;;
    sanitizing) say ram:128MiB,sanitize=6s ;;
    *) say "ram:128MiB,$COMMON" ;;
    esac
}
COMMON=lbpws10=0,sanitize=none

# setup_asks SETUP: the tests that make sense there. Most suites write before they look, which a protected medium refuses; without a medium the
# suite does not begin; of physical blocks only these depend, and the rest of the suite takes a logical block for one.
setup_asks()
{
    case $1 in
    write-protected) say "$PROTECTED_ASKS" ;;
    no-medium) say ALL.TestUnitReady ;;
    large-blocks) say ALL.CompareAndWrite,ALL.Unmap,ALL.WriteAtomic16.VPD,ALL.WriteSame10,ALL.WriteSame16 ;;
    sanitized) say "$SANITIZED_ASKS" ;;
    sanitizing) say ALL.Sanitize.Reset ;;
    *) say "$TESTS" ;;
    esac
}
PROTECTED_ASKS=ALL.Inquiry,ALL.Mandatory,ALL.Prefetch10,ALL.Prefetch16,ALL.Read6,ALL.Read10,ALL.Read12,ALL.Read16,ALL.ReadCapacity10
PROTECTED_ASKS+=,ALL.ReadCapacity16,ALL.ReadDefectData10,ALL.ReadDefectData12,ALL.ReadOnly,ALL.ReportSupportedOpcodes,ALL.TestUnitReady
SANITIZED_ASKS=ALL.Sanitize.BlockErase,ALL.Sanitize.BlockEraseReserved,ALL.Sanitize.CryptoErase,ALL.Sanitize.CryptoEraseReserved
SANITIZED_ASKS+=,ALL.Sanitize.ExitFailureMode,ALL.Sanitize.InvalidServiceAction,ALL.Sanitize.Overwrite,ALL.Sanitize.OverwriteReserved
SANITIZED_ASKS+=,ALL.Sanitize.Readonly,ALL.Sanitize.Reservations

# results LOG STATUS: "TEST<tab>pass|skip|fail|hang<tab>REASON" of each test the log tells of. The last without an outcome is the one that the
# suite ended in, by timeout's hand when it hung.
results()
{
    awk -F'\n' -v status="$2" '
        function tell() {
            if (test != "" && over && !bad && !good) printf "%s.%s\t%s\tthe suite ended with status %d in it\n", suite, test, late ? "hang" : "fail", status
            else if (test != "") printf "%s.%s\t%s\t%s\n", suite, test, bad ? "fail" : skips ? "skip" : good ? "pass" : "fail", bad ? failure : skips ? reason : ""
            test = ""
        }
        /^Suite: / { tell(); split($0, word, " "); suite = word[2] }
        /^Run Summary/ { tell() }
        /^ +Test: / { tell(); split($0, word, " "); test = word[2]; bad = skips = good = 0; reason = failure = "" }
        /\[SKIPPED\]/ { skips = 1; if (reason == "") { reason = $0; sub(/.*\[SKIPPED\] */, "", reason); gsub(/\t/, " ", reason) } }
        /\[FAILED\]/ { if (failure == "") { failure = $0; sub(/.*\[FAILED\] */, "", failure); gsub(/\t/, " ", failure) } }
        /FAILED$/ { bad = 1 }
        /passed( |$)/ { good = 1 }
        END { over = 1; late = status == 124 || status == 137; tell() }' "$1"
}

# judge SETUP TESTS URL [URL]: plays them (with commas between) in one process, as the authors of the suite do, and judges each test it should have
# had. Line by line, so that the log of one that hangs says where.
judge()
{
    local setup=$1 tests=$2 log=$RIG_SCRATCH/$1.log status
    shift 2
    timeout -k 2 "$LIMIT" stdbuf -oL iscsi-test-cu -d -S -V -t "$tests" "$@" >"$log" 2>&1 </dev/null
    status=$?
    results "$log" "$status" >"$log.results"
    awk -F'\t' -v setup="$setup" -v tests="$tests" -v status="$status" '
        function asked(name, i) {
            for (i in ask) if (name == ask[i] || index(name, ask[i] ".") == 1) return 1
            return 0
        }
        BEGIN { split(tests, ask, ",") }
        FNR == NR { verdict[$1] = $2; why[$1] = $3; next }
        {
            split($0, name, "."); test = name[2] "." name[3]
            if (name[3] != "" && asked($0))
                printf "%s\t%s\t%s\t%s\n", setup, $0, test in verdict ? verdict[test] : "na", test in verdict ? why[test] : "the suite ended with status " status
        }' "$log.results" "$LISTED"
    ended "$status" || complain "$setup: $tests did not end by itself (status $status)"
    ended "$status"
}

# ended STATUS: by itself, neither by timeout nor by a signal; 255 is how the suite gives up
ended()
{
    [ "$1" -lt 124 ] || [ "$1" -eq 255 ]
}

# judge_no_medium: the suite begins with READ CAPACITY(10), which SBC-3 has a unit without medium refuse (NOT READY, 3Ah/00h), and gives up. So
# nothing can be asked, and all that there is to see is that it was told so; NoMedia and StartStopUnit eject for themselves.
judge_no_medium()
{
    judge no-medium "$(setup_asks no-medium)" "$1" >"$RIG_SCRATCH/nothing" || return
    grep -q 'READCAPACITY10 command failed.*NOT READY.*MEDIUM_NOT_PRESENT' "$RIG_SCRATCH/no-medium.log" && return
    complain "no-medium: the suite was not told that there is no medium"
    tail -n 5 "$RIG_SCRATCH/no-medium.log" >&2
    return 1
}

# judge_rig SETUP: LUN 1 of our target
judge_rig()
{
    local setup=$1 paths=() second=() url status
    [ -z "${RIG_FAULT:-}" ] || paths+=(--fault "$RIG_FAULT")
    [ "$setup" != two-paths ] || paths+=(--listen "127.0.0.1:$SECOND_PORT,2")
    [ "$setup" != two-paths ] || second=("iscsi://127.0.0.1:$SECOND_PORT/$PEER_IQN/1")
    start_rig_target --quiet --lun "$(setup_unit "$setup")" "${paths[@]}" >&2 || return
    url=${PEER_URL%/0}/1
    if [ "$setup" = no-medium ]; then judge_no_medium "$url"; else judge "$setup" "$(setup_asks "$setup")" "$url" "${second[@]}"; fi
    status=$?
    target_is_well >&2 && return "$status"
}

# play_rig: the set-ups side by side, for they sleep most of the time, each in a process and a folder of its own
play_rig()
{
    local setup pid bad=0 pids=()
    [ "${#SETUPS[@]}" -gt 1 ] || {
        SECOND_PORT=$(free_port) && judge_rig "${SETUPS[0]}"
        return
    }
    mkdir "$RIG_SCRATCH/out"
    for setup in "${SETUPS[@]}"; do
        RIG_SETUPS=$setup bash "${BASH_SOURCE[0]}" rig "$TESTS" >"$RIG_SCRATCH/out/$setup" &
        pids+=("$!")
        started "$!"
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || bad=1
    done
    cat "$RIG_SCRATCH/out"/*
    return "$bad"
}

# asked: the tests that TESTS names
asked()
{
    awk -F. -v tests="$TESTS" '
        BEGIN { num = split(tests, ask, ",") }
        NF == 3 { for (i = 1; i <= num; i++) if (index($0 ".", ask[i] ".") == 1) { print; next } }' "$LISTED"
}

# play_apart TEST…: each test for itself in a process, a folder and a target of its own, as many at a time as the peer says, so that one that hangs
# costs its own time only
play_apart()
{
    local test bad=0 out=$RIG_SCRATCH/out
    mkdir "$out"
    # shellcheck disable=SC2016 # they are that shell's
    printf '%s\n' "$@" | xargs -P "$PEER_APART" -I '{}' bash -c 'bash "$0" "$1" "$2" >"$3/$2"' "${BASH_SOURCE[0]}" "$PEER" '{}' "$out" || bad=1
    for test; do
        [ -s "$out/$test" ] || printf 'plain\t%s\tna\tits target did not come up\n' "$test"
        cat "$out/$test"
    done
    return "$bad"
}

# PEER_APART: targets of others of which each test is played for itself, so many at once: istgt leaves commands unanswered, and what waits for
# one costs nothing
PEER_APART=1
[ "$PEER" != istgt ] || PEER_APART=16

# play_peer: a target of others, each suite for itself (or the one test that was asked for) and, where a start is quick, in a target of its own, as
# what ends, hangs or reserves one must not hide the others; two paths only where they are asked for
play_peer()
{
    local part parts tests bad=0 up=''
    mapfile -t tests < <(asked)
    [ "${#tests[@]}" -gt 0 ] || die "the suite has no tests $TESTS"
    if [ "$PEER_APART" -gt 1 ] && [ "${#tests[@]}" -gt 1 ]; then
        play_apart "${tests[@]}"
        return
    fi
    parts=("${tests[@]}")
    [ "${#tests[@]}" -eq 1 ] || mapfile -t parts < <(printf '%s\n' "${tests[@]%.*}" | uniq)
    for part in "${parts[@]}"; do
        [ -n "$up" ] || start_peer "$PEER" >&2 || return
        up=1
        case $part. in
        *.MultipathIO.*) judge two-paths "$part" "$PEER_URL" "$PEER_URL" || bad=1 ;;
        *) judge plain "$part" "$PEER_URL" || bad=1 ;;
        esac
        [ "$PEER" = kernel ] && alive "$PEER_PID" && continue
        stop_peer
        up=
    done
    [ -z "$up" ] || stop_peer
    return "$bad"
}

need iscsi-test-cu stdbuf
scratch
LISTED=$RIG_SCRATCH/listed
iscsi-test-cu -l 2>/dev/null >"$LISTED"
TESTS=$(
    IFS=,
    say "${*:-ALL}"
)
if [ "$PEER" = rig ]; then play_rig; else play_peer; fi
