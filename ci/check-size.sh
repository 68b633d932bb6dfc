#!/usr/bin/env bash
# ci/check-size.sh [TREE]: length and nesting of every function. Body lines without the braces; nesting = blocks inside each other
# below the body. Limits: 80 lines and nesting 4 for each, median 15 and nine in ten within 45 for the whole tree without tests.
# Needs the form clang-format gives: a function's braces stand alone in the first column.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "${1:-$RIG_TOP}" || exit 2

# functions FILE…: lines "FILE LINE NAME LINES NESTING"
functions()
{
    awk '
        function strip(line,   out) {
            gsub(/\\./, "", line)
            gsub(/"[^"]*"/, "\"\"", line)
            gsub(/\x27[^\x27]*\x27/, "0", line)
            if (in_comment) { if (!sub(/^.*\*\//, "", line)) return ""; in_comment = 0 }
            gsub(/\/\*[^*]*\*+([^\/*][^*]*\*+)*\//, "", line)
            sub(/\/\/.*/, "", line)
            if (sub(/\/\*.*/, "", line)) in_comment = 1
            return line
        }
        # a block opens after ) else do : or alone on its line; initialisers open after = , ( {
        function opens_block(line) { return line ~ /(\) |else |do |: |^ *)\{ *$/ }
        FNR == 1 { in_comment = inside = 0; head = "" }
        { code = strip($0) }
        !inside && $0 == "{" { inside = 1; begin = FNR; depth = deepest = 0; num = 0; next }
        inside && $0 == "}" {
            name = head
            match(head, /[A-Za-z_][A-Za-z0-9_]* *\(/)
            name = substr(head, RSTART, RLENGTH); sub(/ *\($/, "", name)
            print FILENAME, begin, name == "" ? "?" : name, FNR - begin - 1, deepest
            inside = 0; head = ""
            next
        }
        inside {
            closes = code ~ /^ *\}/
            if (closes && num > 0) { depth -= block[num]; num-- }
            text = code; sub(/^ *\}/, "", text)
            n = gsub(/\{/, "{", text) - gsub(/\}/, "}", text)
            for (; n > 0; n--) {
                block[++num] = (n == 1 && opens_block(code))
                depth += block[num]
            }
            for (; n < 0 && num > 0; n++) depth -= block[num--]
            if (depth > deepest) deepest = depth
            next
        }
        /^[#}]/ || code ~ /;[ ]*$/ || code == "" { head = ""; next }
        /^[A-Za-z_ ]/ { head = head " " code }' "$@"
}

mapfile -t files < <(find . \( -path ./build -o -path ./.git \) -prune -o \( -name '*.c' -o -name '*.h' \) -type f -print | sort)
[ "${#files[@]}" -gt 0 ] || die "no source here"
{
    sed -nE 's/^([^#[:space:]]+)[[:space:]]+([^[:space:]]+)[[:space:]]+[^[:space:]].*/except \.\/\1 \2/p' ci/size-exceptions.txt
    functions "${files[@]}" | sort -n -k 4
} | awk '
    $1 == "except" { except[$2, $3] = 1; next }
    {
        total++
        over = $4 > 80 ? "longer than 80 lines" : $5 > 4 ? "deeper than 4" : ""
        if (over != "" && (($1, $3) in except)) { used[$1, $3] = 1; over = "" }
        if (over != "") { printf "%s:%d: %s has %d lines, nesting %d: %s\n", substr($1, 3), $2, $3, $4, $5, over; bad++ }
        if ($1 !~ /\/tests\//) length_of[++num] = $4
    }
    END {
        for (key in except) if (!(key in used)) {
            split(key, part, SUBSEP); printf "size-exceptions.txt: %s %s is not needed any more\n", part[1], part[2]; bad++
        }
        median = length_of[int((num + 1) / 2)]; p90 = length_of[int(num * 0.9 + 0.5)]
        if (median > 15) { print "median above 15 lines"; bad++ }
        if (p90 > 45) { print "one function in ten is above 45 lines"; bad++ }
        printf "size: %d functions; without tests median %d, p90 %d, longest %d lines\n", total, median, p90, length_of[num]
        exit bad > 0
    }'
