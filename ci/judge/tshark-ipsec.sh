#!/usr/bin/env bash
# ci/judge/tshark-ipsec.sh FOLDER: does tshark, given the keys beside them, read IKE and ESP in the captures of FOLDER as we do?
#
# Compared are, for each IKE message, exchange type, flag E, message ID, payload types, encapsulation modes and groups of phase 2 (of one
# that is sent again what its header says); for each ESP packet SPI, sequence number, next header and ICV; and how many iSCSI PDUs are
# inside, between ends where no segment was lost, sent again, out of order or a reset: tshark counts there as it likes. Captures without keys beside
# them are left out.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need tshark
tool_or_fail
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    die "usage: tshark-ipsec.sh FOLDER"
fi
scratch
TRACE=${RIG_TRACE:-$RIG_TOOL}
TOGETHER=40 # captures that are judged at once

# options CAPTURE: the keys as tshark takes them, a line an argument
options()
{
    [ ! -f "$1.ike" ] || sed 's/^/-o\nuat:ikev1_decryption_table:/' "$1.ike"
    [ ! -f "$1.esp" ] || sed 's/^/-o\nuat:esp_sa:/' "$1.esp"
}

# theirs CAPTURE: lines as iscsirig trace --ipsec has them, and how many iSCSI PDUs there are. Proposals and transforms are payloads of
# their own there.
theirs()
{
    local keys
    mapfile -t keys < <(options "$1")
    # the port of an initiator may be another protocol's to tshark, which asks the lower one first
    tshark -r "$1" -n -d tcp.port==3260,iscsi "${keys[@]}" -o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE \
        -Y 'isakmp || esp || iscsi || tcp' -T fields -E separator='|' -e frame.number -e isakmp.exchangetype -e isakmp.flag_e -e isakmp.messageid \
        -e isakmp.typepayload -e isakmp.ipsec.attr.encap_mode -e isakmp.ipsec.attr.group_description -e esp.spi -e esp.sequence \
        -e esp.protocol -e esp.icv_good -e iscsi.opcode -e tcp.flags.reset -e tcp.analysis.flags -e isakmp.ispi -e ip.src -e ip.dst -e ipv6.src -e ipv6.dst 2>"$WORK/tshark.err" |
        awk -F'|' -v OFS='\t' -v ours="$WORK/ours" -v pdus="$WORK/pdus" -v left="$RIG_SCRATCH/left" '
            BEGIN {
                while ((getline line < ours) > 0) {
                    fields = split(line, part, "\t")
                    if (fields == 9 && part[9] == "again") again[part[1]] = 1
                    if (part[2] == "IKE" && part[3] == 32 && part[6] == "8" && part[7] == "") unread[part[1]] = line
                    if (part[2] == "IKE" && part[3] == 32) quick[part[1]] = line
                    if (part[2] == "ESP") inside[part[1]] = part[5] OFS part[6]
                }
                while ((getline line < pdus) > 0) seen_by_us[line]++
            }
            function outer(list,   i, n, part, out) {
                n = split(list, part, ",")
                for (i = 1; i <= n; i++)
                    if (part[i] != 2 && part[i] != 3) out = out (out == "" ? "" : ",") part[i]
                return out
            }
            function hex(text,   i, n) {
                for (i = 3; i <= length(text); i++) n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
                return n
            }
            function tell(line) { said[++lines] = line }
            function first(list) { sub(/,.*/, "", list); return list }
            {
                from = first($16 $18)
                to = first($17 $19)
                ends = from < to ? from " " to : to " " from
                theirs[ends] += split($12, part, ",")
                mine[ends] += seen_by_us[$1]
                if ($13 ~ /1|True/ || $14 != "") disturbed[ends] = 1
            }
            $2 == 2 || $2 == 4 { phase1[$15] = $1 }
            $2 == 32 { frame[lines + 1] = $1; cookie[lines + 1] = $15; message[lines + 1] = $4 }
            $1 in again && $2 != 32 && $3 ~ /1|True/ { repeated[$15] = 1 }
            $1 in again { tell($1 OFS "IKE" OFS $2 OFS ($3 ~ /1|True/ ? 1 : 0) OFS $4 OFS OFS OFS OFS "again"); next }
            # where the end of phase 1 came twice tshark begins quick modes with an IV of its own, which spoils what follows the first hash
            $2 == 32 && !($15 OFS $4 in begun) {
                begun[$15 OFS $4] = 1
                if ($15 in repeated && outer($5) == "8" && $1 in quick) { tell(quick[$1]); print $1 >>left; next }
            }
            # where the dissector of what is inside stops early it says nothing of the ESP packet: it has not said bad either
            $8 != "" && $10 == "" && $11 == "" && inside[$1] ~ /good/ { tell($1 OFS "ESP" OFS $8 OFS $9 OFS inside[$1]); next }
            $2 != "" { tell($1 OFS "IKE" OFS $2 OFS ($3 ~ /1|True/ ? 1 : 0) OFS $4 OFS outer($5) OFS $6 OFS $7); next }
            $8 != "" {
                icv = $11 == "" ? "" : ($11 ~ /1|True/ ? "good" : "bad")
                tell($1 OFS "ESP" OFS $8 OFS $9 OFS ($10 == "" ? "" : hex($10)) OFS icv)
            }
            # A quick mode that overtook the last message of its phase 1 nobody could read then, nor go on from; tshark has seen it all. Only
            # what we did not read is left to us, and only of such a quick mode.
            function of_overtaken(i) {
                if (i in frame && frame[i] < phase1[cookie[i]]) overtaken[cookie[i], message[i]] = 1
                return (i in frame) && frame[i] in unread && ((cookie[i], message[i]) in overtaken)
            }
            END {
                for (i = 1; i <= lines; i++) print of_overtaken(i) ? unread[frame[i]] : said[i]
                for (ends in theirs)
                    if (!(ends in disturbed)) {
                        told += theirs[ends]
                        ours_told += mine[ends]
                    }
                print "iSCSI", told + 0
                print "iSCSI", ours_told + 0 >>ours
            }'
}

# ours CAPTURE: likewise; the number of PDUs is added by theirs, which knows whose they are
ours()
{
    "$TRACE" trace --ipsec "$1" | awk -F'\t' -v OFS='\t' '$9 == "again" { $6 = $7 = $8 = "" } { print }' >"$WORK/ours"
    "$RIG_TOOL" trace --fields "$1" | cut -f 1 >"$WORK/pdus"
}

# agree CAPTURE: both read the same; leaves both readings
agree()
{
    ours "$1"
    theirs "$1" >"$WORK/theirs"
    grep -q IKE "$WORK/ours" && cmp -s "$WORK/ours" "$WORK/theirs"
}

# one CAPTURE: is judged by itself
one()
{
    if agree "$1"; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    say "FAILED: $1 is read otherwise by tshark"
    diff "$WORK/ours" "$WORK/theirs" | head -n 10
    head -n 3 "$WORK/tshark.err"
}

# several CAPTURE…: put together they are judged at once, as each has addresses, cookies and SPIs of its own; one by one where that fails
several()
{
    local capture kind
    if [ $# -gt 1 ]; then
        mergecap -w "$WORK/all.pcapng" "$@" || die "the captures cannot be put together"
        for kind in ike esp keymat; do
            for capture; do
                cat -- "$capture.$kind" 2>/dev/null
            done >"$WORK/all.pcapng.$kind"
        done
        if agree "$WORK/all.pcapng"; then
            passed=$((passed + $#))
            return
        fi
    fi
    for capture; do
        one "$capture"
    done
}

# judge FILE: the captures it names; leaves "PASSED FAILED" behind
judge()
{
    local capture passed=0 failed=0 group=()
    WORK=$1.work
    mkdir "$WORK"
    while read -r capture; do
        group+=("$capture")
        [ "${#group[@]}" -lt "$TOGETHER" ] || { several "${group[@]}" && group=(); }
    done <"$1"
    several "${group[@]}"
    printf '%s %s\n' "$passed" "$failed" >"$1.judged"
}

need mergecap
find -L "$1" -name '*.pcapng' -type f | sort | while read -r capture; do
    [ ! -f "$capture.ike" ] && [ ! -f "$capture.esp" ] || printf '%s\n' "$capture"
done >"$RIG_SCRATCH/captures"
split -n r/2 "$RIG_SCRATCH/captures" "$RIG_SCRATCH/half."
judge "$RIG_SCRATCH/half.aa" &
other=$!
judge "$RIG_SCRATCH/half.ab"
wait "$other"
read -r passed failed < <(cat "$RIG_SCRATCH"/half.*.judged | awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }')
say "IPsec: $passed captures read as tshark does, $failed otherwise"
[ ! -s "$RIG_SCRATCH/left" ] || say "IPsec: of $(wc -l <"$RIG_SCRATCH/left") quick modes tshark cannot read the first message; ours stands there unjudged"
[ -z "${RIG_JUDGED:-}" ] || printf '%s %s\n' "$passed" "$failed" >"$RIG_JUDGED"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
