# shellcheck shell=bash
# Sourced by the scripts that change one place of our source and want a test to notice.
BUILD=$RIG_BUILD/release
[ -s "$BUILD/compile_commands.json" ] || die "no release build"

# link_command FOLDER PROGRAM: how a test program is linked, without the shell's own words around it
link_command()
{
    ninja -C "$BUILD" -t commands "$1/$2" | tail -n 1 | sed -E 's/^: && //; s/ && :$//'
}

# mutate SOURCE FROM TO OUT: the text stands there exactly once
mutate()
{
    awk -v from="$2" -v to="$3" -v out="$4" '
        BEGIN { RS = "^$" }
        {
            at = index($0, from)
            if (!at || index(substr($0, at + 1), from)) exit 1
            printf "%s%s%s", substr($0, 1, at - 1), to, substr($0, at + length(from)) > out
        }' "$1"
}

# build_mutant SOURCE FOLDER PROGRAM DIR: DIR/mutant.c in place of SOURCE becomes DIR/tests.bin. Status 1: it does not compile, 2: nor link
build_mutant()
{
    local source=$1 folder=$2 program=$3 dir=$4 compile link
    compile=$(jq -r --arg file "$RIG_TOP/$source" 'first(.[] | select(.file == $file)) | .command' "$BUILD/compile_commands.json" |
        sed -E 's/ -o [^ ]+ -c [^ ]+$//; s/-Werror//; s/ -M[DTF]( [^ -][^ ]*)?//g; s/-O3/-O0/')
    link=$(link_command "$folder" "$program")
    (cd "$BUILD" && eval "$compile -w -iquote '$RIG_TOP/${source%/*}' -o '$dir/mutant.o' -c '$dir/mutant.c'") >"$dir/said" 2>&1 || return 1
    (cd "$BUILD" && eval "${link/ -o $folder\/$program / $dir/mutant.o -o $dir/tests.bin }") >"$dir/said" 2>&1 || return 2
}
