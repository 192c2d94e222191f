#!/bin/sh
# windrow sweep: the study that it leaves, how it continues, and errors.
. "$(dirname "$0")/lib.sh"
. "$expected/../studies.sh"
most=4294967295

# dump FILE: prints a whole study, but not who trained it and when.
dump() {
    sqlite3 "file:$1?mode=rw" "SELECT * FROM study WHERE name <> 'windrow' ORDER BY name;
        SELECT hidden, window, batch, init, lr, clip, seed, status, why, loss, validation_loss,
          score, diverged_at, hash FROM trial ORDER BY 1, 2, 3, 4, 5, 6, 7;
        SELECT hidden, window, batch, init, lr, clip, seed, epoch, curve.loss
          FROM curve JOIN trial ON trial = id ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT hidden, window, batch, init, lr, clip, seed, hex(value)
          FROM parameters JOIN trial ON trial = id ORDER BY 1, 2, 3, 4, 5, 6, 7;
        SELECT count(*) FROM checkpoint"
}

# ---- errors before anything is made ----

refuses 2 "sweep has no option --hiddne; did you mean --hidden?" sweep --hiddne 3
refuses 2 "sweep has no option --seed; did you mean --seeds?" sweep --seed 3
refuses 2 "sweep does not know what to do with 'a.db'; options start with --" sweep a.db
for option in hidden window batch init lr clip seeds; do
    refuses 2 "--$option: its value LIST is empty" sweep --$option ''
    refuses 2 "--$option: a value in its list is empty" sweep --$option ,
done
range="and no range of them, A..B, A..B:STEP or A..B*FACTOR"
refuses 2 "--batch: 'al' is not all, no whole number from 1 to $most, $range" sweep --batch 1,al
refuses 2 "--seeds: '-1' is no whole number from 0 to $most, $range" sweep --seeds -1
refuses 2 "--hidden: the range '8..4*2' ends before it starts" sweep --hidden 8..4*2
refuses 2 "--init a.safetensors: needs one of notebook, pytorch, glorot, orthogonal" sweep --init notebook,a.safetensors
for value in x nan inf -1 1e39 1e-60 1.. ..1 1..x*2; do
    refuses 2 "--lr: '$value' is no number that is finite, not negative, and fits a float, and no range of them, A..B:STEP or A..B*FACTOR" \
        sweep --lr "1e-4,$value"
done
refuses_like 2 "--lr 1..2 is a range to draw from, which --sample N does; *" sweep --lr 1..2
refuses 2 "--lr: the range '0..2*2' needs a first value above 0, or no factor leads on" sweep --lr 0..2*2
refuses 2 "--lr: the range '1..2:0' needs a step above 0" sweep --lr 1..2:0
refuses 2 "--clip: the range '1..2*0.5' needs a factor above 1" sweep --clip 1..2*0.5
refuses 2 "--lr: 0..1:1e-9 is a list of 1000000001 values; 10000000 is the most" sweep --lr 0..1:1e-9
refuses 2 "--lr: 0..3e38:1e-37 is a list of 3e+75 values; 10000000 is the most" sweep --lr 0..3e38:1e-37
refuses 2 "--seeds: 0..$most is a list of 4294967296 values; 10000000 is the most" sweep --seeds 0..$most
counts="--hidden gives 1000 values, --window 1000, --batch 1, --init 1, --lr 1, --clip 1, --seeds 1000000"
large="the grid has 1000000000000 trials: $counts; 100000000 trials are the most"
refuses 2 "$large" sweep --hidden 1..1000 --window 1..1000 --seeds 0..999999
for value in best best:0 best:x best:1,2 10; do
    refuses 2 "--keep $value: needs all, none, or best:N with a whole number from 1 to $most" \
        sweep --keep $value
done
refuses 2 "--validate 1: needs a part of the rows, below 1" sweep --validate 1
refuses 2 "--device cpu,cpu: it names cpu twice" sweep --device cpu,cpu
refuses_like 2 "*gpu*" sweep --device cpu,gpu
refuses_like 2 "*expected auto*" sweep --device cpu,
refuses_like 4 "*opencl:9.9*" sweep --device opencl:9.9 --store none/study.db --fresh
refuses_like 3 "*missing.csv*" sweep --data missing.csv
refuses_like 3 "*" sweep --window 5,100
refuses_like 3 "*" sweep --validate 0.99
refuses_like 3 "*" sweep --validate 0.001
refuses 2 "--data and --length exclude each other" sweep --data a.csv --length 50
only_files

# The same errors in a file of options. refuses_file TEXT LINES [ARGUMENT...]: checks for exit code
# 3; TEXT follows the name of the file.
refuses_file() {
    text=$1
    printf '%b' "$2" >grid.conf
    shift 2
    refuses 3 "grid.conf$text" sweep --config grid.conf "$@"
    only_files grid.conf
}
refuses_file ":2: sweep has no option --hiden; did you mean --hidden?" '# sizes\nhiden = 3\n'
refuses_file ":3: --seeds: its value LIST is empty" 'hidden = 3\n\nseeds =\n'
refuses_file ":1: --seeds: its value LIST is empty" 'seeds = # none\n'
refuses_file ":2: hidden is given twice, in line 1 too" 'hidden = 3\nhidden = 4\n'
refuses_file ":1: needs name = value, found 'hidden 3'" '  hidden 3 \r\n'
refuses_file ":1: sweep has no option --; windrow help sweep lists them" '= 3'
refuses_file ":1: --quiet is true or false, found 'yes'" 'quiet = yes'
refuses_file ":1: --config may stand on the command line alone" 'config = b.conf'
refuses_file ":1: --fresh may stand on the command line alone" 'fresh = true'
refuses_file ":1: --dry-run may stand on the command line alone" 'dry-run = true'
refuses_file ":1: --data and --length exclude each other" 'data = a.csv\nlength = 9\n'
refuses_file ":1: $large" 'hidden = 1..1000\nseeds = 0..999999\n' --window 1..1000
bad="'x' is no number that is finite, not negative, and fits a float, and no range of them, A..B:STEP or A..B*FACTOR"
refuses_file ":1: --lr: $bad" 'lr = x' --lr 1 # an error, also where the command line overrides it
refuses_file ":1: --keep best: needs all, none, or best:N with a whole number from 1 to $most" 'keep = best'
refuses_file ":1: --validate 1.5: needs a part of the rows, below 1" 'validate = 1.5'
refuses_file ":1: --device cpu,cpu: it names cpu twice" 'device = cpu,cpu'
refuses 3 "cannot read --config none.conf: No such file or directory" sweep --config none.conf
refuses_like 3 "cannot read --config *: Is a directory" sweep --config .
refuses 2 "--config is given twice, as a and as b" sweep --config a --config b
head -c 2000000 /dev/zero | tr '\0' '\n' >grid.conf
refuses 3 "--config grid.conf has more than 1048576 bytes" sweep --config grid.conf
printf 'hidden\0' >grid.conf
refuses 3 "--config grid.conf is no text: it holds a zero byte" sweep --config grid.conf

# ---- a study ----

tiny="--device cpu --length 40 --epochs 20"
run sweep $tiny --hidden 2..8*2 --lr 1e-4,1e-3 --seeds 0..2 --dry-run
exits 0
says ''
line out "trials     18, of which 18 are left"
line out "shapes     3"
for word in ensembles memory time; do
    grep -q "^$word .*[0-9]" out || fail "no word of $word"
done
run sweep $tiny --hidden 2..8*2 --dry-run --json
exits 0
grep -q "^$(head_of sweep-dry-run)," out && grep -qE ',"store":"study.db","trials":3,"left":3,"shapes":3,"ensembles":[1-9][0-9]*,"memory":[1-9][0-9]*,"seconds":[0-9.e+-]+\}$' out ||
    fail "JSON of another form"
only_files grid.conf # a dry run makes no file

run sweep $tiny --hidden 2,4 --lr 1e-4,1e-3 --seeds 0..2
exits 0
line out "series    ar2, seed 0, 40 rows"
line out "grid      12 trials of 20 epochs"
line out "trials    12 done, 0 diverged, 0 failed, 0 pending"
line out "More of it: windrow show study.db"
[ "$(grep -c '^ *[0-9]* .*  notebook  ' out)" -eq 5 ] || fail "not the five best"
gives study.db "SELECT group_concat(value) FROM study WHERE name IN ('series', 'data-seed')" "0,ar2"
cp out first.txt
run sweep $tiny --hidden 4,2,2 --lr 1e-3,1e-4 --seeds 2,0..1 # the same grid
exits 0
same out first.txt
grep -q '^0 trials, 0 updates' err || fail "trials ran twice"
# larger lists add trials
run sweep $tiny --hidden 2,4,8 --lr 1e-4,1e-3 --seeds 0..2 --dry-run
exits 0
line out "trials     18, of which 6 are left"
run sweep $tiny --hidden 2,4,8 --lr 1e-4,1e-3 --seeds 0..2 --json
exits 0
grep -q "^$(head_of sweep)," out && grep -qE ',"store":"study.db","trials":18,"done":18,"diverged":0,"failed":0,"pruned":0,"pending":0,"ran":6,"updates":4200,"seconds":[0-9.e+-]+,"trials_per_second":[0-9.e+-]+\}$' out ||
    fail "JSON of another form"
run sweep $tiny --hidden 2,4,8 --lr 1e-4,1e-3 --seeds 0..2 --store once.db --quiet
exits 0
prints ''
says ''
same_study study.db once.db
rm first.txt

# --config: read like the command line, which overrides it, also by options that exclude each other
cat >grid.conf <<'END'
# a grid
hidden = 2,4   # two sizes
data = missing.csv
epochs=20
  seeds  =  0..2
lr = 1e-4
length = 30
json = true
END
run sweep --config grid.conf --lr 1e-4,1e-3 --length 40 --hidden 2,4,8 --device cpu
exits 3
run sweep --config grid.conf --lr 1e-4,1e-3 --synthetic ar2 --length 40 --hidden 2,4,8 --device cpu
exits 3 # options in the file exclude each other
sed -i '/^length/d' grid.conf
run sweep --config grid.conf --lr 1e-4,1e-3 --length 40 --hidden 2,4,8 --device cpu --store config.db
exits 0
grep -q '"ran":18,' out || fail "not 18 trials"
same_study config.db once.db
rm config.db grid.conf

# --keep, --curve, ranks
run sweep $tiny --seeds 0..3 --hidden 2 --store keep.db --keep none --quiet
gives keep.db "SELECT count(*) FROM parameters" 0
gives keep.db "SELECT count(*) FROM curve" 80 # 20 epochs of 4 trials
run sweep $tiny --seeds 0..4 --hidden 2 --store all.db --keep all --curve 3 --quiet
gives all.db "SELECT count(*) FROM parameters" 5
gives all.db "SELECT group_concat(epoch) FROM curve WHERE trial = 1" 0,10,19
run sweep $tiny --seeds 0..4 --hidden 2 --store two.db --keep best:2 --quiet
gives two.db "SELECT count(*), (SELECT count(*) FROM (SELECT id FROM best LIMIT 2) WHERE id IN (SELECT trial FROM parameters)) FROM parameters" "2|2"
refuses 3 "two.db: another study: its trials have curve 32, not 3; name another file" \
    sweep $tiny --hidden 2 --store two.db --curve 3
run sweep $tiny --batch 4,all --init notebook,pytorch --clip 0,0.5..1:0.5 --lr 1e-5..1e-3*10 --store lists.db --quiet
exits 0
gives lists.db "SELECT count(*) FROM trial" 36
gives lists.db "SELECT group_concat(lr) FROM (SELECT DISTINCT lr FROM trial ORDER BY lr)" 1.0e-05,0.0001,0.001
gives lists.db "SELECT group_concat(clip) FROM (SELECT DISTINCT clip FROM trial ORDER BY clip)" 0.0,0.5,1.0
gives lists.db "SELECT group_concat(batch) FROM (SELECT DISTINCT batch FROM trial ORDER BY batch)" 0,4
run sweep $tiny --validate 0.25 --seeds 0..2 --store validate.db --quiet
exits 0
gives validate.db "SELECT count(*) FROM trial WHERE score = validation_loss AND score > 0" 3
rm keep.db all.db two.db lists.db validate.db

# ---- refused stores ----

other="--device cpu --epochs 20"
refuses 3 "study.db: another study: its trials have epochs 20, not 30; name another file" \
    sweep --device cpu --length 40 --epochs 30
refuses 3 "study.db: another study: its trials have epochs 20, not 30; name another file" \
    sweep --device cpu --length 40 --epochs 30 --dry-run
refuses 3 "study.db: another study: its trials have rows 40, not 41; name another file" \
    sweep $other --length 41
refuses_like 3 "study.db: another study: its trials have data *, not *; name another file" \
    sweep $tiny --data-seed 1
refuses 3 "study.db: another study: its trials have scale none, not standard; name another file" \
    sweep $tiny --scale standard
refuses 3 "study.db: another study: its trials have validate 0, not 0.5; name another file" \
    sweep $tiny --validate 0.5
same_study study.db once.db
echo 'no study' >text.db
sqlite3 foreign.db 'CREATE TABLE t (x)'
cp once.db newer.db
sqlite3 newer.db 'PRAGMA user_version = 1000'
for store in text foreign newer; do
    cp $store.db before
    for how in "" --dry-run --fresh; do
        [ $store$how != newer--fresh ] || continue # this one is renamed
        refuses_like 3 "$store.db*" sweep $tiny --store $store.db $how
        cmp -s before $store.db || fail "$store.db was written"
    done
done
rm before text.db foreign.db newer.db
refuses_like 6 "none/study.db*" sweep $tiny --store none/study.db
refuses_like 6 "/proc/study.db*" sweep $tiny --store /proc/study.db
cp once.db locked.db
nobody="setpriv --reuid 65534 --clear-groups"
[ "$(id -u)" -eq 0 ] || nobody=
if $nobody test -x "$windrow" -a -r locked.db 2>/dev/null; then
    title="a study that may be read only"
    cases=$((cases + 1))
    code=0
    chmod 444 locked.db
    $nobody "$windrow" sweep $tiny --store "$PWD/locked.db" >out 2>err || code=$?
    exits 6
    prints ''
    says_like "windrow: */locked.db*"
else
    echo "left out: a study that may be read only, since nobody else may run windrow here"
fi
rm -f locked.db

# ---- --fresh ----

run sweep $tiny --hidden 2 --fresh --quiet
exits 0
same_study study.db.1 once.db
gives study.db "SELECT count(*) FROM trial" 1
run sweep --device cpu --length 50 --epochs 10 --fresh --quiet
exits 0
gives study.db.2 "SELECT count(*) FROM trial" 1
only_files once.db study.db study.db.1 study.db.2
rm study.db study.db.1 study.db.2 once.db

# ---- trials that diverge next to others ----

run sweep $tiny --hidden 20 --clip 0 --lr 1e-4,1e6 --seeds 0..3
exits 8
line out "trials    4 done, 4 diverged, 0 failed, 0 pending"
line err "windrow: 4 of 8 trials diverged; a smaller --lr or --clip may help"
"$windrow" train $tiny --clip 0 --models 4 --json | grep -oE '"hash":"[0-9a-f]*"' | cut -d '"' -f 4 >left
sqlite3 study.db "SELECT hash FROM trial WHERE status = 'done' ORDER BY seed" >right
same left right
gives study.db "SELECT count(*), count(loss), count(score), min(diverged_at) >= 0 FROM trial WHERE status = 'diverged'" "4|0|0|1"
run sweep $tiny --hidden 20 --clip 0 --lr 1e-4,1e6 --seeds 0..3 --json
exits 8
grep -q '"done":4,"diverged":4,"failed":0,"pruned":0,"pending":0,"ran":0,' out || fail "diverged trials ran twice"
run sweep $tiny --hidden 20 --clip 0 --seeds 0..3 --quiet # no trial of this grid diverges
exits 0
rm study.db left right

# ---- stopped and continued ----

long="--device cpu --threads 1 --length 40 --epochs $3 --hidden 2,5,9 --seeds 0..2 --checkpoint 0.1"
run sweep $long --store whole.db --quiet
exits 0
for signal in INT TERM HUP USR1; do
    title="windrow sweep, and SIG$signal"
    cases=$((cases + 1))
    : >out; : >err
    env --default-signal=$signal "$windrow" sweep $long --fresh --store 'a study.db' >out 2>err &
    pid=$!
    await 'a study.db' "SELECT count(*) FROM checkpoint"
    # a second writer is refused at once; readers are allowed
    if [ $signal = INT ]; then
        code=0
        "$windrow" sweep $long --store 'a study.db' >other.out 2>other.err || code=$?
        exits 6
        [ -s other.out ] && fail "a second sweep began"
        grep -q "^windrow: a study.db" other.err || fail "no word of the study that is being written"
        rm other.out other.err
    fi
    kill -s $signal $pid
    code=0
    wait $pid || code=$?
    exits 75
    grep -q '^windrow: stopped, with [0-9]* of 9 trials left; this goes on:$' err || fail "no word of what is left"
    grep -qF " sweep --length 40 --hidden 2,5,9 --seeds 0..2 --epochs $3 --device cpu --threads 1 --store 'a study.db' --checkpoint 0.1" err ||
        fail "no command that goes on"
    ! grep -q -e --fresh err || fail "a command that starts anew"
    gives 'a study.db' "SELECT count(*) > 0 FROM trial WHERE status = 'pending'" 1
    tail -n 1 err >again.sh
    sh again.sh --quiet >out 2>err || fail "the command that goes on fails"
    same_study 'a study.db' whole.db
    rm again.sh 'a study.db'*
done

# Batch systems send SIGUSR1. An OpenCL driver that has compiled would drop it.
title="windrow sweep --device auto, and SIGUSR1"
cases=$((cases + 1))
env --default-signal=USR1 "$windrow" sweep ${long#--device cpu} --store auto.db >out 2>err &
pid=$!
await auto.db "SELECT count(*) FROM checkpoint"
kill -s USR1 $pid
code=0
wait $pid || code=$?
exits 75
rm -f auto.db*

title="windrow sweep, and two signals"
cases=$((cases + 1))
env --default-signal=INT,TERM "$windrow" sweep $long --store two.db >out 2>err &
pid=$!
await two.db "SELECT count(*) FROM checkpoint"
kill -s INT $pid; kill -s TERM $pid
code=0
wait $pid || code=$?
exits 130
run sweep $long --store two.db --quiet
exits 0
same_study two.db whole.db
rm two.db whole.db

# ---- several devices ----

exact=$("$windrow" devices --json | grep -oE '"id":"opencl:[^}]*"exact":true' | grep -oE 'opencl:[0-9]+\.[0-9]+' | head -n 1)
if [ -n "$exact" ]; then
    grid="--length 40 --epochs 50 --hidden 2,5 --batch 1,all --lr 1e-4,1e6 --clip 0 --seeds 0..4"
    run sweep $grid --device cpu --store cpu.db --quiet
    exits 8
    run sweep $grid --device cpu,$exact --store both.db --quiet
    exits 8
    same_study cpu.db both.db
    run sweep $grid --device all --store all.db --quiet
    exits 8
    same_study cpu.db all.db
    run sweep $grid --device $exact --store opencl.db --quiet
    exits 8
    same_study cpu.db opencl.db
    gives opencl.db "SELECT DISTINCT device FROM trial" $exact
    refuses 2 "--device $exact,$exact: it names $exact twice" sweep $grid --device $exact,$exact --fresh

    # A device that fails gets no more work: other devices do it, or it waits with its checkpoints.
    if [ -n "${4:-}" ]; then
        alive=$windrow
        # Without memory for a large ensemble, the dry run takes smaller ones.
        code=0
        OPENCL_LAYERS=$4 WR_FAULT_CALL=clCreateBuffer WR_FAULT_CODE=-4 "$windrow" sweep --seeds 0..9 \
            --device $exact --dry-run >out 2>err || code=$?
        exits 0
        line out "trials     10, of which 10 are left"
        # dying N: the device fails at the N-th read of a buffer and after it.
        dying() {
            printf '#!/bin/sh\nexport OPENCL_LAYERS="%s" WR_FAULT_CALL=clEnqueueReadBuffer WR_FAULT_NTH=%s+ WR_FAULT_CODE=-36\nexec "%s" "$@"\n' \
                "$3" "$1" "$2" >dying
            chmod +x dying
            windrow=./dying
        }
        # The number of reads before the first checkpoint depends on the speed of the machine.
        grid="--length 40 --epochs 500 --hidden 9 --seeds 0..49 --checkpoint 0.01"
        checkpoints=0 readings=5
        while [ "$checkpoints" -eq 0 ]; do
            readings=$((readings + 4))
            dying $readings "$alive" "$4"
            run sweep $grid --device $exact --store dies.db --quiet
            exits 4
            says_like "windrow: $exact*"
            gives dies.db "SELECT group_concat(DISTINCT status) FROM trial" pending
            checkpoints=$(sqlite3 dies.db "SELECT count(*) FROM checkpoint")
            [ $readings -lt 200 ] || fail "no checkpoint in $readings readings"
        done
        dying 1 "$alive" "$4"
        run sweep $grid --device $exact --store dies.db --quiet
        exits 4
        gives dies.db "SELECT group_concat(DISTINCT status) FROM trial" pending
        gives dies.db "SELECT count(*) FROM checkpoint" "$checkpoints"
        run sweep $grid --device cpu,$exact --store dies.db --quiet
        exits 0
        windrow=$alive
        run sweep $grid --device cpu --store lives.db --quiet
        exits 0
        same_study dies.db lives.db
        rm dying
    fi
else
    echo "left out: several devices, since no OpenCL device is exact here"
fi
finish
