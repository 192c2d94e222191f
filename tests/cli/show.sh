#!/bin/sh
# windrow show and windrow export: what they print of a study, and what they write.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3"; exit 77; }

hashes() {
    grep -o '"hash":"[0-9a-f]*"' out | cut -d '"' -f 4
}
# kept FILE [ARGUMENT...]: writes to out the hashes of the models in FILE, as windrow train reads
# it.
kept() {
    file=$1
    shift
    run train --device cpu --epochs 1 --lr 0 --init "$file" --json "$@"
    exits 0
    hashes >hashes && mv hashes out
}
# of STUDY TRIAL...: writes to wanted the hashes of the trials that the study has.
of() {
    file=$1
    shift
    for trial in "$@"; do
        sqlite3 "$file" "SELECT hash FROM trial WHERE id = $trial"
    done >wanted
}

# ---- a study with every kind of trial, with fixed times ----

run sweep --store study.db --device cpu --hidden 4,2 --lr 1e-3,1e-2,1e6 --clip 0 --batch all,7 \
    --seeds 0..2 --epochs 30 --validate 0.2 --keep best:5 --quiet
exits 8
sqlite3 study.db "UPDATE trial SET seconds = id / 8.0;
    CREATE TEMP TABLE more AS SELECT * FROM trial WHERE id = 1;
    UPDATE more SET id = NULL, batch = 1, init = 'pytorch', lr = 0.001, clip = 0.3, seed = 0,
        loss = NULL, validation_loss = NULL, score = NULL, epochs = NULL, hash = NULL,
        device = NULL, seconds = NULL, version = NULL;
    UPDATE more SET hidden = 4, status = 'failed', why = 'it needs 3 GiB, \"cpu\" has 2';
    INSERT INTO trial SELECT * FROM more;
    UPDATE more SET hidden = 8, status = 'pending', why = NULL;
    INSERT INTO trial SELECT * FROM more;"
run show study.db
exits 0
says ''
same out "$expected/show.txt"
for option in hidden window batch init lr clip seed optimizer beta1 weight_decay clip_by order \
    recency bias; do
    run show study.db --by $option
    exits 0
    cat out
done >by
same by "$expected/show-by.txt"
run show study.db --best 2 --json
exits 0
[ "$(wc -l <out)" -eq 1 ] || fail "more than a line"
sed -i 's/"windrow":"[^"]*"/"windrow":""/g' out
same out "$expected/show.json"
run show study.db --csv
exits 0
same out "$expected/show.csv"
run show study.db --csv --by batch
exits 0
same out "$expected/show-by.csv"
run show study.db --csv --best 3
exits 0
[ "$(wc -l <out)" -eq 4 ] || fail "not a head and three trials"
[ "$(sed -n 2p out | cut -d , -f 1)" = "$(sqlite3 study.db 'SELECT id FROM best LIMIT 1')" ] ||
    fail "not the best one first"

# The tables are those of the views.
run show study.db --csv --by lr
tail -n +2 out | cut -d , -f 1-6 >left
sqlite3 -csv study.db "SELECT lr, trials, done, diverged, failed, pruned FROM by_lr" |
    sed 's/1000000.0/1000000/' >right
same left right

# Without validation, and with a pending trial that has no results.
run sweep --store plain.db --device cpu --hidden 2 --epochs 3 --quiet
run show plain.db
exits 0
line out 'score     mean loss of a window in the last epoch'
run show plain.db --csv --best 1
[ "$(head -n 1 out | cut -d , -f 23)" = validation_loss ] || fail "another order of columns"
[ "$(tail -n 1 out | cut -d , -f 23)" = '' ] || fail "a validation loss without validation"
sqlite3 plain.db "UPDATE trial SET status = 'pending', score = NULL, loss = NULL, seconds = NULL;
    DELETE FROM parameters"
run show plain.db
exits 0
line out 'study     plain.db, 1 trial: 1 pending; 0.00 s of training'
line out '     2       1     0         0       0     -    -       -    -        -'

# ---- while a sweep writes it ----

"$windrow" sweep --store busy.db --device cpu --seeds 0..9999 --epochs 100000 --quiet >out 2>err &
pid=$!
for try in $(seq 600); do
    "$windrow" show busy.db >/dev/null 2>&1 && break
    sleep 0.1
done
for how in --json --csv "--by hidden"; do
    run show busy.db $how
    exits 0
done
kill -s KILL $pid
wait $pid 2>/dev/null
run show busy.db
exits 0

# ---- export ----

best=$(sqlite3 study.db 'SELECT id FROM best LIMIT 5')
first=$(echo "$best" | head -n 1)
run export study.db --trial "$first" --save one
exits 0
prints ''
says ''
kept one
of study.db $first
same out wanted
run export study.db --best 1 --save best
same best one
sizes=$(sqlite3 study.db "SELECT DISTINCT hidden FROM (SELECT hidden FROM best LIMIT 5)" | wc -l)
[ "$sizes" -eq 2 ] || fail "the case needs two hidden sizes among the five best"
hidden=$(sqlite3 study.db 'SELECT hidden FROM best LIMIT 1')
refuses_like 3 "study.db: the 5 best trials differ in hidden size ([24], [24]), and one file stacks models of one; try --hidden $hidden, or --by hidden for a file of each" \
    export study.db --best 5 --save five
stack=$(sqlite3 study.db "SELECT id FROM (SELECT id, hidden FROM best LIMIT 5) WHERE hidden = $hidden")
count=$(echo "$stack" | wc -l)
run export study.db --best "$count" --hidden "$hidden" --save stack
exits 0
kept stack --models "$count"
of study.db $stack
same out wanted
for key in windrow numerics trial window inputs targets scale seed epochs validate init lr clip \
    batch score hash; do
    head -c 3000 stack | grep -qaF "\"$key\":\"" || fail "no $key in the metadata"
done
absent five

# --by: a file for each value, the same as that of the value alone. 1e6 diverges.
run sweep --device cpu --hidden 2,3 --lr 1e-3,1e-2,1e6 --clip 0 --seeds 0..3 --epochs 5 --keep all --store by.db --quiet
run export by.db --best 3 --by hidden --save ./each.v.safetensors
exits 0
prints ''
says ''
for size in 2 3; do
    run export by.db --best 3 --hidden $size --save alone
    same each.v-$size.safetensors alone
done
absent each.v.safetensors each.v-4.safetensors
run export by.db --best 2 --hidden 3 --by lr --save each
exits 0
says 'no trial of lr 1000000 is done: no file'
absent each each-1000000
for lr in 0.001 0.01; do
    head -c 3000 "each-$lr" | grep -qaF "\"lr\":\"$lr\"" || fail "each-$lr has another rate"
done
run sweep --device cpu --hidden 2 --optimizer sgd,adam --beta1 0,0.9 --seeds 0..1 --epochs 5 --keep all --store rules.db --quiet
run export rules.db --best 2 --by beta1 --save rules # trials of sgd, which have no beta1, are in neither
exits 0
refuses 3 "rules.db: only 2 trials of beta1 0 are done; try --best 2" export rules.db --best 3 --by beta1 --save no
rm rules-0 rules-0.9
refuses 3 "by.db: only 8 trials of hidden 2 are done; try --best 8" export by.db --best 9 --by hidden --save no
refuses_like 3 "by.db: the 8 best trials differ in hidden size ([23], [23]), and one file stacks models of one; try --hidden [23]" \
    export by.db --best 8 --by clip --save no
refuses_like 2 "--by score: *" export by.db --best 1 --by score --save no
refuses 2 "--trial and --by exclude each other" export by.db --trial 1 --by lr --save no
refuses 2 "export needs --trial K or --best N" export by.db --by lr --save no
absent no no-2 no-0

# windrow train trains a trial whose parameters were not kept again to the same bits.
# again STUDY TRIAL [ARGUMENT...]: runs the command that export prints. The arguments are for kept.
again() {
    study=$1 trial=$2
    shift 2
    refuses_like 3 "$study: the parameters of trial $trial were not kept (windrow sweep --keep all does); this trains it again, to the same bits: windrow train * --save again" \
        export "$study" --trial "$trial" --save again
    sed 's/.*same bits: windrow //' err >arguments
    eval "run $(cat arguments) --device cpu --quiet"
    exits 0
    kept again "$@"
    of "$study" "$trial"
    same out wanted
}
again study.db "$(sqlite3 study.db "SELECT id FROM best LIMIT -1 OFFSET 20" | head -n 1)"
cat >'a series.csv' <<'END'
day,"a, b",it's
1,1.5,10
2,2.5,-10
3,1.0,20
4,3.5,-20
5,0.5,30
6,4.5,-30
7,0.25,40
8,5.5,-40
9,0.125,50
10,6.5,-50
END
columns="--data 'a series.csv' --inputs '\"it'\\''s\",\"a, b\"' --target '\"a, b\",3' --scale standard"
small="--device cpu --window 3 --hidden 3 --batch 2 --clip 0.3 --lr 0.003 --init pytorch --seeds 5"
eval "run sweep $columns $small --epochs 20 --keep none --store csv.db --quiet"
exits 0
eval "again csv.db 1 $columns"
eval "run sweep $columns $small --epochs 20 --keep all --store all.db --quiet"
run export all.db --trial 1 --save kept
eval "kept kept $columns"
of all.db 1
same out wanted
# The metadata of windrow export describe the data as those of windrow train do.
told() {
    tr '{}' '\n\n' <"$1" | grep -a '"numerics":' | tr , '\n' |
        sed -nE '/^"(inputs|input_means|input_deviations|target_means|target_deviations|scale)"/,/"$/p'
}
told kept >left
told again >right
[ "$(wc -l <left)" -ge 6 ] || fail "no scale in the metadata"
same left right
run sweep --store scaled.db $small --epochs 20 --validate 0.33 --length 50 --data-seed 3 \
    --scale standard --keep none --quiet
again scaled.db 1
eval "run sweep $columns $small --epochs 20 --validate 0.2 --keep none --store held.db --quiet"
eval "again held.db 1 $columns"
grep -q -e ' --hold-out 0.2 ' arguments || fail "no rows are held out"
eval "run sweep $columns $small --epochs 20 --validate 0.2 --keep all --store all-held.db --quiet"
run export all-held.db --trial 1 --save kept
told kept >left
told again >right
same left right
sqlite3 held.db "UPDATE study SET value = '0' WHERE name = 'numerics'"
refuses 3 "held.db: the parameters of trial 1 were not kept; sweep another study with --keep all" \
    export held.db --trial 1 --save again

# ---- errors ----

refuses 2 "show needs a STUDY: windrow show STUDY" show
refuses 2 "export needs --trial K or --best N" export study.db --save x
refuses 2 "export needs --save FILE" export study.db --trial 1
refuses 2 "--trial and --best exclude each other" export study.db --trial 1 --best 1 --save x
refuses 2 "--trial and --hidden exclude each other" export study.db --trial 1 --hidden 1 --save x
refuses 2 "--csv and --json exclude each other" show study.db --csv --json
refuses 2 "--by epochs: needs one of hidden, window, batch, init, lr, clip, seed, optimizer, momentum, beta1, beta2, epsilon, weight_decay, clip_by, lr_decay, order, recency, activation, bias" \
    show study.db --by epochs
for command in "show" "export --best 1 --save x"; do
    refuses_like 3 "missing.db: *No such file*" $command missing.db
    refuses_like 3 "two.csv: *" $command two.csv
done
absent missing.db
refuses 3 "study.db has no trial 999: it has 38, which windrow show study.db --csv lists" \
    export study.db --trial 999 --save x
diverged=$(sqlite3 study.db 'SELECT id FROM diverged LIMIT 1')
refuses_like 3 "study.db: trial $diverged diverged in epoch [0-9]; parameters of such trials are not kept" \
    export study.db --trial "$diverged" --save x
refuses 3 'study.db: trial 37 could not be trained: it needs 3 GiB, "cpu" has 2' \
    export study.db --trial 37 --save x
refuses 3 "study.db: trial 38 is not done yet" export study.db --trial 38 --save x
refuses 3 "study.db: no trial of hidden size 7 is done" \
    export study.db --best 1 --hidden 7 --save x
refuses 3 "study.db: only 12 trials of hidden size 2 are done; try --best 12" \
    export study.db --best 13 --hidden 2 --save x
# Of a stack of one hidden size, what must be kept is more than the stack: the ranks of both sizes count.
rank=$(sqlite3 study.db "SELECT max(rank) FROM (SELECT row_number() OVER () AS rank, hidden FROM best)
    WHERE hidden = $hidden")
[ "$rank" -gt 12 ] || fail "the case needs a trial of another hidden size before the last one"
refuses 3 "study.db: the parameters of $count of these trials were kept, those of trial $(sqlite3 study.db \
    "SELECT id FROM best WHERE hidden = $hidden LIMIT 1 OFFSET $count") were not; try --best $count, or sweep another study with --keep best:$rank" \
    export study.db --best 12 --hidden "$hidden" --save x
run export study.db --best "$count" --hidden "$hidden" --save advised
same advised stack
for keep in none "best:$((rank - 1))" "best:$rank"; do
    rm -f kept.db
    run sweep --store kept.db --device cpu --hidden 4,2 --lr 1e-3,1e-2,1e6 --clip 0 --batch all,7 \
        --seeds 0..2 --epochs 30 --validate 0.2 --keep "$keep" --quiet
    exits 8
    case $keep in
    none)
        refuses 3 "kept.db: the parameters of these trials were not kept; sweep another study with --keep best:$rank" \
            export kept.db --best 12 --hidden "$hidden" --save x
        ;;
    "best:$rank")
        run export kept.db --best 12 --hidden "$hidden" --save dozen
        exits 0
        kept dozen --models 12
        of kept.db $(sqlite3 kept.db "SELECT id FROM best WHERE hidden = $hidden")
        same out wanted
        ;;
    *)
        refuses_like 3 "*try --best 11, or sweep another study with --keep best:$rank" \
            export kept.db --best 12 --hidden "$hidden" --save x
        ;;
    esac
done
refuses_like 6 "*missing/x*No such file*" export study.db --best 1 --save missing/x
absent x
# A study of one epoch is complete without checkpoints, because its trials cannot have any.
run sweep --store once.db --hidden 2 --seeds 0..2 --epochs 1 --keep all --device cpu --quiet
exits 0
for command in "show once.db" "export once.db --trial 1 --save once.safetensors" "merge whole-once.db once.db" \
    "sweep --store once.db --hidden 2 --seeds 0..3 --epochs 1 --keep all --device cpu --quiet"; do
    run $command
    exits 0
done
finish
