# scenarios/FORMAT.md as the page iscsirig-scenario(5): headings, paragraphs, bullets, blocks and tables of that file, nothing else of
# Markdown. Words of tables become tagged paragraphs, so that long ones do not run out of the page. VERSION is passed in.
function roff(text,    out, part, n, i, found)
{
    gsub(/\\\|/, "|", text)
    gsub(/…/, "...", text)
    gsub(/→/, "->", text)
    gsub(/×/, "x", text)
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/\*\*/, "", text)
    while (match(text, /\[[^]]+\]\([^)]*\)/)) { # links keep their words
        found = substr(text, RSTART + 1, RLENGTH - 1)
        text = substr(text, 1, RSTART - 1) substr(found, 1, index(found, "]") - 1) substr(text, RSTART + RLENGTH)
    }
    n = split(text, part, "`")
    for (i = 1; i <= n; i++)
        out = out (i % 2 ? part[i] : "\\fB" part[i] "\\fP")
    return out
}
function put(text)
{
    text = roff(text)
    print (text ~ /^[.']/ ? "\\&" : "") text
}
function flush()
{
    if (paragraph != "") {
        print bullet ? ".IP \\(bu 2" : ".PP"
        put(paragraph)
    }
    paragraph = ""
    bullet = 0
}
BEGIN {
    print ".\\\" Made from scenarios/FORMAT.md, whose tables are held against those of the parser; nothing to edit."
    print ".TH ISCSIRIG-SCENARIO 5 \"\" \"iscsirig " VERSION "\" \"iscsirig manual\"\n.ad l\n.SH NAME"
    print "iscsirig-scenario \\- the language of scenario files (*.scn)\n.SH DESCRIPTION"
}
/^```/ {
    flush()
    block = !block
    print block ? ".IP\n.nf" : ".fi"
    next
}
block {
    gsub(/\\/, "\\e")
    gsub(/-/, "\\-")
    gsub(/…/, "...")
    print ($0 ~ /^[.']/ ? "\\&" : "") $0
    next
}
/^<!--/ { flush(); next }
/^# / { next }
/^## / { flush(); print ".SH " toupper(roff(substr($0, 4))); next }
/^###+ / { flush(); sub(/^#+ /, ""); print ".SS " roff($0); next }
/^\| / {
    flush()
    line = $0
    gsub(/\\\|/, "\001", line)
    n = split(line, cell, / *\| */)
    if (cell[2] ~ /^-+$/ || (cell[2] !~ /`/ && header == 0)) { header = 1; next }
    for (i = 2; i < n; i++) gsub(/\001/, "|", cell[i])
    print ".TP"
    put(cell[2])
    text = ""
    for (i = 3; i < n; i++)
        if (cell[i] != "") text = text (text == "" ? "" : "; ") cell[i]
    put(text == "" ? "\\&" : text)
    next
}
{ header = 0 }
/^$/ { flush(); next }
/^[*] / { flush(); bullet = 1; paragraph = substr($0, 3); next }
/^[0-9]+\. / { flush(); bullet = 1; paragraph = $0; next }
{ sub(/^ +/, ""); paragraph = paragraph (paragraph == "" ? "" : " ") $0 }
END { flush(); print ".SH SEE ALSO\n\\fBiscsirig\\-run\\fP(1), \\fBiscsirig\\-fmt\\fP(1), \\fBiscsirig\\-explain\\fP(1), \\fBiscsirig\\fP(7)" }
