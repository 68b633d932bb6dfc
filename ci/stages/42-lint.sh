#!/usr/bin/env bash
# What lint says of every capture of the pack: no side that plays by the rules may break one. First a proof that each rule can fail,
# and that findings which nothing excuses fail here.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need jq
scratch
CAPTURES=$RIG_BUILD/captures
RECORD=$RIG_BUILD/runs/scenarios.json
if [ ! -d "$CAPTURES" ] || [ ! -s "$RECORD" ]; then
    (play scenarios scenarios --pcap-dir build/captures --keep always) >/dev/null
fi
[ -d "$CAPTURES" ] || die "no captures: the scenarios stage has to leave them"
(cd "$RIG_TOP" && "$RIG_TOOL" prove --lint) || exit 1

# leaks: TCP beside IPsec is seen in a whole capture, too, and only where it is
mkdir "$RIG_SCRATCH/ipsec"
RIG_IPSEC_SAMPLES=$RIG_SCRATCH/ipsec "$RIG_BUILD/release/pcap/pcap_tests" 'ipsec files' >"$RIG_SCRATCH/said" ||
    die "no samples: $(tail -n 5 "$RIG_SCRATCH/said")"
for sample in "$RIG_SCRATCH"/ipsec/*.pcapng; do
    "$RIG_TOOL" lint --ids "$sample" | sed "s|^|${sample##*/} |"
done | grep -F LINT-IN-THE-CLEAR >"$RIG_SCRATCH/leaks"
[ "$(cat "$RIG_SCRATCH/leaks")" = '34.pcapng LINT-IN-THE-CLEAR' ] || {
    complain "leaks beside IPsec: wanted one in 34.pcapng, came: $(tr '\n' ' ' <"$RIG_SCRATCH/leaks")"
    exit 1
}
strange=$("$RIG_TOOL" lint --rules | cut -f 1 | grep -v '^LINT-' | sort | comm -23 - <(cut -f 1 "$RIG_TOP/docs/requirements.tsv" | sort))
[ -z "$strange" ] || {
    complain "rules with ids of no requirement: $strange"
    exit 1
}

# lint_all: of each capture the lines of findings, then one total
lint_all()
{
    local capture
    while read -r capture; do
        "$RIG_TOOL" lint "$capture" >"$RIG_SCRATCH/said"
        [ $? -le 1 ] || printf 'unusable\t%s\n' "$capture"
        awk -v capture="$capture" 'BEGIN { OFS = "\t" } { print /^lint: [0-9]+ PDUs / ? "total" : /^lint: / ? "read" : "finding", capture, $0 }' "$RIG_SCRATCH/said"
    done
}

# senders: who sent what in each frame of each capture
senders()
{
    local capture
    while read -r capture; do
        "$RIG_TOOL" trace --fields "$capture" | awk -F'\t' -v capture="$capture" '{ print "sent\t" capture "\t" $1 "\t" $2 }'
    done
}

cd "$RIG_TOP" || exit 2
jq -r '.cases[] | select(.capture) | ["case", .capture, .path] | @tsv' "$RECORD" >"$RIG_SCRATCH/cases"
jq -r '.cases[] | select(.capture) | .capture as $c | .made_wrong[] | ["wrong", $c, .] | @tsv' "$RECORD" >"$RIG_SCRATCH/wrong"
[ -s "$RIG_SCRATCH/cases" ] || die "the record names no capture"
cut -f 2 "$RIG_SCRATCH/cases" | lint_all >"$RIG_SCRATCH/findings"
grep -q '^unusable' "$RIG_SCRATCH/findings" && {
    grep '^unusable' "$RIG_SCRATCH/findings"
    exit 1
}
cut -f 2 "$RIG_SCRATCH/wrong" | sort -u >"$RIG_SCRATCH/with-wrong"
awk -F'\t' '$1 == "finding" { print $2 }' "$RIG_SCRATCH/findings" | sort -u | comm -12 - "$RIG_SCRATCH/with-wrong" |
    senders >"$RIG_SCRATCH/sent"
# a target whose fault or rule leaves a PDU out is wrong without a PDU that is
cut -f 3 "$RIG_SCRATCH/cases" | sort -u | xargs -d '\n' grep -lE '^ +(on .* do .*(fault|drop)|fault )' | sed 's/^/faulty\t/' >"$RIG_SCRATCH/faulty"
cut -f 3 "$RIG_SCRATCH/cases" | sort -u | xargs -d '\n' grep -lE '^ +link corrupt' | sed 's/^/spoilt\t/' >>"$RIG_SCRATCH/faulty"
grep -vE '^(#|$)' ci/judge/lint-excuses.txt | sed 's/^/excuse\t/' >"$RIG_SCRATCH/excuses"

# judge WRONG [FAULTY]: the findings, with those lists of PDUs and of scenarios made wrong on purpose
judge()
{
    awk -v TALLY="$RIG_SCRATCH/judged" -f ci/judge/lint.awk "$RIG_SCRATCH/cases" "$1" "$RIG_SCRATCH/sent" "${2:-/dev/null}" "$RIG_SCRATCH/excuses" \
        "$RIG_SCRATCH/findings"
}

judge /dev/null >/dev/null && {
    complain "findings of PDUs made wrong on purpose passed without their record"
    exit 1
}
judge "$RIG_SCRATCH/wrong" "$RIG_SCRATCH/faulty"
status=$?
read -r passed failed <"$RIG_SCRATCH/judged" && tally "$passed" "$failed" 0
exit "$status"
