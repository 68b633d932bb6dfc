# shellcheck shell=bash
# What every script of ci/ shares: where the tree is, saying things, skipping, temporary folders, child processes.
set -u
export LC_ALL=C
RIG_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 2
RIG_BUILD=$RIG_TOP/build
export XDG_STATE_HOME=$RIG_BUILD/state # what runs remember stays out of the caller's home
RIG_JOBS=${RIG_JOBS:-$(nproc)}
RIG_SCRATCH=
RIG_CHILDREN=()
# shellcheck disable=SC2034 # read by the scripts that source this
RIG_TOOL=${RIG_TOOL:-$RIG_BUILD/release/harness/iscsirig}

say()
{
    printf '%s\n' "$*"
}

complain()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die REASON…: the environment or the caller is wrong
die()
{
    complain "$@"
    exit 2
}

# skip REASON…: a counted skip; the runner shows this line
skip()
{
    say "$*"
    exit 77
}

# tally PASSED FAILED SKIPPED: adds what a stage counted to the closing line of ci/test.sh
tally()
{
    say "counted: $1 passed, $2 failed, $3 skipped"
    [ -z "${RIG_TALLY:-}" ] || printf '%s %s %s\n' "$1" "$2" "$3" >>"$RIG_TALLY"
}

# need COMMAND…: every command is there, or the script ends with the way to get them
need()
{
    local command
    for command; do
        command -v "$command" >/dev/null || die "no $command here; ci/setup.sh installs what the scripts use"
    done
}

# scratch: makes RIG_SCRATCH, a folder that goes away with the script
scratch()
{
    [ -n "$RIG_SCRATCH" ] && return
    RIG_SCRATCH=$(mktemp -d) || die "no temporary folder"
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# started PID…: processes this script has to end
started()
{
    RIG_CHILDREN+=("$@")
}

# alive PID
alive()
{
    kill -0 "$1" 2>/dev/null
}

# stop PID…: asks, waits up to two seconds, then insists; only ever given processes this script started
stop()
{
    local pid turn
    for pid; do
        kill -TERM "$pid" 2>/dev/null || continue
        for turn in $(seq 20); do
            alive "$pid" || break
            [ "$turn" -lt 20 ] || kill -KILL "$pid" 2>/dev/null
            sleep 0.1
        done
        wait "$pid" 2>/dev/null
    done
}

clean_up()
{
    [ "${#RIG_CHILDREN[@]}" -eq 0 ] || stop "${RIG_CHILDREN[@]}"
    [ -z "$RIG_SCRATCH" ] || rm -rf -- "$RIG_SCRATCH"
}

# wait_for SECONDS PID COMMAND…: until the command succeeds; 1 when the process ended or the time is over
wait_for()
{
    local until=$((SECONDS + $1)) pid=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        alive "$pid" || return 1
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.05
    done
}

# listening PORT: something accepts on 127.0.0.1:PORT
listening()
{
    ss -Hltn "sport = :$1" | grep -q .
}

# free_port: prints a port nobody listens on, below the ephemeral range so that no client takes it meanwhile
free_port()
{
    local port turn
    for turn in $(seq 50); do
        port=$((20000 + (RANDOM + turn) % 12000))
        listening "$port" || {
            printf '%s\n' "$port"
            return
        }
    done
    return 1
}

# build PRESET [TARGET…]: configures and builds build/PRESET; all errors, not just the first
build()
{
    local preset=$1 extra=()
    shift
    need cmake ninja
    command -v ccache >/dev/null && extra=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
    (cd "$RIG_TOP" && cmake --preset "$preset" "${extra[@]}" >"$RIG_BUILD/$preset.configure.log" 2>&1) || {
        cat "$RIG_BUILD/$preset.configure.log"
        return 1
    }
    ninja -C "$RIG_BUILD/$preset" -k 0 -j "$RIG_JOBS" "$@" >"$RIG_BUILD/$preset.build.log" 2>&1 || {
        grep -E 'error|FAILED|warning|undefined reference|ninja:' "$RIG_BUILD/$preset.build.log" | head -n 60
        return 1
    }
    tail -n 1 "$RIG_BUILD/$preset.build.log"
}

# tool: the release build's iscsirig, or a failure that says how to get it
tool_or_fail()
{
    [ -x "$RIG_TOOL" ] && return
    complain "no ${RIG_TOOL#"$RIG_TOP"/}: the release build did not make it (ci/test.sh build-gcc shows why)"
    exit 1
}


# verdicts RECORD: "PASSED FAILED SKIPPED" of a run's --json file; a case that KNOWN.txt excuses is no pass
verdicts()
{
    jq -r '[.cases[].verdict] |
        [(map(select(. == "pass" or . == "loose")) | length),
         (map(select(. == "fail" or . == "error" or . == "fixed")) | length),
         (map(select(. == "skip" or . == "known")) | length)] | map(tostring) | join(" ")' "$1"
}

# show LOG: all of a short log, both ends of a long one
show()
{
    if [ "$(wc -l <"$1")" -le 160 ]; then
        cat "$1"
    else
        head -n 120 "$1"
        say "… (all of it: ${1#"$RIG_TOP"/})"
        tail -n 30 "$1"
    fi
}

# play LABEL PATH [OPTION…]: plays the scenarios of PATH with a record in build/runs/LABEL.json, tallies it, and shows what the tool said, whose last
# line is the totals
play()
{
    local label=$1 path=$2 record=$RIG_BUILD/runs/$1.json log=$RIG_BUILD/runs/$1.log status p f s
    shift 2
    tool_or_fail
    need jq
    mkdir -p "$RIG_BUILD/runs"
    rm -f -- "$record"
    # an interrupted run still writes its record
    (cd "$RIG_TOP" && timeout -s INT -k 30 "${RIG_LIMIT:-300}" "$RIG_TOOL" run "$path" --json "$record" "$@") >"$log" 2>&1
    status=$?
    [ "$status" -ne 124 ] || complain "$label: stopped after ${RIG_LIMIT:-300} s"
    [ ! -s "$record" ] || {
        read -r p f s < <(verdicts "$record")
        tally "$p" "$f" "$s"
    }
    show "$log"
    [ "${p:-0}${f:-0}${s:-0}" != 000 ] || {
        complain "$label: nothing was played (status $status)"
        return 1
    }
    return "$status"
}

# play_matrix LABEL [OPTION…] [SCENARIO…]: iscsirig matrix with its records in build/runs/matrix, and what it comes to in build/runs/LABEL.matrix.json;
# tallies it, and shows what the tool said and what failed
play_matrix()
{
    local label=$1 table=$RIG_BUILD/runs/$1.matrix.json log=$RIG_BUILD/runs/$1.log status p f s
    shift
    tool_or_fail
    need jq
    mkdir -p "$RIG_BUILD/runs"
    rm -f -- "$table"
    (cd "$RIG_TOP" && timeout -s INT -k 30 "${RIG_LIMIT:-300}" "$RIG_TOOL" matrix --folder "$RIG_BUILD/runs/matrix" --json "$table" "$@") >"$log" 2>&1
    status=$?
    [ "$status" -ne 124 ] || complain "$label: stopped after ${RIG_LIMIT:-300} s"
    [ ! -s "$table" ] || {
        read -r p f s < <(jq -r '[.rows[].cells[]] |
            [(map(.pass // 0) | add), (map(.failed // 0) | add), (map((.known // 0) + (.lacks // 0) + (.skipped // 0)) | add)] |
            map((. // 0) | tostring) | join(" ")' "$table")
        tally "$p" "$f" "$s"
        jq -r '.rows | to_entries[] | .key as $path | .value.cells | to_entries[] | select(.value.failed) |
            "FAILED \(.key): \($path): \(.value.notes // [] | join("; "))\n  again: \(.value.again)"' "$table"
    }
    show "$log"
    return "$status"
}

mkdir -p "$RIG_BUILD"
