#!/usr/bin/env bash
# ci/selftest-gates.sh: every gate is fed a small tree it must accept and the same tree with one violation it must refuse, naming
# it. A gate that cannot fail is a defect of the gate.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need gcc ar
scratch
CI=$RIG_TOP/ci
passed=0
failed=0

# sample: a fresh tree that breaks no rule
sample()
{
    TREE=$RIG_SCRATCH/tree
    rm -rf -- "$TREE"
    mkdir -p "$TREE"/{ci,docs,scenarios,wire/base,wire/include/rig,wire/tests,initiator/engine,sim-target/target,sim-target/include/rig} \
        "$TREE/pcap/stream" "$TREE/initiator/include/rig" "$TREE/net/include/rig"
    cp "$RIG_TOP/.clang-format" "$TREE"
    cp "$CI/floors.txt" "$CI/banned.txt" "$CI/packages.txt" "$TREE/ci"
    : >"$TREE/ci/size-exceptions.txt"
    printf 'id\tsection\tside\tlevel\tinferred\tstatement\tprobe\nPDU-001\t11.1\tB\tMUST\t\ta\tb\n' >"$TREE/docs/requirements.tsv"
    printf '# A tree\n\nSee [the table](docs/requirements.tsv).\n' >"$TREE/README.md"
    printf '#!/bin/sh\ngrep -q x y\n' >"$TREE/ci/run.sh"
    printf 'must some > Login                 [PDU-001]\n' >"$TREE/scenarios/one.scn"
    printf 'int rig_view(void);\n' >"$TREE/wire/include/rig/view.h"
    printf 'int rig_initiator(void);\n' >"$TREE/initiator/include/rig/initiator.h"
    printf 'int rig_target(void);\n' >"$TREE/sim-target/include/rig/target.h"
    printf 'int rig_net(void);\n' >"$TREE/net/include/rig/net.h"
    printf 'int base_hidden(void);\n' >"$TREE/wire/base/hidden.h"
    cat >"$TREE/initiator/engine/engine.c" <<'C'
#include "rig/net.h"
#include "rig/view.h"

#include <string.h>

int rig_initiator(void)
{
    /* strcpy( in a comment is not a call */
    return (int)strlen("sprintf(\"");
}
C
}

# code LINE…: appends lines to the engine's file
code()
{
    printf '%s\n' "$@" >>"$TREE/initiator/engine/engine.c"
}

verdict()
{
    if [ "$1" = yes ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "not shown: $2"
        sed 's/^/    /' "$RIG_SCRATCH/said"
    fi
}

# accepts GATE [ARGUMENT…]: the gate ends 0
accepts()
{
    local good=no
    bash "$CI/$1" "${@:2}" >"$RIG_SCRATCH/said" 2>&1 && good=yes
    verdict $good "$1 accepts the clean sample"
}

# refuses GATE WORDS [ARGUMENT…]: the gate ends 1 and says the words
refuses()
{
    local good=no
    bash "$CI/$1" "${@:3}" >"$RIG_SCRATCH/said" 2>&1
    [ $? -eq 1 ] && grep -qF -- "$2" "$RIG_SCRATCH/said" && good=yes
    verdict $good "$1 refuses: $2"
}

floors()
{
    sample && accepts check-floors.sh "$TREE"
    sample && code '#include "rig/target.h"' && refuses check-floors.sh 'initiator may not use sim-target' "$TREE"
    sample && printf '#include "rig/initiator.h"\n' >"$TREE/sim-target/target/t.c" &&
        refuses check-floors.sh 'sim-target may not use initiator' "$TREE"
    sample && printf '#include "rig/net.h"\n' >"$TREE/pcap/stream/s.c" && refuses check-floors.sh 'pcap may not use net' "$TREE"
    sample && printf '#include "rig/net.h"\n' >"$TREE/wire/base/w.c" && refuses check-floors.sh 'wire may not use net' "$TREE"
    sample && code '#include "base/hidden.h"' && refuses check-floors.sh 'unknown private header base/hidden.h' "$TREE"
    sample && code '#include "rig/none.h"' && refuses check-floors.sh 'unknown header rig/none.h' "$TREE"
    sample && code '#include <unistd.h>' && refuses check-floors.sh 'may not use <unistd.h>' "$TREE"
    sample && code '#include <uv.h>' && refuses check-floors.sh 'initiator/engine may not use uv.h' "$TREE"
    sample && mkdir "$TREE/extra" && printf '#include "rig/view.h"\n' >"$TREE/extra/e.c" &&
        refuses check-floors.sh 'no floor for folder extra' "$TREE"
}

# archive LIBRARY CODE: an archive librig_LIBRARY.a of one object file
archive()
{
    printf '%s\n' "$2" >"$RIG_SCRATCH/built/$1.c"
    gcc -c -o "$RIG_SCRATCH/built/$1.c.o" "$RIG_SCRATCH/built/$1.c" &&
        ar rcs "$RIG_SCRATCH/built/librig_$1.a" "$RIG_SCRATCH/built/$1.c.o"
}

symbols()
{
    local list=$RIG_SCRATCH/symbols.txt call
    mkdir -p "$RIG_SCRATCH/built"
    printf 'room base engine\nforeign socket\nallow memcpy\nexcept base/base.c.o malloc\n' >"$list"
    archive base 'void *malloc(unsigned long); void *base_get(void) { return malloc(9); }'
    archive engine 'void *base_get(void); void *engine_get(void) { return base_get(); }'
    accepts check-symbols.sh "$RIG_SCRATCH/built" "$list"
    for call in open read write socket malloc free calloc realloc time clock_gettime rand printf exit abort __errno_location; do
        archive engine "int $call(); int engine_get(void) { return $call(); }" 2>/dev/null
        refuses check-symbols.sh "engine/engine.c.o needs $call" "$RIG_SCRATCH/built" "$list"
    done
    archive engine 'int socket_open(void); int engine_get(void) { return socket_open(); }'
    archive socket 'int socket_open(void) { return 1; }'
    refuses check-symbols.sh 'of the I/O room socket' "$RIG_SCRATCH/built" "$list"
    archive newcomer 'int newcomer_get(void) { return 1; }'
    refuses check-symbols.sh 'archive newcomer is in no list' "$RIG_SCRATCH/built" "$list"
    rm -f -- "$RIG_SCRATCH/built/librig_engine.a"
    refuses check-symbols.sh 'room engine has no archive' "$RIG_SCRATCH/built" "$list"
}

# functions NUMBER WHAT: so many of them, as a source, a list or a header
functions()
{
    local i
    for i in $(seq -f 'Call%03g' "$1"); do
        case $2 in
        code) printf 'int %s(void) { return 1; }\n' "$i" ;;
        list) printf '    %s;\n' "$i" ;;
        header) printf 'ISDSC_STATUS WINAPI %s(VOID);\n' "$i" ;;
        esac
    done
}

exports()
{
    local dir=$RIG_SCRATCH/exports
    mkdir -p "$dir"
    shown()
    {
        gcc -shared -fPIC -o "$dir/lib.so" "$dir/lib.c" && "$1" check-exports.sh "${@:2}" "$dir/lib.so" "$dir/list" "$dir/header"
    }
    functions 79 code >"$dir/lib.c"
    functions 79 list >"$dir/list"
    functions 79 header >"$dir/header"
    shown accepts
    printf 'int helper(void) { return 1; }\n' >>"$dir/lib.c"
    shown refuses 'helper: shown, but not in the list'
    functions 78 code >"$dir/lib.c"
    shown refuses 'in the list, but not shown'
    functions 79 code >"$dir/lib.c"
    functions 78 header >"$dir/header"
    shown refuses 'in the list, but not declared'
    functions 80 header >"$dir/header"
    shown refuses 'declared, but not in the list'
    functions 80 code >"$dir/lib.c"
    functions 80 list >"$dir/list"
    shown refuses '80 functions instead of 79'
}

size()
{
    local long deep
    long=$(for _ in $(seq 81); do printf '    f();\n'; done)
    deep=$'    if (a) {\n        for (;;) {\n            while (a) {\n                do {\n                    if (a) {\n'
    deep+=$'                        f();\n                    }\n                } while (a);\n            }\n        }\n    }'
    sample && accepts check-size.sh "$TREE"
    sample && code 'void engine_long(void)' '{' "$long" '}' && refuses check-size.sh 'engine_long has 81 lines' "$TREE"
    printf 'initiator/engine/engine.c engine_long  a table in disguise\n' >"$TREE/ci/size-exceptions.txt"
    for _ in 1 2 3 4 5 6 7 8 9 10; do code 'void engine_short(void)' '{' '}'; done
    accepts check-size.sh "$TREE"
    sample && code 'void engine_deep(void)' '{' "$deep" '}' && refuses check-size.sh 'engine_deep has 11 lines, nesting 5' "$TREE"
    sample && code 'int engine_table[] = {' '    {{{{{{1}}}}}},' '};' && accepts check-size.sh "$TREE"
    sample && code 'void engine_a(void)' '{' "${long:0:180}" '}' && code 'void engine_b(void)' '{' "${long:0:180}" '}' &&
        refuses check-size.sh 'median above 15' "$TREE"
    sample && printf 'initiator/engine/engine.c rig_initiator  once long\n' >"$TREE/ci/size-exceptions.txt" &&
        refuses check-size.sh 'is not needed any more' "$TREE"
}

banned()
{
    local call
    sample && accepts check-banned.sh "$TREE"
    for call in 'strcpy(a, b)' 'strcat(a, b)' 'sprintf(a, b)' 'atoi(a)' 'gets(a)' 'strtok(a, b)' 'strncpy(a, b, 1)' 'alloca(9)' \
        'sleep(1)' 'time(NULL)' 'rand()' 'printf("x")' 'exit(1)' 'q = (const struct bhs *)p' 'v = *(uint32_t *)p' 'system("x")'; do
        sample && code "int engine_x = $call;" && refuses check-banned.sh "${call%%(*}" "$TREE"
    done
    sample && printf 'int t = clock_gettime(0, 0);\n' >"$TREE/wire/tests/a_test.c" && refuses check-banned.sh 'wall clock' "$TREE"
    sample && printf 'int t = printf("x");\n' >"$TREE/wire/tests/a_test.c" && accepts check-banned.sh "$TREE"
}

format()
{
    sample && accepts check-format.sh "$TREE"
    sample && code 'int   engine_x ;' && refuses check-format.sh 'initiator/engine/engine.c:11' "$TREE"
}

shell()
{
    sample && accepts check-shell.sh "$TREE"
    # shellcheck disable=SC2016 # the sample is to hold the text $1
    sample && printf 'rm -rf $1\n' >>"$TREE/ci/run.sh" && refuses check-shell.sh 'SC2086' "$TREE"
}

papers()
{
    sample && accepts check-papers.sh "$TREE"
    sample && code '/* TO''DO: later */' && refuses check-papers.sh 'unfinished' "$TREE"
    sample && code '/* a place''holder */' && refuses check-papers.sh 'unfinished' "$TREE"
    sample && code '/* see /ro''ot/notes */' && refuses check-papers.sh 'path of one machine' "$TREE"
    sample && printf 'never > Snack   [PDU-999]\n' >>"$TREE/scenarios/one.scn" && refuses check-papers.sh 'PDU-999' "$TREE"
    sample && code 'const char *engine_id = "LOGIN-777";' && refuses check-papers.sh 'LOGIN-777' "$TREE"
    sample && printf 'PDU-001\t1\n' >>"$TREE/docs/requirements.tsv" && refuses check-papers.sh 'not seven columns' "$TREE"
    sample && printf 'long 901\n' >"$TREE/ci/budget.txt" && refuses check-papers.sh '15 minutes' "$TREE"
    sample && mkdir -p "$TREE/ci/stages" && printf 'true\n' >"$TREE/ci/stages/99-lost.sh" && printf 'kept 1\n' >"$TREE/ci/budget.txt" &&
        refuses check-papers.sh 'without a row' "$TREE"
    sample && printf 'F001\tI\tsilence\tnews\t-\t\n' >"$TREE/docs/field-failures.tsv" &&
        refuses check-papers.sh 'neither scenario nor reason' "$TREE"
    sample && printf 'F001\tT\tsilence\tnews\t-\t\nF001\tT\tnoise\tnews\t-\t\n' >"$TREE/docs/field-failures.tsv" &&
        refuses check-papers.sh 'an id twice' "$TREE"
    sample && printf 'F001\tX\tsilence\tnews\t-\t\n' >"$TREE/docs/field-failures.tsv" && refuses check-papers.sh 'not six columns' "$TREE"
    sample && printf 'F001\tI\tsilence\tnews\tscenarios/one.scn\t\n' >"$TREE/docs/field-failures.tsv" &&
        refuses check-papers.sh 'no scenario with the tag' "$TREE"
    sample && printf '# none\n' >"$TREE/docs/field-failures.tsv" && printf 'tags field\n' >>"$TREE/scenarios/one.scn" &&
        refuses check-papers.sh 'tagged field, but' "$TREE"
    sample && printf 'level MUST tags x live needs our-target\n' >"$TREE/scenarios/one.scn" && refuses check-papers.sh 'tagged live, but' "$TREE"
    sample && printf 'tags live\nneeds sim\n' >"$TREE/scenarios/one.scn" && refuses check-papers.sh 'tagged live, but' "$TREE"
    sample && printf 'tags live needs writes # no needs sim\n' >"$TREE/scenarios/one.scn" && accepts check-papers.sh "$TREE"
    sample && printf '| a | b | c | |\n| a | d | e | |\n' >"$TREE/docs/decisions.md" && refuses check-papers.sh 'decided twice' "$TREE"
    # shellcheck disable=SC2016 # backquotes of the page
    sample && printf '| a | yes | `ci/gone.sh` says it |\n' >"$TREE/docs/conventions.md" && refuses check-papers.sh 'kept there' "$TREE"
    sample && printf '| a | perhaps | because of this |\n' >"$TREE/docs/conventions.md" && refuses check-papers.sh 'neither yes' "$TREE"
    sample && printf '| a | no | |\n' >"$TREE/docs/conventions.md" && refuses check-papers.sh 'place and reason' "$TREE"
    # shellcheck disable=SC2016 # backquotes of the page
    sample && printf '| a | b | c | `scenarios/gone.scn` |\n' >"$TREE/docs/decisions.md" && refuses check-papers.sh 'is not there' "$TREE"
    # shellcheck disable=SC2016
    sample && printf '| a | b | c | `scenarios/one.scn` |\n' >"$TREE/docs/decisions.md" && accepts check-papers.sh "$TREE"
    sample && printf '[gone](docs/gone.md)\n' >>"$TREE/README.md" && refuses check-papers.sh 'leads nowhere' "$TREE"
    sample && sed -i '/^jq/d' "$TREE/ci/packages.txt" && printf 'jq . file\n' >>"$TREE/ci/run.sh" &&
        refuses check-papers.sh 'jq of jq' "$TREE"
    sample && head -c 1600000 /dev/zero >"$TREE/docs/large.bin" && refuses check-papers.sh 'larger than 1.5 MB' "$TREE"
    sample && : >"$TREE/wire/base/view.o" && refuses check-papers.sh 'made by a build' "$TREE"
}

floors
symbols
exports
size
banned
format
shell
papers
say "self-test of the gates: $((passed + failed)) samples"
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
