# shellcheck shell=bash
# A peer of the lab: the kernel's own target (LIO) in its VM.
. "$RIG_TOP/ci/lab/kernel-vm.sh"

peer_lacks()
{
    vm_lacks
}

# peer_version: by the kernel's series, so that what KNOWN.txt excuses outlives a security update
peer_version()
{
    say "lio/$(cut -d. -f1,2 "$LAB/image/complete")"
}

peer_start()
{
    vm_start || return
    PEER_PID=$VM_PID
    PEER_PORTAL=127.0.0.1:$VM_PORT
    PEER_URL=iscsi://$PEER_PORTAL/$LAB_IQN/0
    PEER_CHAP_URL=iscsi://$PEER_PORTAL/$LAB_CHAP_IQN/0
    export PEER_PORTAL PEER_URL PEER_CHAP_URL PEER_PID
}

peer_stop()
{
    vm_stop
}
