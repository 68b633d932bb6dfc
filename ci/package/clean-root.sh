#!/usr/bin/env bash
# ci/package/clean-root.sh FOLDER [PACKAGE…]: a bare Debian 12 as FOLDER/root.tar, with the lists of packages, and those packages with what they
# need downloaded, not installed, so that they can be installed without a network. What is there already, for the same packages, stays.
# Status 77 with a reason when it cannot be made here.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ $# -ge 1 ] || die "usage: ci/package/clean-root.sh FOLDER [PACKAGE…]"
FOLDER=$1
shift
[ "$(id -u)" -eq 0 ] || skip "only root can make a bare Debian"
mkdir -p -- "$FOLDER" || exit 2
[ ! -s "$FOLDER/root.tar" ] || [ "$(cat -- "$FOLDER/packages" 2>/dev/null)" != "$*" ] || exit 0
command -v mmdebstrap >/dev/null || skip "no mmdebstrap here makes a bare Debian"
rm -rf -- "$FOLDER/root.tar" "$FOLDER/root.new"
# shellcheck disable=SC2016 # mmdebstrap's shell knows what $1 is
timeout -k 5 300 mmdebstrap --quiet --variant=minbase --mode=root --format=tar --skip=cleanup/apt/lists,cleanup/apt/cache \
    --customize-hook='chroot "$1" apt-get -q clean' \
    --customize-hook='chroot "$1" apt-get -q -y -d --no-install-recommends install '"$*" bookworm "$FOLDER/root.new" \
    >"$FOLDER/log" 2>&1 || skip "a bare Debian cannot be made here: $(tail -n 1 "$FOLDER/log")"
mv -- "$FOLDER/root.new" "$FOLDER/root.tar" && printf '%s\n' "$*" >"$FOLDER/packages"
