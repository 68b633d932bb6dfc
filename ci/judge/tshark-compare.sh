#!/usr/bin/env bash
# ci/judge/tshark-compare.sh FOLDER [RECORD]: does tshark read the captures of FOLDER (*.pcapng, *.pcap) as we do?
#
# Ours: `iscsirig trace --fields CAPTURE`, one line a PDU, in the order of completion, tab-separated:
#   frame (1-based, of the packet that completes the PDU), > or <, kind, then NAME=VALUE of every field the field table gives this
#   PDU, under its name in traces: hexadecimal without 0x and leading zeros; ISID and CDB all bytes. After them HeaderDigest=good,XX
#   or bad,XX and DataDigest alike where there is one (XX the four bytes as sent), and for PDUs with text each key as +KEY=VALUE,
#   bytes outside blank…tilde and the backslash as \xNN with capital digits; a PDU whose keys go on in or come from another PDU has the one field
#   "+..." instead.
# RECORD: what `iscsirig run --json` wrote; each of its cases[] names its capture and, in made_wrong, the frames that were made wrong
#   on purpose. Differences and objections in those frames are counted, not failed.
# Many captures go through one tshark: frames are told apart by counting, conversations by the address pair each run has of its own.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need tshark mergecap capinfos jq
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
    die "usage: tshark-compare.sh FOLDER [RECORD]"
fi
JUDGE=$RIG_TOP/ci/judge
TRACE=${RIG_TRACE:-$RIG_TOOL trace --fields}
PORTS=${RIG_PORTS:-3260-3279}
BATCH=${RIG_BATCH:-100}
CHECKSUMS=${RIG_CHECKSUMS:-TRUE}
FIELDS=${RIG_FIELDS:-$JUDGE/tshark-fields.txt}
scratch

# without_keys: captures with IPsec are read by tshark-ipsec.sh, since each needs its own keys; they are named as left apart
without_keys()
{
    local path
    while read -r path; do
        if [ -f "$path.ike" ] || [ -f "$path.esp" ]; then
            printf 'apart\t%s\n' "$path" >&3
        else
            printf '%s\n' "$path"
        fi
    done 3>"$RIG_SCRATCH/apart"
}

find -L "$1" \( -name '*.pcapng' -o -name '*.pcap' \) -type f | sort | without_keys >"$RIG_SCRATCH/paths"
[ -s "$RIG_SCRATCH/paths" ] || die "no capture in $1"

# file table of the whole: index, path, and where its frames begin once everything is one after the other
xargs -d '\n' capinfos -T -r -M -m -c <"$RIG_SCRATCH/paths" 2>"$RIG_SCRATCH/capinfos.err" |
    sed -E 's/^(.*)[,\t]([0-9]+)$/\1\t\2/' |
    awk -F'\t' 'BEGIN { OFS = FS; first = 1 } { print "file", NR, $1, first; first += $2 } END { print "end", first }' >"$RIG_SCRATCH/table"
cat "$RIG_SCRATCH/apart" >>"$RIG_SCRATCH/table"
[ "$(grep -c '^file' "$RIG_SCRATCH/table")" -eq "$(wc -l <"$RIG_SCRATCH/paths")" ] || {
    cat "$RIG_SCRATCH/capinfos.err"
    die "capinfos could not read every capture"
}

# theirs BEGIN END: the captures of that range of indexes, merged, through one tshark
theirs()
{
    local merged=$RIG_SCRATCH/merged.$1 offset
    offset=$(awk -F'\t' -v from="$1" '$1 == "file" && $2 == from { print $4 - 1 }' "$RIG_SCRATCH/table")
    sed -n "$1,$2p" "$RIG_SCRATCH/paths" | xargs -d '\n' mergecap -a -F pcapng -w "$merged" || return 1
    tshark -r "$merged" -n -d "tcp.port==$PORTS,iscsi" -o "tcp.check_checksum:$CHECKSUMS" -o "ip.check_checksum:$CHECKSUMS" \
        -o tcp.reassemble_out_of_order:TRUE -o iscsi.bogus_pdu_filter:FALSE -o iscsi.bogus_pdu_max_data_len:16777215 -T pdml \
        2>"$merged.err" | awk -v NAMES="$FIELDS" -f "$JUDGE/pdml-fields.awk" |
        awk -F'\t' -v offset="$offset" 'BEGIN { OFS = FS } { $1 += offset; print "theirs", $0 }' >"$merged.tsv"
    [ "${PIPESTATUS[0]}" -eq 0 ] || cat "$merged.err"
    rm -f -- "$merged"
}

# ours: every capture through our own reader
ours()
{
    local index=0 path
    while read -r path; do
        index=$((index + 1))
        $TRACE "$path" </dev/null 2>"$RIG_SCRATCH/trace.err" | sed "s/^/ours\t$index\t/"
        [ "${PIPESTATUS[0]}" -eq 0 ] || complain "$path: $(head -n 3 "$RIG_SCRATCH/trace.err")"
    done <"$RIG_SCRATCH/paths"
}

total=$(wc -l <"$RIG_SCRATCH/paths")
running=0
for ((from = 1; from <= total; from += BATCH)); do
    theirs "$from" "$((from + BATCH - 1))" &
    running=$((running + 1))
    [ $((running % RIG_JOBS)) -ne 0 ] || wait
done
ours >"$RIG_SCRATCH/ours"
wait
{
    cat "$RIG_SCRATCH/table"
    [ -z "${2:-}" ] ||
        jq -r '.cases[] | select(.capture) | .capture as $c | .made_wrong[] | ["wrong", $c, .] | @tsv' "$2" || die "cannot read $2"
    cat "$RIG_SCRATCH/ours" "$RIG_SCRATCH"/merged.*.tsv
} | awk -v REFUSES="$JUDGE/tshark-refuses.txt" -v FOLDER="$(basename "$1")" -v TALLY="${RIG_JUDGED:-}" -f "$JUDGE/compare.awk"
