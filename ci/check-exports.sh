#!/usr/bin/env bash
# ci/check-exports.sh [LIBRARY [LIST [HEADER]]]: the shared library of Microsoft's API shows exactly the functions of its list and of its
# header, 79 of them. Prints what is too much or missing; status 1 if there is one.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
BUILT=${1:-$RIG_BUILD/release/initiator/libiscsidsc.so}
LIST=${2:-$RIG_TOP/initiator/iscsidsc/exports.map}
HEADER=${3:-$RIG_TOP/initiator/include/iscsidsc/iscsidsc.h}
FUNCTIONS=79
need nm
scratch

[ -f "$BUILT" ] || die "no ${BUILT#"$RIG_TOP"/}"
# the name of the version node is a symbol, too: A
nm -D --defined-only "$BUILT" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$RIG_SCRATCH/shown"
sed -nE 's/^ +([A-Za-z0-9_]+);$/\1/p' "$LIST" | sort >"$RIG_SCRATCH/listed"
sed -nE 's/^ISDSC_STATUS WINAPI ([A-Za-z0-9]+)\(.*/\1/p' "$HEADER" | sort >"$RIG_SCRATCH/declared"

bad=0
# compare REASON FILE FILE: lines of the first that the second has not
compare()
{
    local name
    while read -r name; do
        say "$name: $1"
        bad=$((bad + 1))
    done < <(comm -23 "$RIG_SCRATCH/$2" "$RIG_SCRATCH/$3")
}
compare "shown, but not in the list" shown listed
compare "in the list, but not shown" listed shown
compare "declared, but not in the list" declared listed
compare "in the list, but not declared" listed declared
total=$(wc -l <"$RIG_SCRATCH/shown")
[ "$total" -eq "$FUNCTIONS" ] || { say "$total functions instead of $FUNCTIONS" && bad=$((bad + 1)); }
say "exports: $total symbols, $bad breaches"
[ "$bad" -eq 0 ]
