#!/usr/bin/env bash
# ci/check-floors.sh [TREE]: every #include against ci/floors.txt of that tree. A header rig/X belongs to the folder whose
# include/ holds it. Prints file:line and the edge for each breach; status 1 if there is one.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "${1:-$RIG_TOP}" || exit 2

owners()
{
    find . -path ./build -prune -o -path '*/include/rig/*' -type f -print |
        sed -n 's|^\./\([^/]*\)/include/rig/\(.*\)$|owner \1 rig/\2|p'
}

# "private ROOM HEADER" for headers outside include/
privates()
{
    find . -path ./build -prune -o -path '*/include' -prune -o \( -name '*.h' -o -name '*.def' \) -print |
        sed -n 's|^\./\(.*\)/\([^/]*\)$|private \1 \2|p'
}

includes()
{
    find . -path ./build -prune -o -path ./.git -prune -o \( -name '*.c' -o -name '*.h' -o -name '*.def' \) -print0 |
        xargs -0 -r grep -nHE '^[[:space:]]*#[[:space:]]*include' |
        sed -E 's|^\./||; s|^([^:]*):([0-9]+):[^<"]*([<"])([^>"]*)[>"].*$|include \1 \2 \3 \4|'
}

{
    grep -vE '^[[:space:]]*(#|$)' ci/floors.txt
    owners
    privates
    includes
} | awk '
    function breach(why) { printf "%s:%s: %s\n", $2, $3, why; bad++ }
    function room_of(path,   parts, n) {
        n = split(path, parts, "/")
        if (n > 2 && parts[2] != "include") return parts[1] "/" parts[2]
        return parts[1]
    }
    function is_shared(room) { return room ~ /\/(tests|fuzz)$/ }
    # a header of the tree: rig/X by owner, anything else by room
    function judge_public(folder, header) {
        if (!(header in owner)) breach("unknown header " header)
        else if (owner[header] != folder && !((folder, owner[header]) in floor))
            breach(folder " may not use " owner[header] " (" header ")")
    }
    function judge_private(folder, room, header,   dir, name) {
        dir = header; name = header
        if (sub(/\/[^\/]*$/, "", dir)) { sub(/^.*\//, "", name); dir = folder "/" dir } else dir = room
        if ((dir, name) in private) {
            if (dir != room && !is_shared(room)) breach(room " may not use the private header " dir "/" name)
        } else if (name == "suite.h" && room ~ /\/tests$|^ci\//) return
        else breach("unknown private header " header " (looked for in " dir ")")
    }
    function judge_system(room, header,   prefix) {
        if (header in pure) return
        for (prefix in library) if (index(header, prefix) == 1) {
            if (!((prefix, room) in known)) breach(room " may not use " header)
            return
        }
        if (!(room in io) && !($2 in io)) breach(room " is free of I/O and may not use <" header ">")
    }
    $1 == "floor" { for (i = 3; i <= NF; i++) floor[$2, $i] = 1; floors[$2] = 1 }
    $1 == "pure" { for (i = 2; i <= NF; i++) pure[$i] = 1 }
    $1 == "library" { library[$2] = 1; for (i = 3; i <= NF; i++) known[$2, $i] = 1 }
    $1 == "io" { for (i = 2; i <= NF; i++) io[$i] = 1 }
    $1 == "owner" {
        if ($3 in owner) { printf "%s: in %s and in %s\n", $3, owner[$3], $2; bad++ }
        owner[$3] = $2
    }
    $1 == "private" { private[$2, $3] = 1 }
    $1 == "include" {
        total++
        folder = $2; sub(/\/.*/, "", folder)
        room = room_of($2)
        if (!(folder in floors)) breach("no floor for folder " folder)
        else if ($4 == "<") judge_system(room, $5)
        else if ($5 ~ /^rig\//) judge_public(folder, $5)
        else judge_private(folder, room, $5)
    }
    END {
        if (!total) { print "no #include found: nothing was judged"; bad++ }
        printf "floors: %d includes, %d breaches\n", total, bad
        exit bad > 0
    }'
