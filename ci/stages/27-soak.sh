#!/usr/bin/env bash
# The soak, thinned: 10 sessions for 10 seconds over sockets against a troubled target; and the proofs that it would notice a disk that keeps
# nothing, and a target whose memory grows. ci/long.sh plays 100 sessions for 10 minutes.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
PROGRAM=$RIG_BUILD/release/ci/long/soak
[ -x "$PROGRAM" ] || die "no ${PROGRAM#"$RIG_TOP"/}: the release build makes it"
passed=0
failed=0

# judged STATUS WORDS: what the program said is in the log
judged()
{
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        say "ok: $2"
    else
        failed=$((failed + 1))
        say "FAILED: $2"
        head -n 20 "$RIG_SCRATCH/soak.log"
    fi
}

# soak OPTION…: against the target that runs
soak()
{
    timeout -k 2 60 "$PROGRAM" "$@" "$PEER_URL" >"$RIG_SCRATCH/soak.log" 2>&1
}

# grows: becomes a process that needs more and more, and never less
grows()
{
    exec awk 'BEGIN { for (;;) { for (i = 0; i < 20000; i++) kept[n++] = "sixteen bytes ea"; system("sleep 0.02") } }'
}

start_rig_target --quiet "$RIG_TOP/ci/long/soak.scn" || exit 1
soak --sessions 10 --seconds 10 --watch "$PEER_PID"
judged $? "nothing lost, memory flat"
cat "$RIG_SCRATCH/soak.log"
target_is_well
judged $? "the target ran to its end"

PEER_LUN=null:1GiB
start_rig_target --quiet || exit 1
soak --sessions 2 --seconds 2
[ $? -eq 1 ] && grep -q '^FAILED: block .* written last with generation' "$RIG_SCRATCH/soak.log"
judged $? "a disk that keeps nothing is noticed"
PEER_LUN=
stop "$PEER_PID"

start_rig_target --quiet || exit 1
grows &
grower=$!
started "$grower"
soak --sessions 2 --seconds 4 --watch "$grower"
[ $? -eq 1 ] && grep -q '^FAILED: the memory' "$RIG_SCRATCH/soak.log"
judged $? "memory that grows is noticed"
stop "$grower"
target_is_well || failed=$((failed + 1))
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
