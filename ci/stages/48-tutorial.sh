#!/usr/bin/env bash
# docs/tutorial.md does what it says: its commands are carried out in one folder, block by block, and print what is shown below each.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need iscsi-inq jq
scratch
export XDG_STATE_HOME=$RIG_SCRATCH/state
PATH=${RIG_TOOL%/*}:$PATH
PAGE=$RIG_TOP/docs/tutorial.md
mkdir "$RIG_SCRATCH/blocks" "$RIG_SCRATCH/work"
ln -s "$RIG_TOP/scenarios" "$RIG_SCRATCH/work/scenarios"

# blocks FILE: its commands into NUMBER.sh, what they print into NUMBER.text
blocks()
{
    awk -v folder="$RIG_SCRATCH/blocks" '
        /^```sh$/ { out = sprintf("%s/%02d.sh", folder, ++number); next }
        /^```text$/ { out = sprintf("%s/%02d.text", folder, number); next }
        /^```/ { out = ""; next }
        out != "" { print >out }' "$1"
}

# shows SAID WANTED: each line of WANTED is part of a line of SAID, in this order; … stands for anything
shows()
{
    awk '
        function fits(line, wanted,   part, n, i, at) {
            n = split(wanted, part, "…")
            for (i = 1; i <= n; i++) {
                at = index(line, part[i])
                if (!at) return 0
                line = substr(line, at + length(part[i]))
            }
            return 1
        }
        FNR == NR { wanted[++lines] = $0; next }
        next_line < lines && fits($0, wanted[next_line + 1]) { next_line++ }
        END {
            if (next_line == lines) exit 0
            print "not printed: " wanted[next_line + 1]
            exit 1
        }' "$2" "$1"
}

# carry_out: one shell for all blocks, as a reader has one
carry_out()
{
    local block
    cd "$RIG_SCRATCH/work" || return
    trap 'kill $(jobs -p) 2>/dev/null' EXIT
    set -m
    for block in "$RIG_SCRATCH"/blocks/*.sh; do
        # shellcheck disable=SC1090 # blocks of the page
        . "$block" >"${block%.sh}.said" 2>&1 </dev/null
        say "$?" >"${block%.sh}.status"
    done
}

# judge NUMBER: its block ended well, and printed what the page shows
judge()
{
    local block=$RIG_SCRATCH/blocks/$1
    [ "$(cat "$block.status" 2>/dev/null)" = 0 ] || {
        say "block $1 of the page ended with status $(cat "$block.status" 2>/dev/null)"
        return 1
    }
    [ ! -f "$block.text" ] || shows "$block.said" "$block.text"
}

blocks "$PAGE"
(carry_out)
passed=0 failed=0
for block in "$RIG_SCRATCH"/blocks/*.sh; do
    number=$(basename "$block" .sh)
    if judge "$number"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: block $number"
        sed 's/^/    /' "$block" "$RIG_SCRATCH/blocks/$number.said" | head -n 60
    fi
done
# that this judge can say no: each shown line, altered, is missed
for text in "$RIG_SCRATCH"/blocks/*.text; do
    sed '$s/$/ altered/' "$text" >"$RIG_SCRATCH/altered"
    if shows "${text%.text}.said" "$RIG_SCRATCH/altered" >/dev/null; then
        failed=$((failed + 1))
        say "FAILED: an altered line of block $(basename "$text" .text) was found"
    fi
done
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
