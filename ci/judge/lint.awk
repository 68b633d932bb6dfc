# Findings of `iscsirig lint` against what was made wrong on purpose. Input, tab-separated, in this order:
#   case:    "case" CAPTURE SCENARIO                the captures of the record
#   wrong:   "wrong" CAPTURE FRAME                  PDUs the run made wrong on purpose
#   sent:    "sent" CAPTURE FRAME > or <            who sent the PDUs of a frame
#   faulty:  "faulty" SCENARIO                      its target has a fault or rule that leaves PDUs out
#   spoilt:  "spoilt" SCENARIO                      its network spoils bytes, which only a digest shows
#   excuse:  "excuse" SCENARIO SIDE RULE REASON
#   finding: "finding" CAPTURE LINE                 what lint printed
#   total:   "total" CAPTURE LINE                   its last line
# A side that was made wrong is not judged any more in that capture, from its first wrong PDU on. Prints every finding that nothing
# excuses, then counts; status 1 if there is one, or when nothing was judged.
BEGIN { FS = OFS = "\t" }
$1 == "case" { scenario_of[$2] = $3 }
$1 == "wrong" { wrong[$2, $3] = 1; purposes++ }
$1 == "sent" && ($2, $3) in wrong {
    side = $4 == ">" ? "initiator" : "target"
    if (!(($2, side) in since) || $3 + 0 < since[$2, side]) since[$2, side] = $3 + 0
}
$1 == "faulty" { faulty[$2] = 1 }
$1 == "spoilt" { spoilt[$2] = 1 }
$1 == "excuse" { excuse[$2, $3, $4] = $5; rows++ }
$1 == "finding" {
    split($3, part, " ")
    side = part[5]; rule = part[6]; findings++
    if (($2, side) in since && part[2] + 0 >= since[$2, side]) { on_purpose++; next }
    if (side == "target" && scenario_of[$2] in faulty) { left_out++; next }
    if ((rule == "DIG-003" || rule == "DIG-007") && scenario_of[$2] in spoilt) { digests++; next }
    if ((scenario_of[$2], side, rule) in excuse) { excused++; used[scenario_of[$2], side, rule] = 1; next }
    bad[$2] = 1
    if (++unexcused <= 60) print scenario_of[$2] " (" $2 "): " $3
}
$1 == "total" { captures++; split($3, part, " "); pdus += part[2]; unjudged += part[8] }
END {
    for (key in excuse) if (!(key in used)) { split(key, part, SUBSEP); print "excused without need: " part[1] " " part[2] " " part[3]; idle++ }
    for (capture in bad) bad_captures++
    if (unexcused > 60) print "… and " unexcused - 60 " more"
    printf "lint: %d captures, %d PDUs (%d not judged), %d findings: %d of sides made wrong on purpose (%d PDUs), %d of targets with a fault that leaves PDUs out, %d of a network that spoils, %d excused by %d rows, %d not excused\n",
        captures, pdus, unjudged, findings, on_purpose, purposes, left_out, digests, excused, rows, unexcused
    if (pdus == 0) print "lint: nothing was judged"
    if (TALLY) print captures - bad_captures, bad_captures + idle > TALLY
    exit unexcused + idle > 0 || pdus == 0
}
