#!/usr/bin/env bash
# ci/bench/profile.sh [SECONDS]: where the engine spends its instructions, as callgrind counts them, at 4 KiB random reads of depth 32
# against our own target; prints Markdown. What the kernel does is not in it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib-bench.sh"
need valgrind callgrind_annotate
build_release iscsirig engine_load
scratch

start_rig_target --lun "pattern:$PEER_BYTES" >/dev/null || exit 1
profile=$RIG_SCRATCH/callgrind.out
said=$(timeout 120 valgrind --tool=callgrind --callgrind-out-file="$profile" --toggle-collect=rig_loop_run_once \
    "$BENCH/engine_load" -r -m 32 -b 8 -t "${1:-5}" "${PEER_URL%/0}/1" 2>/dev/null) || die "the profiled run failed"
stop "$PEER_PID"
rate=$(sed -n 's/^rate \([0-9]*\).*/\1/p' <<<"$said")
callgrind_annotate --threshold=100 "$profile" >"$RIG_SCRATCH/profile"
ios=$((rate * ${1:-5}))
total=$(awk '/PROGRAM TOTALS/ { gsub(",", "", $1); print $1 }' "$RIG_SCRATCH/profile")

cat <<END

## Profile of the hot path

Written by \`ci/bench/profile.sh\`: callgrind, 4 KiB random reads of depth 32 against our target, about $ios I/Os,
$((total / (ios > 0 ? ios : 1))) instructions an I/O outside the kernel. The functions that spend most by themselves:

| instructions an I/O | share | function |
| --- | --- | --- |
END
awk -v ios="$ios" -v total="$total" '
    /PROGRAM TOTALS/ { on = 1 }
    on && /^ *[0-9][0-9,]* *\([ 0-9.]+%\)  / && !/PROGRAM TOTALS/ {
        cost = $1
        gsub(",", "", cost)
        name = $0
        sub(/^[^)]*\) +/, "", name)
        sub(/ \[.*/, "", name)
        sub(/^.*:/, "", name)
        if (++rows <= 20) printf "| %.1f | %.1f %% | `%s` |\n", cost / ios, 100 * cost / total, name
    }' "$RIG_SCRATCH/profile"
