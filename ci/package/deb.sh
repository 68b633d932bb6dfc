#!/usr/bin/env bash
# ci/package/deb.sh BUILD OUT: Debian packages of a build, in the folder OUT: iscsirig (programs, scenarios, pages), libiscsirig0, libiscsirig-dev,
# iscsirig-doc. Needs no root. The same sources give the same bytes: times are those of the last commit, or SOURCE_DATE_EPOCH.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ $# -eq 2 ] || die "usage: ci/package/deb.sh BUILD OUT"
need cpack dpkg-shlibdeps dpkg-deb
BUILT=$(realpath -- "$1") || exit 2
mkdir -p -- "$2" || exit 2
OUT=$(realpath -- "$2")
scratch
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$RIG_TOP" log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=$(stat -c %Y "$RIG_TOP/CHANGELOG.md")
fi
export SOURCE_DATE_EPOCH
umask 022

# depends_of FILE…: packages that the programs and libraries need, as a control file says it
depends_of()
{
    mkdir -p "$RIG_SCRATCH/debian" && : >"$RIG_SCRATCH/debian/control" || return
    (cd "$RIG_SCRATCH" && dpkg-shlibdeps -O "${@/#/-e}" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}
RIG_DEB_TOOL=$(depends_of "$BUILT/harness/iscsirig" "$BUILT/initiator/iscsirigd" "$BUILT/initiator/iscsicli")
RIG_DEB_LIBRARIES=$(depends_of "$BUILT"/initiator/libiscsidsc.so "$BUILT"/ci/package/libiscsirig.so)
[ -n "$RIG_DEB_TOOL" ] && [ -n "$RIG_DEB_LIBRARIES" ] || die "dpkg-shlibdeps finds nothing that the programs need"
export RIG_DEB_TOOL RIG_DEB_LIBRARIES
(cd "$RIG_SCRATCH" && cpack --config "$BUILT/CPackConfig.cmake" -B "$RIG_SCRATCH/packages") >"$RIG_SCRATCH/log" 2>&1 || {
    tail -n 20 "$RIG_SCRATCH/log"
    die "cpack failed"
}
rm -f -- "$OUT"/*.deb
mv -- "$RIG_SCRATCH"/packages/*.deb "$OUT/" || exit 1
(cd "$OUT" && sha256sum -- *.deb | tee SHA256SUMS)
