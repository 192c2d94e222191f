#!/bin/sh
# windrow train: what it prints and writes. The numbers are the same on every machine.
. "$(dirname "$0")/lib.sh"

hashes() {
    grep -o '"hash":"[0-9a-f]*"' out
}

# tables NAME ARGUMENT...: checks that stdout is expected/NAME.txt, and that stderr names device and
# speed.
tables() {
    name=$1
    shift
    run train --device cpu "$@"
    exits 0
    same out "$expected/$name.txt"
    grep -q '^device    cpu: .*, schedule fused$' err || fail "no line on the device"
    grep -q '^[0-9]* updates in [0-9.]* s: [0-9]* updates/s$' err || fail "no line on speed"
    lines=2
    case " $* " in
    *" --data "*) lines=3 ;; # how the file was read
    esac
    [ "$(wc -l <err)" -eq $lines ] || fail "more on stderr"
}

cat >two.csv <<'END'
day,"a, b",c
1,1.5,10
2,2.5,-10
3,1.0,20
4,3.5,-20
5,0.5,30
6,4.5,-30
7,0.25,40
8,5.5,-40
9,0.125,50
END
{ printf '\357\273\277' && sed 's/$/\r/' two.csv; } >crlf.csv
tail -n +2 two.csv >plain.csv

tables train --epochs 30
tables train-log --epochs 11 --log-every 5 --seed 3 --length 40 --data-seed 2 --lr 1e-3 --clip 0
tables train-20 --epochs 30 --models 20 --log-every 10 --init pytorch --batch all
tables train-csv --epochs 12 --data two.csv --inputs 'c,"a, b"' --target 3,2 --scale standard \
    --window 3 --hidden 4 --batch 4 --models 3
cp crlf.csv two.csv
tables train-csv --epochs 12 --data two.csv --inputs 'c,"a, b"' --target 3,2 --scale standard \
    --window 3 --hidden 4 --batch 4 --models 3
tables train-default --epochs 1 --data plain.csv --window 2

# The same bytes from every device and schedule, and in a locale with a decimal comma.
for how in "--schedule staged" "--schedule fused" "--threads 1" "--threads 3"; do
    run train --device cpu --epochs 30 $how
    exits 0
    same out "$expected/train.txt"
done
if command -v localedef >/dev/null && localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 2>/dev/null; then
    export LOCPATH="$PWD"
fi
export LC_ALL=de_DE.UTF-8
tables train --epochs 30
run train --device cpu --epochs 3 --lr 0.5e-3 --history comma.csv --json --quiet
exits 0
! grep -q '[0-9],[0-9]*,[0-9]*,' comma.csv || fail "a decimal comma in the history"
grep -qE '"loss":[0-9]+\.[0-9]+,' out || fail "no decimal point in the JSON"
unset LC_ALL LOCPATH

# --json and --quiet
run train --device cpu --epochs 3 --models 2 --seed 4294967294 --json
exits 0
says ''
sed -E -i 's/("windrow"|"name"):"[^"]*"/\1:""/g; s/("seconds"|"updates_per_second"):[0-9.e+-]+/\1:0/g' out
same out "$expected/train.json"
run train --device cpu --epochs 3 --quiet
exits 0
prints ''
says ''

# --history: its last row has the last epoch's loss of --json.
run train --device cpu --epochs 3 --models 2 --seed 7 --json --history history.csv
exits 0
same history.csv "$expected/history.csv"
last=$(tail -n 1 history.csv)
grep -q "\"loss\":${last##*,}," out || fail "JSON and history differ in ${last##*,}"

# --save and --init: training continues to the same bits.
run train --device cpu --epochs 5 --hidden 7 --json
hashes >all
run train --device cpu --epochs 3 --hidden 7 --quiet --save half.safetensors
run train --device cpu --epochs 2 --init half.safetensors --json
exits 0
hashes >half
same half all
run train --device cpu --epochs 5 --hidden 7 --quiet --json --save all.safetensors
run train --device cpu --epochs 1 --lr 0 --init all.safetensors --json
hashes >kept
same kept all
run train --device cpu --epochs 1 --lr 0 --init all.safetensors --hidden 7 --models 3 --json
[ "$(hashes | sort -u)" = "$(cat all)" ] || fail "one model was not copied to all"
run train --device cpu --epochs 2 --models 3 --seed 5 --json --save stack.safetensors
hashes >stack
run train --device cpu --epochs 1 --lr 0 --models 3 --init stack.safetensors --json
hashes >kept
same kept stack
run train --device cpu --epochs 2 --seed 6 --json
[ "$(hashes)" = "$(sed -n 2p stack)" ] || fail "model 2 of 3 is not the same alone"
for key in windrow numerics window inputs targets scale input_means input_deviations target_means \
    target_deviations seed epochs lr clip batch; do
    head -c 2000 stack.safetensors | grep -qaF "\"$key\":\"" || fail "no $key in the metadata"
done

# Divergence: exit code 8, and all files are written.
run train --device cpu --epochs 4 --lr 1e30 --clip 0 --json --history gone.csv --save gone
exits 8
says 'windrow: the model diverged in epoch 0; a smaller --lr or --clip may help'
grep -q '"loss":null,"diverged":true,' out || fail "no null"
grep -q '"updates":95,' out || fail "updates after the end"
[ "$(cat gone.csv)" = "epoch,seed,total_loss
0,0,nan" ] || fail "gone.csv: $(cat gone.csv)"
[ -s gone ] || fail "nothing saved"
run train --device cpu --epochs 4 --lr 1e30 --clip 0
exits 8
same out "$expected/train-diverged.txt"

# Models that diverge one after the other: the others continue, and the history of each ends where
# it diverged.
short="--length 12 --hidden 3 --clip 0"
run train --device cpu --epochs 8 --models 4 --lr 0.5 $short --history gone.csv
exits 8
same out "$expected/train-diverging.txt"
same gone.csv "$expected/history-diverging.csv"
tail -n 1 err >told
same told "$expected/told-diverging.txt"
run train --device cpu --epochs 30 --models 8 --lr 0.28 $short
exits 8
same out "$expected/train-survivors.txt"
tail -n 1 err >told
same told "$expected/told-survivors.txt"

# --validate: rows are held out as in a sweep, the best parameters are kept, and models are stopped
# one by one.
tables train-validate --epochs 60 --validate 0.2
tables train-validate-8 --epochs 200 --models 8 --validate 0.2 --validate-every 3 --patience 2 \
    --init pytorch --lr 1e-3 --scale standard --log-every 10
run train --device cpu --epochs 200 --models 8 --validate 0.2 --validate-every 3 --patience 2 \
    --init pytorch --lr 1e-3 --scale standard --json --history stops.csv --save stops.safetensors
exits 0
hashes >stops
for key in validate:0.2 validate-every:3 patience:2; do
    head -c 2000 stops.safetensors | grep -qaF "\"${key%:*}\":\"${key#*:}\"" || fail "no $key"
done
! head -c 2000 stack.safetensors | grep -qa validate || fail "validation in the metadata"
! grep -q nan stops.csv || fail "rows after a model was stopped"
[ "$(cut -d , -f 2 stops.csv | sort | uniq -c | awk '$2 != "seed" { print $1 }' | sort -u |
    wc -l)" -gt 1 ] || fail "all models were stopped at once"
best=$(grep -o '"best_epoch":[0-9]*' out | sed -n '6s/.*://p')
rows=$(grep -c ',5,' stops.csv)
[ "$rows" -eq $((best + 6)) ] || fail "$rows epochs, the best $best: not a patience of 2 looks"
run train --device cpu --epochs 200 --seed 5 --validate 0.2 --validate-every 3 --patience 2 \
    --init pytorch --lr 1e-3 --scale standard --json --schedule staged
exits 0
[ "$(hashes)" = "$(sed -n 6p stops)" ] || fail "model 6 of 8 is not the same alone"
run train --device cpu --epochs "$best" --seed 5 --validate 0.2 --init pytorch --lr 1e-3 \
    --validate-every "$best" --scale standard --json
exits 0
[ "$(hashes)" = "$(sed -n 6p stops)" ] || fail "not the parameters after $best epochs"
run train --device cpu --epochs 20 --hidden 3 --validate 0.3 --validate-every 20 --json
exits 0
grep -o '"validation_loss":[0-9.e-]*' out >train.loss
grep -q '"windows":65,' out || fail "not 65 windows to train on"
run sweep --device cpu --epochs 20 --hidden 3 --validate 0.3 --store held.db --quiet
exits 0
run show held.db --csv
loss=$(cut -d : -f 2 train.loss)
grep -qF ",$loss," out || fail "a sweep has another validation loss than $loss"
refuses 2 '--validate 1: needs a part of the rows, below 1' train --validate 1
refuses 3 '--validate 0.001 of 100 rows is no whole row to hold out' train --validate 0.001
refuses 3 '--validate 0.99 holds out 99 of 100 rows, a window for each, and there are 95 windows: none is left to train on; hold out fewer, or use shorter windows' \
    train --validate 0.99
refuses 3 '--validate 0.95 holds out 95 of 100 rows, a window for each, and there are 95 windows: none is left to train on; hold out fewer, or use shorter windows' \
    train --validate 0.95
# --hold-out: the rows are left out as if they were not there, and nothing is stopped early.
run train --device cpu --data two.csv --target 2 --window 2 --hidden 3 --epochs 30 --hold-out 0.3 --scale standard \
    --json --save out.safetensors
exits 0
hashes >left
head -c 2000 out.safetensors | grep -qaF '"hold-out":"0.3"' || fail "no hold-out in the metadata"
head -n 8 two.csv >first.csv # 9 rows less 2
run train --device cpu --data first.csv --target 2 --window 2 --hidden 3 --epochs 30 --scale standard --json
hashes >right
same left right
grep -q '"windows":5,' out || fail "not 5 windows to train on"
run train --device cpu --data two.csv --target 2 --window 2 --hidden 3 --epochs 2 --hold-out 0.3
line out "hold-out  2 windows behind them, not used"
! grep -q validation out || fail "there is a validation"
refuses 2 '--validate and --hold-out exclude each other' train --validate 0.2 --hold-out 0.2
refuses 2 '--hold-out 1: needs a part of the rows, below 1' train --hold-out 1
refuses 3 '--hold-out 0.95 holds out 95 of 100 rows, a window for each, and there are 95 windows: none is left to train on; hold out fewer, or use shorter windows' \
    train --hold-out 0.95
refuses 2 '--patience goes with --validate' train --hold-out 0.2 --patience 3
refuses 2 '--patience goes with --validate' train --patience 3
refuses 2 '--validate-every goes with --validate' train --validate-every 3 --validate 0
finish
