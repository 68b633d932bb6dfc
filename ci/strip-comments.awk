# Copies C sources to the folder OUT under their own names, with comments and the contents of string and character literals
# blanked; lines and columns of what is left stay.
function code_of(line,   i, n, out, two, one, quote) {
    n = length(line); out = ""; quote = ""
    for (i = 1; i <= n; i++) {
        two = substr(line, i, 2); one = substr(line, i, 1)
        if (in_comment) {
            if (two == "*/") { in_comment = 0; i++; out = out "  " } else out = out " "
        } else if (quote != "") {
            if (one == "\\") { i++; out = out "  " } else if (one == quote) { quote = ""; out = out one } else out = out " "
        } else if (two == "/*") { in_comment = 1; i++; out = out "  " }
        else if (two == "//") return out
        else { if (one == "\"" || one == "\047") quote = one; out = out one }
    }
    return out
}
FNR == 1 { if (copy) close(copy); copy = OUT "/" FILENAME; in_comment = 0 }
{ print (/["\047]|\/\*|\/\// || in_comment ? code_of($0) : $0) > copy }
