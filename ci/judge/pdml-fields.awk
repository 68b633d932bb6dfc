# tshark's PDML to the lines of `iscsirig trace --fields`, so that both can be compared:
#   FRAME <TAB> > or < or ? <TAB> opcode <TAB> NAME=VALUE …    one PDU
#   FRAME <TAB> ! <TAB> text                                 something tshark objects to
# Numbers are hexadecimal without leading zeros; ISID, CDB (here its first byte) and digests are bytes; text keys come last, each
# as +KEY=VALUE with bytes outside blank…tilde, and the backslash, as \xNN with capital digits.
# Needs NAMES=ci/judge/tshark-fields.txt.
BEGIN {
    while ((getline line < NAMES) > 0) if (split(line, part, " ") == 2 && part[1] !~ /^#/) ours[part[1]] = part[2]
    for (i = 32; i < 127; i++) char[sprintf("%02x", i)] = sprintf("%c", i)
    delete char["5c"]
}
function attribute(name,   at, text) {
    at = index($0, " " name "=\"")
    if (!at) return ""
    text = substr($0, at + length(name) + 3)
    return substr(text, 1, index(text, "\"") - 1)
}
function number(hex) { sub(/^0+/, "", hex); return hex == "" ? "0" : tolower(hex) }
function text_of(hex,   i, pair, out) {
    for (i = 1; i < length(hex); i += 2) {
        pair = substr(hex, i, 2)
        if (pair == "00" && i + 2 > length(hex)) break
        out = out (pair in char ? char[pair] : "\\x" toupper(pair))
    }
    return out
}
function flush() {
    if (pdu == "") return
    if (!(stream in dead)) print frame "\t" way "\t" opcode pdu keys
    pdu = keys = ""
}
# what crosses a reset on its way is delivered to nobody; iSNS has a judge of its own, tshark-isns.sh
function object(text) { objection[++num_objections] = text }
function tell_objections(   i) {
    for (i = 1; i <= num_objections; i++) if (!isns || objection[i] ~ /checksum$/) print frame "\t!\t" objection[i]
    num_objections = isns = 0
}
/<packet>/ { frame = stream = ""; syn = ack = 0; error = ""; way = "?" }
/<field name="frame.number"/ { frame = attribute("show") }
/<field name="tcp.srcport"/ { port = attribute("show") }
/<field name="tcp.stream"/ { stream = attribute("show"); way = stream in opener ? (opener[stream] == port ? ">" : "<") : "?" }
/<field name="tcp.flags.ack"/ { ack = attribute("show") == "1" }
/<field name="tcp.flags.reset"/ && attribute("show") == "1" { resets = 1 }
/<proto name="isns"/ { isns = 1 }
/<field name="tcp.flags.syn"/ && attribute("show") == "1" && !ack { opener[stream] = port }
/<field name="ip.checksum.status"/ && attribute("show") == "0" { object("IP checksum") }
/<field name="tcp.checksum.status"/ && attribute("show") == "0" { object("TCP checksum") }
/<field name="_ws.expert" / { error = attribute("showname") }
/<field name="_ws.expert.severity"/ && attribute("show") == "8388608" && error !~ /[Cc]hecksum/ { object(error) }
/<proto name="_ws.malformed"/ { object("malformed " attribute("showname")) }
# a Reject shows the header it is about as one more PDU, which it is not
/<proto name="iscsi"/ && opcode == "3f" && rejected { rejected = 0; quoted = 1; next }
/<proto name="iscsi"/ { flush(); opcode = "?"; started = inside = 1; quoted = rejected = 0 }
/<\/proto>/ { inside = 0 }
/<\/packet>/ { flush(); tell_objections(); started = 0; opcode = "?"; if (resets) dead[stream]; resets = 0 }
!started || (quoted && !/digest32/) { next }
/<field name="iscsi\.keyvalue"/ { keys = keys "\t+" text_of(attribute("value")); next }
/<field name="iscsi\.(header|data)digest32"/ {
    pdu = pdu "\t" (/headerdigest/ ? "HeaderDigest=" : "DataDigest=") (/\(Good CRC32\)/ ? "good," : "bad,") attribute("value")
    next
}
/<field name="iscsi\./ {
    name = attribute("name")
    if (!(name in ours)) next
    value = attribute("value")
    called = opcode == "10" && ours[name] == "TTT" ? "SnackTag" : ours[name]
    pdu = pdu "\t" called "=" (name == "iscsi.isid" ? value : number(value))
    if (name == "iscsi.opcode") opcode = number(value)
    if (name == "iscsi.datasegmentlength") rejected = opcode == "3f" && length(number(value)) > 1
    next
}
inside && /<field name="" show="LUNs?" size="8"/ { pdu = pdu "\tLUN=" number(attribute("value")) }
/<field name="scsi[a-z_]*\.opcode"/ && opcode == "1" && attribute("value") != "" { pdu = pdu "\tCDB=" attribute("value") }
