#!/usr/bin/env bash
# Captures played again. Of the pack's captures some, by stride: as scenarios of both sides; the initiator's side before the target of the
# scenario they come from; the target's side before its initiator. Then faults of the target: a capture that shows one becomes a scenario that
# fails until it is gone. RIG_REPLAY_STRIDE=1 takes every capture.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need jq
scratch
CAPTURES=$RIG_BUILD/captures
STRIDE=${RIG_REPLAY_STRIDE:-29}
FAULT_STRIDE=${RIG_REPLAY_STRIDE:-7}
EXCUSES=$RIG_TOP/ci/judge/replay-excuses.txt
[ -d "$CAPTURES" ] || (play scenarios scenarios --pcap-dir build/captures --keep always) >/dev/null
cd "$RIG_TOP" || exit 2
passed=0 failed=0 skipped=0

# scenario_of CAPTURE: the scenario it comes from, and the number of its case, if it has several
scenario_of()
{
    local name=${1#"$CAPTURES"/}
    name=${name%.pcapng}
    if [ -f "$name.scn" ]; then
        say "$name.scn"
    else
        say "${name%.*}.scn ${name##*.}"
    fi
}

# sample OFFSET: every so many captures
sample()
{
    find "$CAPTURES/scenarios" -name '*.pcapng' | sort | awk -v stride="$STRIDE" -v offset="$1" 'NR % stride == offset % stride'
}

# the other side stands in a step: nobody takes it where that side is not there
moves_the_other_side='^ +(async +)?(target|host|drop-link|isns|begin play|hba hold|restart)( |$)'

# count PART SCENARIO STATUS WHY: a failure is one unless the list knows it, or the steps of the scenario move the side that is replayed
count()
{
    if [ "$3" -eq 0 ]; then
        passed=$((passed + 1))
        printf '%s\t%s\n' "$1" "${2%.scn}" >>"$RIG_SCRATCH/passed"
    elif grep -qF "no iSCSI PDU" <<<"$4"; then
        : # nothing to play
    elif grep -q "^$1	${2%.scn}	" "$EXCUSES"; then
        skipped=$((skipped + 1))
        printf '%s\t%s\n' "$1" "${2%.scn}" >>"$RIG_SCRATCH/excused"
    elif [ "$1" != both ] && grep -qE "$moves_the_other_side" "$2"; then
        skipped=$((skipped + 1))
    else
        failed=$((failed + 1))
        say "FAILED: $1 $2: $(head -n 1 <<<"$4")"
    fi
}

# both_sides: from capture to scenario, and through
both_sides()
{
    local capture scenario number said number_of=0 fold
    mkdir "$RIG_SCRATCH/both"
    while read -r capture; do
        read -r scenario number < <(scenario_of "$capture")
        number_of=$((number_of + 1))
        fold=() # every second one with its logins in an include
        [ $((number_of % 2)) -eq 0 ] || fold=(--fold "$RIG_SCRATCH/both/$number_of.inc")
        if said=$("$RIG_TOOL" to-scenario "${fold[@]}" "$capture" 2>&1 >"$RIG_SCRATCH/both/$number_of.scn"); then
            printf '%s\t%s\n' "$RIG_SCRATCH/both/$number_of.scn" "$scenario" >>"$RIG_SCRATCH/both/of"
        else
            rm -f -- "$RIG_SCRATCH/both/$number_of.scn"
            count both "$scenario" 1 "$said"
        fi
    done < <(sample 0)
    "$RIG_TOOL" run --strict --keep never --json "$RIG_SCRATCH/both/record" "$RIG_SCRATCH/both" >"$RIG_SCRATCH/both/said" 2>&1
    jq -r '.cases[] | [.path, .verdict] | @tsv' "$RIG_SCRATCH/both/record" >"$RIG_SCRATCH/both/verdicts" || show "$RIG_SCRATCH/both/said"
    while IFS=$'\t' read -r said scenario; do
        if grep -qxF "$said	pass" "$RIG_SCRATCH/both/verdicts"; then
            count both "$scenario" 0 ""
        else
            count both "$scenario" 1 "$(grep -A 4 -F "FAIL $said" "$RIG_SCRATCH/both/said" | tail -n 2 | head -n 1)"
        fi
    done <"$RIG_SCRATCH/both/of"
}

# one_side ROLE OFFSET: that side of the capture, before the other one of its scenario
one_side()
{
    local capture scenario number said
    while read -r capture; do
        read -r scenario number < <(scenario_of "$capture")
        said=$("$RIG_TOOL" replay --as "$1" --with "$scenario" ${number:+--case "$number"} "$capture" 2>&1)
        count "$1" "$scenario" $? "${said#*pcapng: }"
    done < <(sample "$2")
}

# judge_fault FAULT SMALLEST: the scenario of its capture fails with the fault, and passes without
judge_fault()
{
    local base=$RIG_SCRATCH/faults/$1.scn capture scenario=$RIG_SCRATCH/faults/out/$1.scn smallest=$2
    capture=$(find "$RIG_SCRATCH/faults/captures" -name "$1.pcapng")
    [ -n "$capture" ] || return
    # shellcheck disable=SC2086 # it is an option or nothing
    "$RIG_TOOL" to-scenario --role initiator $smallest --with "$base" "$capture" >"$scenario.bad.scn" 2>/dev/null || return
    grep -q '^never ! breach' "$scenario.bad.scn" || return # lint has nothing against it there
    grep -v '^  fault ' "$scenario.bad.scn" >"$scenario"
    if ! "$RIG_TOOL" run --keep never "$scenario" >"$RIG_SCRATCH/said" 2>&1; then
        failed=$((failed + 1))
        say "FAILED: $1 $smallest: without the fault"
        grep -A 4 '^FAIL' "$RIG_SCRATCH/said"
    elif "$RIG_TOOL" run --keep never "$scenario.bad.scn" >"$RIG_SCRATCH/said" 2>&1 || ! grep -q '^FAIL.*MUST' "$RIG_SCRATCH/said"; then
        failed=$((failed + 1))
        say "FAILED: $1 $smallest: the scenario passes with the fault"
    else
        passed=$((passed + 1))
        told=$((told + 1))
    fi
}

faults()
{
    local fault
    told=0
    mkdir -p "$RIG_SCRATCH/faults/out"
    "$RIG_TOOL" target --faults | awk -F'\t' -v stride="$FAULT_STRIDE" '($4 == "lint" || $4 == "engine") && n++ % stride == 0 { print $1 }' >"$RIG_SCRATCH/which"
    while read -r fault; do sed "s/FAULT/$fault/" ci/judge/replay-fault.scn >"$RIG_SCRATCH/faults/$fault.scn"; done <"$RIG_SCRATCH/which"
    "$RIG_TOOL" run --pcap-dir "$RIG_SCRATCH/faults/captures" --keep always "$RIG_SCRATCH/faults" >"$RIG_SCRATCH/said" 2>&1
    while read -r fault; do
        judge_fault "$fault" ""
        judge_fault "$fault" --minimise
    done <"$RIG_SCRATCH/which"
    say "$told scenarios of faults fail until the fault is gone"
    [ "$told" -gt 0 ] || failed=$((failed + 1))
}

# a_part: of a capture that is far larger in front of it, numbered again
a_part()
{
    local base=$RIG_SCRATCH/part turn frame
    mkdir "$base"
    {
        printf '%s\n' 'scenario "many pings"' 'level CHOICE' 'target' '  node iqn.2026-01.example.sim:disk' '      lun 0 ram 1MiB' \
            'initiator' '  isid 80000000000a' 'run' '  login iqn.2026-01.example.sim:disk'
        for turn in $(seq 12000); do say '  ping 4'; done
        printf '%s\n' '  scsi lun 0 read-capacity-10' '  logout' 'must > Logout'
    } >"$base/many.scn"
    if "$RIG_TOOL" run --pcap-dir "$base/captures" --keep always "$base/many.scn" >"$base/said" 2>&1 &&
        frame=$("$RIG_TOOL" trace --fields --filter opcode=ScsiCmd "$(find "$base/captures" -name '*.pcapng')" | cut -f 1) &&
        "$RIG_TOOL" to-scenario --from "$frame" --to "$frame" "$(find "$base/captures" -name '*.pcapng')" >"$base/part.scn" 2>"$base/said" &&
        "$RIG_TOOL" run --strict --keep never "$base/part.scn" >"$base/said" 2>&1 && [ "$frame" -gt 24000 ] &&
        [ "$(sed -nE 's/^  [^<]*> (Login|ScsiCmd) .* CmdSN=([0-9]+).*/\2/p' "$base/part.scn" | sort -u | wc -l)" -eq 1 ] &&
        ! grep -q 'NopOut' "$base/part.scn"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: a part of a large capture: $(tail -n 3 "$base/said")"
    fi
}

both_sides
a_part
one_side initiator 1
one_side target 2
faults
if [ "$STRIDE" -eq 1 ]; then
    sort -u "$RIG_SCRATCH/excused" >"$RIG_SCRATCH/needed"
    while IFS=$'\t' read -r part scenario _; do
        grep -qxF "$part	$scenario" "$RIG_SCRATCH/needed" || {
            failed=$((failed + 1))
            say "FAILED: the list excuses $part $scenario, which passes"
        }
    done < <(grep -vE '^(#|$)' "$EXCUSES")
fi
tally "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
