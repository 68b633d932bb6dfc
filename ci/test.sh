#!/usr/bin/env bash
# ci/test.sh [STAGE…]: everything that decides whether a change is good. Without names all stages run, in order, even after a
# failure. A stage is a script ci/stages/NN-name.sh: status 0 is ok, 77 a counted skip whose last line is the reason,
# anything else failed. Logs: build/ci/NAME.log. Last line: totals of all checks the stages counted. Status 1 if any failed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LOGS=$RIG_BUILD/ci
export RIG_TALLY=
passed=0
failed=0
skipped=0
summary=()

budget_of()
{
    awk -v name="$1" '$1 == name { print $2 }' "$RIG_TOP/ci/budget.txt"
}

# add_counts STATUS: what the stage counted; a stage that counted nothing is one check
add_counts()
{
    local status=$1 p=0 f=0 s=0 a b c
    while read -r a b c; do
        p=$((p + a)) f=$((f + b)) s=$((s + c))
    done <"$RIG_TALLY"
    case $status in
    0) [ $((p + f + s)) -gt 0 ] || p=1 ;;
    77) [ "$s" -gt 0 ] || s=1 ;;
    *) [ "$f" -gt 0 ] || f=1 ;;
    esac
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

run_stage()
{
    local script=$1 name log status began seconds budget word
    name=${script##*/}
    name=${name#[0-9][0-9]-}
    name=${name%.sh}
    log=$LOGS/$name.log
    RIG_TALLY=$LOGS/$name.tally
    : >"$RIG_TALLY"
    began=$(date +%s)
    printf '== %s\n' "$name"
    bash "$script" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    seconds=$(($(date +%s) - began))
    budget=$(budget_of "$name")
    case $status in
    0) word=ok ;;
    77) word="skipped: $(tail -n 1 "$log")" ;;
    *) word="FAILED (status $status, log ${log#"$RIG_TOP"/})" ;;
    esac
    add_counts "$status"
    [ "$seconds" -le "${budget:-0}" ] || word="$word, over budget"
    summary+=("$(printf '%-14s %4d s of %4s s  %s' "$name" "$seconds" "${budget:-?}" "$word")")
    printf '== %s\n\n' "${summary[-1]}"
}

selected()
{
    local script name
    for script in "$RIG_TOP"/ci/stages/[0-9][0-9]-*.sh; do
        name=${script##*/[0-9][0-9]-}
        case " $* " in
        "  " | *" ${name%.sh} "*) printf '%s\n' "$script" ;;
        esac
    done
}

mapfile -t scripts < <(selected "$@")
[ "${#scripts[@]}" -eq "$#" ] || [ $# -eq 0 ] || die "unknown stage among: $*"
bash "$RIG_TOP/ci/setup.sh" || exit 2
rm -rf -- "$LOGS"
mkdir -p "$LOGS"
began=$(date +%s)
for script in "${scripts[@]}"; do
    run_stage "$script"
done

say "stages"
printf '  %s\n' "${summary[@]}"
[ ! -s "$LOGS/ctest.txt" ] || sed 's/^/ctest: /' "$LOGS/ctest.txt"
say "total $(($(date +%s) - began)) s"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
