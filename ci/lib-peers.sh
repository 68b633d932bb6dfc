# shellcheck shell=bash
# Both ends of live stages, on 127.0.0.1 only: our target, and targets of others, which `iscsirig matrix --hold` starts by their peer files
# (harness/peers). Sourced after lib.sh.
PEER_IQN=iqn.2026-01.example.ci:disk
PEER_BYTES=67108864
PEER_PORTAL=
PEER_URL=
PEER_CHAP_URL=
PEER_VERSION=
PEER_KNOWN= # its known failures, as run --known-failures takes them
PEER_HOLDER=
LISTENER=
LISTENER_LOG=
export PEER_PORTAL PEER_URL PEER_CHAP_URL PEER_VERSION PEER_KNOWN PEER_IQN PEER_BYTES PEER_PID LISTENER

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

# held NAME: what the holder says of its peer
held()
{
    sed -n "s/^$1=//p" "$PEER_FOLDER/ready"
}

# start_peer NAME [-D NAME=VALUE]…: a peer by its file; sets PEER_PORTAL, PEER_URL, PEER_CHAP_URL, PEER_VERSION, PEER_KNOWN, and PEER_PID, which
# is the peer's own process. 77 with the reason when it cannot be had here.
start_peer()
{
    tool_or_fail
    scratch
    PEER_FOLDER=$(mktemp -d "$RIG_SCRATCH/$1.XXXXXX") || return
    "$RIG_TOOL" matrix --peer "$@" -D iqn="$PEER_IQN" -D bytes="$PEER_BYTES" --hold "$PEER_FOLDER" >"$PEER_FOLDER.log" 2>&1 &
    PEER_HOLDER=$!
    started "$PEER_HOLDER"
    wait_for 400 "$PEER_HOLDER" test -s "$PEER_FOLDER/ready" || {
        wait "$PEER_HOLDER"
        set -- "$?"
        cat "$PEER_FOLDER.log"
        return "$1"
    }
    PEER_PID=$(held pid)
    PEER_PORTAL=$(held host):$(held port)
    PEER_URL=$(held url)
    PEER_CHAP_URL=$(held chap_url)
    PEER_VERSION=$(held version)
    PEER_KNOWN=$PEER_FOLDER/known
}

# stop_peer: as its file says
stop_peer()
{
    stop_slowly "$PEER_HOLDER"
} >/dev/null 2>&1

# stop_slowly PID: asks, and gives it the time that it may give others
stop_slowly()
{
    kill -TERM "$1" || return
    for _ in {1..300}; do
        alive "$1" || break
        sleep 0.05
    done
    stop "$1"
}

# tgt_admin ARGUMENT…: of the tgtd that was started last
tgt_admin()
{
    TGT_IPC_SOCKET=$PEER_FOLDER/tgtd.sock tgtadm -C 0 "$@"
}

# start_tgtd [BACKING [-D NAME=VALUE]…]: tgt's daemon with one disk and without a target that wants CHAP; a file or what BACKING makes of it (null: nothing is stored)
start_tgtd()
{
    start_peer tgtd -D chap=no -D backing="${1:-rdwr}" "${@:2}"
}

stop_tgtd()
{
    stop_peer
}

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
