#!/bin/bash
# slurm_sweep.sh --shards N [SBATCH_OPTION...] -- [SWEEP_OPTION...]: a sweep as a Slurm array of N
# tasks, and a job that merges their studies into the sweep's --store (study.db) when all have ended:
#
#     scripts/slurm_sweep.sh --shards 100 --gres=gpu:1 --time=2:00:00 -- \
#         --store study.db --hidden '8..64*2' --seeds 0..9999 --validate 0.2
#
# To be called where the tasks shall work, in a folder that all nodes share. Both jobs are submitted
# with the SBATCH_OPTIONs (those with a value as --name=value), but name, array and dependency are
# ours. Task I of N trains `--shard I/N` into STORE.shard-I-of-N. WINDROW in the environment names
# another windrow than the one of build/release.
#
# - A minute before its time limit (--signal) a task gets SIGUSR1: windrow keeps what it has, ends
#   with 75 and the task is requeued, as often as it takes. So --time must leave minutes beside.
# - A task whose windrow was killed is requeued three times, one whose node failed by Slurm itself. It
#   repeats what came after its last checkpoint. Slurm lets any requeued task wait two minutes.
# - scancel ends it for good; the same command goes on, as it does after anything else. While its jobs
#   are still there, it only names them.
# - The merge takes what there is and tells what is missing; `windrow merge` does the same by hand.
#   The shards' studies stay, since with them the same command trains only what is missing (larger
#   lists or another N deal the trials anew, and repeat some; --known STORE, once there is one, leaves
#   out what was merged). Remove them when the study is whole.
set -eu

# Slurm runs a copy of this file, so all that it needs is told: task WINDROW STORE SWEEP_OPTION...
task() {
    windrow=$1 store=$2
    shift 2
    shard=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))
    pocl=${TMPDIR:-/tmp}/windrow-pocl-$SLURM_JOB_ID # a cache that tasks share may get damaged
    export POCL_CACHE_DIR="${POCL_CACHE_DIR:-$pocl}"
    export OMP_NUM_THREADS="${OMP_NUM_THREADS:-$SLURM_CPUS_ON_NODE}"
    pid= ended=
    trap ended=1 TERM # cancelled, preempted or requeued by others: Slurm tells windrow too
    trap '[ -z "$pid" ] || kill -s USR1 $pid' USR1
    "$windrow" sweep "$@" --store "$store.shard-$shard-of-$SLURM_ARRAY_TASK_COUNT" --shard auto &
    pid=$!
    code=0
    wait $pid || code=$?
    while kill -0 $pid 2>/dev/null; do # it was the wait that a signal has ended
        code=0
        wait $pid || code=$?
    done
    rm -rf "$pocl"
    restarts=${SLURM_RESTART_COUNT:-0}
    if [ -z "$ended" ] && { [ $code -eq 75 ] || { [ $code -gt 128 ] && [ "$restarts" -lt 3 ]; }; }; then
        echo "slurm_sweep: windrow ended with $code; the task is requeued" >&2
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
    fi
    exit $code
}

# merge WINDROW STORE N
merge() {
    exec "$1" merge "$2" "$2".shard-*-of-"$3"
}

usage() {
    echo "slurm_sweep: $1" >&2
    echo "usage: slurm_sweep.sh --shards N [sbatch option...] -- [windrow sweep option...]" >&2
    exit 2
}

case ${1-} in
task | merge) "$@" ;;
esac

shards='' options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
    --shards) shards=${2-} && shift ;;
    --shards=*) shards=${1#*=} ;;
    *) options+=("$1") ;;
    esac
    shift
done
[ $# -gt 0 ] || usage "no -- before the options of windrow sweep"
shift
[[ $shards =~ ^[1-9][0-9]*$ ]] || usage "--shards ${shards:-is missing}: needs a whole number from 1 on"

store=study.db sweep=()
while [ $# -gt 0 ]; do
    case $1 in
    --store) store=${2-} && shift ;;
    --store=*) store=${1#*=} ;;
    --shard | --shard=* | --fresh | --dry-run) usage "${1%%=*} has no place among the options of the sweep" ;;
    *) sweep+=("$1") ;;
    esac
    shift
done

root=$(cd "$(dirname "$0")/.." && pwd)
windrow=${WINDROW:-$root/build/release/windrow}
found=$(command -v "$windrow") || {
    echo "slurm_sweep: there is no $windrow; scripts/build release makes one" >&2
    exit 1
}
windrow=$(realpath "$found")

# One name for each store, for the jobs that are at work on it.
name=windrow-$(realpath -m "$store" | cksum | cut -d ' ' -f 1)
there=$(squeue --me --noheader --name="$name" --format=%F | sort -un | paste -sd ' ')
if [ -n "$there" ]; then
    echo "$store is being made already, by the jobs $there"
    exit 0
fi
array=$(sbatch --parsable --requeue --signal=B:USR1@60 --open-mode=append "${options[@]}" \
    --job-name="$name" --array="0-$((shards - 1))" "$0" task "$windrow" "$store" "${sweep[@]}")
array=${array%%;*} # a cluster's name may follow
merge=$(sbatch --parsable "${options[@]}" --job-name="$name" --dependency="afterany:$array" \
    "$0" merge "$windrow" "$store" "$shards")
echo "$shards tasks: job $array; ${merge%%;*} merges them into $store then"
