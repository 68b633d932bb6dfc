#!/usr/bin/env bash
# campaign.sh plan|work|missing|collect: scenarios x seeds x peers in shards, whoever plays them. README.md tells of it. All are told by the
# environment:
#   CAMPAIGN    a folder that every worker sees: a file a shard and peer in shards/, what went wrong in logs/
#   SCENARIOS   files and folders, between blanks
#   SHARDS      how many
#   SEED        the first seed (default 1)
#   SEEDS       how many of each case (default 1)
#   PEERS       sim, and names or files of peers as iscsirig matrix knows them, between blanks (default sim)
#   ISCSIRIG    the program (default iscsirig)
# plan: says what it comes to. work N: plays shard N; what is there already stays. missing: the shards that are not whole, as 3,7-9.
# collect: every result exactly once, those of a peer merged by iscsirig report in CAMPAIGN/results.PEER.json, and the seeds that failed with the
# command that repeats each.
# Exit status of work: 0 the shard is there, whatever its verdicts, else it is lost and has to be played again. Of collect: 0 all as expected,
# 1 failures, 2 results are missing or there twice.
set -u
export LC_ALL=C
PEERS=${PEERS:-sim}
SEED=${SEED:-1}
SEEDS=${SEEDS:-1}
ISCSIRIG=${ISCSIRIG:-iscsirig}

complain()
{
    printf 'campaign: %s\n' "$*" >&2
}

die()
{
    complain "$@"
    exit 2
}

# a_number NAME: the variable of that name is one, from 1 on
a_number()
{
    [[ ${!1:-} =~ ^[1-9][0-9]{0,8}$ ]] || die "$1: wanted a number from 1 on, came \"${!1:-}\""
}

# shard_file PEER N
shard_file()
{
    local peer=${1##*/}
    printf '%s/shards/%s.%06d-of-%06d.json' "$CAMPAIGN" "${peer%.peer}" "$2" "$SHARDS"
}

# ---- work ----

HOLDER=

# let_go: ends the peer, and what is half written
let_go()
{
    [ -z "$HOLDER" ] || { kill "$HOLDER" && wait "$HOLDER"; } 2>/dev/null
    HOLDER=
    rm -rf -- "${SCRATCH:?}" "${PART:-}"
}

# start_peer PEER: by its peer file; its URL goes to OPTIONS
start_peer()
{
    local turn url version
    mkdir -p "$SCRATCH/peer" || return
    rm -f -- "$SCRATCH/peer/ready"
    "$ISCSIRIG" matrix --peer "$1" --hold "$SCRATCH/peer" >>"$LOG" 2>&1 &
    HOLDER=$!
    for turn in {1..1200}; do
        [ ! -s "$SCRATCH/peer/ready" ] || break
        kill -0 "$HOLDER" 2>/dev/null || break
        sleep 0.1
    done
    url=$(sed -n 's/^url=//p' "$SCRATCH/peer/ready" 2>/dev/null)
    version=$(sed -n 's/^version=//p' "$SCRATCH/peer/ready" 2>/dev/null)
    [ -n "$url" ] || {
        complain "$1 did not come up after $turn tenths of a second: $(tail -n 1 "$LOG")"
        return 1
    }
    OPTIONS=(--target "$url" --allow-writes --peer-name "$version")
    [ ! -s "$SCRATCH/peer/known" ] || OPTIONS+=(--known-failures "$SCRATCH/peer/known")
}

# play PEER N: one record, which appears whole or not at all
play()
{
    local record status paths
    record=$(shard_file "$1" "$2")
    [ ! -s "$record" ] || return 0
    LOG=$CAMPAIGN/logs/$(basename "$record" .json).log
    PART=$record.part.${HOSTNAME:-worker}.$$
    OPTIONS=()
    : >"$LOG"
    [ "$1" = sim ] || start_peer "$1" || return
    read -ra paths <<<"$SCENARIOS"
    "$ISCSIRIG" run "${paths[@]}" --seed "$SEED" --repeat "$SEEDS" --shard "$2/$SHARDS" -j "${JOBS:-1}" --keep never "${OPTIONS[@]}" \
        --json "$PART" >>"$LOG" 2>&1
    status=$?
    [ -z "$HOLDER" ] || { kill "$HOLDER" && wait "$HOLDER"; } 2>/dev/null
    HOLDER=
    case $status in
    0 | 1 | 77 | 124 | 127) [ ! -s "$PART" ] || { mv -- "$PART" "$record" && return; } ;;
    esac
    complain "shard $2 of $1 left no whole record (status $status), log $LOG: $(tail -n 1 "$LOG")"
    rm -f -- "$PART"
    return 1
}

work()
{
    local peer bad=0
    [[ $1 =~ ^[0-9]+$ ]] && [ "$1" -ge 1 ] && [ "$1" -le "$SHARDS" ] || die "work: wanted a shard from 1 to $SHARDS, came \"$1\""
    mkdir -p "$CAMPAIGN/shards" "$CAMPAIGN/logs" && SCRATCH=$(mktemp -d) || die "$CAMPAIGN: no folder can be made there"
    trap let_go EXIT
    trap 'exit 143' TERM INT
    for peer in $PEERS; do
        play "$peer" "$1" || bad=1
    done
    return "$bad"
}

# ---- what is there ----

missing_shards()
{
    local peer shard
    for ((shard = 1; shard <= SHARDS; shard++)); do
        for peer in $PEERS; do
            [ -s "$(shard_file "$peer" "$shard")" ] || { echo "$shard" && break; }
        done
    done
}

# ranges: numbers on lines as 3,7-9
ranges()
{
    awk 'function put() { if (NR > 0 && from != "") { printf "%s%s", sep, from; if (to > from) printf "-%s", to; sep = "," } }
        $1 != to + 1 || from == "" { put(); from = $1 } { to = $1 } END { put(); if (sep != "") print "" }'
}

# judge FILE…: every case and seed of a peer's shards once; says what failed, and counts: CASES FAILED
judge()
{
    # shellcheck disable=SC2016 # they are jq's
    jq -r -n --arg peer "$peer" --arg seeds "$SEEDS" '
        def key: "\(.path) \(.case)";
        def failed: .verdict == "fail" or .verdict == "error" or .verdict == "fixed";
        [inputs.cases[] | {path, case, seed, verdict, again, why: (.findings[0].text // .reason // "?")}] as $all |
        ($all | group_by([.path, .case, .seed]) | map(select(length > 1) | "TWICE \($peer): \(.[0] | key) seed \(.[0].seed)")),
        ($all | group_by([.path, .case]) | map(select(length != ($seeds | tonumber)) |
            "MISSING \($peer): \(.[0] | key): \(length) of \($seeds) seeds")),
        ($all | map(select(failed) | "FAILED \($peer): \(.path) seed \(.seed): \(.why)\n  again: \(.again)")),
        ["counts: \($all | length) \($all | map(select(failed)) | length)"] | .[]' "$@"
}

# collect_peer: counts and says; its shards as one report
collect_peer()
{
    local shard files=() cases failed name=${peer##*/}
    for ((shard = 1; shard <= SHARDS; shard++)); do files+=("$(shard_file "$peer" "$shard")"); done
    judge "${files[@]}" >"$CAMPAIGN/judged" || die "the results of $peer cannot be read"
    grep -v '^counts: ' "$CAMPAIGN/judged"
    read -r cases failed < <(sed -n 's/^counts: //p' "$CAMPAIGN/judged")
    echo "$peer: $cases results, $failed failed"
    ! grep -qE '^(TWICE|MISSING) ' "$CAMPAIGN/judged" || return 2
    "$ISCSIRIG" report --quiet --json "$CAMPAIGN/results.${name%.peer}.json" "${files[@]}"
    case $? in
    0 | 1 | 77) ;;
    *) die "the shards of $peer cannot be merged" ;;
    esac
    [ "$failed" -eq 0 ]
}

collect()
{
    local peer lost status=0
    command -v jq >/dev/null || die "no jq here"
    lost=$(missing_shards | ranges)
    [ -z "$lost" ] || die "shards are missing: $lost; play them again (work N), then collect"
    for peer in $PEERS; do
        collect_peer
        case $? in
        0) ;;
        1) [ "$status" -eq 2 ] || status=1 ;;
        *) status=2 ;;
        esac
    done
    rm -f -- "$CAMPAIGN"/shards/*.part.* # what lost workers left
    return "$status"
}

plan()
{
    local paths
    read -ra paths <<<"$SCENARIOS"
    "$ISCSIRIG" run "${paths[@]}" --repeat "$SEEDS" --dry-run | tail -n 1
    echo "in $SHARDS shards, with $PEERS, seeds from $SEED on; results in $CAMPAIGN"
}

for name in CAMPAIGN SCENARIOS SHARDS; do
    [ -n "${!name:-}" ] || die "$name is not set"
done
for name in SHARDS SEED SEEDS; do a_number "$name"; done
case ${1:-} in
plan) plan ;;
work) work "${2:-}" ;;
missing) missing_shards | ranges ;;
collect) collect ;;
*) sed -n '2,/^set -u/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac
