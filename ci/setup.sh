#!/usr/bin/env bash
# ci/setup.sh [GROUP…]: installs what ci/packages.txt names (all groups, or build, run, judge). Ends 0 at once when all of it is
# there; a plain user is told what is missing and what to type (status 2). Services of the packages are not started. Without a package of
# the group judge, where it cannot be had, its stage says so; without one of the others nothing can be done (status 2).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LIST=${RIG_PACKAGES:-$RIG_TOP/ci/packages.txt}
POLICY=${RIG_POLICY:-/usr/sbin/policy-rc.d}

wanted()
{
    awk -v groups="$*" '
        BEGIN { all = split(groups, list, " ") == 0; for (i in list) want[list[i]] = 1 }
        /^## / { group = $2 }
        /^[a-z0-9]/ && (all || group in want) { print $1 }' "$LIST"
}

missing()
{
    local package
    for package in $(wanted "$@"); do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ii*) ;;
        *) printf '%s\n' "$package" ;;
        esac
    done
}

# A fresh container must not start tgtd because we need its program. A policy that stands there already is not ours.
forbid_services()
{
    (set -o noclobber && printf '#!/bin/sh\nexit 101\n' >"$POLICY") 2>/dev/null || return 0
    trap 'rm -f -- "$POLICY"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    chmod 755 "$POLICY"
}

install()
{
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update || return
    apt-get -q -y install --no-install-recommends "$@"
}

command -v dpkg-query >/dev/null || die "this is not Debian; ci/packages.txt says what is needed"
for group; do
    grep -qx "## $group" "$LIST" || die "no group $group in ci/packages.txt"
done
mapfile -t todo < <(missing "$@")
if [ "${#todo[@]}" -eq 0 ]; then
    say "setup: all packages present"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    complain "missing: ${todo[*]}"
    complain "to install: sudo apt-get update && sudo apt-get install --no-install-recommends ${todo[*]}"
    exit 2
fi
forbid_services
install "${todo[@]}" || for package in "${todo[@]}"; do
    install "$package"
done
essential=("$@")
[ $# -gt 0 ] || essential=(build run)
mapfile -t todo < <(for group in "${essential[@]}"; do [ "$group" = judge ] || missing "$group"; done)
[ "${#todo[@]}" -eq 0 ] || die "apt-get could not install: ${todo[*]}"
mapfile -t todo < <(missing "$@")
if [ "${#todo[@]}" -eq 0 ]; then
    say "setup: installed"
else
    complain "setup: not to be had here: ${todo[*]}"
fi
