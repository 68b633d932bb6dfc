#!/usr/bin/env bash
# Every public symbol is documented: doxygen's warnings are errors. The pages land in build/doxygen/html.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need doxygen
cd "$RIG_TOP" || exit 2
rm -rf -- "$RIG_BUILD/doxygen"
mkdir -p "$RIG_BUILD/doxygen"
doxygen ci/Doxyfile >"$RIG_BUILD/doxygen.log" 2>&1
status=$?
sed "s|$RIG_TOP/||" "$RIG_BUILD/doxygen.log" | grep -E 'warning:|error:' | head -n 40
[ "$status" -eq 0 ] && find "$RIG_BUILD/doxygen/html" -name '*_8h.html' | grep -q . && say "doxygen: no warning"
