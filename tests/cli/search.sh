#!/bin/sh
# windrow sweep with samples, successive halving, budgets, known trials and events; windrow status. The
# third argument is a number of epochs that takes a process a second or more.
. "$(dirname "$0")/lib.sh"
. "$expected/../studies.sh"
tiny="--device cpu --threads 1 --length 40 --window 3 --hidden 2"
small="$tiny --epochs 27"
drawn="--lr log:1e-4..1e-1 --clip 0.5..2 --seeds 0..999"
forever="--store long.db --device cpu --threads 1 --hidden 20 --epochs 1000000000 --checkpoint 0.1"

# dump FILE: prints a whole study, but not who trained it and when.
dump() {
    sqlite3 "file:$1?mode=rw" "SELECT name, value, fixed FROM study WHERE name NOT IN ('windrow', 'keep', 'keep_before', 'shards')
          ORDER BY name;
        SELECT id, hidden, optimizer, quote(lr), quote(clip), seed, status, why, quote(loss),
          quote(validation_loss), quote(score), diverged_at, epochs, best_epoch, hash FROM trial ORDER BY id;
        SELECT trial, epoch, quote(loss) FROM curve ORDER BY 1, 2;
        SELECT trial, hex(value) FROM parameters ORDER BY trial;
        SELECT count(*) FROM checkpoint"
}
# plain FILE: checks that it has only printable ASCII and line ends.
plain() {
    [ -z "$(tr -d '\n\040-\176' <"$1")" ] || fail "control characters in $1: $(cat -v "$1" | head -n 3)"
}

# ---- samples ----

run sweep $small $drawn --sample 12 --keep all --store study.db
exits 0
line out "sample    12 trials of 27 epochs"
line out "trials    12 done, 0 diverged, 0 failed, 0 pending"
gives study.db "SELECT min(id) || '-' || max(id), count(DISTINCT lr) > 10, count(DISTINCT clip) > 10,
    min(lr) >= 1e-4, max(lr) <= 1e-1, min(clip) >= 0.5, max(clip) <= 2 FROM trial" "1-12|1|1|1|1|1|1"
sqlite3 study.db "SELECT id, lr, clip, seed, hash FROM trial ORDER BY id" >few
run sweep $small $drawn --sample 30 --keep all --store study.db --json
exits 0
grep -q '"trials":30,"done":30,.*"ran":18,' out || fail "not 18 more: $(cat out)"
sqlite3 study.db "SELECT id, lr, clip, seed, hash FROM trial WHERE id <= 12 ORDER BY id" >more
same few more
run sweep $small $drawn --sample 30 --keep all --store study.db --sample-seed 1 --json
grep -q '"trials":30,"done":30,.*"ran":30,' out || fail "another seed draws the same trials"
gives study.db "SELECT count(*) FROM trial" 60
run sweep $small --sample 50 --seeds 0..2 --store twice.db --json # drawn twice, trained once
exits 0
grep -q '"trials":3,"done":3,.*"ran":3,' out || fail "a trial is trained twice: $(cat out)"
run sweep $tiny --sample 40 --optimizer sgd,adam --beta1 0.5..0.9 --batch log:1..30 --epochs 2 --store both.db --quiet
exits 0
gives both.db "SELECT optimizer, count(DISTINCT beta1) > 5, min(beta2), count(*) > 5, count(DISTINCT batch) > 5
    FROM trial GROUP BY 1" "adam|1|0.999|1|1
sgd|0|0.0|1|1"
run show both.db
exits 0
grep -q '^ *beta1  trials ' out || fail "no table of 21 values"
run show study.db
line out "lr has more than 32 values; --by lr lists them"
rm few more twice.db both.db

range="is no range to draw from, A..B or log:A..B with A below B"
refuses_like 2 "--lr 1e-4..1e-1 is a range to draw from, which --sample N does; *" sweep $small --lr 1e-4..1e-1
refuses_like 2 "--lr log:1e-4..1 is a range to draw from, which --sample N does; *" sweep $small --lr log:1e-4..1
refuses 2 "--lr: 'log:0..1' $range, and above 0" sweep $small --sample 5 --lr log:0..1
refuses 2 "--lr: '1..0.1' $range" sweep $small --sample 5 --lr 1..0.1
refuses 2 "--lr: '1e-4..1e99' $range" sweep $small --sample 5 --lr 1e-4..1e99
refuses 2 "--lr: 'nan..1' $range" sweep $small --sample 5 --lr nan..1
refuses 2 "--lr: 'log:1..2,3' $range, and above 0" sweep $small --sample 5 --lr log:1..2,3
refuses_like 2 "--lr: the range '1..2' stands in a list, *" sweep $small --sample 5 --lr 1e-3,1..2
refuses_like 2 "--beta1*" sweep $small --sample 5 --optimizer adam --beta1 0.5..2
refuses 2 "--init log:1..2: needs one of notebook, pytorch, glorot, orthogonal" \
    sweep $small --sample 5 --init log:1..2
refuses 2 "--optimizer sgd..adam: needs one of sgd, momentum, rmsprop, adam" \
    sweep $small --sample 5 --optimizer sgd..adam
refuses 2 "--sample-seed goes with --sample" sweep $small --sample-seed 1
refuses 2 "--sample 0: needs a whole number from 1 to 4294967295" sweep $small --sample 0
refuses 2 "--sample 200000000: 100000000 trials are the most" sweep $small --sample 200000000

# ---- halving ----

halving="$small $drawn --sample 40 --halving 3 --bracket 20"
run sweep $halving --keep all --store halved.db
exits 0
line out "halving   the best 1/3 go on after 1, 3, 9 epochs, in brackets of 20"
line out "trials    2 done, 38 pruned, 0 diverged, 0 failed, 0 pending"
gives halved.db "SELECT status, epochs, count(*), count(score), count(hash) FROM trial GROUP BY 1, 2" "done|27|2|2|2
pruned|1|28|28|28
pruned|3|8|8|8
pruned|9|2|2|2"
gives halved.db "SELECT count(*) FROM parameters" 2
run show halved.db
exits 0
grep -qE '^study +halved.db, 40 trials: 2 done, 38 pruned; ' out || fail "no word of them"
run show halved.db --csv
[ "$(grep -c ',pruned,' out)" -eq 38 ] || fail "not 38 pruned trials"
refuses 3 "halved.db: trial 1 was pruned after 1 epochs, because others were better; parameters of such trials are not kept" \
    export halved.db --trial 1 --save x
run sweep $halving --keep all --store halved.db --json
grep -q '"done":2,.*"pruned":38,"pending":0,"ran":0,' out || fail "trained again"
another="halved.db: another study: halving makes its trials compete, so they stay the same, and are pruned in the same way; \
its halving is 3, 3 rungs, brackets of 20, trials *, not"
refuses_like 3 "$another 3, 2 rungs, *; name another file" sweep $halving --rungs 2 --store halved.db
refuses_like 3 "$another 3, 3 rungs, brackets of 20, trials *; name another file" \
    sweep $halving --sample-seed 1 --store halved.db
refuses_like 3 "$another *; name another file" \
    sweep $small $drawn --sample 40 --store halved.db
refuses_like 3 "study.db: another study: *halving*" sweep $halving --store study.db
refuses 2 "--rungs goes with --halving" sweep $small --rungs 2
refuses 2 "--bracket goes with --halving" sweep $small --bracket 20
refuses 2 "--halving 1: needs a whole number from 2 to 4294967295" sweep $small --halving 1
refuses 2 "--epochs 27 are too few for --rungs 4 of --halving 3: two rungs would be after 1 epochs" \
    sweep $small --seeds 0..9 --halving 3 --rungs 4
run sweep $small --seeds 0..19 --halving 2 --rungs 2 --store grid.db --json # of a grid too
exits 0
grep -q '"trials":20,"done":5,.*"pruned":15,"pending":0,"ran":20,' out || fail "not five are left: $(cat out)"
rm grid.db

# Three shards, which have whole brackets.
shards="$small $drawn --sample 40 --halving 3 --bracket 8 --keep all"
run sweep $shards --store whole.db --quiet
exits 0
for shard in 0 1 2; do
    run sweep $shards --shard $shard/3 --store s$shard.db --quiet
    exits 0
done
run merge merged.db s2.db s0.db s1.db --keep all --json
exits 0
grep -q '"trials":40,"done":5,.*"pruned":35,"pending":0,"grid":40,"gap":0,"missing":\[\]' out || fail "not whole: $(cat out)"
same_study merged.db whole.db

# ---- known trials ----

run merge known.db s0.db s2.db --keep all --quiet
exits 0
run sweep $shards --known known.db --store rest.db --json
exits 0
gives rest.db "SELECT count(*) FROM trial" "$(sqlite3 s1.db "SELECT count(*) FROM trial")"
run merge known.db rest.db --keep all --quiet
exits 0
same_study known.db whole.db
refuses_like 3 "whole.db: another study: its trials have epochs 27, not 54; *" \
    sweep $tiny --epochs 54 --known whole.db --store x.db
refuses 3 "none.db: cannot be opened: No such file or directory" sweep $small --known none.db --store x.db
refuses 2 "--store and --known name the same file, whole.db" sweep $shards --known whole.db --store whole.db
absent x.db none.db
rm s?.db rest.db known.db merged.db

# ---- a budget ----

budget="--device cpu --threads 1 --hidden 8,9 --seeds 0..1 --lr 1e-4,1e6 --clip 0 --checkpoint 0.1"
run sweep $budget --epochs $3 --keep all --store full.db --quiet
exits 8
run sweep $budget --epochs $3 --keep all --store part.db --budget 0.2
[ $code -eq 0 ] || exits 8 # some may have diverged by then
grep -qE '^windrow: the budget is used, with [0-9]+ of 8 trials left; this goes on:$' err || fail "no word of the budget: $(cat err)"
tail -n 1 err | grep -q "windrow sweep .* --budget 0.2 " || fail "no command"
grep -qE '^trials +[0-9]+ done, [0-9]+ diverged, 0 failed, [1-9][0-9]* pending$' out || fail "nothing is left"
run sweep $budget --epochs $3 --keep all --store part.db --quiet
exits 8
same_study part.db full.db
run sweep $tiny --epochs 1000000000 --store part0.db --budget 0.2 --json --quiet # the exit code of a budget alone
exits 0
line err "windrow: the budget is used, with 1 of 1 trials left; this goes on:"
grep -q '"pending":1,"ran":0,' out || fail "not pending"
refuses 2 "--budget 0: above 0 needed" sweep $small --budget 0
refuses_like 2 "--budget*" sweep $small --budget=-1
rm full.db part.db part0.db

# ---- events and status ----

run sweep $forever --budget 2.3 --json --fresh
exits 0
grep '^{' err >events
[ "$(wc -l <events)" -ge 1 ] || fail "no events"
[ "$(grep -c "^$(head_of sweep-event),\"pid\":[0-9]*,.*\"trials\":1,\"done\":0,.*}\$" events)" -eq "$(wc -l <events)" ] ||
    fail "events of another form: $(cat events)"
[ "$(wc -l <out)" -eq 1 ] || fail "more than an object on stdout"
run sweep $forever --budget 1.5 --json --quiet --fresh
exits 0
[ "$(grep -c '^{' err)" -eq 0 ] || fail "events in spite of --quiet"
run status long.db
exits 0
says ''
prints 'study     long.db
trials    0 done, 0 diverged, 0 failed, 1 pending
sweep     none is writing it'
run status long.db --json
exits 0
grep -q "^$(head_of status),\"store\":\"long.db\",\"trials\":1,.*\"pending\":1,.*,\"running\":false,\"sweep\":null}\$" out ||
    fail "JSON of another form: $(cat out)"

"$windrow" sweep $forever --quiet >sweep.out 2>sweep.err &
pid=$!
for try in $(seq 300); do
    run status long.db
    ! grep -q "^sweep     process $pid on " out || break
    sleep 0.1
done
exits 0
says ''
grep -qE "^sweep     process $pid on .+, cpu\$" out || fail "no process"
grep -qE "^so far    0 of 1 trials, [0-9]+ % of the work, after .+" out || fail "no word of how far"
grep -qE "^left      about .+, as told .+ ago\$" out || fail "no word of what is left"
run status long.db --json
grep -q "\"running\":true,\"sweep\":{.*\"schema\":\"windrow.sweep-event/1\",\"pid\":$pid," out || fail "no event: $(cat out)"
# What anybody may have written into the lock file. The writer stands still, so that it writes nothing over it.
kill -s STOP $pid
printf '{"pid":1,"host":"a\\u001b]0;b","devices":["c\\n",7],"trials":-3,"time":9e300,"fraction":"x"}' >long.db-lock
run status long.db
exits 0
plain out
grep -qF 'sweep     process 1 on a\x1b]0;b, c\x0a, ?' out || fail "not escaped: $(cat -v out)"
run status long.db --json
exits 0
plain out
for content in '' '[1]' 'nonsense' '{"pid":' '{"pid":"text","trials":{}}' '{"pid":1e999}'; do
    printf '%s' "$content" >long.db-lock
    run status long.db
    exits 0
    plain out
    [ "$(sed -n 3p out | cut -c 1-10)" = "sweep     " ] || fail "$content"
done
printf '\033]0;b\007\377\000x' >long.db-lock
run status long.db
exits 0
line out "sweep     one is writing it, which has just begun, or another program"
head -c 10000000 /dev/zero | tr '\0' '[' >long.db-lock
run status long.db
exits 0
line out "sweep     one is writing it, which has just begun, or another program"
kill -s KILL $pid
wait $pid 2>/dev/null || :
run status long.db # the killed writer has left its lock file
exits 0
line out "sweep     none is writing it"
rm long.db-lock

# nobody waits for what is no file
for make in mkfifo mkdir; do
    $make long.db-lock
    title="windrow status beside a lock file made by $make"
    cases=$((cases + 1))
    code=0
    timeout 20 "$windrow" status long.db >out 2>err || code=$?
    exits 0
    line out "sweep     none is writing it"
    rm -r long.db-lock
done
mkfifo pipe.db
title="windrow status of a pipe"
cases=$((cases + 1))
code=0
timeout 20 "$windrow" status pipe.db >out 2>err || code=$?
exits 3
rm -f long.db* pipe.db

run sweep $small --seeds 0..3 --store old.db --quiet
make_old old.db
cp old.db before.db
run status old.db
exits 0
line out "trials    4 done, 0 diverged, 0 failed, 0 pending"
cmp -s old.db before.db || fail "looking has written"
refuses 3 "none.db: cannot be opened: No such file or directory" status none.db
refuses_like 2 "status needs a STUDY*" status
finish
