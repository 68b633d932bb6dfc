#!/usr/bin/env bash
# ci/check-symbols.sh [BUILD [LIST]]: what the archives of the rooms without I/O need from outside, against ci/symbols.txt. BUILD is a
# build without sanitizers (build/release). Prints archive, member and symbol of each breach; status 1 if there is one.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
BUILT=${1:-$RIG_BUILD/release}
LIST=${2:-$RIG_TOP/ci/symbols.txt}
need nm

# archives: path of each librig_*.a
archives()
{
    find "$BUILT" -name 'librig_*.a' | sort
}

# symbols KIND NM-OPTION: lines "KIND LIBRARY MEMBER SYMBOL"
symbols()
{
    archives | xargs -r nm -A "$2" 2>/dev/null |
        sed -nE "s|^.*/librig_([^/]*)\.a:([^:]*):.* ([A-Za-z]) ([^ ]+)\$|$1 \1 \2 \4 \3|p"
}

{
    grep -vE '^[[:space:]]*(#|$)' "$LIST"
    archives | sed -nE 's|^.*/librig_([^/]*)\.a$|archive \1|p'
    symbols defined --defined-only
    symbols needed --undefined-only
} | awk '
    function matches(symbol, patterns,   i, n, list, pattern) {
        n = split(patterns, list, " ")
        for (i = 1; i <= n; i++) {
            pattern = list[i]
            gsub(/[.]/, "\\.", pattern); gsub(/[*]/, ".*", pattern)
            if (symbol ~ "^" pattern "$") return 1
        }
        return 0
    }
    function rest(from,   i, text) { for (i = from; i <= NF; i++) text = text " " $i; return text }
    $1 == "room" { for (i = 2; i <= NF; i++) room[$i] = 1 }
    $1 == "foreign" { for (i = 2; i <= NF; i++) outside[$i] = 1 }
    $1 == "archive" && !($2 in room) && !($2 in outside) { print "archive " $2 " is in no list: may it do I/O or not?"; bad++ }
    $1 == "allow" { allow = allow rest(2) }
    $1 == "except" { except[$2] = except[$2] rest(3) }
    $1 == "defined" && $5 ~ /^[A-TV-Z]$/ { seen[$2] = 1; if ($2 in room) defined[$4] = 1; else foreign[$4] = $2 }
    $1 == "needed" && $2 in room { seen[$2] = 1; needed[++total] = $2 "/" $3 " " $4 }
    END {
        for (name in room) if (!(name in seen)) { print "room " name " has no archive: it was not judged"; bad++ }
        for (i = 1; i <= total; i++) {
            split(needed[i], part, " ")
            if (part[2] in defined || matches(part[2], allow) || matches(part[2], except[part[1]])) continue
            printf "%s needs %s%s\n", part[1], part[2], part[2] in foreign ? " of the I/O room " foreign[part[2]] : ""
            bad++
        }
        printf "symbols: %d looked at in %d rooms, %d breaches\n", total, length(room), bad
        exit bad > 0
    }'
