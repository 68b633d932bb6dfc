# Two readings of the same captures, PDU by PDU. Input, tab-separated:
#   files:   "file" INDEX PATH FIRST-FRAME           where a capture's frames begin in the merged one
#   record:  "wrong" PATH FRAME                      PDUs the run made wrong on purpose
#   theirs:  "theirs" MERGED-FRAME DIR OPCODE NAME=VALUE… | "theirs" MERGED-FRAME ! TEXT
#   ours:    "ours" INDEX FRAME DIR KIND NAME=VALUE…
# Files and record come first, then ours, in order of frames. Prints what differs, then totals; status 1 on a difference or when nothing was compared.
# inside: the path of a capture below the folder that is judged, whichever way somebody wrote it
function inside(path,   at) { at = index("/" path, "/" FOLDER "/"); return at ? substr(path, at + length(FOLDER) + 1) : path }
function place(id,   part) { split(id, part, SUBSEP); return path_of[part[1]] ", frame " part[2] }
function complain(id, text) {
    if (id in wrong) { excused++; return }
    split(id, at_file, SUBSEP)
    failing[at_file[1]] = 1
    if (++mismatches <= 60) print place(id) ": " text
}
# locate: the capture and own frame number of a frame of the merged capture
function locate(merged,   low, high, mid) {
    low = 1; high = num_files
    while (low < high) {
        mid = int((low + high + 1) / 2)
        if (first_of[mid] <= merged) low = mid; else high = mid - 1
    }
    return low SUBSEP (merged - first_of[low] + 1)
}
function fields_from(from,   i, text) { text = $from; for (i = from + 1; i <= NF; i++) text = text FS $i; return text }
function same(name, mine, yours) {
    if (name == "CDB") return substr(mine, 1, length(yours)) == yours
    return mine == yours
}
function compare_pdu(id, mine, yours,   m, y, i, n, have, part, at, name, keys_m, keys_y, num_m, num_y) {
    n = split(mine, m, FS)
    for (i = 3; i <= n; i++) {
        if (m[i] == "C=1") keys_m[++num_m] = "+..."
        else if (substr(m[i], 1, 1) == "+") keys_m[++num_m] = m[i]
        if (substr(m[i], 1, 1) != "+") { at = index(m[i], "="); have[substr(m[i], 1, at - 1)] = substr(m[i], at + 1) }
    }
    n = split(yours, y, FS)
    if (m[1] != y[1] && y[1] != "?") complain(id, m[2] ": direction " m[1] ", tshark " y[1])
    for (i = 3; i <= n; i++) {
        if (substr(y[i], 1, 1) == "+") { keys_y[++num_y] = y[i]; continue }
        at = index(y[i], "="); name = substr(y[i], 1, at - 1); part = substr(y[i], at + 1)
        if (!(name in have)) complain(id, m[2] ": tshark has " y[i] ", we have no such field")
        else if (!same(name, have[name], part)) complain(id, m[2] ": " name "=" have[name] ", tshark " part)
        else { if (name ~ /Digest$/) digests++; else equal++ }
        judged[name] = 1; delete have[name]
    }
    # it shows no digest behind the header that a Reject quotes, and takes that of an Async for event data
    for (name in have) if (name ~ /Digest$/ && m[2] != "Reject" && m[2] != "Async") complain(id, m[2] ": " name "=" have[name] ", tshark none"); else unjudged[name]++
    compare_keys(id, m[2], keys_m, num_m, keys_y, num_y)
}
# A PDU whose keys begin or end in another PDU prints them as +…, which tells us not to judge.
function compare_keys(id, kind, mine, num_mine, yours, num_yours,   i) {
    if (mine[1] == "+...") { spanning++; return }
    if (num_mine != num_yours) { complain(id, kind ": " num_mine + 0 " keys, tshark " num_yours + 0); return }
    for (i = 1; i <= num_mine; i++)
        if (mine[i] == yours[i]) keys++; else complain(id, kind ": " mine[i] ", tshark " yours[i])
}
function note(id) { if (!(id in noted)) { noted[id] = 1; ids[++num_ids] = id } }
# Having passed over a PDU that spans packets, tshark takes its rest for headers and may lose that direction for a while.
function overlooked(id, pdu,   part, way) {
    split(id, part, SUBSEP)
    way = part[1] SUBSEP substr(pdu, 1, 1)
    if (!refused(pdu)) return way in lost
    if (pdu ~ /\tDataSegmentLength=([5-9a-f]..|....+)\t/) lost[way] = 1
    return 1
}
# A frame that tshark did not look at because of how its first PDU begins.
function refused(pdu,   m, n, i, at, have, r) {
    n = split(pdu, m, FS)
    for (i = 3; i <= n; i++) if (substr(m[i], 1, 1) != "+") { at = index(m[i], "="); have[substr(m[i], 1, at - 1)] = substr(m[i], at + 1) }
    for (r = 1; r <= num_rows; r++) if (holds(rows[r], m[2], have)) return 1
    return 0
}
function holds(row, kind, have,   want, n, i, name, value, operator) {
    n = split(row, want, " ")
    if (want[1] != kind) return 0
    for (i = 2; i <= n; i++) {
        match(want[i], /(!=|!~|=|~|>)/)
        name = substr(want[i], 1, RSTART - 1); operator = substr(want[i], RSTART, RLENGTH); value = substr(want[i], RSTART + RLENGTH)
        if (!(name in have)) return 0
        if (operator == "=" && have[name] "" != value "") return 0
        if (operator == "!=" && have[name] "" == value "") return 0
        if (operator == "~" && have[name] !~ value) return 0
        if (operator == "!~" && have[name] ~ value) return 0
        if (operator == ">" && !above(have[name] "", value "")) return 0
    }
    return 1
}
function above(a, b) { return length(a) != length(b) ? length(a) > length(b) : (a "") > (b "") }
BEGIN {
    FS = OFS = "\t"
    while ((getline line < REFUSES) > 0) if (line !~ /^(#|$)/) rows[++num_rows] = line
}
$1 == "file" { num_files++; path_of[$2] = inside($3); index_of[inside($3)] = $2; first_of[$2] = $4 }
$1 == "apart" { apart[inside($2)] = 1; next }
$1 == "wrong" && inside($2) in apart { next }
$1 == "wrong" {
    named++
    if (!(inside($2) in index_of)) { unknown++; print "the record names " $2 ", which is not among the captures"; next }
    wrong[index_of[inside($2)], $3] = 1
}
# The header a Reject quotes is dissected as one more PDU, and may be why it was rejected.
function quoted(id, text) { return mine[id, 1] ~ /\tReject\t/ && text !~ /checksum/ }
$1 == "theirs" && $3 == "!" { id = locate($2); objections++; if (quoted(id, $4)) rejects++; else complain(id, "tshark objects: " $4) }
$1 == "theirs" && $3 != "!" { id = locate($2); yours[id, ++num_yours[id]] = fields_from(3); total_yours++; note(id) }
$1 == "ours" { id = $2 SUBSEP $3; mine[id, ++num_mine[id]] = fields_from(4); total_mine++; note(id); seen[$2] = 1 }
END {
    for (k = 1; k <= num_ids; k++) {
        id = ids[k]
        if (num_yours[id] + 0 == 0 && num_mine[id] > 0 && overlooked(id, mine[id, 1])) { unseen += num_mine[id]; continue }
        if (num_mine[id] + 0 != num_yours[id] + 0)
            complain(id, "we see " num_mine[id] + 0 " PDUs, tshark " num_yours[id] + 0 ": " substr(mine[id, 1], 1, 160))
        for (i = 1; i <= num_mine[id] && i <= num_yours[id]; i++) compare_pdu(id, mine[id, i], yours[id, i])
    }
    for (i = 1; i <= num_files; i++) {
        if (i in seen) with++; else empty++
        if (i in failing) bad_files++
    }
    for (name in unjudged) if (!(name in judged)) list = list " " name
    printf "tshark: %d captures, %d PDUs (tshark %d), %d fields, %d keys and %d digest verdicts equal\n", with, total_mine, total_yours, equal, keys, digests
    printf "tshark: %d captures without a PDU, %d PDUs it does not look at, %d with keys across PDUs, %d differences excused by %d records, %d objections, %d of them to what Rejects quote\n", empty, unseen, spanning, excused, named, objections, rejects
    if (list != "") print "tshark: shows nothing of our fields" list
    if (mismatches > 60) print "… and " mismatches - 60 " more"
    printf "tshark: %d differences in %d captures\n", mismatches, bad_files
    if (total_mine == 0 || equal == 0) { print "tshark: nothing was compared"; mismatches++ }
    if (TALLY) print num_files - bad_files, bad_files + 0 > TALLY
    exit mismatches + unknown > 0
}
