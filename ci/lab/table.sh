#!/usr/bin/env bash
# ci/lab/table.sh [PEER…]: plays every scenario tagged live against each peer of the lab, lets the initiators of others loose on our target, and
# writes docs/interop.md. Status 1 when something
# failed that scenarios/KNOWN.txt does not explain, or when nothing could be played; the page is written all the same.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
need jq
tool_or_fail
scratch
PAGE=$RIG_TOP/docs/interop.md
[ "$#" -gt 0 ] || set -- "${LAB_PEERS[@]}"

# cells NAME: "PATH<tab>TITLE<tab>CELL<tab>REASON" of each scenario that was played against a peer
cells()
{
    jq -r -s '[.[].cases[]] | group_by(.path)[] |
        (map(select(.verdict == "pass" or .verdict == "loose")) | length) as $good |
        (map(select(.verdict == "known")) | length) as $known |
        (map(select(.verdict == "skip")) | length) as $skipped |
        (length - $good - $known - $skipped) as $bad |
        [.[0].path, .[0].title,
         ([(if $good > 0 then "pass" + (if length > 1 then " \($good)" else "" end) else empty end),
           (if $known > 0 then "known" + (if length > 1 then " \($known)" else "" end) else empty end),
           (if $skipped > 0 then "not supported" + (if length > 1 then " \($skipped)" else "" end) else empty end),
           (if $bad > 0 then "FAIL" + (if length > 1 then " \($bad)" else "" end) else empty end)] | join(", ")),
         (map(select(.verdict == "skip" or .verdict == "known") | .reason // "") | unique | join("; "))] | @tsv' \
        "$RIG_BUILD/runs/lab-$1.json" "$RIG_BUILD/runs/lab-$1-chap.json"
}

# known_reasons VERSION: what KNOWN.txt says of that peer's live scenarios
known_reasons()
{
    awk -F'\t' -v peer="$1" '$2 == peer && $1 ~ /^live\// { print "* `" $1 "`: " $3 ". Seen: " $4 }' "$RIG_TOP/scenarios/KNOWN.txt"
}

# table FILE…: one column a file of cells
table()
{
    awk -F'\t' -v columns="$#" '
        FNR == 1 { column++ }
        { title[$1] = $2; cell[$1, column] = $3 }
        END { for (path in title) {
            line = "| [" title[path] "](../" path ") |"
            for (i = 1; i <= columns; i++) line = line " " ((path, i) in cell ? cell[path, i] : "not played") " |"
            print path "\t" line } }' "$@" | sort | cut -f 2-
}

page()
{
    local peer
    say "# Interoperability"
    say
    say "Our initiator against targets of others, on loopback: every scenario tagged \`live\`. Written by \`ci/lab/table.sh\` on $(date -u +%Y-%m-%d)"
    say "at commit $(git -C "$RIG_TOP" rev-parse --short HEAD); $(wc -l <"$RIG_SCRATCH/paths") scenarios. A number counts the cases of a sweep."
    say
    say "* **pass**: every requirement of the scenario held, whatever choice of the RFC the peer made."
    say "* **known**: the peer departs from the RFC; the reason and what was seen are below, from \`scenarios/KNOWN.txt\`."
    say "* **not supported**: the scenario could not be asked; the reason is below."
    say
    say "| scenario |$(for peer; do printf ' %s |' "$(cat "$RIG_BUILD/runs/lab-$peer.version")"; done)"
    say "| --- |$(for peer; do printf ' --- |'; done)"
    table "${@/#/$RIG_SCRATCH/cells.}"
    for peer; do
        say
        say "## $(cat "$RIG_BUILD/runs/lab-$peer.version")"
        say
        notes "$peer"
    done
    for peer in "${LAB_INITIATORS[@]}"; do
        [ ! -s "$RIG_BUILD/runs/lab-$peer.md" ] || { say && cat "$RIG_BUILD/runs/lab-$peer.md"; }
    done
    [ ! -s "$RIG_BUILD/runs/lab-testcu.md" ] || { say && cat "$RIG_BUILD/runs/lab-testcu.md"; }
}

# notes NAME: totals and reasons of one peer
notes()
{
    say "$(jq -r -s '[.[].cases[].verdict] | group_by(.) | map("\(length) \(.[0])") | join(", ")' "$RIG_BUILD/runs/lab-$1.json" \
        "$RIG_BUILD/runs/lab-$1-chap.json") (cases)."
    say
    known_reasons "$(cat "$RIG_BUILD/runs/lab-$1.version")"
    awk -F'\t' '$3 ~ /not supported/ { print "* `" $1 "`: " $4 }' "$RIG_SCRATCH/cells.$1"
}

bad=0
played=()
for peer; do
    say "== $peer"
    RIG_LIMIT=900 bash "$RIG_TOP/ci/lab/play.sh" "$peer"
    status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || bad=1
    [ ! -s "$RIG_BUILD/runs/lab-$peer.json" ] || [ "$status" -eq 77 ] || played+=("$peer")
done
for peer in "${LAB_INITIATORS[@]}"; do
    say "== $peer"
    rm -f -- "$RIG_BUILD/runs/lab-$peer.md"
    bash "$RIG_TOP/ci/lab/$peer.sh"
    status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || bad=1
done
say "== libiscsi's suite"
rm -f -- "$RIG_BUILD/runs/lab-testcu.md"
bash "$RIG_TOP/ci/lab/testcu-table.sh" rig "$@" || bad=1
[ "${#played[@]}" -gt 0 ] || die "no peer could be played"
for peer in "${played[@]}"; do
    cells "$peer" >"$RIG_SCRATCH/cells.$peer" || die "no records of $peer"
done
cut -f 1 "$RIG_SCRATCH"/cells.* | sort -u >"$RIG_SCRATCH/paths"
page "${played[@]}" >"$PAGE"
say "written: docs/interop.md"
exit "$bad"
