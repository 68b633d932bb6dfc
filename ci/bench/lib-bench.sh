# shellcheck shell=bash
# What benches do alike. Sourced after lib.sh and lib-peers.sh.
BENCH=$RIG_BUILD/release/ci/bench
export BENCH

# spread FORMAT: numbers on lines to "median (min–max)"
spread()
{
    sort -g | awk -v format="$1" '{ v[NR] = $1 }
        END { if (NR) printf format " (" format "–" format ")\n", v[int((NR + 1) / 2)], v[1], v[NR]; else print "-" }'
}

# middle: the median of numbers on lines
middle()
{
    sort -g | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : 0 }'
}

# ratio A B [DIGITS]: A / B
ratio()
{
    awk -v a="$1" -v b="$2" -v digits="${3:-2}" 'BEGIN { if (b > 0 && a > 0) printf "%.*f\n", digits, a / b; else print "-" }'
}

# build_release TARGET…: what a bench runs
build_release()
{
    cmake --preset release -S "$RIG_TOP" >/dev/null && cmake --build "$RIG_BUILD/release" -j "$RIG_JOBS" --target "$@" >/dev/null ||
        die "the release build failed"
}
