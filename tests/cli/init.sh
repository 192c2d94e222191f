#!/bin/sh
# windrow train --init FILE: the file's metadata apply, or contradict an option.
. "$(dirname "$0")/lib.sh"
run_train() {
    run train --device cpu "$@"
}
hashes() {
    grep -o '"hash":"[0-9a-f]*"' out
}

# goes_on HOW...: checks that training with these options continues from its file alone,
# with the bits of an uninterrupted run.
goes_on() {
    run_train "$@" --epochs 5 --json
    exits 0
    hashes >whole
    run_train "$@" --epochs 3 --quiet --save half.safetensors
    exits 0
    rest=""
    for word in "$@"; do
        case $word in --data | --validate | *.csv | 0.2) rest="$rest $word" ;; esac
    done
    run_train $rest --init half.safetensors --epochs 2 --json
    exits 0
    hashes >half
    same half whole
}

awk 'BEGIN {
    print "day,a,b,c"
    for (t = 0; t < 60; t++) printf "%d,%.3f,%.3f,%d\n", t, 50 + 9 * sin(t), 1e3 * cos(2 * t), t % 5
}' >abc.csv
awk 'BEGIN {
    print "y"
    for (t = 0; t < 60; t++) printf "%.3f\n", 500 + 90 * sin(t)
}' >y.csv

# ---- each value by itself, and all ----

goes_on --activation relu
says 'init      half.safetensors: activation relu'
goes_on --activation identity --bias none
says 'init      half.safetensors: activation identity, bias none'
goes_on --bias head --window 7
says 'init      half.safetensors: bias head, window 7'
goes_on --data abc.csv --scale standard --inputs b,a --target a
line err 'init      half.safetensors: scale standard by its own means and deviations'
goes_on --data abc.csv --scale standard --target c --activation relu --window 3 --bias hidden \
    --validate 0.2
line err 'init      half.safetensors: activation relu, bias hidden, scale standard by its own means and deviations, window 3'
run_train --data abc.csv --init half.safetensors --epochs 1
exits 0
line out "windows   57 of 3 rows: c -> c, scale standard"
line out "rule      activation relu, bias hidden"
run_train --data abc.csv --init half.safetensors --epochs 1 --quiet
says ''

# The saved file has the same metadata.
run_train --data abc.csv --init half.safetensors --epochs 1 --quiet --save again.safetensors
exits 0
for key in window inputs targets scale input_means input_deviations target_means activation bias; do
    for file in half again; do
        head -c 2000 $file.safetensors | grep -ao "\"$key\":\"[^\"]*\"" >$file.$key
    done
    same again.$key half.$key
    [ -s half.$key ] || fail "no $key"
done

# ---- options that contradict the file ----

run_train --activation relu --epochs 1 --quiet --save relu.safetensors
exits 0
run_train --epochs 1 --quiet --save plain.safetensors
exits 0
refuses 3 '--activation tanh contradicts relu.safetensors, whose activation is relu; leave --activation out' \
    train --init relu.safetensors --activation tanh
refuses 3 '--activation relu contradicts plain.safetensors, whose activation is tanh; leave --activation out' \
    train --init plain.safetensors --activation relu
refuses 3 '--bias none contradicts plain.safetensors, whose bias is both; leave --bias out' \
    train --init plain.safetensors --bias none
refuses 3 '--scale standard contradicts plain.safetensors, whose scale is none; leave --scale out' \
    train --init plain.safetensors --scale standard
refuses 3 '--scale none contradicts half.safetensors, whose scale is standard; leave --scale out' \
    train --init half.safetensors --data abc.csv --scale none
run_train --init relu.safetensors --activation relu --bias both --scale none --epochs 1
exits 0
! grep -q '^init' err || fail "there is nothing to tell"
# a model of one window works on another
run_train --init half.safetensors --data abc.csv --window 9 --epochs 1
exits 0
line out "windows   51 of 9 rows: c -> c, scale standard"

# ---- other data: the models keep the scale that they were trained with ----

run_train --data abc.csv --target a --scale standard --epochs 1 --lr 0 --quiet --save a.safetensors
exits 0
run_train --data y.csv --init a.safetensors --epochs 1 --lr 0 --save y.safetensors
exits 0
line out "windows   55 of 5 rows: y -> y, scale standard"
line err "init      a.safetensors: scale standard by its own means and deviations"
line err "init      a.safetensors was trained on a -> a; here on y -> y"
for file in a y; do
    head -c 2000 $file.safetensors | grep -ao '"target_[a-z]*":"[^"]*"' >$file.scale
done
same y.scale a.scale
# also if --scale standard is given, which without a file means the scale of the data
run_train --data y.csv --init a.safetensors --epochs 1 --lr 0 --scale standard --json --quiet
given=$(hashes) loss=$(grep -o '"loss":[0-9.]*' out)
run_train --data y.csv --init a.safetensors --epochs 1 --lr 0 --json --quiet
[ "$(hashes)$(grep -o '"loss":[0-9.]*' out)" = "$given$loss" ] || fail "--scale standard counts"
run_train --data y.csv --init orthogonal --epochs 1 --lr 0 --scale standard --quiet --save y.safetensors
head -c 2000 y.safetensors | grep -ao '"target_[a-z]*":"[^"]*"' >y.scale
! cmp -s y.scale a.scale || fail "both series have one scale"

# The file's columns are used if the data have them and no option names columns; also through a
# pipe.
run_train --data abc.csv --init a.safetensors --epochs 1
exits 0
line out "windows   55 of 5 rows: a -> a, scale standard"
! grep -q 'was trained on' err || fail "those are its columns"
run_train --data abc.csv --init a.safetensors --target b --epochs 1
exits 0
line err "init      a.safetensors was trained on a -> a; here on b -> b"
cat a.safetensors | "$windrow" train --device cpu --data abc.csv --init /dev/stdin --epochs 1 >piped 2>err
grep -q ': a -> a, scale standard$' piped || fail "a file through a pipe"

# ---- files of other programs ----

# with other metadata: they change no option
run_train --activation relu --epochs 1 --quiet --save own.safetensors
sed 's/"windrow"/"another"/; s/"activation"/"activatiom"/; s/"scale"/"scalf"/; s/"window"/"windox"/
    s/"inputs"/"imputs"/' own.safetensors >bare.safetensors
for how in tanh relu; do
    run_train --init bare.safetensors --activation $how --scale standard --epochs 1 --json
    exits 0
    says ''
    hashes >bare.$how
done
! cmp -s bare.tanh bare.relu || fail "the activation does not count"
run_train --init bare.safetensors --scale standard --epochs 1 --json
hashes >bare
same bare bare.tanh

# from a study: the notebook's rule and the study's scale; a stack with several windows needs
# --window
run sweep --device cpu --data abc.csv --target b --scale standard --hidden 3 --window 4,6 --epochs 2 \
    --store s.db --quiet --keep all
exits 0
run export s.db --trial 2 --save trial.safetensors
run export s.db --best 2 --save best.safetensors
exits 0
run_train --init trial.safetensors --data abc.csv --epochs 1
exits 0
line out "windows   54 of 6 rows: b -> b, scale standard"
refuses 3 '--activation relu contradicts trial.safetensors, whose activation is tanh; leave --activation out' \
    train --init trial.safetensors --data abc.csv --activation relu
refuses_like 3 'best.safetensors: its models have the windows [46],[46]; choose by --window' \
    train --init best.safetensors --models 2 --data abc.csv
run_train --init best.safetensors --models 2 --data abc.csv --window 4 --epochs 1
exits 0

# from windrow forecast
{ echo ds,y; awk 'BEGIN { for (t = 1; t < 80; t++) print t "," t % 7 + sin(t) }'; } >series.csv
run forecast --device cpu --data series.csv --recipe daily --horizon 3 --updates 20 --hidden 2 --seeds 2 \
    --quiet --save fit.safetensors
exits 0
refuses_like 3 'fit.safetensors: a fit of windrow forecast, *; windrow forecast --model takes it' \
    train --init fit.safetensors --models 2

# ---- malformed values, of the same length so that the file stays valid ----

# spoilt FROM TO PATTERN: checks that half.safetensors with TO instead of FROM in its metadata is
# refused.
spoilt() {
    sed "s/$1/$2/" half.safetensors >spoilt.safetensors
    ! cmp -s half.safetensors spoilt.safetensors || fail "half.safetensors has no $1"
    refuses_like 3 "spoilt.safetensors: its metadata $3" train --init spoilt.safetensors --data abc.csv
}
spoilt '"relu"' '"rexu"' 'say activation "rexu"; tanh, relu, identity would do'
spoilt '"relu"' '"TANH"' 'say activation "TANH"; tanh, relu, identity would do'
spoilt '"hidden"' '"hiddem"' 'say bias "hiddem"; both, hidden, head, none would do'
spoilt '"standard"' '"stanbard"' 'say scale "stanbard"; none, standard would do'
spoilt '"window":"3"' '"window":"0"' 'say window "0"; a whole number from 1 to 4294967295 would do'
spoilt '"window":"3"' '"window":"x"' 'say window "x"; *'
spoilt '"input_means":"[0-9]' '"input_means":"x' 'say input_means "x*"; a finite number for each column would do'
spoilt '"target_means":"[0-9].' '"target_means":"1,' 'say target_means "1,*"; a finite number *'
spoilt '"input_deviations":"1' '"input_deviations":"-' 'say input_deviations "-*"; a finite number above 0 *'
spoilt '"input_deviations":"1.4054395812935776' '"input_deviations":"1e-999999999999999' \
    'say input_deviations "1e-999999999999999"; a finite number above 0 *'
spoilt '"target_means":"1.9375' '"target_means":"1e9999' 'say target_means "1e9999"; a finite *'
spoilt '"hidden"' '"\\u001b"' 'say bias "\\x1b"; *'
sed 's/"hidden"/"none"  /' half.safetensors >spoilt.safetensors
refuses 3 'spoilt.safetensors: its metadata say bias none, but its hidden biases are not 0' \
    train --init spoilt.safetensors --data abc.csv
sed 's/"input_means":"0"/"input_means":"-"/' plain.safetensors >spoilt.safetensors
refuses 3 'spoilt.safetensors: its metadata say input_means "-"; a finite number for each column would do' \
    train --init spoilt.safetensors
spoilt 'target_deviations' 'target_deviatiobs' 'lack "target_deviations"; a finite number above 0 *'
finish
