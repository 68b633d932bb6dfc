# shellcheck shell=bash
# A cluster of Slurm on this machine: slurmctld and several slurmd, each a node, with munge, on loopback and out of a folder that goes away.
# Sourced after lib.sh.
PATH=$PATH:/usr/sbin
SLURM_NODES=()

# slurm_lacks: prints why there can be no cluster; fails when there can
slurm_lacks()
{
    local program
    for program in slurmctld slurmd munged sbatch sinfo; do
        command -v "$program" >/dev/null || { say "no $program here" && return; }
    done
    return 1
}

# slurm_config NODES: a node each on a port of its own
slurm_config()
{
    local n port user
    user=$(id -un)
    port=$(free_port) || return
    cat <<END
ClusterName=campaign
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$SLURM/munge.socket
StateSaveLocation=$SLURM/state
SlurmdSpoolDir=$SLURM/spool.%n
SlurmctldPidFile=$SLURM/slurmctld.pid
SlurmdPidFile=$SLURM/slurmd.%n.pid
SlurmctldLogFile=$SLURM/slurmctld.log
SlurmdLogFile=$SLURM/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=3
MessageTimeout=2
KillWait=1
MaxArraySize=100001
END
    for ((n = 1; n <= $1; n++)); do
        port=$(free_port) || return
        printf 'NodeName=n%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%s CPUs=1 State=UNKNOWN\n' "$n" "$(hostname -s)" "$port"
    done
    printf 'PartitionName=campaign Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n'
}

# all_idle NODES
all_idle()
{
    [ "$(sinfo -h -N -o %t | grep -c '^idle$')" -eq "$1" ]
}

# slurm_start NODES: fails with the last words of whoever did not come up
slurm_start()
{
    local n
    SLURM=$RIG_SCRATCH/slurm
    export SLURM_CONF=$SLURM/slurm.conf
    mkdir -p "$SLURM/state" && chmod 755 "$SLURM" || return
    (umask 077 && head -c 128 /dev/urandom >"$SLURM/munge.key") || return
    munged --foreground --force --num-threads 2 --key-file "$SLURM/munge.key" --socket "$SLURM/munge.socket" --pid-file "$SLURM/munge.pid" \
        --log-file "$SLURM/munge.log" --seed-file "$SLURM/munge.seed" >"$SLURM/munged.said" 2>&1 &
    started "$!"
    wait_for 10 "$!" test -S "$SLURM/munge.socket" || { cat "$SLURM/munged.said" "$SLURM/munge.log" && return 1; }
    slurm_config "$1" >"$SLURM_CONF" || return
    slurmctld -D >"$SLURM/slurmctld.said" 2>&1 &
    started "$!"
    SLURM_CONTROLLER=$!
    for ((n = 1; n <= $1; n++)); do
        mkdir -p "$SLURM/spool.n$n"
        setsid slurmd -D -N "n$n" >"$SLURM/slurmd.n$n.said" 2>&1 &
        SLURM_NODES[n]=$!
        started "$!"
    done
    wait_for 20 "$SLURM_CONTROLLER" all_idle "$1" && return
    tail -n 10 "$SLURM"/*.said "$SLURM"/*.log
    return 1
}

# slurm_jobs NODE: the processes of its jobs, and who looks after each, which is no child of slurmd
slurm_jobs()
{
    local folder parent
    for folder in /proc/[0-9]*; do
        grep -qzFx "SLURMD_NODENAME=n$1" "$folder/environ" 2>/dev/null && grep -qzFx "SLURM_CONF=$SLURM_CONF" "$folder/environ" || continue
        parent=$(awk '/^PPid:/ { print $2 }' "$folder/status")
        printf '%s\n' "${folder##*/}"
        ! grep -qa '^slurmstepd' "/proc/$parent/cmdline" 2>/dev/null || printf '%s\n' "$parent"
    done
}

# slurm_kill NODE: the node with all it plays, as when its machine is switched off
slurm_kill()
{
    local pids
    mapfile -t pids < <(slurm_jobs "$1")
    kill -KILL "${SLURM_NODES[$1]}" "${pids[@]}"
    wait "${SLURM_NODES[$1]}" 2>/dev/null
    [ "${#pids[@]}" -gt 0 ]
}

# slurm_stop: the cluster, and what its jobs left
slurm_stop()
{
    local n pids
    for n in "${!SLURM_NODES[@]}"; do
        mapfile -t pids < <(slurm_jobs "$n")
        [ "${#pids[@]}" -eq 0 ] || kill -KILL "${pids[@]}"
    done
    stop "${SLURM_NODES[@]}" "$SLURM_CONTROLLER"
}
