#!/usr/bin/env bash
# Every fuzzer for 5 seconds (RIG_FUZZ_SECONDS), from its corpus in the tree; what it finds stays in build/fuzz-findings.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
SECONDS_EACH=${RIG_FUZZ_SECONDS:-5}
FINDINGS=$RIG_BUILD/fuzz-findings
build fuzz fuzzers || exit 1
scratch
mkdir -p "$FINDINGS"

fuzz_one()
{
    local program=$1 name corpus
    name=${program##*/fuzz_}
    corpus=$(find "$RIG_TOP" -path "$RIG_BUILD" -prune -o -type d -path "*/fuzz/corpus/$name" -print -quit)
    mkdir -p "$RIG_SCRATCH/$name"
    "$program" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$FINDINGS/$name-" \
        "$RIG_SCRATCH/$name" ${corpus:+"$corpus"} >"$RIG_SCRATCH/$name.log" 2>&1
    printf '%s %s\n' $? "${corpus:-}" >"$RIG_SCRATCH/$name.status"
}
export -f fuzz_one
export SECONDS_EACH FINDINGS RIG_TOP RIG_BUILD RIG_SCRATCH

mapfile -t programs < <(find "$RIG_BUILD/fuzz" -name 'fuzz_*' -type f -perm -u+x ! -path '*/CMakeFiles/*' | sort)
[ "${#programs[@]}" -gt 0 ] || die "no fuzzer was built"
printf '%s\n' "${programs[@]}" | xargs -P "$RIG_JOBS" -I '{}' bash -c 'fuzz_one "{}"'

passed=0
failed=0
for program in "${programs[@]}"; do
    name=${program##*/fuzz_}
    read -r status corpus <"$RIG_SCRATCH/$name.status"
    runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$RIG_SCRATCH/$name.log")
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        say "ok: $name, ${runs:-0} inputs, corpus ${corpus#"$RIG_TOP"/}"
    else
        failed=$((failed + 1))
        say "FAILED: $name (status $status)"
        grep -E 'ERROR|SUMMARY|Test unit written' "$RIG_SCRATCH/$name.log" | head -n 8
    fi
done
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
