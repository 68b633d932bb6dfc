#!/usr/bin/env bash
# ci/judge/tshark-isns.sh FOLDER: does tshark find every iSNS PDU in the captures of FOLDER well-formed?
#
# All captures go through one tshark. PDUs of a message of several PDUs are counted, not judged: tshark reads each PDU by itself, and attributes
# need not end where PDUs do (RFC 4171 section 5.3). Notifications and inquiries go to ports of the clients' choice, which are read from
# their registrations. Captures of scenarios tagged hostile are left out: what is wrong there is so on purpose.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need tshark mergecap
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    die "usage: tshark-isns.sh FOLDER"
fi
scratch

# friendly CAPTURE: its scenario is not tagged hostile; behind the name of a case of a sweep stands its number
friendly()
{
    local scenario=${1%.pcapng}
    scenario=$RIG_TOP/scenarios/${scenario##*scenarios/}
    [ -f "$scenario.scn" ] || scenario=${scenario%.*}
    ! grep -q '^tags .*\bhostile\b' "$scenario.scn"
}

while read -r capture; do
    ! friendly "$capture" || printf '%s\n' "$capture"
done < <(find -L "$1" -path '*/service/isns/*.pcapng' -type f | sort) >"$RIG_SCRATCH/paths"
[ -s "$RIG_SCRATCH/paths" ] || die "no capture of scenarios/service/isns in $1"
MERGED=$RIG_SCRATCH/merged.pcapng
xargs -d '\n' mergecap -a -F pcapng -w "$MERGED" <"$RIG_SCRATCH/paths" || exit 1

decode=()
while read -r port; do
    decode+=(-d "tcp.port==$port,isns")
done < <(tshark -r "$MERGED" -n -Y isns.scn_port -T fields -E occurrence=f -e isns.scn_port 2>/dev/null | sort -u)
tshark -r "$MERGED" -n "${decode[@]}" -Y isns -T fields -E separator='|' -e frame.number -e _ws.malformed -e isns.flags.firstpdu \
    -e isns.flags.lastpdu 2>"$RIG_SCRATCH/tshark.err" >"$RIG_SCRATCH/frames"

awk -F'|' -v judged="${RIG_JUDGED:-/dev/null}" '
    ($3 "," $4) ~ /0|False/ { parts++; next }
    $2 != "" { failed++; print "FAILED: tshark calls frame " $1 " of all captures together malformed"; next }
    { passed++ }
    END {
        printf "iSNS: %d PDUs well-formed, %d malformed, %d parts of messages not judged\n", passed, failed, parts
        print passed + 0, failed + 0 >judged
        exit failed || !passed
    }' "$RIG_SCRATCH/frames"
