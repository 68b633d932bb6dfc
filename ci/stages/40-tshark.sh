#!/usr/bin/env bash
# The third opinion: tshark reads every capture of the pack, and must read what we read. First a proof that this judge can say no.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need tshark
scratch
CAPTURES=$RIG_BUILD/captures
RECORD=$RIG_BUILD/runs/scenarios.json
if [ ! -d "$CAPTURES" ] || [ ! -s "$RECORD" ]; then
    (play scenarios scenarios --pcap-dir build/captures --keep always) >/dev/null
fi
[ -d "$CAPTURES" ] || die "no captures: the scenarios stage has to leave them"

judge=$RIG_TOP/ci/judge/tshark-compare.sh
sample=$(find "$CAPTURES" -name '*.pcapng' -size +2k -type f | sort | head -n 1)
mkdir "$RIG_SCRATCH/sample"
cp -- "$sample" "$RIG_SCRATCH/sample"
cat >"$RIG_SCRATCH/lying" <<EOF
#!/bin/sh
"$RIG_TOOL" trace --fields "\$1" | sed -E "\$RIG_LIE"
EOF
chmod +x "$RIG_SCRATCH/lying"
# shellcheck disable=SC2016 # $d is sed's last line
for lie in 's/CmdSN=/CmdSN=1/' 's/ITT=/ITT=1/' 's/T=1/T=0/' '$d' 's/\+InitiatorName=./&x/'; do
    RIG_LIE=$lie RIG_TRACE=$RIG_SCRATCH/lying bash "$judge" "$RIG_SCRATCH/sample" >"$RIG_SCRATCH/said" 2>&1 || continue
    complain "the judge believed a reading altered by $lie"
    exit 1
done

RIG_JUDGED=$RIG_SCRATCH/judged bash "$judge" "$CAPTURES" "$RECORD"
status=$?
[ ! -s "$RIG_SCRATCH/judged" ] || { read -r passed failed <"$RIG_SCRATCH/judged" && tally "$passed" "$failed" 0; }

RIG_JUDGED=$RIG_SCRATCH/isns bash "$RIG_TOP/ci/judge/tshark-isns.sh" "$CAPTURES" || status=1
[ ! -s "$RIG_SCRATCH/isns" ] || { read -r passed failed <"$RIG_SCRATCH/isns" && tally "$passed" "$failed" 0; }

# IPsec: captures of a unit test whose encoder is nobody else's, and those of the pack; before that, that this judge can say no, too
mkdir "$RIG_SCRATCH/ipsec" "$RIG_SCRATCH/one"
RIG_IPSEC_SAMPLES=$RIG_SCRATCH/ipsec "$RIG_BUILD/release/pcap/pcap_tests" 'ipsec files' >"$RIG_SCRATCH/said" ||
    die "no samples: $(tail -n 5 "$RIG_SCRATCH/said")"
cp -- "$RIG_SCRATCH"/ipsec/07.* "$RIG_SCRATCH/one"
mkdir "$RIG_SCRATCH/some" # that are judged together
cp -- "$RIG_SCRATCH"/ipsec/0?.* "$RIG_SCRATCH/some"
cat >"$RIG_SCRATCH/lying" <<EOF
#!/bin/sh
"$RIG_TOOL" "\$@" | sed -E "\$RIG_LIE"
EOF
chmod +x "$RIG_SCRATCH/lying"
# shellcheck disable=SC2016 # $d is sed's last line
for lie in 's/IKE\t4/IKE\t2/' 's/8,1,10,4/8,1,10/' 's/\t14$//' 's/good/bad/' 's/\t4\tgood/\t6\tgood/' '$d'; do
    for folder in one some; do
        RIG_LIE=$lie RIG_TRACE=$RIG_SCRATCH/lying bash "$RIG_TOP/ci/judge/tshark-ipsec.sh" "$RIG_SCRATCH/$folder" >"$RIG_SCRATCH/said" 2>&1 || continue
        complain "the judge of IPsec believed a reading altered by $lie ($folder)"
        exit 1
    done
done
for folder in "$RIG_SCRATCH/ipsec" "$CAPTURES"; do
    [ -n "$(find -L "$folder" -name '*.pcapng.ike' -print -quit)" ] || continue
    RIG_JUDGED=$RIG_SCRATCH/ipsec.judged bash "$RIG_TOP/ci/judge/tshark-ipsec.sh" "$folder" || status=1
    read -r passed failed <"$RIG_SCRATCH/ipsec.judged" && tally "$passed" "$failed" 0
done
exit "$status"
