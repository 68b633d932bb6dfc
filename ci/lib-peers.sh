# shellcheck shell=bash
# Both ends of live stages, on 127.0.0.1 only: our target, and targets of others. Sourced after lib.sh.
PEER_IQN=iqn.2026-01.example.ci:disk
PEER_BYTES=67108864
PEER_PORTAL=
PEER_URL=
LISTENER=
LISTENER_LOG=
export TGT_IPC_SOCKET PEER_PORTAL PEER_URL PEER_IQN PEER_BYTES LISTENER

# start_rig_target [OPTION…] [FILE.scn]: our target with one disk, or what PEER_LUN says is LUN 0, or with the nodes of a file, which calls its
# node PEER_IQN; sets PEER_PORTAL, PEER_URL and PEER_PID
start_rig_target()
{
    tool_or_fail
    scratch
    local ready=$RIG_SCRATCH/ready log=$RIG_SCRATCH/target.log what=(--name "$PEER_IQN" --lun "${PEER_LUN:-ram:$PEER_BYTES}")
    [[ ${*: -1} != *.scn ]] || what=()
    rm -f -- "$ready"
    "$RIG_TOOL" target --listen 127.0.0.1:0 "${what[@]}" --ready-file "$ready" "$@" >>"$log" 2>&1 &
    PEER_PID=$!
    started "$PEER_PID"
    wait_for 20 "$PEER_PID" test -s "$ready" || {
        cat "$log"
        complain "our target did not come up"
        return 1
    }
    PEER_PORTAL=$(head -n 1 "$ready")
    PEER_URL=iscsi://$PEER_PORTAL/$PEER_IQN/0
}

# start_chap_target: the same, with CHAP in both directions; the secrets are in PEER_CHAP_SECRET and PEER_CHAP_OWN
start_chap_target()
{
    scratch
    export PEER_CHAP_SECRET=secret.of.the.host PEER_CHAP_OWN=secret.of.the.disk
    (umask 077 && printf '%s\n' "$PEER_CHAP_OWN" >"$RIG_SCRATCH/own.secret") || return
    start_rig_target --chap host:env:PEER_CHAP_SECRET --chap-own "disk:$RIG_SCRATCH/own.secret" --chap-discovery
}

# target_is_well: the target still runs, and said nothing of an error; ends it
target_is_well()
{
    alive "$PEER_PID" || {
        cat "$RIG_SCRATCH/target.log"
        complain "our target ended by itself"
        return 1
    }
    stop "$PEER_PID"
    ! grep -E 'Sanitizer|runtime error' "$RIG_SCRATCH/target.log"
}

tgt_admin()
{
    tgtadm -C 0 "$@"
}

# give_tgt_a_disk FILE [BSTYPE]: target 1, LUN 1
give_tgt_a_disk()
{
    tgt_admin --lld iscsi --op new --mode target --tid 1 -T "$PEER_IQN" &&
        tgt_admin --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 --bstype "${2:-rdwr}" --backing-store "$1" &&
        tgt_admin --lld iscsi --op bind --mode target --tid 1 -I ALL
}

# start_tgtd [BSTYPE]: tgt's daemon with one disk, a file or what BSTYPE makes of it (null: nothing is stored); sets PEER_PORTAL,
# PEER_URL and PEER_PID. It wants a port chosen for it, so a port that somebody took meanwhile is tried again.
start_tgtd()
{
    need tgtd tgtadm ss
    scratch
    local port turn log=$RIG_SCRATCH/tgtd.log
    TGT_IPC_SOCKET=$RIG_SCRATCH/tgtd.sock
    truncate -s "$PEER_BYTES" "$RIG_SCRATCH/tgtd.disk"
    for turn in 1 2 3; do
        port=$(free_port) || break
        tgtd -f -C 0 -t 4 --iscsi "portal=127.0.0.1:$port" >"$log" 2>&1 &
        PEER_PID=$!
        started "$PEER_PID"
        wait_for 10 "$PEER_PID" tgt_admin --op show --mode system && wait_for 5 "$PEER_PID" listening "$port" &&
            give_tgt_a_disk "$RIG_SCRATCH/tgtd.disk" "$@" && {
            PEER_PORTAL=127.0.0.1:$port
            PEER_URL=iscsi://$PEER_PORTAL/$PEER_IQN/1
            return
        }
        complain "tgtd did not come up on port $port (turn $turn)"
        stop_tgtd
    done
    cat "$log"
    return 1
}

# stop_tgtd: it ignores SIGTERM while it has targets
stop_tgtd()
{
    tgt_admin --lld iscsi --op delete --force --mode target --tid 1
    tgt_admin --op delete --mode system
    stop "$PEER_PID"
} >/dev/null 2>&1

# catch FILE PORT [BYTES]: tcpdump writes what passes that port of the loopback, of each packet at most so many bytes; sets LISTENER and
# LISTENER_LOG
catch()
{
    LISTENER_LOG=$1.log
    tcpdump -i lo -s "${3:-0}" -B 16384 -U -w "$1" "tcp port $2" 2>"$LISTENER_LOG" &
    LISTENER=$!
    started "$LISTENER"
    wait_for 10 "$LISTENER" grep -q 'listening on' "$LISTENER_LOG" && return
    grep -qiE 'permi|not permitted' "$LISTENER_LOG" && skip "capturing needs root or CAP_NET_RAW: $(tail -n 1 "$LISTENER_LOG")"
    cat "$LISTENER_LOG"
    exit 1
}

# breaches CAPTURE PORT SIDE: what lint finds that side guilty of; fails when the capture cannot be used
breaches()
{
    local status
    "$RIG_TOOL" lint --port "$2" "$1" >"$1.lint"
    status=$?
    awk -v side="$3" '$0 !~ /^lint:/ && $5 == side' "$1.lint"
    [ "$status" -le 1 ]
}
