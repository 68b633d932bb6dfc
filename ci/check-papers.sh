#!/usr/bin/env bash
# ci/check-papers.sh [TREE]: what the tree says about itself. No unfinished marks, no paths of one machine, requirement ids that
# exist, links that lead somewhere, packages named for every program the scripts call, nothing large or generated tracked.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "${1:-$RIG_TOP}" || exit 2
scratch
bad=0

# The files of the tree: what git would take, or everything outside build/ in an unpacked archive.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard
else
    find . \( -path ./build -o -path ./.git \) -prune -o -type f -printf '%P\n'
fi | while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done | sort -u >"$RIG_SCRATCH/files"
[ -s "$RIG_SCRATCH/files" ] || die "no files here"

# report REASON: every line on standard input is a finding
report()
{
    local line
    while read -r line; do
        say "$line    -- $1"
        bad=$((bad + 1))
    done
}

# in_files PATTERN [GREP-OPTION…]: matches in text files that belong to us (the licence and the requirement table are quoted)
in_files()
{
    grep -vE '^(LICENSE|docs/requirements\.tsv)$' "$RIG_SCRATCH/files" | xargs -d '\n' -r grep -InE "${@:2}" -- "$1"
}

unfinished='TO''DO|FIX''ME|\bXX''X\b|not implemen''ted|place''holder'
# TAP has a directive of that name, and has to print it
report "unfinished" < <(in_files "$unfinished" | grep -vE '" # TO''DO "|not ok [^"]* # TO''DO ')
report "a path of one machine" < <(in_files '(^|[^A-Za-z0-9_./-])/(wo''rk|fa''rm|ro''ot|ho''me)/')

known=docs/requirements.tsv
[ -s "$known" ] || die "no $known"
report "not seven columns, or an id twice" < <(awk -F'\t' '
    NF != 7 || (NR > 1 && $1 !~ /^[A-Z0-9]+-[0-9]+$/) || seen[$1]++ { print FILENAME ":" FNR ": " $1 }' "$known")

# ids_used: "file:line id" for ids in brackets at the end of a scenario line, and for ids in rows of C sources
ids_used()
{
    grep -E '\.scn$' "$RIG_SCRATCH/files" | xargs -d '\n' -r grep -HnoE '\[[A-Z][A-Z0-9]*-[0-9]+([ ,]+[A-Z][A-Z0-9]*-[0-9]+)*\]'
    grep -E '\.[ch]$' "$RIG_SCRATCH/files" | grep -v /tests/ | xargs -d '\n' -r grep -HnoE '"[A-Z][A-Z0-9]+-[0-9]{3}"' | grep -v '"SHA-'
}
report "no such requirement in $known" < <(ids_used | sed -E 's/^([^:]*:[0-9]+):/\1 /; s/[][",]/ /g' |
    awk -v known="$known" '
        BEGIN { while ((getline line < known) > 0) { split(line, part, "\t"); id[part[1]] = 1 } }
        { for (i = 2; i <= NF; i++) if (!($i in id)) print $1 ": " $i }')

# live means: against anybody's target, over a real network. What follows from the other words of a scenario is looked at by ci/stages/31-cli.sh.
report "tagged live, but it needs what no product has" < <(grep -E '^scenarios/.*\.scn$' "$RIG_SCRATCH/files" |
    xargs -d '\n' -r grep -lE '^[^#"]*("[^"]*")?[^#"]*\btags\b.*\blive\b' | xargs -d '\n' -r grep -HnE '^[^#"]*("[^"]*")?[^#"]*\bneeds (sim|our-target)\b')

report "a stage without a row in ci/budget.txt" < <([ ! -d ci/stages ] || for stage in ci/stages/[0-9]*.sh; do
    name=${stage##*/}
    name=${name#*-}
    grep -qE "^${name%.sh} " ci/budget.txt || say "$stage"
done)
report "the stages may take more than 15 minutes together" < <([ ! -f ci/budget.txt ] || awk '
    /^[a-z]/ { sum += $2 } END { if (sum > 900) print FILENAME ": " sum " s" }' ci/budget.txt)

# Decisions: a subject is decided once, and what pins a decision is there. Merges like to keep both of two rows.
decisions=docs/decisions.md
if [ -f "$decisions" ]; then
    report "decided twice" < <(awk -F' [|] ' -v file="$decisions" '/^[|] / && seen[$1]++ { print file ": " substr($1, 3) }' "$decisions")
    # shellcheck disable=SC2016 # backquotes of the page
    report "pins a decision, and is not there" < <(grep '^| ' "$decisions" | awk -F' [|] ' '{ print $NF }' |
        grep -oE '`[a-z-]+/[^`]*`' | tr -d '`' | sort -u | while read -r file; do [ -e "$file" ] || printf '%s: %s\n' "$decisions" "$file"; done)
fi

# What went wrong in the field: every failure of an initiator has scenarios, tagged for it, or a reason.
field=docs/field-failures.tsv
field_rows()
{
    grep -v '^#' "$field"
}
if [ -f "$field" ]; then
    report "not six columns, an id twice, or a side that is not I or T" < <(field_rows | awk -F'\t' -v file="$field" '
        NF != 6 || seen[$1]++ || $2 !~ /^[IT]$/ { print file ": " $1 }')
    report "an initiator's failure with neither scenario nor reason" < <(field_rows | awk -F'\t' -v file="$field" '
        $2 == "I" && $5 == "-" && $6 == "" { print file ": " $1 }')
    field_rows | cut -f 5 | tr ',' '\n' | sed 's/^ *//; /^-$/d' | sort -u >"$RIG_SCRATCH/played"
    grep -E '^scenarios/.*\.scn$' "$RIG_SCRATCH/files" | xargs -d '\n' -r grep -lE '\btags\b.*\bfield\b' | sort -u >"$RIG_SCRATCH/tagged"
    report "named in $field, but no scenario with the tag field" < <(comm -23 "$RIG_SCRATCH/played" "$RIG_SCRATCH/tagged")
    report "tagged field, but not named in $field" < <(comm -13 "$RIG_SCRATCH/played" "$RIG_SCRATCH/tagged")
fi

# Conventions: each is kept, in a place that is there, or has a reason.
conventions=docs/conventions.md
if [ -f "$conventions" ]; then
    report "neither yes, partly nor no, or without place and reason" < <(awk -F' [|] ' -v file="$conventions" '
        /^[|] / && $2 !~ /^(so|---)$/ && ($2 !~ /^(yes|partly|no)$/ || length($3) < 12) { print file ":" FNR ": " $1 }' "$conventions")
    # shellcheck disable=SC2016 # backquotes of the page
    report "a convention is kept there, and it is not there" < <(grep '^| ' "$conventions" | grep -oE '`([a-zA-Z-]+/[^` ]+|[A-Za-z]+[.](md|json))`' | tr -d '`' |
        sort -u | while read -r file; do [ -e "$file" ] || printf '%s: %s\n' "$conventions" "$file"; done)
fi

# Relative links of the pages.
report "the link leads nowhere" < <(grep -E '\.md$' "$RIG_SCRATCH/files" | while read -r page; do
    grep -noE '\]\([^)#: ]+[)#]' "$page" | while IFS=: read -r line link; do
        link=${link%[)#]}
        [ -e "$(dirname "$page")/${link#??}" ] || printf '%s:%s: %s\n' "$page" "$line" "${link#??}"
    done
done)

# Programs the scripts call: each belongs to a package that every Debian has, or that ci/packages.txt names.
shell_code()
{
    grep -E '(\.sh|^\.ci/run)$' "$RIG_SCRATCH/files" | xargs -d '\n' -r sed -E 's/^[[:space:]]*#.*//; s/[[:space:]]#[[:space:]].*//'
}
commands_used()
{
    {
        shell_code | grep -oE '(^|[|;&(!`]|\b(exec|then|do|else|xargs|if|while|until|timeout [0-9]+)\b)[[:space:]]*[a-z][a-z0-9_.+-]*' |
            grep -oE '[a-z][a-z0-9_.+-]*$'
        shell_code | grep -oE '\b(need|command -v) [a-z0-9_.+ -]+' | sed -E 's/^(need|command -v) //' | tr ' ' '\n'
    } | sort -u
}
package_of()
{
    local program path
    for program in $(commands_used); do
        path=$(type -P "$program") || continue
        path=$(dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "$(readlink -f "$path")" 2>/dev/null) || continue
        printf '%s %s\n' "$program" "${path%%:*}"
    done
}
if [ -f ci/packages.txt ]; then
    report "called by a script, but ci/packages.txt does not name its package" < <(
        {
            sed -nE 's/^([a-z0-9][^[:space:]]*).*/named \1/p' ci/packages.txt
            dpkg-query -W -f '${Essential} ${Priority} ${Package}\n' | awk '$1 == "yes" || $2 == "required" { print "named", $NF }'
            sed -nE 's/^# ([^ ]+) brings ([^ ]+)$/named \2/p' ci/packages.txt
            package_of
        } | awk '$1 == "named" { named[$2] = 1; next } !($2 in named) { print $1 " of " $2 }')
fi

report "larger than 1.5 MB" < <(xargs -d '\n' -r stat -c '%s %n' <"$RIG_SCRATCH/files" | awk '$1 > 1500000')
report "made by a build, must not be tracked" < <(
    git ls-files --cached --ignored --exclude-standard 2>/dev/null
    grep -E '(^|/)(build|CMakeFiles|Testing)/|\.(o|a|so|gcda|gcno|gcov|profraw)$|(^|/)(CMakeCache\.txt|compile_commands\.json)$' "$RIG_SCRATCH/files")

say "papers: $(wc -l <"$RIG_SCRATCH/files") files, $bad findings"
[ "$bad" -eq 0 ]
