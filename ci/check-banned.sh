#!/usr/bin/env bash
# ci/check-banned.sh [TREE]: no source line matches a row of ci/banned.txt of that tree. Prints file:line, the line and the reason.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "${1:-$RIG_TOP}" || exit 2
scratch

find . \( -path ./build -o -path ./.git \) -prune -o \( -name '*.c' -o -name '*.h' -o -name '*.def' \) -type f -printf '%P\n' |
    sort >"$RIG_SCRATCH/files"
[ -s "$RIG_SCRATCH/files" ] || die "no source here"
mkdir "$RIG_SCRATCH/code"
sed 's|[^/]*$||' "$RIG_SCRATCH/files" | sort -u | sed "s|^|$RIG_SCRATCH/code/|" | xargs -d '\n' mkdir -p
xargs -d '\n' awk -v OUT="$RIG_SCRATCH/code" -f "$RIG_TOP/ci/strip-comments.awk" <"$RIG_SCRATCH/files"

# concerned PATHS: the files a row is about
concerned()
{
    case $1 in
    !*) grep -vP -- "${1#!}" "$RIG_SCRATCH/files" ;;
    *) grep -P -- "$1" "$RIG_SCRATCH/files" ;;
    esac
}

rows=0
bad=0
while IFS=$'\t' read -r pattern paths reason; do
    rows=$((rows + 1))
    [ -n "$reason" ] || die "banned.txt: row without a reason: $pattern"
    printf 'x\n' | grep -P -- "$pattern" >/dev/null
    [ $? -le 1 ] || die "banned.txt: not a regex: $pattern"
    mapfile -t hits < <(cd "$RIG_SCRATCH/code" && concerned "$paths" | xargs -d '\n' -r grep -nHP -- "$pattern")
    for hit in "${hits[@]}"; do
        printf "%s\n    -- %s\n" "$hit" "$reason"
    done
    bad=$((bad + ${#hits[@]}))
done < <(grep -vE '^(#|$)' ci/banned.txt)
[ "$rows" -gt 0 ] || die "banned.txt has no rows"
say "banned: $(wc -l <"$RIG_SCRATCH/files") files against $rows rows, $bad hits"
[ "$bad" -eq 0 ]
