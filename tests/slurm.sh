#!/bin/bash
# slurm.sh WINDROW SLURM_SWEEP FOLDER: scripts/slurm_sweep.sh under a real Slurm of one host, with its
# own configuration, key, state, sockets, logs and ports. In an array of four tasks one is cancelled,
# one is killed, one is requeued from outside and one gets the signal of its time limit. The merged
# study equals that of one process, to the bit.
set -eu
sweep_script=$2
export WINDROW=$1
mkdir -p "$3"
cd "$3"
folder=$PWD
PATH=$PATH:/usr/sbin:/sbin

skip() {
    echo "skipped: $*"
    exit 77
}
for program in munged slurmctld slurmd sbatch setpriv pgrep sqlite3; do
    command -v $program >/dev/null || skip "no $program (Debian: slurm-wlm munge util-linux procps sqlite3)"
done
[ "$(id -u)" -eq 0 ] || skip "slurmd is started as root alone"

# ---- a cluster ----

for name in $(compgen -e | grep -E '^(S[A-Z]*|OMP)_'); do # set by a job in which this test runs
    unset "$name"
done
home=$(mktemp -d /tmp/windrow-slurm.XXXXXX) # short, because paths of sockets are
export SLURM_CONF=$home/slurm.conf
daemons=()
# Jobs first: slurmd leaves them running when it ends. The daemons end with this shell.
clean_up() {
    code=$?
    if [ ${#daemons[@]} -gt 0 ]; then
        timeout 5 scancel --user=root >"$home/log" 2>&1 || true
        for try in $(seq 50); do
            [ -n "$(timeout 5 squeue --noheader --states=all --format=%t 2>/dev/null | grep -E 'R|CG')" ] || break
            sleep 0.2
        done
        kill "${daemons[@]}" 2>/dev/null || true
        wait "${daemons[@]}" 2>/dev/null || true
    fi
    rm -rf "$home"
    exit $code
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

host=$(hostname -s)
port=$((20000 + $$ % 20000))
mkdir "$home/state" "$home/spool"
chmod 755 "$home"
(umask 077 && head -c 1024 /dev/urandom >"$home/key")
cat >"$SLURM_CONF" <<END
ClusterName=windrow
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$home/munge
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=4
PartitionName=all Nodes=ALL Default=YES
END
start() {
    setpriv --pdeathsig TERM "$@" >>"$home/log" 2>&1 &
    daemons+=($!)
}
# await SECONDS COMMAND...: repeats COMMAND until it succeeds, for at most SECONDS.
await() {
    limit=$((5 * $1))
    shift
    for try in $(seq $limit); do
        ! "$@" 2>/dev/null || return 0
        sleep 0.2
    done
    return 1
}
is_idle() { [ "$(sinfo --noheader --format=%t)" = idle ]; }

start munged -F --force --key-file="$home/key" --socket="$home/munge" --pid-file="$home/munged.pid" \
    --seed-file="$home/seed" --log-file="$home/munged.log"
await 10 test -S "$home/munge" || skip "munged does not run here: $(tail -n 1 "$home/log")"
start slurmctld -D
start slurmd -D
await 20 is_idle || skip "Slurm does not run here: $(grep -h error: "$home"/slurm*.log | tail -n 1)"

# ---- a sweep, alone and as an array ----

rm -f ./*.db* slurm-*.out
fail() {
    echo "FAILED: $*"
    tail -n 5 slurm-*.out "$home"/slurm*.log
    exit 1
}
options=(--hidden 3,24,40 --batch 1,7 --lr 1e-4,1e-3,1e6 --clip 0,1 --seeds 0..3 --validate 0.2
    --epochs 4000 --checkpoint 0.2)
whole=0
"$WINDROW" sweep --store whole.db --device cpu --quiet "${options[@]}" 2>errors || whole=$?
[ $whole -eq 8 ] || fail "the sweep in one process ended with $whole: $(cat errors)"

submit() {
    "$sweep_script" --shards=4 --time=10 -- --store "$folder/study.db" --device cpu "${options[@]}" >said ||
        fail "slurm_sweep.sh ended with $?"
    cat said
    job=$(sed 's/^4 tasks: job \([0-9]*\);.*/\1/' said)
}
count() { sqlite3 "file:$1?mode=rw" "SELECT count(*) FROM $2" 2>/dev/null || echo 0; }
is_under_way() {
    for shard in 0 1 2 3; do
        [ "$(count study.db.shard-$shard-of-4 "trial WHERE status <> 'pending'")" -gt 0 ] || return 1
    done
}
requeued() { squeue --noheader --array --states=PENDING --format='%i %r' | sed -n 's/ BeginTime//p'; }
are_requeued() { [ "$(requeued | wc -l)" -eq 3 ]; }
all_end() { [ -z "$(squeue --noheader)" ]; }

for wrong in '--shards=4' '--shards=0 --' '-- --hidden 3' '--shards=4 -- --shard 0/4'; do
    code=0
    "$sweep_script" $wrong 2>errors || code=$?
    [ $code -eq 2 ] || fail "slurm_sweep.sh $wrong ended with $code"
done

submit
first=$job
await 60 is_under_way || fail "the tasks do not come to a checkpoint"
scancel "${first}_0"
kill -s KILL "$(pgrep -f -- "--store $folder/study.db.shard-1-of-4")"
scontrol requeue "${first}_2"
scancel --batch --signal=USR1 "${first}_3" # as --signal does before a time limit
submit
grep -q "being made already, by the jobs $first $((first + 1))" said || fail "a sweep was submitted twice"
await 30 are_requeued || fail "three tasks should wait for another start: $(squeue --array)"
sleep 2 # slurmd refuses a start in the second of the end; Slurm itself waits two minutes
for id in $(requeued); do
    scontrol update JobId="$id" StartTime=now
done
await 120 all_end || fail "the jobs do not end: $(squeue)"

restarts() { scontrol show job "${first}_$1" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p'; }
for task in 0 1 2 3; do
    wanted=$((task > 0))
    [ "$(restarts $task)" -eq $wanted ] || fail "task $task: $(restarts $task) restarts, not $wanted"
done
grep -q 'ended with 137; the task is requeued' "slurm-${first}_1.out" || fail "no word of the killed task"
grep -q 'ended with 75; the task is requeued' "slurm-${first}_3.out" || fail "no word of the stopped task"
left=$(count study.db.shard-0-of-4 "trial WHERE status = 'pending'")
[ "$left" -gt 0 ] || fail "nothing was left of the cancelled task"
[ "$(count study.db "trial WHERE status = 'pending'")" -eq "$left" ] || fail "others than the cancelled task left trials"

submit # continues what was cancelled
await 120 all_end || fail "the jobs do not end: $(squeue)"
dump() {
    sqlite3 -readonly "$1" "
        SELECT name, value, fixed FROM study WHERE name <> 'shards' ORDER BY name;
        SELECT id, hidden, window, batch, init, quote(lr), quote(clip), seed, status, why,
            quote(loss), quote(validation_loss), quote(score), diverged_at, hash, version
            FROM trial ORDER BY id;
        SELECT trial, epoch, quote(loss) FROM curve ORDER BY trial, epoch;
        SELECT trial, hex(value) FROM parameters ORDER BY trial;
        SELECT 'checkpoint', trial FROM checkpoint;
        PRAGMA integrity_check;" >"$1.dump"
}
dump whole.db
dump study.db
cmp whole.db.dump study.db.dump || fail "$(diff whole.db.dump study.db.dump | cut -c 1-200 | head -n 20)"
submit # nothing is left to do
await 60 all_end || fail "the jobs do not end: $(squeue)"
dump study.db
cmp whole.db.dump study.db.dump || fail "a third run has changed the study"
[ "$(cat "slurm-${job}"_*.out | grep -c '^0 trials, 0 updates')" -eq 4 ] || fail "a third run has trained"
echo "killed, requeued, stopped and cancelled: $(count study.db trial) trials, $(wc -l <study.db.dump) rows: the same"
