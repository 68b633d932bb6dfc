#!/usr/bin/env bash
# A campaign (harness/campaign) on four emulated nodes of Slurm on this machine, one of which is lost on the way: every seed's result is there
# exactly once, and a failing seed is told with the command that repeats it. And the manifests for Kubernetes have only members that there are.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-slurm.sh"
tool_or_fail
need jq
scratch
CAMPAIGN_HERE=$RIG_TOP/harness/campaign
SEEDS=10000
SHARDS=20
export ISCSIRIG=$RIG_TOOL
passed=0
failed=0
skipped=0

# check WHAT COMMAND…
check()
{
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        say "ok: $what"
    else
        failed=$((failed + 1))
        say "FAILED: $what"
    fi
}

# campaign [NAME=VALUE…] COMMAND…: the command with a campaign's environment
campaign()
{
    env CAMPAIGN="$RIG_SCRATCH/campaign" SCENARIOS="$RIG_TOP/scenarios/login/connect-live.scn" SHARDS="$SHARDS" SEEDS="$SEEDS" "$@"
}

# small [NAME=VALUE…] COMMAND…: one of a few seeds
small()
{
    env CAMPAIGN="$RIG_SCRATCH/small" SCENARIOS="$RIG_TOP/scenarios/login/connect-live.scn" SHARDS=2 SEEDS=10 PEERS=sim "$@"
}

# says STATUS WORDS COMMAND…
says()
{
    local status=$1 words=$2 got
    shift 2
    "$@" >"$RIG_SCRATCH/said" 2>&1 </dev/null
    got=$?
    [ "$got" -eq "$status" ] && grep -qF -- "$words" "$RIG_SCRATCH/said" && return
    say "status $got, wanted $status and \"$words\":"
    tail -n 8 "$RIG_SCRATCH/said"
    return 1
}

work()
{
    small bash "$CAMPAIGN_HERE/campaign.sh" "$@"
}

# ---- without Slurm: what is missing, there twice, or failed is seen ----

check "the first shard is played" work work 1
check "the second is missing" says 2 "shards are missing: 2;" work collect
check "and named" says 0 2 work missing
check "it is played" work work 2
check "then all is there" says 0 "sim: 10 results, 0 failed" work collect
FIRST=$RIG_SCRATCH/small/shards/sim.000001-of-000002.json
cp "$FIRST" "$RIG_SCRATCH/kept"
jq -c '.cases += [.cases[0]]' "$RIG_SCRATCH/kept" >"$FIRST"
check "a result that is there twice is seen" says 2 "TWICE sim" work collect
jq -c '.cases |= .[1:]' "$RIG_SCRATCH/kept" >"$FIRST"
check "one that is not there is seen" says 2 "MISSING sim" work collect
jq -c '.cases[3].verdict = "fail"' "$RIG_SCRATCH/kept" >"$FIRST"
check "one that failed is told with its command" says 1 "again: iscsirig run" work collect
check "a shard that is none is refused" says 2 "wanted a shard from 1 to 2" work work 3
check "a peer that is none leaves the shard lost" says 1 "did not come up" small PEERS=nobody bash "$CAMPAIGN_HERE/campaign.sh" work 1
if command -v tgtd >/dev/null; then
    check "a shard against tgtd" small PEERS="sim tgtd" SHARDS=1 bash "$CAMPAIGN_HERE/campaign.sh" work 1
    check "its results are there, too" says 0 "tgtd: 10 results, 0 failed" small PEERS="sim tgtd" SHARDS=1 bash "$CAMPAIGN_HERE/campaign.sh" collect
else
    skipped=$((skipped + 1))
    say "skipped: no tgtd here"
fi

# ---- Slurm ----

# slow_node: the tool, which on node 2 comes to no end: what it plays is on its way for as long as the node lasts
slow_node()
{
    cat <<END
#!/bin/sh
[ "\${SLURMD_NODENAME:-}" = n2 ] || exec "$RIG_TOOL" "\$@"
"$RIG_TOOL" "\$@"
: >"$RIG_SCRATCH/on-its-way"
exec sleep 600
END
}

# some_are_there: results of a quarter of the shards, and node 2 is in the middle of one
some_are_there()
{
    [ -e "$RIG_SCRATCH/on-its-way" ] && [ "$(find "$RIG_SCRATCH/campaign/shards" -name '*.json' | wc -l)" -ge $((SHARDS / 4)) ]
}

# exactly_once FILE…: each seed from 1 on, by a reading of its own
exactly_once()
{
    jq -r '.cases[].seed' "$@" | sort -n | cmp - <(seq "$SEEDS")
}

in_slurm()
{
    check "four nodes are up" slurm_start 4
    slow_node >"$RIG_SCRATCH/slow" && chmod 755 "$RIG_SCRATCH/slow"
    campaign ISCSIRIG="$RIG_SCRATCH/slow" POLL=0.5 bash "$CAMPAIGN_HERE/slurm.sh" >"$RIG_SCRATCH/campaign.log" 2>&1 &
    driver=$!
    started "$driver"
    check "the campaign is on its way" wait_for 30 "$driver" some_are_there
    check "a node is lost with what it plays" slurm_kill 2
    wait "$driver"
    status=$?
    cat "$RIG_SCRATCH/campaign.log"
    check "the campaign ends well" test "$status" -eq 0
    check "the shard that was lost is played again" grep -qxE 'round 2: shards [0-9]+' "$RIG_SCRATCH/campaign.log"
    check "it says so" grep -qx "sim: $SEEDS results, 0 failed" "$RIG_SCRATCH/campaign.log"
    check "every seed's result is there exactly once" exactly_once "$RIG_SCRATCH"/campaign/shards/*.json
    check "and in what they were merged to" exactly_once "$RIG_SCRATCH/campaign/results.sim.json"
    slurm_stop
}

if reason=$(slurm_lacks); then
    skipped=$((skipped + 1))
    say "skipped: $reason"
else
    in_slurm
fi

# ---- Kubernetes ----

# manifest FILE [SED-SCRIPT]: what is wrong in it, by the API's own tables
manifest()
{
    sed -e "${2:-}" "$1" | /usr/bin/python3 "$RIG_TOP/ci/judge/kubernetes-fields.py"
}

if /usr/bin/python3 -c 'import kubernetes, yaml' 2>/dev/null; then
    for page in "$CAMPAIGN_HERE"/kubernetes*.yaml; do
        check "${page##*/}: every member is one of the API's, of its type" manifest "$page"
    done
    page=$CAMPAIGN_HERE/kubernetes.yaml
    check "a member that is none is seen" says 1 "completionmode" manifest "$page" s/completionMode/completionmode/
    check "a value of another type is seen" says 1 "completions" manifest "$page" 's/completions: 40/completions: many/'
else
    skipped=$((skipped + 1))
    say "skipped: no python3-kubernetes and python3-yaml here, which know the members of a manifest"
fi
skipped=$((skipped + 1))
say "skipped: no cluster of Kubernetes here that would play the Job"
tally "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
