#!/bin/sh
# windrow sweep --shard, windrow merge and --journal: shards of a grid that become one study.
. "$(dirname "$0")/lib.sh"
. "$expected/../studies.sh"

# dump FILE: prints a whole study with ids, but not who trained it and when.
dump() {
    sqlite3 "file:$1?mode=rw" "SELECT * FROM study WHERE name NOT IN ('windrow', 'shards') ORDER BY name;
        SELECT id, hidden, window, batch, init, lr, clip, seed, status, why, loss, validation_loss,
          score, diverged_at, hash FROM trial ORDER BY id;
        SELECT trial, epoch, loss FROM curve ORDER BY 1, 2;
        SELECT trial, hex(value) FROM parameters ORDER BY trial;
        SELECT count(*) FROM checkpoint"
}
# begins ARGUMENT...: starts windrow in the background; $pid is its process.
begins() {
    title="windrow $*"
    cases=$((cases + 1))
    : >out; : >err
    "$windrow" "$@" >out 2>err &
    pid=$!
}

# ---- shards ----

grid="--device cpu --length 40 --epochs 20 --hidden 2,4,8 --lr 1e-4,1e6 --clip 0 --seeds 0..3"
form="needs auto or i/N, the part i of N parts, 0 to N-1, such as 0/4"
for shard in 4/3 -1/3 +1/3 3 x /3 1/ 1/0 0/0 1/3x 1/3/4 ' 1/3' 1.0/3 0/4294967296 99999999999999999999/3; do
    refuses 2 "--shard $shard: $form" sweep $grid --shard "$shard"
done
refuses 2 "--shard: its value I/N is empty" sweep --shard ''
refuses_like 2 "--shard auto: this is no task of a Slurm array*" sweep --shard auto
echo 'shard = 0/3' >grid.conf
refuses 3 "grid.conf:1: --shard may stand on the command line alone" sweep --config grid.conf
rm grid.conf
only_files
# array ID MIN COUNT STEP ARGUMENT...: runs windrow as a task of a Slurm array.
array() {
    export SLURM_ARRAY_TASK_ID=$1 SLURM_ARRAY_TASK_MIN=$2 SLURM_ARRAY_TASK_COUNT=$3 \
        SLURM_ARRAY_TASK_STEP=$4
    shift 4
    run "$@"
    unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_STEP
}
array 5 0 3 1 sweep $grid --shard auto
exits 2
says_like "windrow: --shard auto: task 5 of an array of 3 *"
array 1 0 3 2 sweep $grid --shard auto
exits 2
array 7 1 3 3 sweep $grid --shard auto --store auto.db
exits 8
line out "grid      24 trials of 20 epochs"
line out "shard     2/3"

run sweep $grid --store whole.db --quiet
exits 8
# parts of about equal work: the more hidden units, the fewer trials
for shard in 0/3:11:1 1/3:8:12 2/3:5:20; do
    first=${shard##*:} shard=${shard%:*}
    count=${shard#*:} shard=${shard%:*}
    run sweep $grid --shard $shard --dry-run
    exits 0
    line out "trials     $count, of which $count are left"
    run sweep $grid --shard $shard --store s${shard%/3}.db --quiet
    exits 8
    gives s${shard%/3}.db "SELECT count(*), min(id), max(id) FROM trial" \
        "$count|$first|$((first + count - 1))"
done
same_study auto.db s2.db
run sweep $grid --shard 3/3 --store three.db --quiet # counted from 1
same_study three.db s0.db
refuses 3 "s0.db: another study: its trials have shard 0/3, not 1/3; name another file" \
    sweep $grid --shard 1/3 --store s0.db
rm auto.db three.db
run sweep $grid --shard 30/40 --store none.db --quiet # more shards than trials
exits 0
gives none.db "SELECT count(*) FROM trial" 0

# ---- all shards ----

refuses 2 "merge needs a STUDY: windrow merge STUDY STORE..." merge
refuses 2 "merge needs a STORE: windrow merge STUDY STORE..." merge study.db
refuses 2 "STORE is empty" merge study.db s0.db ''
refuses 2 "merge does not know what to do with '-q'; options start with --" merge study.db s0.db -q
refuses 2 "--keep best: needs all, none, or best:N with a whole number from 1 to 4294967295" \
    merge study.db s0.db --keep best
refuses 2 "--journal x: needs one of auto, wal, delete" merge study.db s0.db --journal x
absent study.db

mkdir before && cp s?.db before
run merge study.db s0.db s1.db s2.db
exits 0
says ''
line out "  trials   pending     taken  shard      store"
line out "       8         0         8  1/3        s1.db"
line out "study     study.db"
line out "trials    12 done, 12 diverged, 0 failed, 0 pending"
line out "grid      24 trials, of which 0 are in no store"
same_study study.db whole.db
gives study.db "SELECT value FROM study WHERE name = 'shards'" "0/3 1/3 2/3"
gives study.db "SELECT count(*) FROM trial WHERE device = 'cpu' AND seconds > 0" 24
# merged again, nothing changes, not even seconds
sqlite3 study.db .dump >first.sql
run merge study.db s0.db s1.db s2.db
exits 0
line out "       8         0         0  1/3        s1.db"
sqlite3 study.db .dump >second.sql
same first.sql second.sql
run merge study.db s1.db --json
exits 0
prints "$(head_of merge)"',"store":"study.db","trials":24,"done":12,"diverged":12,"failed":0,"pruned":0,"pending":0,"grid":24,"gap":0,"missing":[],"stores":[{"store":"s1.db","shard":"1/3","trials":8,"pending":0,"taken":0}]}'
# in any order
run merge order.db s2.db s0.db s1.db --quiet
exits 0
prints ''
says ''
same_study order.db whole.db
# stores are only read, and a sweep has nothing left to do
for shard in 0 1 2; do
    cmp -s before/s$shard.db s$shard.db || fail "s$shard.db was written"
done
run sweep $grid --store order.db --json
exits 8
grep -q '"pending":0,"ran":0,' out || fail "merged trials ran again"
rm -r before order.db first.sql second.sql

# ---- a store that fails: those before it are merged ----

cp s2.db damaged.db
sqlite3 damaged.db "PRAGMA journal_mode = DELETE; UPDATE parameters SET value = zeroblob(length(value))" >/dev/null
cp s1.db other.db
sqlite3 other.db "UPDATE study SET value = 1 WHERE name = 'epochs'"
printf 'no study' >text.db
for bad in damaged other text missing; do
    run merge kept.db s0.db s1.db $bad.db s2.db
    exits 3
    [ "$(grep -cE '^ +[0-9]+ +0 +[0-9]+ +[01]/3 +s[01].db$' out)" -eq 2 ] || fail "not two stores are told: $(cat out)"
    gives kept.db "SELECT count(*), count(hash) FROM trial" "$(sqlite3 s0.db "SELECT count(*) FROM trial" |
        sed "s/\$/ + $(sqlite3 s1.db "SELECT count(*) FROM trial")/" | sed 's/.*/SELECT &, &/' | sqlite3)"
    run merge kept.db s0.db s1.db --json
    exits 0
    grep -q '"missing":\["2/3"\]' out || fail "the shards are not known: $(cat out)"
    [ "$(grep -o '"taken":0' out | wc -l)" -eq 2 ] || fail "not merged: $(cat out)"
    run merge kept.db s2.db --quiet
    exits 0
    same_study kept.db whole.db
    rm kept.db
done
rm damaged.db other.db text.db

# ---- a missing shard, and overlapping ones ----

run merge gap.db s0.db s2.db none.db
exits 0
line out "trials    8 done, 8 diverged, 0 failed, 0 pending"
line out "grid      24 trials, of which 8 are in no store" # shards of 3 and of 40, so the missing ones are unknown
run merge gap.db s0.db --json
grep -q '"grid":24,"gap":8,"missing":\[\],' out || fail "no word of the gap"
rm gap.db
run merge gap.db s2.db s0.db
exits 0
line out "grid      24 trials, of which 8 are in no store; missing: 1/3"
run merge gap.db s0.db --json
grep -q '"grid":24,"gap":8,"missing":\["1/3"\],' out || fail "no word of the gap"
run merge gap.db s1.db
exits 0
line out "grid      24 trials, of which 0 are in no store"
same_study gap.db whole.db
rm gap.db none.db
run merge many.db s0.db
line out "grid      24 trials, of which 13 are in no store; missing: 1/3, 2/3"
rm many.db
run sweep $grid --shard 1/20 --store twenty.db --quiet
run merge many.db twenty.db
line out "grid      24 trials, of which 22 are in no store; missing: 0/20, 2/20, 3/20, 4/20, 5/20, 6/20, 7/20, 8/20 and 11 more"
rm many.db
run sweep $grid --shard 11/12 --store twelve.db --quiet
run merge many.db twelve.db --json
grep -q '"missing":\["0/12","1/12","2/12","3/12","4/12","5/12","6/12","7/12","8/12","9/12","10/12"\]' out ||
    fail "other shards are missing"
rm many.db twelve.db

run sweep $grid --shard 0/2 --store half.db --quiet
run merge overlap.db half.db s1.db whole.db s0.db twenty.db
exits 0
line out "      24         0         5  -          whole.db"
line out "      11         0         0  0/3        s0.db"
same_study overlap.db whole.db
run merge overlap.db *.db --json # a study is not merged into itself
exits 0
[ "$(grep -o '"taken":0' out | wc -l)" -eq "$(($(ls *.db | wc -l) - 1))" ] || fail "a store too many"
rm overlap.db half.db twenty.db
# into one of the shards
cp s0.db first.db
run merge first.db s1.db
line out "grid      24 trials, of which 5 are in no store; missing: 2/3"
run merge first.db s2.db
gives first.db "SELECT count(*) FROM trial WHERE status IN ('done', 'diverged')" 24
rm first.db

# ---- which parameters are kept ----

gives study.db "SELECT count(*) FROM parameters" 10
run merge keep.db s0.db s1.db s2.db --keep best:3 --quiet
gives keep.db "SELECT count(*), sum(trial IN (SELECT id FROM best LIMIT 3)) FROM parameters" "3|3"
run merge keep.db s0.db --keep none --quiet
gives keep.db "SELECT count(*) FROM parameters" 0
rm keep.db
for shard in 0 1; do
    run sweep $grid --shard $shard/2 --keep all --store all$shard.db --quiet
done
run merge all.db all0.db all1.db --quiet # as the first store does
gives all.db "SELECT count(*) FROM parameters" 12
run merge all.db s0.db --quiet # as the study does
gives all.db "SELECT count(*) FROM parameters" 12
gives all.db "SELECT value FROM study WHERE name = 'keep'" all
rm all.db all0.db all1.db

# ---- refused stores: what was merged before stays ----

# refuses_store CODE PATTERN FILE: merges s0.db, FILE, s1.db; checks that FILE is refused.
refuses_store() {
    rm -f part.db
    run merge part.db s0.db "$3" s1.db
    exits "$1"
    says_like "windrow: $2"
    line out "      11         0        11  0/3        s0.db"
    [ "$(wc -l <out)" -eq 2 ] || fail "more than the head and a row"
    gives part.db "SELECT count(*), min(status <> 'pending') FROM trial" "11|1"
    gives part.db "PRAGMA integrity_check" ok
    run merge part.db s0.db s1.db s2.db --quiet
    exits 0
    same_study part.db whole.db
    refuses_like "$1" "$2" merge none.db "$3"
}
echo 'no study' >bad.db
refuses_store 3 "bad.db: cannot *: this is no study; name another file" bad.db
: >bad.db
refuses_store 3 "bad.db: empty: there is no study in it" bad.db
refuses_store 3 "missing.db: cannot be opened: No such file or directory" missing.db
refuses_store 3 ".: a folder; a study is a file" .
rm -f bad.db
sqlite3 bad.db 'CREATE TABLE t (x)'
refuses_store 3 "bad.db: an SQLite file, but no study of Windrow's; name another file" bad.db
cp s2.db bad.db
size=$(stat -c %s bad.db)
tr '\0' 'x' </dev/zero | dd of=bad.db bs=1024 seek=$((size / 4096)) count=$((size / 2048)) conv=notrunc 2>/dev/null
refuses_store 3 "bad.db: cannot be *: database disk image is malformed: restore it from a copy, or name another file" bad.db
cp s2.db bad.db
truncate -s $((size / 2)) bad.db
refuses_store 3 "bad.db: cannot be *" bad.db
cp s2.db bad.db
sqlite3 bad.db 'PRAGMA user_version = 1000'
refuses_store 3 "bad.db: a study of a newer Windrow than this*" bad.db
cp whole.db none.db # to compare with
other="--device cpu --hidden 2,4,8 --clip 0 --shard 2/3 --quiet --store bad.db --fresh"
run sweep $other --length 40 --epochs 30
refuses_store 3 "bad.db*another study: its trials have epochs 20, not 30*" bad.db
run sweep $other --length 40 --epochs 20 --data-seed 1
refuses_store 3 "bad.db*another study: its trials have data *, not *" bad.db
run sweep $other --length 40 --epochs 20 --validate 0.5
refuses_store 3 "bad.db*another study: its trials have validate 0, not 0.5*" bad.db
cp s2.db bad.db
sqlite3 bad.db "UPDATE study SET value = '0' WHERE name = 'numerics'"
refuses_store 3 "bad.db*another study: its trials have numerics *, not 0*" bad.db
rm -f bad.db* none.db

# ---- one trial with two results ----

id=$(sqlite3 s0.db "SELECT min(id) FROM trial WHERE status = 'done'")
hash=$(sqlite3 s0.db "SELECT hash FROM trial WHERE id = $id")
cp s0.db wrong.db
sqlite3 wrong.db "UPDATE trial SET hash = '0123456789abcdef', device = 'opencl:7.0' WHERE id = $id"
rm -f part.db
run merge part.db s0.db wrong.db s1.db
exits 7
says "windrow: one trial has two results: trial $id of part.db, by cpu, is done with parameters $hash; trial $id of wrong.db, by opencl:7.0, is done with parameters 0123456789abcdef; verify both devices"
gives part.db "SELECT count(*), min(hash <> '0123456789abcdef') FROM trial" "11|1"
run merge part.db s1.db s2.db --quiet
exits 0
same_study part.db whole.db
for change in "loss = loss * 2" "status = 'diverged', score = NULL, diverged_at = 3"; do
    cp s0.db wrong.db
    sqlite3 wrong.db "UPDATE trial SET $change WHERE id = $id"
    refuses_like 7 "one trial has two results: trial $id of part.db, by cpu, *" merge part.db wrong.db
done
same_study part.db whole.db
rm wrong.db part.db whole.db s?.db study.db

# ---- killed, shown, merged, continued ----

long="--device cpu --threads 1 --length 40 --epochs $3 --hidden 2,5,9 --seeds 0..2 --checkpoint 0.1"
run sweep $long --store whole.db --quiet
exits 0
run sweep $long --shard 0/2 --store s0.db --quiet
exits 0
begins sweep $long --shard 1/2 --store s1.db
await s1.db "SELECT count(*) FROM checkpoint"
kill -s KILL $pid
wait $pid 2>/dev/null
run merge study.db s0.db s1.db
exits 0
line out "grid      9 trials, of which 0 are in no store"
gives study.db "SELECT count(*) > 0 FROM checkpoint" 1
gives study.db "SELECT count(*) > 0 FROM trial WHERE status = 'pending'" 1
cp study.db left.db
run sweep $long --store left.db --quiet # on one machine
exits 0
same_study left.db whole.db
run sweep $long --shard 1/2 --store s1.db --quiet # by its shard
exits 0
run merge study.db s0.db s1.db
exits 0
line out "trials    9 done, 0 diverged, 0 failed, 0 pending"
same_study study.db whole.db
rm left.db study.db s0.db s1.db

# ---- without a log, as on a network file system ----

export SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_COUNT=2
begins sweep $long --shard auto --store s0.db --journal delete
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_COUNT
await s0.db "SELECT count(*) FROM checkpoint"
for journal in auto wal delete; do
    refuses 6 "s0.db: locked: another process is writing it; wait until that ends, or name another file" \
        sweep $long --shard 0/2 --store s0.db --journal $journal
    refuses_like 6 "s0.db: locked: *" merge s0.db whole.db --journal $journal
done
refuses_like 6 "s0.db: locked: *" sweep $long --shard 0/2 --store s0.db --fresh
absent s0.db-wal s0.db-shm
run show s0.db
exits 0
grep -qE '^study +s0.db, 6 trials' out || fail "cannot be looked at"
run merge study.db s0.db --journal delete # merge what exists so far
exits 0
kill -s TERM $pid
code=0
wait $pid || code=$?
exits 75
grep -qF -e " --store s0.db --shard 0/2 --checkpoint 0.1 --journal delete" err ||
    fail "no command that goes on with this shard"
run sweep $long --shard 0/2 --store s0.db --journal delete --quiet
exits 0
run sweep $long --shard 1/2 --store s1.db --journal delete --quiet
exits 0
gives s0.db "PRAGMA journal_mode" delete
run merge study.db s1.db s0.db --journal delete --quiet
exits 0
gives study.db "PRAGMA journal_mode" delete
same_study study.db whole.db
run sweep $long --store study.db --quiet # with a log again
exits 0
gives study.db "PRAGMA journal_mode" wal
same_study study.db whole.db
only_files s0.db s1.db study.db whole.db
finish
