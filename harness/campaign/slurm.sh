#!/usr/bin/env bash
# slurm.sh [SBATCH-OPTION…]: a campaign as a Slurm job array, one task a shard. When the array is over, shards that a lost worker left behind
# are played again, up to ROUNDS arrays (default 5); then everything is collected. Told by the environment as campaign.sh; the folder has to be
# one that every node sees. POLL: seconds between two looks at the array (default 10). Exit status: as campaign.sh collect.
set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 2
ROUNDS=${ROUNDS:-5}
for name in CAMPAIGN SCENARIOS SHARDS; do
    [ -n "${!name:-}" ] || { echo "slurm.sh: $name is not set" >&2 && exit 2; }
done
command -v sbatch >/dev/null || { echo "slurm.sh: no sbatch here" >&2 && exit 2; }
mkdir -p "$CAMPAIGN/logs" || exit 2

# over JOB: Slurm has none of its tasks waiting or at work any more
over()
{
    local left
    left=$(squeue --noheader --jobs "$1" --format %i 2>/dev/null) || return 0 # it is forgotten already
    [ -z "$left" ]
}

# play_array SHARDS [SBATCH-OPTION…]: to its end. Slurm is not to requeue what a node that is lost played: it would wait minutes with it, and the
# next round plays what is missing, whatever it was lost by.
play_array()
{
    local job
    job=$(sbatch --parsable --no-requeue --export=ALL --job-name iscsirig --array "$1" --output "$CAMPAIGN/logs/slurm-%A-%a.log" "${@:2}" \
        --wrap "exec bash '$HERE/campaign.sh' work \$SLURM_ARRAY_TASK_ID") || return
    until over "${job%%;*}"; do
        sleep "${POLL:-10}"
    done
}

export CAMPAIGN SCENARIOS SHARDS SEED=${SEED:-1} SEEDS=${SEEDS:-1} PEERS=${PEERS:-sim} ISCSIRIG=${ISCSIRIG:-iscsirig}
bash "$HERE/campaign.sh" plan || exit 2
for ((round = 1; round <= ROUNDS; round++)); do
    lost=$(bash "$HERE/campaign.sh" missing) || exit 2
    [ -n "$lost" ] || break
    echo "round $round: shards $lost"
    play_array "$lost" "$@"
done
exec bash "$HERE/campaign.sh" collect
