#!/usr/bin/env bash
# ci/check-format.sh [TREE]: clang-format (version 14, what Debian 12 has) would change nothing.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "${1:-$RIG_TOP}" || exit 2
need clang-format
scratch

find . \( -path ./build -o -path ./.git \) -prune -o \( -name '*.c' -o -name '*.h' \) -type f -printf '%P\0' >"$RIG_SCRATCH/files"
[ -s "$RIG_SCRATCH/files" ] || die "no source here"
xargs -0 -P "$RIG_JOBS" -n 40 clang-format --style=file --dry-run -Werror <"$RIG_SCRATCH/files" >"$RIG_SCRATCH/said" 2>&1 && {
    say "format: $(tr -cd '\0' <"$RIG_SCRATCH/files" | wc -c) files as clang-format wants them"
    exit 0
}
grep -oE '^[^:]+:[0-9]+:[0-9]+: error:' "$RIG_SCRATCH/said" >"$RIG_SCRATCH/places" || {
    cat "$RIG_SCRATCH/said"
    die "clang-format itself failed"
}
awk -F: '++num[$1] == 1 { print $1 ":" $2 ": not as clang-format -i would leave it" }
    END { for (name in num) files++; printf "format: %d files differ\n", files }' "$RIG_SCRATCH/places"
exit 1
