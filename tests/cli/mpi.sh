#!/bin/sh
# windrow sweep under mpirun: the ranks together leave the study that one process leaves, also if
# ranks are killed or stopped, and as many, more or fewer ranks continue. The third argument is a
# number of epochs that takes a process a second or more, or none.
[ "$3" != none ] || { echo "skipped: built without MPI"; exit 77; }
for tool in mpirun sqlite3; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
mpirun --version 2>/dev/null | grep -q "Open MPI" || { echo "skipped: no Open MPI"; exit 77; }
. "$(dirname "$0")/lib.sh"
# Open MPI does not free all memory at its end. Its plugins are unloaded then, so no suppression can
# name them.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# Fifteen shapes, trained one after the other, some for each of three ranks. The higher learning
# rate diverges.
grid="--device cpu --hidden 10..24 --lr 1e-4,1e6 --clip 0 --seeds 0..3 --validate 0.2 --epochs $3 --checkpoint 0.1"
trials=120

# start N ARGUMENT...: starts N ranks of windrow sweep in the background. mpirun is $pid, rank R is
# in pid.R.
start() {
    ranks=$1
    shift
    title="mpirun -n $ranks windrow sweep $*"
    cases=$((cases + 1))
    rm -f pid.*
    mpirun --oversubscribe --allow-run-as-root -n "$ranks" \
        sh -c 'echo $$ >pid.$OMPI_COMM_WORLD_RANK; exec "$0" sweep "$@"' "$windrow" "$@" >out 2>err &
    pid=$!
}
# end: waits for mpirun and its ranks; $code is mpirun's exit code.
end() {
    code=0
    wait $pid || code=$?
    for file in pid.*; do
        timeout 60 tail --pid "$(cat "$file")" -f /dev/null || fail "$file does not end"
    done
}
# ended FILE...: prints how many trials have ended in these studies together.
ended() {
    sum=0
    for file in "$@"; do
        found=$(sqlite3 "file:$file?mode=rw" "SELECT count(*) FROM trial WHERE status IN ('done', 'diverged')" 2>/dev/null)
        sum=$((sum + ${found:-0}))
    done
    echo $sum
}
# await_ended STORE: waits until each of three ranks has ended a trial, for at most a minute.
await_ended() {
    for try in $(seq 600); do
        waits=
        for shard in 0 1 2; do
            [ "$(ended "$1.shard-$shard-of-3")" -gt 0 ] || waits=$shard
        done
        [ -n "$waits" ] || return 0
        sleep 0.05
    done
    fail "no trial ended"
}
# ran N: checks that N trials ended in a run with --json.
ran() {
    grep -q "\"trials\":$trials,.*\"pending\":0,\"ran\":$1," out || fail "not $1 trials ran"
}
# Prints a whole study, but not who trained it and how fast.
dump() {
    sqlite3 "file:$1?mode=rw" "SELECT name, value, fixed FROM study ORDER BY name;
        SELECT id, hidden, window, batch, init, quote(lr), quote(clip), seed, status, why,
          quote(loss), quote(validation_loss), quote(score), diverged_at, hash, version
          FROM trial ORDER BY id;
        SELECT trial, epoch, quote(loss) FROM curve ORDER BY trial, epoch;
        SELECT trial, hex(value) FROM parameters ORDER BY trial;
        SELECT 'checkpoint', trial FROM checkpoint; PRAGMA integrity_check"
}
# same_study FILE: checks that the study is that of one process, and that no shard's store is left.
same_study() {
    dump "$1" >left
    [ -s left ] || fail "an empty dump of $1"
    same left whole.dump
    for file in "$1".shard-*; do
        [ ! -e "$file" ] || fail "$file is left"
    done
    rm -f left
}

run sweep $grid --store whole.db --quiet
exits 8 # because trials diverged
dump whole.db >whole.dump

# ---- undisturbed ranks ----

start 3 $grid --store mpi.db
end
exits 8
line out "trials    60 done, 60 diverged, 0 failed, 0 pending"
line err "windrow: 60 of 120 trials diverged; a smaller --lr or --clip may help"
grep -q "^ranks     3 on 1 node" err || fail "no word of the ranks"
[ "$(grep -c '^grid ' out)" -eq 1 ] || fail "not one rank speaks"
same_study mpi.db
start 2 $grid --store mpi.db --json
end
exits 8
ran 0
same_study mpi.db

# ---- a rank is killed: mpirun ends the others ----

# As many ranks continue, fewer ranks, and more.
for others in 3 2 4; do
    start 3 $grid --store killed.db
    await_ended killed.db
    kill -s KILL "$(cat pid.1)"
    end
    exits 137
    known=$(ended killed.db.shard-*-of-3)
    [ "$known" -lt $trials ] || fail "it was over too soon"
    start $others $grid --store killed.db --json
    end
    exits 8
    ran $((trials - known))
    same_study killed.db
    rm killed.db
done

# ---- stopped ----

# One rank gets a signal. All ranks end, and mpirun ends with rank 0's exit code.
for rank in 0 2; do
    start 3 $grid --store 'a study.db'
    await_ended 'a study.db'
    if [ $rank = 0 ]; then
        code=0
        "$windrow" sweep $grid --store 'a study.db' >other.out 2>other.err || code=$?
        exits 6
        rm other.out other.err
    fi
    kill -s TERM "$(cat pid.$rank)"
    end
    exits 75
    left=0
    for shard in 0 1; do
        left=$((left + $(sqlite3 "a study.db.shard-$shard-of-3" "SELECT count(*) FROM trial WHERE status = 'pending'")))
    done
    [ $left -gt 0 ] || fail "rank $rank stopped alone"
    known=$(ended 'a study.db')
    grep -qx "windrow: stopped, with $((trials - known)) of $trials trials left; this goes on:" err ||
        fail "no word of what is left"
    grep "^mpirun -n 3 .* --store 'a study.db'" err >again.sh || fail "no command that goes on"
    sed 's/^mpirun/& --oversubscribe --allow-run-as-root/; s/$/ --json/' again.sh >now.sh
    title="the command that goes on"
    code=0
    sh now.sh >out 2>err || code=$?
    exits 8
    ran $((trials - known))
    same_study 'a study.db'
    rm again.sh now.sh 'a study.db'
done

# mpirun gets a signal. It passes SIGTERM on, kills the ranks that remain after a second, and ends
# with 1 in any case.
start 3 $grid --store stopped.db
await_ended stopped.db
kill -s TERM $pid
end
exits 1
known=$(ended stopped.db.shard-*-of-3)
start 3 $grid --store stopped.db --json
end
exits 8
ran $((trials - known))
same_study stopped.db

# ---- --fresh also renames what ranks have left ----

start 3 $grid --store fresh.db
await_ended fresh.db
kill -s KILL "$(cat pid.2)"
end
known=$(ended fresh.db.shard-*-of-3)
whole=$(ended fresh.db) # rank 0 may have merged all, and begun to remove the shards' stores
[ "$whole" -le "$known" ] || known=$whole
start 2 $grid --store fresh.db --fresh --journal delete --json
end
exits 8
ran $trials
same_study fresh.db
[ "$(ended fresh.db.1)" -eq "$known" ] || fail "fresh.db.1 has not what ranks have left"

# ---- events, and windrow status, of all ranks ----

start 3 --device cpu --hidden 2..4 --epochs 1000000000 --checkpoint 0.1 --store told.db --budget 4 --json
for try in $(seq 100); do
    "$windrow" status told.db >told 2>&1 || :
    ! grep -q "^sweep     process $(cat pid.0 2>/dev/null) on " told || break
    sleep 0.1
done
grep -q "^sweep     process $(cat pid.0 2>/dev/null) on " told || fail "no process: $(cat told)"
grep -q "^so far    0 of 3 trials, " told || fail "not the trials of all ranks: $(cat told)"
end
exits 0
grep '^{' err >told || fail "no events"
grep -vqE '"schema":"windrow.sweep-event/1","pid":[0-9]+,.*"trials":3,"done":0,' told && fail "other events: $(cat told)"
grep -q '"trials":3,"done":0,.*"pending":3,' out || fail "not pending: $(cat out)"
rm told.db* told

# ---- errors are printed once ----

# refused CODE TEXT ARGUMENT...
refused() {
    wanted=$1 text=$2
    shift 2
    start 3 "$@"
    end
    exits "$wanted"
    [ "$(grep -cF "windrow: $text" err)" -eq 1 ] || fail "stderr has not, once: $text"
    prints ''
}
refused 2 "--device gpu: expected auto" --device gpu
refused 2 "--shard and an MPI launcher exclude each other" $grid --shard 0/3 --store none.db
refused 3 "missing.csv: cannot be opened" --data missing.csv --store none.db
refused 3 "mpi.db: another study" --device cpu --store mpi.db
refused 6 "none/none.db: cannot be opened" --device cpu --store none/none.db
mkdir one.db.shard-1-of-3
refused 3 "one.db.shard-1-of-3: a folder" --device cpu --store one.db
rmdir one.db.shard-1-of-3
mkdir one.db.shard-1-of-3-lock
refused 6 "rank 1 on $(uname -n): one.db.shard-1-of-3: cannot be locked" --device cpu --store one.db
absent none.db
start 3 $grid --store none.db --dry-run
end
exits 0
[ "$(grep -c '^trials     120, of which 120 are left' out)" -eq 1 ] || fail "not one rank tells the plan"
absent none.db
finish
