#!/usr/bin/env bash
# ci/check-shell.sh [TREE]: shellcheck has nothing to say about the scripts.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "${1:-$RIG_TOP}" || exit 2
need shellcheck

mapfile -d '' -t files < <(find . \( -path ./build -o -path ./.git \) -prune -o \( -name '*.sh' -o -path './.ci/run' \) -type f -print0)
[ "${#files[@]}" -gt 0 ] || die "no script here"
shellcheck --format=gcc "${files[@]}" || exit 1
say "shell: ${#files[@]} scripts, nothing to say"
