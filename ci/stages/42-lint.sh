#!/usr/bin/env bash
# What lint says of every capture of the pack: no side that plays by the rules may break one. First a proof that each rule can fail,
# how much of what breaks the RFC it finds (docs/lint.md), and that what nothing excuses or labels fails here.
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
(cd "$RIG_TOP" && "$RIG_TOOL" prove --mutations --page "$RIG_SCRATCH/lint.md") || exit 1
cmp -s "$RIG_TOP/docs/lint.md" "$RIG_SCRATCH/lint.md" || {
    diff -u "$RIG_TOP/docs/lint.md" "$RIG_SCRATCH/lint.md" | head -n 40
    complain "docs/lint.md is out of date: iscsirig prove --mutations --page docs/lint.md"
    exit 1
}

# spoil TABLE SED-EXPRESSION: the mutations of a few captures fail with that table changed
spoil()
{
    local data=$RIG_SCRATCH/data
    mkdir -p "$data/ci/judge" "$data/docs"
    ln -sfn "$RIG_TOP/scenarios" "$data/scenarios"
    cp "$RIG_TOP"/ci/judge/lint-* "$data/ci/judge/"
    cp "$RIG_TOP/docs/requirements.tsv" "$data/docs/"
    sed -i "$2" "$data/ci/judge/$1"
    cmp -s "$data/ci/judge/$1" "$RIG_TOP/ci/judge/$1" && die "$1 has nothing for $2"
    ISCSIRIG_DATA=$data "$RIG_TOOL" prove --mutations --every 7 "$RIG_TOP/scenarios/tmf/abort-task.scn" \
        "$RIG_TOP/scenarios/connections/two.scn" >/dev/null && {
        complain "mutations passed with $2 in $1"
        exit 1
    }
}
spoil lint-labels.tsv '/^ScsiResp\tExpDataSN/d'
spoil lint-labels.tsv '/^ScsiResp\tExpDataSN/s/SEQ-044/legal/'
spoil lint-labels.tsv '/^\*\tMaxCmdSN/s/\tlegal\t/\tSEQ-009\t/'
spoil lint-misses.tsv '/\tseveral\t/d'

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
strange=$("$RIG_TOOL" lint --rules | cut -f 1 | grep -v '^LINT-' | sort -u | comm -23 - <(cut -f 1 "$RIG_TOP/docs/requirements.tsv" | sort))
[ -z "$strange" ] || {
    complain "rules with ids of no requirement: $strange"
    exit 1
}

# silent TABLE: each requirement has a rule with its id, or a row of that table that says why it has none, and not both; the rules that rows
# name instead are there
silent()
{
    awk -F'\t' -v table="$1" '
        FILENAME == table && /^# [a-z]+:/ { split($0, part, /[ :]/); reason[part[2]] = 1 }
        FILENAME == table && /^#/ { next }
        FILENAME == table { why[$1] = $2; instead[$1] = $3; next }
        FILENAME == "-" { rule[$1] = 1; next }
        FNR > 1 { known[$1] = 1 }
        END {
            for (id in known) if ((id in rule) == (id in why)) { print id ((id in rule) ? ": a rule, and a row" : ": neither rule nor row"); bad++ }
            for (id in why) {
                if (!(id in known) || !(why[id] in reason)) { print id ": no such requirement, or no such reason: " why[id]; bad++ }
                num = why[id] == "told" ? split(instead[id], ids, ",") : 0
                for (i = 1; i <= num; i++) if (!(ids[i] in rule)) { print id ": no rule " ids[i]; bad++ }
            }
            exit bad > 0
        }' "$1" - "$RIG_TOP/docs/requirements.tsv" < <("$RIG_TOOL" lint --rules)
}
silent "$RIG_TOP/docs/lint-silent.tsv" || {
    complain "docs/lint-silent.tsv: a requirement without rule says why"
    exit 1
}
for spoilt in '/^SEQ-001\t/d' 's/^SEQ-001\t.*/&\nSEQ-002\tinside\t-/' 's/\ttold\tSEQ-002$/\ttold\tSEQ-999/'; do
    sed "$spoilt" "$RIG_TOP/docs/lint-silent.tsv" >"$RIG_SCRATCH/silent.tsv"
    silent "$RIG_SCRATCH/silent.tsv" >/dev/null && {
        complain "docs/lint-silent.tsv passed with $spoilt"
        exit 1
    }
done

# in_parts FUNCTION: the lines of standard input are shared out among as many of it as there are processors
in_parts()
{
    local part
    rm -f "$RIG_SCRATCH"/part.*
    split -n "r/$RIG_JOBS" - "$RIG_SCRATCH/part."
    for part in "$RIG_SCRATCH"/part.??; do
        "$1" <"$part" >"$part.said" &
    done
    wait
    cat "$RIG_SCRATCH"/part.??.said
}

# sanitized: a stride of the captures is sanitized, which compares the verdicts by itself, and no name of the pack stays; those with IPsec are
# refused
sanitized()
{
    local capture shown=$RIG_SCRATCH/shown.pcapng num=0 refused=0
    while read -r capture; do
        if "$RIG_TOOL" sanitize "$capture" "$shown" >"$RIG_SCRATCH/said" 2>&1; then
            num=$((num + 1))
            if grep -qaE 'iqn\.2026-01|example\.(sim|host)' "$shown"; then
                complain "$capture: names of the pack stay"
                return 1
            fi
        elif grep -q 'has IPsec in it' "$RIG_SCRATCH/said" && [ ! -e "$shown" ]; then
            refused=$((refused + 1))
        else
            complain "$capture: $(cat "$RIG_SCRATCH/said")"
            return 1
        fi
        rm -f -- "$shown"
    done
    say "$num captures sanitized, $refused with IPsec refused"
    [ "$num" -gt 0 ] && [ "$refused" -gt 0 ]
}

# corpus: captures of products have the findings that are written beside them, which are theirs, and are sanitized: once more changes nothing
corpus()
{
    local capture wanted found kept again=$RIG_SCRATCH/again.pcapng num=0
    while IFS=$'\t' read -r capture wanted _; do
        kept=$RIG_TOP/pcap/corpus/$capture
        "$RIG_TOOL" lint "$kept" >"$RIG_SCRATCH/said"
        [ $? -le 1 ] || {
            complain "$capture cannot be used"
            return 1
        }
        found=$(awk '$1 == "frame" { print $5, $6 }' "$RIG_SCRATCH/said" | sort -u | paste -sd ,)
        [ "${found:--}" = "$wanted" ] || {
            complain "$capture: wanted $wanted, came ${found:--}"
            return 1
        }
        "$RIG_TOOL" sanitize "$kept" "$again" >/dev/null && cmp <(zcat -f "$kept") "$again" || return 1
        num=$((num + 1))
    done < <(grep -v '^#' "$RIG_TOP/pcap/corpus/EXPECTED.tsv")
    [ "$num" -gt 0 ] && [ "$num" -eq "$(find "$RIG_TOP/pcap/corpus" -name '*.pcapng*' -size -20k | wc -l)" ]
}

# lint_all: of each capture the lines of findings, then one total
# shellcheck disable=SC2317 # in_parts calls it
lint_all()
{
    local capture line said
    while read -r capture; do
        said=$("$RIG_TOOL" lint "$capture")
        [ $? -le 1 ] || printf 'unusable\t%s\n' "$capture"
        while read -r line; do
            case $line in
            "lint: "[0-9]*" PDUs "*) printf 'total\t%s\t%s\n' "$capture" "$line" ;;
            "lint: "*) printf 'read\t%s\t%s\n' "$capture" "$line" ;;
            *) printf 'finding\t%s\t%s\n' "$capture" "$line" ;;
            esac
        done <<<"$said"
    done
}

# senders: who sent what in each frame of each capture
# shellcheck disable=SC2317 # in_parts calls it
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
corpus || {
    complain "pcap/corpus and its EXPECTED.tsv differ"
    exit 1
}
cut -f 2 "$RIG_SCRATCH/cases" | awk 'NR % 50 == 1 || /malformed/' | sanitized || exit 1 # what is wrong has to stay wrong
cut -f 2 "$RIG_SCRATCH/cases" | in_parts lint_all >"$RIG_SCRATCH/findings"
grep -q '^unusable' "$RIG_SCRATCH/findings" && {
    grep '^unusable' "$RIG_SCRATCH/findings"
    exit 1
}
cut -f 2 "$RIG_SCRATCH/wrong" | sort -u >"$RIG_SCRATCH/with-wrong"
awk -F'\t' '$1 == "finding" { print $2 }' "$RIG_SCRATCH/findings" | sort -u | comm -12 - "$RIG_SCRATCH/with-wrong" |
    in_parts senders >"$RIG_SCRATCH/sent"
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
