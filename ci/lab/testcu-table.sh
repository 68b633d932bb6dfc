#!/usr/bin/env bash
# ci/lab/testcu-table.sh [TARGET…]: plays libiscsi's suite against our target and those of others (rig kernel tgtd istgt) by ci/lab/testcu.sh, and
# leaves its part of docs/interop.md in build/runs/lab-testcu.md, with what was judged beside it; RIG_KEEP=1 takes what is there of targets played
# before. Status 1 when none could be played.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
need iscsi-test-cu dpkg-query
RUNS=$RIG_BUILD/runs
mkdir -p "$RUNS"
[ "$#" -gt 0 ] || set -- rig "${LAB_PEERS[@]}"

# version TARGET
version()
{
    [ "$1" != rig ] || {
        say "iscsirig/$(git -C "$RIG_TOP" rev-parse --short HEAD)"
        return
    }
    lab_version "$1"
}

# table FILE…: a row a suite, a column a file. A test that failed or hung anywhere or was never come to fails, one that passed anywhere passes. The
# last row tells of the failed how many hung, and how many were never come to.
table()
{
    awk -F'\t' '
        FNR == 1 { files++ }
        {
            if (!($2 in known)) { known[$2] = 1; tests[++num] = $2 }
            if ($3 == "hang" || $3 == "na") late[files, $3]++
            if ($3 != "pass" && $3 != "skip") worst[files, $2] = "fail"
            else if (worst[files, $2] != "fail" && worst[files, $2] != "pass") worst[files, $2] = $3
        }
        function row(suite, f) {
            printf "| %s |", suite
            for (f = 1; f <= files; f++) printf " %d / %d / %d |", count[f, suite, "pass"], count[f, suite, "fail"], count[f, suite, "skip"]
            printf "\n"
        }
        END {
            for (i = 1; i <= num; i++) {
                split(tests[i], part, ".")
                if (!(part[2] in seen)) { seen[part[2]] = 1; suites[++rows] = part[2] }
                for (f = 1; f <= files; f++) { count[f, part[2], worst[f, tests[i]]]++; count[f, "all of them", worst[f, tests[i]]]++ }
            }
            for (r = 1; r <= rows; r++) row(suites[r])
            row("all of them")
            printf "| failed by hanging / never come to |"
            for (f = 1; f <= files; f++) printf " %d / %d |", late[f, "hang"], late[f, "na"]
            printf "\n"
        }' "$@"
}

page()
{
    local target files=("${@/#/testcu-}")
    say "## libiscsi's suite against our target and those of others"
    say
    say "Each cell: tests passed / failed / skipped of \`iscsi-test-cu -d -S\` ($(dpkg-query -W -f '${Package} ${Version}' libiscsi-bin), all families), by"
    say "\`ci/lab/testcu-table.sh\` on $(date -u +%Y-%m-%d). A test that prints \`[SKIPPED]\` is skipped, one that hung, or that the suite never came to, as the"
    say "target hung or the process ended, has failed. Ours is played in the set-ups of \`ci/lab/testcu.sh\`; the others in the one that the lab puts up, and"
    say "with two paths for MultipathIO; each suite in a process and target of its own, and of istgt, which leaves commands unanswered, each test."
    say "ALL.iSCSITMF.LUNResetSimpleAsync says nothing of a target: it looks for the answer to its reset before it waits for one, so it fails by itself, and"
    say "behind another test of its suite, which leaves it no session, it passes without asking."
    say
    say "| suite |$(for target; do printf ' %s |' "$(version "$target")"; done)"
    say "| --- |$(for target; do printf ' --- |'; done)"
    table "${files[@]/%/.tsv}"
}

played=()
for target; do
    say "== $target"
    limit=60
    [ "$target" != rig ] || limit=90 # ALL.Sanitize.Reset looks once a minute
    [ -n "${RIG_KEEP:-}" ] && [ -s "$RUNS/testcu-$target.tsv" ] ||
        RIG_LIMIT=${RIG_LIMIT:-$limit} bash "$RIG_TOP/ci/lab/testcu.sh" "$target" >"$RUNS/testcu-$target.tsv" || [ "$?" -ne 77 ] || continue
    [ -s "$RUNS/testcu-$target.tsv" ] || continue
    played+=("$target")
done
[ "${#played[@]}" -gt 0 ] || exit 1
cd "$RUNS" && page "${played[@]}" >lab-testcu.md
say "written: ${RUNS#"$RIG_TOP"/}/lab-testcu.md"
