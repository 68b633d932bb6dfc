#!/usr/bin/env bash
# ci/prove-seeds.sh [ROW…]: initiator/tests/seeds/seeds.tsv says which tests show what the source documents state, mutants.tsv beside it
# changes one place of our source so that a row holds no longer: a test of this row has to fail then. Scenarios are left out, they are
# played by a program that has no change.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need jq gcc ninja
scratch
cd "$RIG_TOP" || exit 2
. "$RIG_TOP/ci/lib-mutants.sh"
SEEDS=initiator/tests/seeds
[ -x "$BUILD/initiator/initiator_seeds" ] || die "no initiator_seeds in the release build"

# kill_mutant NUMBER ROW SOURCE FROM TO: a line that says how it ended
kill_mutant()
{
    local number=$1 row=$2 source=$3 from=$4 to=$5 dir=$RIG_SCRATCH/$1
    mkdir -p "$dir"
    mutate "$source" "$from" "$to" "$dir/mutant.c" || { printf 'row %s: %s: not there exactly once: %s\n' "$row" "$source" "$from" && return; }
    build_mutant "$source" initiator initiator_seeds "$dir" || { printf 'row %s: %s cannot be built with: %s\n' "$row" "$source" "$to" && return; }
    timeout 20 "$dir/tests.bin" "$SEEDS/seeds.tsv" /bin/true /bin/true >"$dir/said" 2>&1 </dev/null
    if grep -qxF "seeds: row $row: is not shown" "$dir/said"; then printf 'killed\n'; else printf 'row %s: no test of it fails with: %s\n' "$row" "$to"; fi
    rm -f -- "$dir/tests.bin" "$dir/mutant.o"
}

# rows TURN: every RIG_JOBS-th row
rows()
{
    local number=0 row source from to
    while IFS=$'\t' read -r row source from to; do
        number=$((number + 1))
        [ $((number % RIG_JOBS)) -eq "$1" ] || continue
        case " $WANTED " in "  " | *" $row "*) kill_mutant "$number" "$row" "$source" "$from" "$to" ;; esac
    done < <(tail -n +2 "$SEEDS/mutants.tsv")
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
say "seeds: $killed of $total changes noticed"
tally "$killed" $((total - killed)) 0
[ "$killed" -eq "$total" ] && [ "$total" -gt 0 ]
