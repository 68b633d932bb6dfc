#!/usr/bin/env bash
# ci/lab/radcli-forged/run.sh [PORT]: which answers of a RADIUS server libradcli takes; why our service makes and reads its packets itself is in
# docs/decisions.md ("what counts as an answer of a RADIUS server"). Without a port the answers come from a forger inside the program, with one from
# the server at 127.0.0.1, which is asked with RADCLI_SECRET about the CHAP response of RADCLI_USER and RADCLI_PASSWORD. Ends as forged.c says.
. "$(dirname "${BASH_SOURCE[0]}")/../../lib.sh"
need cc pkg-config
pkg-config --exists radcli || skip "no libradcli here; ci/setup.sh installs it"
scratch
read -ra flags < <(pkg-config --cflags --libs radcli libcrypto)
cc -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DRADCLI_VERSION="\"$(pkg-config --modversion radcli)\"" \
    -o "$RIG_SCRATCH/forged" "$(dirname "${BASH_SOURCE[0]}")/forged.c" "${flags[@]}" -pthread || exit 2
timeout -k 2 60 "$RIG_SCRATCH/forged" "$RIG_SCRATCH" "$@"
