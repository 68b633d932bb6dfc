#!/usr/bin/env bash
# ci/prove-mutants.sh [ID…]: what unit tests cover is shown by ci/mutants.tsv. Each row changes one place of our source so that it violates
# a requirement; a test whose comment names that id has to fail with the change, and passes without.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
tool_or_fail
need jq gcc ninja
scratch
cd "$RIG_TOP" || exit 2
. "$RIG_TOP/ci/lib-mutants.sh"

# tests_of ID FILE: "SUITE, TEST" of each test of the file that names the id
tests_of()
{
    "$RIG_TOOL" coverage --units "$2" | awk -F'\t' -v id="$1" '$1 == id { print $3 }'
}

# failing PROGRAM SUITE: the tests of the suite that fail, "SUITE, TEST" each
failing()
{
    timeout 20 "$1" "$2" 2>/dev/null </dev/null | sed -nE 's/^Suite (.*), Test (.*) had failures:$/\1, \2/p'
}

# kill_mutant NUMBER ID TEST SOURCE FROM TO: a line that says how it ended
kill_mutant()
{
    local number=$1 id=$2 test=$3 source=$4 from=$5 to=$6 room=${3%%/*} dir=$RIG_SCRATCH/$1 status=0
    mkdir -p "$dir"
    tests_of "$id" "$test" >"$dir/tests"
    [ -s "$dir/tests" ] || { printf 'row %s: no test of %s names %s\n' "$number" "$test" "$id" && return; }
    mutate "$source" "$from" "$to" "$dir/mutant.c" || { printf 'row %s: %s: not there exactly once: %s\n' "$number" "$source" "$from" && return; }
    build_mutant "$source" "$room" "${room}_tests" "$dir" || status=$?
    [ "$status" -ne 1 ] || { printf 'row %s: %s does not compile with: %s\n' "$number" "$source" "$to" && return; }
    [ "$status" -eq 0 ] || { printf 'row %s: does not link\n' "$number" && return; }
    failing "$dir/tests.bin" "$(head -n 1 "$dir/tests" | sed 's/, .*//')" >"$dir/failed"
    if grep -qxFf "$dir/tests" "$dir/failed"; then printf 'killed\n'; else printf 'row %s: %s: no test of it fails with: %s\n' "$number" "$id" "$to"; fi
    rm -f -- "$dir/tests.bin" "$dir/mutant.o"
}

# rows TURN: every RIG_JOBS-th row
rows()
{
    local number=1 id test source from to
    while IFS=$'\t' read -r id test source from to; do
        number=$((number + 1))
        [ $((number % RIG_JOBS)) -eq "$1" ] || continue
        case " $WANTED " in "  " | *" $id "*) kill_mutant "$number" "$id" "$test" "$source" "$from" "$to" ;; esac
    done < <(tail -n +2 ci/mutants.tsv)
}

WANTED=$*
for turn in $(seq 0 $((RIG_JOBS - 1))); do
    rows "$turn" >"$RIG_SCRATCH/turn.$turn" &
done
wait
cat "$RIG_SCRATCH"/turn.* >"$RIG_SCRATCH/all"
grep -v '^killed$' "$RIG_SCRATCH/all"
killed=$(grep -c '^killed$' "$RIG_SCRATCH/all")
total=$(wc -l <"$RIG_SCRATCH/all")
say "mutants: $killed of $total killed"
tally "$killed" $((total - killed)) 0
[ "$killed" -eq "$total" ] && [ "$total" -gt 0 ]
