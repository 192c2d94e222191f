#!/bin/sh
# windrow predict, and forecast --model with files of windrow train. tests/predict.py compares the
# numbers with NumPy's.
. "$(dirname "$0")/lib.sh"
run_train() {
    run train --device cpu --quiet "$@"
    exits 0
}
predict() {
    run predict "$@" --device cpu
}
# cells FIELDS: the fields of the lines of stdout, without the head.
cells() {
    tail -n +2 out | cut -d , -f "$1"
}
# losses FILE: the mean losses of an object of --json, as text.
losses() {
    grep -o '"loss":[-0-9.e]*' "$1" | cut -d : -f 2
}

awk 'BEGIN {
    print "ds,\"a, \"\"b\"\"\",c,y"
    for (t = 0; t < 40; t++) printf "2024-%02d-%02d,%.3f,%.3f,%.3f\n", 1 + int(t / 31), 1 + t % 31, 50 + 9 * sin(t), 1e3 * cos(2 * t), t % 5
}' >abc.csv

# ---- what train says of its models, to the bit ----

# a validation: the mean loss of the rows held out, of each model of a stack, with every loss
for loss in mse mae "huber --huber-delta 0.3" "quantile --tau 0.9"; do
    run train --device cpu --data abc.csv --target c,y --inputs '"a, ""b""",c' --scale standard \
        --window 3 --hidden 4 --models 3 --epochs 7 --validate 0.2 --init pytorch --lr 1e-2 --loss $loss \
        --activation relu --json --save m.safetensors
    exits 0
    grep -o '"validation_loss":[-0-9.e]*' out | cut -d : -f 2 >wanted
    predict m.safetensors --data abc.csv --last 8 --json --output p.csv
    exits 0
    losses out >found
    [ "$(wc -l <found)" -eq 3 ] || fail "not three losses"
    same found wanted
done
line err 'abc.csv: target c,y; not used: "ds" (dates); the first line is a header'
line err 'model     m.safetensors: activation relu, scale standard by its own means and deviations, window 3'
# an epoch that changes nothing: the total loss is the sum over all windows
run train --device cpu --epochs 1 --lr 0 --json --save zero.safetensors
total=$(losses out)
predict zero.safetensors --json --output p.csv
mean=$(losses out)
awk -v total="$total" -v mean="$mean" 'BEGIN { d = mean * 95 - total; exit !(d < 1e-6 * total && -d < 1e-6 * total) }' ||
    fail "95 losses of $mean are not $total"

# ---- rows ----

run_train --data abc.csv --target c --inputs c --window 3 --hidden 4 --models 3 --epochs 2 --save c.safetensors
predict c.safetensors --data abc.csv --quiet
exits 0
says ''
[ "$(wc -l <out)" -eq 39 ] || fail "not 37 rows, the one after them, and a head"
[ "$(head -n 1 out)" = unique_id,ds,y,windrow ] || fail "another head"
[ "$(sed -n 2p out | cut -d , -f 1-3)" = c,2024-01-04,960.17 ] || fail "another first row"
[ "$(tail -n 1 out | cut -d , -f 1-3)" = c,2024-02-10, ] || fail "another last row"
mv out all
predict c.safetensors --data abc.csv --quiet --last 5
tail -n 6 all >wanted
tail -n +2 out >found
same found wanted
cat abc.csv | "$windrow" predict c.safetensors --data - --quiet --device cpu >out
same out all
predict c.safetensors --data abc.csv --quiet --output file
prints ''
same file all
run predict c.safetensors --data abc.csv --quiet --device opencl
[ "$code" -eq 4 ] || same out all # where there is no such device
predict c.safetensors --data abc.csv --quiet --threads 1
same out all
# a line for each model, whose mean and median the others are
predict c.safetensors --data abc.csv --quiet --last 1 --combine none
[ "$(head -n 1 out)" = unique_id,ds,model,y,windrow ] || fail "another head"
cells 1-4 >found
value=$(tail -n 1 abc.csv | cut -d , -f 3)
printf '%s\n' c,2024-02-09,0,$value c,2024-02-09,1,$value c,2024-02-09,2,$value \
    c,2024-02-10,0, c,2024-02-10,1, c,2024-02-10,2, >wanted
same found wanted
cut -d , -f 5 out | tail -n 3 | sort -g >each
predict c.safetensors --data abc.csv --quiet --last 1 --combine median
[ "$(tail -n 1 out | cut -d , -f 4)" = "$(sed -n 2p each)" ] || fail "not the median"

# Rows are numbered where the file has no time stamps, and a stamp that no step leads to is empty.
cut -d , -f 2- abc.csv >plain.csv
predict c.safetensors --data plain.csv --quiet --last 1
[ "$(tail -n 2 out | cut -d , -f 2 | tr '\n' ' ')" = '40 41 ' ] || fail "other numbers"
predict c.safetensors --data plain.csv --quiet --last 1 --time y
[ "$(tail -n 2 out | cut -d , -f 2 | tr '\n' ' ')" = '4.000  ' ] || fail "other stamps"
predict c.safetensors --data plain.csv --time y
line err 'the time stamps do not go on in steps, so the row after the last one has none'
refuses_like 3 'plain.csv: there is no column "ds"; it has the columns "a, "b"", "c", "y"' \
    predict c.safetensors --data plain.csv --time ds
refuses 2 '--time goes with --data FILE' predict c.safetensors --time ds

# Values that are not there: of a target that is no input they are not known, of an input an error.
run_train --data abc.csv --target y --inputs c --window 3 --hidden 2 --epochs 2 --save yc.safetensors
sed '38,$s/,[^,]*$/,/' abc.csv >open.csv
predict yc.safetensors --data open.csv
exits 0
[ "$(cells 3 | tail -n 6 | tr '\n' ,)" = '0,,,,,,' ] || fail "other values"
grep -q '^errors    y, 33 values: MAE ' err || fail "other values are scored"
grep -q '^losses    33 windows: mean_loss ' err || fail "other windows are scored"
sed '20s/,[^,]*,\([^,]*\)$/,NA,\1/' abc.csv >gap.csv
refuses_like 3 'gap.csv: line 20, column "c" (number 3): "NA" *' predict yc.safetensors --data gap.csv
sed '20s/,[^,]*$/,x/' abc.csv >text.csv
refuses_like 3 'text.csv: line 20, column "y" (number 4): "x" is not a number; *' predict yc.safetensors --data text.csv
head -n 4 abc.csv >short.csv
predict c.safetensors --data short.csv
exits 0
[ "$(wc -l <out)" -eq 2 ] || fail "three rows make one window"
! grep -q '^errors\|^losses' err || fail "there is nothing to score"
head -n 3 abc.csv >short.csv
refuses 3 'short.csv: 2 rows are too few for a window of 3; use shorter windows' \
    predict c.safetensors --data short.csv
refuses 3 '--last 38: 37 of the 40 rows have 3 before them; try --last 37 or less' \
    predict c.safetensors --data abc.csv --last 38

# ---- columns ----

cut -d , -f 1 abc.csv >dates.csv
sed 's/,c,/,d,/' abc.csv >renamed.csv
refuses 3 'renamed.csv: there is no column "c"; it has the columns "ds", "a, "b"", "d", "y"' \
    predict c.safetensors --data renamed.csv
predict c.safetensors --data renamed.csv --target d --quiet
sed 's/^d,/c,/' out >found
same found all
refuses 3 'c.safetensors is for 1 inputs, --inputs c,y has 2' predict c.safetensors --data abc.csv --inputs c,y
refuses 3 'yc.safetensors is for 1 targets, --target c,y has 2' predict yc.safetensors --data abc.csv --target c,y
# Columns in another order are found by their names, and names are quoted as CSV needs.
awk -F , -v OFS=, '{ print }' abc.csv | sed 's/^\([^,]*\),\(.*\),\([^,]*\),\([^,]*\)$/\4,\3,\2,\1/' >turned.csv
predict m.safetensors --data turned.csv --quiet
mv out turned
predict m.safetensors --data abc.csv --quiet
same out turned
run_train --data abc.csv --target 2 --window 3 --hidden 2 --epochs 2 --save q.safetensors
predict q.safetensors --data abc.csv --quiet --last 1
grep -q '^"a, ""b""",2024-02-10,,' out || fail "the name is not quoted"
printf '\033[31m,=x\n1,2\n2,3\n3,1\n4,4\n' >hostile.csv
run_train --data hostile.csv --target 1 --window 2 --hidden 2 --epochs 2 --save hostile.safetensors
predict hostile.safetensors --data hostile.csv
exits 0
! grep -q "$(printf '\033')" err || fail "a control character on the terminal"

# ---- options that contradict the file, and what it does not tell ----

refuses 3 '--window 4 contradicts c.safetensors, whose window is 3; leave --window out' \
    predict c.safetensors --data abc.csv --window 4
predict c.safetensors --data abc.csv --window 3 --quiet
same out all
refuses 3 '--activation tanh contradicts m.safetensors, whose activation is relu; leave --activation out' \
    predict m.safetensors --data abc.csv --activation tanh
refuses 3 '--scale standard contradicts c.safetensors, whose scale is none; leave --scale out' \
    predict c.safetensors --data abc.csv --scale standard
sed 's/"windrow"/"another"/; s/"window"/"windox"/; s/"inputs"/"imputs"/' c.safetensors >bare.safetensors
refuses 3 'bare.safetensors does not say how many rows its models see; --window T does' \
    predict bare.safetensors --data abc.csv
predict bare.safetensors --data abc.csv --window 3 --target c --quiet
same out all
predict bare.safetensors --data abc.csv --window 3 --target c --quiet --activation relu
! cmp -s out all || fail "the activation does not count"
printf 'not safetensors' >broken.safetensors
refuses_like 3 'broken.safetensors: *' predict broken.safetensors --data abc.csv
refuses_like 3 'missing.safetensors: *No such file*' predict missing.safetensors --data abc.csv
refuses_like 2 'predict needs a MODEL*' predict
refuses 2 '--json and the predictions both go to stdout; --output FILE takes these' \
    predict c.safetensors --data abc.csv --json
refuses_like 6 '*missing/x*No such file*' predict c.safetensors --data abc.csv --output missing/x
sed 's/"loss":"quantile"/"loss":"quantily"/' m.safetensors >spoilt.safetensors
refuses 3 'spoilt.safetensors: its metadata say loss "quantily"; mse, mae, huber, quantile would do' \
    predict spoilt.safetensors --data abc.csv
sed 's/"tau":"0.9"/"tau":"1.9"/' m.safetensors >spoilt.safetensors
refuses_like 3 'spoilt.safetensors: its metadata: *tau 1.9*' predict spoilt.safetensors --data abc.csv

# A model that has diverged is left out, and told.
run train --device cpu --data abc.csv --target c --window 3 --hidden 2 --epochs 9 --lr 1e30 --clip 0 --quiet \
    --save wild.safetensors
[ "$code" -eq 8 ] || fail "the model did not diverge"
predict wild.safetensors --data abc.csv --quiet
exits 8
says 'windrow: predictions of 1 of 1 models are not finite, and left out'
[ "$(tail -n 1 out)" = c,2024-02-10,, ] || fail "a prediction"

# ---- forecast --model ----

forecast() {
    run forecast --device cpu --quiet --data "$@"
}
forecast abc.csv --model c.safetensors --horizon 1
exits 0
says ''
tail -n 1 all | sed 's/,,/,/' >wanted
tail -n +2 out >found
same found wanted
# Step by step, the prediction as the next row: the model sees floats, and no scale rounds them.
forecast abc.csv --model c.safetensors --horizon 4 --combine median
exits 0
[ "$(cut -d , -f 2 out | tail -n 1)" = 2024-02-13 ] || fail "another stamp"
run_train --data abc.csv --target c --window 3 --hidden 4 --epochs 2 --save one.safetensors
forecast abc.csv --model one.safetensors --horizon 3
tail -n +2 out >wanted
cp abc.csv fed.csv
for day in 10 11 12; do
    predict one.safetensors --data fed.csv --quiet --last 1
    tail -n 1 out | sed 's/,,/,/' >>found.all
    echo "2024-02-$day,0,$(tail -n 1 out | cut -d , -f 4),0" >>fed.csv
done
same found.all wanted
# all series of a panel at once, each by its own window
{
    echo unique_id,ds,c
    awk -F , 'NR > 1 { sub(/",/, "", $0) } NR > 1 { print "first," NR "," $(NF - 1) }' abc.csv
    awk -F , 'NR > 5 { print "second," NR "," $NF }' abc.csv
} >panel.csv
forecast panel.csv --model one.safetensors --horizon 3
exits 0
cut -d , -f 3 out | sed -n 2,4p >found
cut -d , -f 3 wanted >wanted.first
same found wanted.first
[ "$(grep -c '^second,4[234],' out)" -eq 3 ] || fail "no second series"
# inputs that are not targets must be known ahead
run_train --data abc.csv --target y --inputs y,c --window 3 --hidden 4 --epochs 2 --save ycy.safetensors
forecast abc.csv --model ycy.safetensors --horizon 1
exits 0
refuses 3 'abc.csv: series y: input 2 of ycy.safetensors is known for 0 steps after the last value; --horizon 3 needs 2: rows whose target is empty' \
    forecast --data abc.csv --model ycy.safetensors --horizon 3 --quiet --levels none
forecast open.csv --model ycy.safetensors --horizon 4
exits 0
[ "$(cut -d , -f 2 out | sed -n 2p)" = 2024-02-06 ] || fail "another first stamp"
# refusals
refuses 2 'c.safetensors predicts the next row; --horizon K tells how many to forecast' \
    forecast --data abc.csv --model c.safetensors
refuses 3 'c.safetensors has no intervals, since it keeps no errors of forecasts, of which intervals are made; ask for --levels none' \
    forecast --data abc.csv --model c.safetensors --horizon 2 --levels 80
refuses 2 '--lr says how to fit, but what --model names is fitted already' \
    forecast --data abc.csv --model c.safetensors --horizon 2 --lr 1
refuses 3 'c.safetensors and ycy.safetensors are of models with other columns, so that their forecasts have no mean' \
    forecast --data abc.csv --model c.safetensors,ycy.safetensors --horizon 2
run forecast --device cpu --data plain.csv --ignore 1,2 --target y --recipe daily --horizon 3 --updates 20 --hidden 2 \
    --seeds 2 --quiet --save fit.safetensors
exits 0
refuses 3 'c.safetensors holds models of windrow train and fit.safetensors does not: --model takes them, or fits of windrow forecast --save' \
    forecast --data abc.csv --model fit.safetensors,c.safetensors --horizon 2
refuses_like 3 'fit.safetensors: a fit of windrow forecast, *; windrow forecast --model takes it' \
    predict fit.safetensors --data abc.csv
head -n 3 abc.csv >short.csv
refuses 3 'short.csv: series c has 2 values, and the models of c.safetensors see 3' \
    forecast --data short.csv --model c.safetensors --horizon 2 --quiet
sed '40s/,[^,]*,\([^,]*\)$/,,\1/' abc.csv >gap.csv
refuses_like 3 'gap.csv: series c has a gap among the last 3 values, which the models of c.safetensors see; --missing interpolate fills it' \
    forecast --data gap.csv --model c.safetensors --horizon 2 --missing drop --quiet
finish
