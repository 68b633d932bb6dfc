#!/usr/bin/env bash
# A scenario, its seed and the commit fix every byte of the capture: two runs are alike; another seed gives other draws, alike again.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
scratch
passed=0
failed=0

# shot NAME [OPTION…]: plays the pack into a folder of captures
shot()
{
    local into=$RIG_SCRATCH/$1
    shift
    (cd "$RIG_TOP" && timeout 120 "$RIG_TOOL" run scenarios --pcap-dir "$into" --keep always "$@") >"$into.log" 2>&1
    status=$?
    if [ "$status" -gt 1 ] || [ ! -d "$into" ]; then
        tail -n 20 "$into.log"
        complain "the run itself failed (status $status)"
        exit 1
    fi
    (cd "$into" && find . -name '*.pcapng' -type f -exec sha256sum {} + | sort -k 2) >"$into.sums"
}

# alike A B: same files, same bytes
alike()
{
    if [ -s "$RIG_SCRATCH/$1.sums" ] && cmp -s "$RIG_SCRATCH/$1.sums" "$RIG_SCRATCH/$2.sums"; then
        passed=$((passed + 1))
        say "$1 and $2: $(wc -l <"$RIG_SCRATCH/$1.sums") captures, byte by byte the same"
    else
        failed=$((failed + 1))
        say "$1 and $2 differ:"
        diff "$RIG_SCRATCH/$1.sums" "$RIG_SCRATCH/$2.sums" | grep '^[<>]' | awk '{ print "  " $3 }' | sort -u | head -n 20
    fi
}

# drawn_anew A B: the PDUs, not just the comments, of most captures differ
drawn_anew()
{
    local file same=0 total=0
    while read -r _ file; do
        [ -f "$RIG_SCRATCH/$2/$file" ] || continue
        total=$((total + 1))
        cmp -s <("$RIG_TOOL" trace --fields "$RIG_SCRATCH/$1/$file") <("$RIG_TOOL" trace --fields "$RIG_SCRATCH/$2/$file") &&
            same=$((same + 1))
    done < <(awk 'NR % 5 == 1' "$RIG_SCRATCH/$1.sums")
    say "$1 and $2: $same of $total captures looked at hold the same PDUs"
    if [ "$total" -gt 0 ] && [ $((same * 2)) -lt "$total" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

shot first
shot second
shot seven --seed 7
shot seven-again --seed 7
alike first second
alike seven seven-again
drawn_anew first seven
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
