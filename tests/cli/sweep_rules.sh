#!/bin/sh
# windrow sweep over learning rules, with a loss and with early stopping; and that windrow export
# names, for a trial whose parameters were not kept, a command that gives them again.
. "$(dirname "$0")/lib.sh"
. "$expected/../studies.sh"
tiny="--device cpu --threads 1 --length 40 --window 3 --hidden 2"
small="$tiny --epochs 8"

# dump FILE: prints a whole study, but not who trained it and when.
dump() {
    sqlite3 "file:$1?mode=rw" "SELECT * FROM study WHERE name NOT IN ('windrow', 'shards', 'keep', 'keep_before') ORDER BY name;
        SELECT id, hidden, window, batch, init, lr, clip, seed, optimizer, momentum, beta1, beta2,
          epsilon, weight_decay, clip_by, lr_decay, \"order\", recency, activation, bias, status,
          why, loss, validation_loss, score, diverged_at, epochs, best_epoch, hash
          FROM trial ORDER BY id;
        SELECT trial, epoch, loss FROM curve ORDER BY 1, 2;
        SELECT count(*) FROM checkpoint"
}

# ---- how many trials ----

# trials N OPTION...: checks that the lists give N trials.
trials() {
    wanted=$1
    shift
    run sweep $small "$@" --dry-run
    exits 0
    says ''
    line out "trials     $wanted, of which $wanted are left"
}
trials 1
trials 6 --optimizer sgd,adam --beta1 0.8,0.9 --weight-decay 0,0.01
trials 2 --optimizer sgd,adam,sgd,adam
trials 3 --optimizer sgd,momentum --momentum 0,0.9
trials 7 --optimizer sgd,rmsprop,adam --beta2 0.9,0.99 --epsilon 1e-8 --beta1 0.5,0.9
trials 5 --order sequential,shuffled,recent --recency 1..3
trials 9 --activation tanh,relu,identity --bias both,none,head
trials 12 --clip-by value,norm --lr-decay constant,linear,cosine --seeds 0..1
trials 16 --init notebook,pytorch,glorot,orthogonal --optimizer adam --beta2 0.9,0.99,0.999,0.99,0.5

# ---- errors ----

refuses 2 "--beta1 goes with --optimizer adam, found --optimizer sgd" sweep $small --beta1 0.9
refuses 2 "--beta1 goes with --optimizer adam, found --optimizer sgd,momentum" \
    sweep $small --beta1 0.9 --optimizer sgd,momentum
refuses 2 "--beta2 goes with --optimizer rmsprop or adam, found --optimizer momentum" \
    sweep $small --beta2 0.9 --optimizer momentum
refuses 2 "--momentum goes with --optimizer momentum, found --optimizer adam" \
    sweep $small --momentum 0.9 --optimizer adam
refuses 2 "--recency goes with --order recent, found --order sequential" sweep $small --recency 3
refuses 2 "--tau goes with --loss quantile, found --loss mse" sweep $small --tau 0.9
refuses 2 "--huber-delta goes with --loss huber, found --loss mae" \
    sweep $small --loss mae --huber-delta 2
refuses_like 2 "--patience *--validate*" sweep $small --patience 2
refuses_like 2 "--validate-every *--validate*" sweep $small --validate-every 2
refuses_like 2 "--optimizer lion: needs one of sgd, momentum, rmsprop, adam" \
    sweep $small --optimizer sgd,lion
refuses_like 2 "--bias some: needs one of both, hidden, head, none" sweep $small --bias some
refuses_like 2 "--beta1 1*" sweep $small --optimizer adam --beta1 0.5,1
refuses_like 2 "--recency *" sweep $small --order recent --recency 5
refuses_like 2 "--weight-decay: '-1' is no number *" sweep $small --weight-decay=-1
refuses_like 2 "--tau 1*" sweep $small --loss quantile --tau 1
refuses_like 2 "the grid has *, and there are 6 learning rules; 100000000 trials are the most" \
    sweep --optimizer sgd,adam --beta1 0.8,0.9 --weight-decay 0,0.01 --hidden 1..1000 --seeds 0..999999
refuses_like 2 "the lists give more than 1000000 learning rules*" sweep --optimizer adam \
    --beta1 0..0.99:0.001 --beta2 0..0.99:0.001 --weight-decay 0..3:0.5
absent study.db

# ---- a study, and what it refuses ----

rules="$tiny --scale standard --optimizer sgd,momentum,rmsprop,adam --beta1 0.8,0.9 --weight-decay 0,0.01
    --order sequential,recent --lr-decay constant,cosine --init glorot --clip-by norm"
stopping="--validate 0.25 --patience 2 --validate-every 1"
whole="$rules $stopping --lr 0.002 --store study.db"
run sweep $whole --epochs 30 --keep all --json
exits 0
grep -q '"trials":40,"done":40,"diverged":0,' out || fail "not 40 trials"
gives study.db "SELECT count(*) FROM trial WHERE optimizer = 'adam' AND beta1 > 0" 16
gives study.db "SELECT count(*) FROM trial WHERE optimizer <> 'adam' AND beta1 > 0" 0
gives study.db "SELECT sum(epochs < 30) > 0, sum(epochs = 30) > 0, sum(best_epoch > epochs) FROM best" \
    "1|1|0"
another="study.db: another study: its trials have"
refuses 3 "$another loss mse, not mae; name another file" sweep $whole --epochs 30 --loss mae
refuses 3 "$another epochs 30, not 31; name another file" sweep $whole --epochs 31
whole3="$rules --lr 0.002 --store study.db --epochs 30 --validate 0.25"
refuses 3 "$another patience 2, not 3; name another file" \
    sweep $whole3 --validate-every 1 --patience 3
refuses 3 "$another validate-every 1, not 2; name another file" \
    sweep $whole3 --validate-every 2 --patience 2
refuses 3 "$another validate-every 1, not 0; name another file" sweep $whole3
run sweep $whole --epochs 30 --keep all --json
exits 0
grep -q '"ran":0,' out || fail "trained twice"

run show study.db
exits 0
line out "stopping  after 2 validations without a new best, one after each epoch"
grep -q '^training  30 epochs, hidden 2, window 3, batch 1, init glorot, lr 0.002, clip 1, clip_by norm$' out ||
    fail "other options that all share"
grep -q '^optimizer  trials  done  diverged  failed ' out || fail "no table of optimizers"
grep -q '^beta1  trials ' out || fail "no table of beta1"
run show study.db --by optimizer --csv
[ "$(cut -d , -f 1-2 out | tr '\n' ' ')" = "optimizer,trials adam,16 momentum,8 rmsprop,8 sgd,8 " ] ||
    fail "other groups"

# A sweep in two shards, and one that begins old.
for shard in 0 1; do
    run sweep $rules $stopping --lr 0.002 --epochs 30 --shard $shard/2 --store s$shard.db --quiet
    exits 0
done
run merge merged.db s1.db s0.db --keep all --quiet
exits 0
same_study merged.db study.db
run sweep $small --seeds 0..3 --store old.db --quiet
exits 0
cp old.db new.db
make_old old.db
run sweep $small --seeds 0..5 --optimizer sgd,adam --store old.db --quiet
exits 0
run sweep $small --seeds 0..5 --optimizer sgd,adam --store new.db --quiet
exits 0
same_study old.db new.db
rm s0.db s1.db merged.db old.db new.db

# ---- what export names gives the same bits ----

# again STUDY: runs the commands that export names for a sample of trials.
again() {
    for trial in $(sqlite3 "$1" "SELECT id FROM trial WHERE status = 'done' AND id % $2 = 1"); do
        refuses_like 3 "$1: the parameters of trial $trial were not kept (windrow sweep --keep all does); this trains it again, to the same bits: windrow train * --save again" \
            export "$1" --trial "$trial" --save again
        sed 's/.*same bits: windrow //' err >arguments
        eval "run $(cat arguments) --device cpu --quiet --json"
        exits 0
        hash=$(sqlite3 "$1" "SELECT hash FROM trial WHERE id = $trial")
        grep -q "\"hash\":\"$hash\"" out || fail "trial $trial of $1 has $hash"
    done
}
run sweep $rules $stopping --lr 0.002 --epochs 30 --keep none --store early.db --quiet
exits 0
again early.db 3
run sweep $rules --epochs 8 --lr 0.002 --keep none --store late.db --quiet
exits 0
again late.db 3
run sweep $rules --epochs 8 --validate 0.25 --lr 0.002 --keep none --store held.db --quiet
exits 0
again held.db 7
run sweep $small $stopping --loss quantile --tau 0.9 --optimizer adam --activation relu,identity \
    --bias none,hidden --scale standard --keep none --store quantile.db --quiet
exits 0
again quantile.db 1
run show quantile.db
grep -q '^training .*, loss quantile 0.9$' out || fail "no word of the loss"
for loss in mae "huber --huber-delta 0.5" huber quantile; do
    run sweep $small --loss $loss --optimizer momentum --momentum 0.5 --lr 0.01 --batch 5 \
        --order recent --recency 1,4 --clip 0 --keep none --store "loss.db" --fresh --quiet
    exits 0
    again loss.db 1
done
awk 'BEGIN { print "a,b"; for (i = 0; i < 30; i++) print i % 7 ",", i * i % 11 }' >two.csv
run sweep --data two.csv --inputs a,b --target b --scale standard --device cpu --window 3 --hidden 3 \
    --epochs 8 $stopping --optimizer adam --loss mae --keep none --store csv.db --quiet
exits 0
again csv.db 1

# ---- what export saves ----

run export study.db --trial 40 --save one.safetensors
exits 0
for key in '"optimizer":"adam"' '"beta1":"0.9"' '"weight-decay":"0.01"' '"clip-by":"norm"' '"order":"recent"' \
    '"init":"glorot"' '"lr-decay":"cosine"'; do
    grep -aqF "$key" one.safetensors || fail "no $key in the metadata"
done
run export study.db --best 3 --save three.safetensors
exits 0
run sweep $small --bias both,none --store bias.db --quiet --keep all
exits 0
refuses_like 3 "bias.db: the best trials [12] and [12] differ in bias (*, *), which is the same for all models of a file; try --best 1" \
    export bias.db --best 2 --save x
absent x

# ---- pruned trials ----

sqlite3 study.db "UPDATE trial SET status = 'pruned', score = NULL, epochs = 5 WHERE id IN (3, 4);
    DELETE FROM parameters WHERE trial IN (3, 4)"
run show study.db
exits 0
grep -qE '^study +study.db, 40 trials: 38 done, 2 pruned; ' out || fail "no word of them"
grep -qE '^hidden  trials  done  diverged  failed  pruned ' out || fail "no column of them"
run show study.db --json
grep -q '"failed":0,"pruned":2,"pending":0' out || fail "not two pruned trials"
refuses 3 "study.db: trial 3 was pruned after 5 epochs, because others were better; parameters of such trials are not kept" \
    export study.db --trial 3 --save x
run sweep $whole --epochs 30 --keep all --json
exits 0
grep -q '"ran":0,' out || fail "pruned trials are trained again"
finish
