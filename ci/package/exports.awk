# From headers, the version script of the library they belong to: every name they use outside of comments may be seen, if the library
# defines it, and nothing else. NODE is the name of the version.
{ text = text $0 "\n" }
END {
    while ((start = index(text, "/*")) > 0) {
        rest = substr(text, start + 2)
        text = substr(text, 1, start - 1) " " substr(rest, index(rest, "*/") + 2)
    }
    printf "%s {\nglobal:\n", NODE
    while (match(text, /rig_[a-z0-9_]+/)) {
        name = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        if (!(name in seen)) printf "    %s;\n", name
        seen[name] = 1
    }
    printf "local:\n    *;\n};\n"
}
