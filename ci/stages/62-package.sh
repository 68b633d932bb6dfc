#!/usr/bin/env bash
# What is packaged: Debian packages, twice the same bytes, without a path of this machine in them; and out of the packages programs in C and C++ are
# built with what pkg-config and CMake say, headers stand alone, and the library shows what its headers declare.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
tool_or_fail
need cmake cpack dpkg-deb cc g++ pkg-config nm jq
scratch
VERSION=$("$RIG_TOOL" --version | sed -n '1s/^iscsirig \([^ ]*\).*/\1/p')

# ---- packages ----

# packages FOLDER [NAME=VALUE…]: made in that environment
packages()
{
    env "${@:2}" bash "$RIG_TOP/ci/package/deb.sh" "$RIG_BUILD/release" "$RIG_SCRATCH/$1"
}
check "packages are made" packages one
check "and made again, elsewhere in the world" packages two TZ=Asia/Tokyo LC_ALL=C.UTF-8
check "they are the same to the byte" cmp "$RIG_SCRATCH/one/SHA256SUMS" "$RIG_SCRATCH/two/SHA256SUMS"
check "with another time they are not" bash -c "SOURCE_DATE_EPOCH=1 bash '$RIG_TOP/ci/package/deb.sh' '$RIG_BUILD/release' '$RIG_SCRATCH/three' && \
    ! cmp -s '$RIG_SCRATCH/one/SHA256SUMS' '$RIG_SCRATCH/three/SHA256SUMS'"
for deb in "$RIG_SCRATCH"/one/*.deb; do
    dpkg-deb -x "$deb" "$RIG_SCRATCH/root" || exit 1
done
USR=$RIG_SCRATCH/root/usr
check "there are four" test "$(find "$RIG_SCRATCH/one" -name '*.deb' | wc -l)" -eq 4
check "no path of this tree is in them" bash -c "! grep -rlF -- '$RIG_TOP' '$USR'"
check "everything belongs to root" bash -c "for deb in '$RIG_SCRATCH'/one/*.deb; do dpkg-deb -c \"\$deb\"; done | awk '\$2 != \"root/root\" { exit 1 }'"
check "the version is that of the program" test "$(dpkg-deb -f "$RIG_SCRATCH/one/iscsirig_${VERSION}_"*.deb Version)" = "$VERSION"
check "the change log has it" grep -qE "^## ${VERSION//./\\.}\b" "$RIG_TOP/CHANGELOG.md"

# ---- what is made from the rows ----

# each command has a page, and each option of --help stands on it
pages_tell_all()
{
    local command option said
    for command in $("$RIG_TOOL" --help | sed -nE 's/^  ([a-z]+(-[a-z]+)*) .*/\1/p'); do
        said=$(sed 's/\\-/-/g' "$USR/share/man/man1/iscsirig-$command.1") || return
        for option in $("$RIG_TOOL" "$command" --help | sed -nE 's/^  (-[a-z], )?(--?[A-Za-z][a-z-]*).*/\2/p'); do
            grep -qF -- "$option\\fP" <<<"$said" || { say "iscsirig-$command.1 lacks $option" && return 1; }
        done
    done
}
check "pages have each command and option" pages_tell_all
if command -v man >/dev/null; then
    check "man reads the pages" bash -c "for page in '$USR'/share/man/man?/*; do man --warnings -l \"\$page\" 2>&1 >/dev/null; done | { ! grep .; }"
fi
# options_named: each `iscsirig COMMAND --option` of the page of conventions is one
options_named()
{
    local command option
    # shellcheck disable=SC2016 # backquotes of the page
    grep -oE '`iscsirig [a-z-]+ --?[A-Za-z-]+`' "$RIG_TOP/docs/conventions.md" | tr -d '`' | sort -u >"$RIG_SCRATCH/named"
    while read -r _ command option; do
        "$RIG_TOOL" "$command" --help | grep -qE -- "(^| )$option( |\$)" || { say "$command has no $option" && return 1; }
    done <"$RIG_SCRATCH/named"
    [ -s "$RIG_SCRATCH/named" ]
}
check "options that the conventions name are there" options_named
# offers WORD: what bash offers behind `iscsirig WORDS…`, the last of which is begun
offers()
{
    # shellcheck disable=SC2016 # of the other bash
    PATH=$RIG_BUILD/release/harness:$PATH bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _iscsirig; printf "%s\n" "${COMPREPLY[@]}"' \
        - "$USR/share/bash-completion/completions/iscsirig" iscsirig "$@" 2>/dev/null | sort -u
}
check "bash offers commands" bash -c "grep -qx to-scenario" < <(offers to-)
check "bash offers options" bash -c "grep -qx -- --known-failures" < <(offers run --kn)
check "bash offers values" bash -c "grep -qx failed" < <(offers run --keep f)
check "bash offers faults" bash -c "grep -qx r2t-length-zero" < <(offers target --fault r2t-length-z)
check "bash offers requirements" bash -c "grep -qx LOGIN-001" < <(offers run --id LOGIN-001)
check "bash offers tags" bash -c "grep -qx persistent" < <(offers run --tag persist)
check "bash offers nothing for nonsense" test -z "$(offers run --keep zzz | tr -d '\n')"
for shell in zsh fish; do
    offered=$USR/share/$([ "$shell" = zsh ] && echo zsh/site-functions/_iscsirig || echo fish/vendor_completions.d/iscsirig.fish)
    check "$shell has each command" bash -c "for c in \$('$RIG_TOOL' --help | sed -nE 's/^  ([a-z]+(-[a-z]+)*) .*/\\1/p'); do grep -qF -- \"\$c\" '$offered' || exit 1; done"
    if command -v "$shell" >/dev/null; then check "$shell reads it" "$shell" -n "$offered"; fi
done
check "the grammar of TextMate has each word" bash -c "
    '$RIG_TOOL' words | cut -f3 | sed -n 's/^\\([a-z-]*\\).*/\\1/p' | sort -u | grep . >'$RIG_SCRATCH/words' &&
        jq -r '.patterns[].match' '$USR/share/iscsirig/editors/scn.tmLanguage.json' | grep -oE '[A-Za-z0-9_-]+' | sort -u | comm -23 '$RIG_SCRATCH/words' - | { ! grep .; }"
check "the grammar of Vim, too" bash -c "grep -oE '<[A-Za-z0-9_-]+' '$USR/share/vim/vimfiles/syntax/scn.vim' | cut -c2- | sort -u | comm -23 '$RIG_SCRATCH/words' - | { ! grep .; }"

# ---- building with them ----

cat >"$RIG_SCRATCH/program.c" <<'C'
#include "rig/initiator.h"
#include "rig/socket.h"

#include <stdio.h>

int main(void)
{
    rig_status status = RIG_E_SYNTAX;
    return printf("%s %s\n", rig_status_name(status), rig_pdu_rows[RIG_PDU_LOGIN_REQ].name) < 0;
}
C
cp "$RIG_SCRATCH/program.c" "$RIG_SCRATCH/program.cpp"
export PKG_CONFIG_PATH=$USR/lib/pkgconfig
# built_with COMPILER FILE: with what pkg-config says; it runs
built_with()
{
    # shellcheck disable=SC2046 # words of a compiler
    "$1" -Wall -Wextra -Werror -o "$RIG_SCRATCH/program" "$RIG_SCRATCH/$2" $(pkg-config --cflags --libs iscsirig) &&
        [ "$(LD_LIBRARY_PATH=$USR/lib "$RIG_SCRATCH/program")" = "syntax Login" ]
}
check "a program in C is built" built_with cc program.c
check "one in C++ is built" built_with g++ program.cpp
for header in "$USR"/include/iscsirig/rig/*.h "$USR"/include/iscsidsc/iscsidsc.h; do
    for way in "cc -std=c11 -xc" "g++ -std=c++17 -xc++"; do
        # shellcheck disable=SC2086 # words of a compiler
        check "${header##*/} stands alone, ${way%% *}" $way -fsyntax-only -Wall -Werror -I"$USR/include/iscsirig" -I"$USR/include/iscsidsc" -include "$header" /dev/null
    done
done
mkdir "$RIG_SCRATCH/cmake"
cp "$RIG_SCRATCH/program.c" "$RIG_SCRATCH/cmake/"
cp "$RIG_TOP/initiator/tests/windows/favourite.c" "$RIG_SCRATCH/cmake/"
cat >"$RIG_SCRATCH/cmake/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(consumer C)
find_package(iscsirig 0.1 REQUIRED)
add_executable(program program.c)
target_link_libraries(program iscsirig::engine)
add_executable(favourite favourite.c)
target_link_libraries(favourite iscsirig::iscsidsc)
CMAKE
# found_by_cmake: both targets, from where the packages were laid out
found_by_cmake()
{
    cmake -S "$RIG_SCRATCH/cmake" -B "$RIG_SCRATCH/cmake/build" -DCMAKE_PREFIX_PATH="$USR" && cmake --build "$RIG_SCRATCH/cmake/build" &&
        [ "$("$RIG_SCRATCH/cmake/build/program")" = "syntax Login" ]
}
check "CMake finds the engine and iscsidsc" found_by_cmake
# a version that is not there is refused
newer()
{
    sed 's/iscsirig 0\.1 /iscsirig 9 /' "$RIG_SCRATCH/cmake/CMakeLists.txt" >"$RIG_SCRATCH/newer/CMakeLists.txt" || return
    ! cmake -S "$RIG_SCRATCH/newer" -B "$RIG_SCRATCH/newer/build" -DCMAKE_PREFIX_PATH="$USR" >"$RIG_SCRATCH/newer/log" 2>&1 &&
        grep -q 'compatible with requested' "$RIG_SCRATCH/newer/log"
}
mkdir "$RIG_SCRATCH/newer"
check "CMake refuses a version that is not there" newer
nm -D --defined-only "$USR/lib/libiscsirig.so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u >"$RIG_SCRATCH/shown"
cat "$USR"/include/iscsirig/rig/*.h | grep -oE '\brig_[a-z0-9_]+' | sort -u >"$RIG_SCRATCH/declared"
check "the library shows functions" test "$(wc -l <"$RIG_SCRATCH/shown")" -gt 100
check "and nothing that no header has" bash -c "comm -23 '$RIG_SCRATCH/shown' '$RIG_SCRATCH/declared' | { ! grep .; }"
# what headers declare as functions, and the library lacks
lacking()
{
    cat "$USR"/include/iscsirig/rig/*.h | grep -v ^typedef | sed -nE 's/^[a-z_][a-z0-9_ ]*[ *](rig_[a-z0-9_]+)\(.*/\1/p' | sort -u |
        comm -23 - "$RIG_SCRATCH/shown" | while read -r name; do
        grep -hqE "^static inline .*\b$name\(" "$USR"/include/iscsirig/rig/*.h || say "$name"
    done
}
check "nothing that headers declare is missing" test -z "$(lacking)"
check "its name has a version" bash -c "readelf -d '$USR/lib/libiscsirig.so' | grep -q 'SONAME.*\[libiscsirig.so.0\]'"

tally "$checks_passed" "$checks_failed" 0
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
