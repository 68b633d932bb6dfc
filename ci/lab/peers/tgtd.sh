# shellcheck shell=bash
# A peer of the lab: tgt's daemon, with a second target that wants CHAP both ways.
. "$RIG_TOP/ci/lib-peers.sh"

peer_lacks()
{
    command -v tgtd >/dev/null && command -v tgtadm >/dev/null && return 1
    say "no tgtd here"
}

peer_version()
{
    say "tgt/$(tgtd --version)"
}

# tgtd_account NAME SECRET [OPTION…]: an account, bound to target 2
tgtd_account()
{
    tgt_admin --lld iscsi --op new --mode account --user "$1" --password "$2" &&
        tgt_admin --lld iscsi --op bind --mode account --tid 2 --user "$1" "${@:3}"
}

peer_start()
{
    start_tgtd rdwr || return
    truncate -s "$PEER_BYTES" "$RIG_SCRATCH/tgtd.chap"
    tgt_admin --lld iscsi --op new --mode target --tid 2 -T "$PEER_IQN-chap" &&
        tgt_admin --lld iscsi --op new --mode logicalunit --tid 2 --lun 1 --backing-store "$RIG_SCRATCH/tgtd.chap" &&
        tgt_admin --lld iscsi --op bind --mode target --tid 2 -I ALL && tgtd_account "$LAB_CHAP_USER" "$LAB_CHAP_SECRET" &&
        tgtd_account "$LAB_CHAP_OWN_USER" "$LAB_CHAP_OWN_SECRET" --outgoing || return
    PEER_CHAP_URL=iscsi://$PEER_PORTAL/$PEER_IQN-chap/1
    export PEER_PORTAL PEER_URL PEER_CHAP_URL PEER_PID
}

peer_stop()
{
    tgt_admin --lld iscsi --op delete --force --mode target --tid 2 >/dev/null 2>&1
    stop_tgtd
}
