#!/usr/bin/env bash
# clang-tidy with the short list of .clang-tidy, on what ships: tests run under sanitizers instead. A file that passed and has not changed since, its headers included, is not read again.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need clang-tidy
DATABASE=$RIG_BUILD/release
[ -f "$DATABASE/compile_commands.json" ] || build release >/dev/null
[ -f "$DATABASE/compile_commands.json" ] || die "no compile_commands.json in build/release"
cd "$RIG_TOP" || exit 2
scratch
SEEN=$RIG_BUILD/tidy
mkdir -p "$SEEN"
headers=$(find . -path ./build -prune -o \( -name '*.h' -o -name '*.def' -o -name .clang-tidy \) -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)

tidy_one()
{
    local file=$1 key
    key=$(printf '%s' "$headers" | cat - "$file" | sha256sum | cut -d ' ' -f 1)
    [ ! -e "$SEEN/$key" ] || return 0
    if clang-tidy --quiet -p "$DATABASE" --warnings-as-errors='*' "$file" >"$RIG_SCRATCH/$key" 2>/dev/null; then
        : >"$SEEN/$key"
    else
        grep -E 'error:|warning:' "$RIG_SCRATCH/$key" | sed "s|$RIG_TOP/||"
        printf '%s\n' "$file" >>"$RIG_SCRATCH/failed"
    fi
}
export -f tidy_one
export DATABASE SEEN RIG_SCRATCH RIG_TOP headers

jq -r '.[].file' "$DATABASE/compile_commands.json" | grep -vE '/(tests|fuzz|unit|api)/' | sort -u >"$RIG_SCRATCH/files"
[ -s "$RIG_SCRATCH/files" ] || die "no file to look at"
: >"$RIG_SCRATCH/failed"
xargs -d '\n' -P "$RIG_JOBS" -I '{}' bash -c 'tidy_one "{}"' <"$RIG_SCRATCH/files"
total=$(wc -l <"$RIG_SCRATCH/files")
failed=$(wc -l <"$RIG_SCRATCH/failed")
say "tidy: $total files, $failed with findings"
[ "$failed" -eq 0 ]
