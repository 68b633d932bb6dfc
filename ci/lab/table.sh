#!/usr/bin/env bash
# ci/lab/table.sh [PEER…]: iscsirig matrix with every peer there is (or those named), what the lab checks of initiators beyond scenarios, and libiscsi's
# suite; writes docs/interop.md. Records in build/runs/matrix are kept, so that a part can be played again; RIG_KEEP_SUITE=1 keeps what the suite came
# to, too. Status 1 when something failed that no peer file explains, or when nothing could be played; the page is written all the same.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-lab.sh"
need jq
tool_or_fail
scratch
PAGE=$RIG_TOP/docs/interop.md
RECORDS=$RIG_BUILD/runs/matrix
bad=0

# part SCRIPT [ARGUMENT…]: what the lab has besides; 77 is fine
part()
{
    say "== $1"
    bash "$RIG_TOP/ci/lab/$1.sh" "${@:2}"
    case $? in
    0 | 77) ;;
    *) bad=1 ;;
    esac
}

mkdir -p "$RECORDS"
say "== iscsirig matrix"
(cd "$RIG_TOP" && "$RIG_TOOL" matrix --folder "$RECORDS" "${@/#/--peer=}") || bad=1
for peer in "${LAB_INITIATORS[@]}"; do
    rm -f -- "$RIG_BUILD/runs/lab-$peer.md"
    part "$peer"
done
if [ -z "${RIG_KEEP_SUITE:-}" ] || [ ! -s "$RIG_BUILD/runs/lab-testcu.md" ]; then
    rm -f -- "$RIG_BUILD/runs/lab-testcu.md"
    part testcu-table rig "${LAB_PEERS[@]}"
fi
(cd "$RIG_TOP" && "$RIG_TOOL" matrix --folder "$RECORDS" --pages-only --markdown "$RIG_SCRATCH/page") || bad=1
[ -s "$RIG_SCRATCH/page" ] || die "no peer could be played"
{
    cat "$RIG_SCRATCH/page"
    say
    say "# Beyond scenarios"
    say
    say "Written by \`ci/lab/table.sh\` on $(date -u +%Y-%m-%d)."
    for part in "${LAB_INITIATORS[@]}" testcu; do
        [ ! -s "$RIG_BUILD/runs/lab-$part.md" ] || { say && cat "$RIG_BUILD/runs/lab-$part.md"; }
    done
} >"$PAGE"
say "written: docs/interop.md"
exit "$bad"
