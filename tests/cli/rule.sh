#!/bin/sh
# windrow train: learning rules. Other tests check their arithmetic. Here: each option reaches the
# rule, the printed and saved texts, and errors.
. "$(dirname "$0")/lib.sh"

hash_of() {
    run train --device cpu --quiet --json "$@"
    exits 0
    grep -o '"hash":"[0-9a-f]*"' out
}

# Each value of each option trains differently, except the defaults.
short="--epochs 2 --length 40 --lr 1e-3 --hidden 6"
hash_of $short >plain
cp plain hashes
for how in "--optimizer momentum" "--optimizer momentum --momentum 0.5" "--optimizer rmsprop" \
    "--optimizer rmsprop --beta2 0.9" "--optimizer rmsprop --epsilon 1e-2" "--optimizer adam" \
    "--optimizer adam --beta1 0.5" "--optimizer adam --beta2 0.9" "--optimizer adam --epsilon 1e-2" \
    "--weight-decay 0.5" "--loss mae" "--loss huber" "--loss huber --huber-delta 3" \
    "--loss quantile" "--loss quantile --tau 0.9" \
    "--clip-by norm" "--lr-decay linear" "--lr-decay cosine" "--order shuffled" "--order recent" \
    "--order recent --recency 4" "--activation relu" "--activation identity" "--bias hidden" \
    "--bias head" "--bias none" "--init glorot" "--init orthogonal" "--init pytorch"; do
    hash_of $short $how >>hashes
done
[ "$(sort -u hashes | wc -l)" -eq 30 ] || fail "options without effect: $(sort hashes | uniq -d)"
for how in "--optimizer sgd" "--loss mse" "--clip-by value" "--lr-decay constant" \
    "--order sequential" "--activation tanh" "--bias both" "--weight-decay 0"; do
    hash_of $short $how >same
    same same plain
done
hash_of $short --optimizer adam >plain
hash_of $short --optimizer adam --beta1 0.9 --beta2 0.999 --epsilon 1e-8 >same
same same plain
hash_of $short --optimizer rmsprop >plain
hash_of $short --optimizer rmsprop --beta2 0.99 --epsilon 1e-8 >same
same same plain

# A model gives the same alone as in an ensemble, in any order of its windows.
for order in shuffled recent; do
    hash_of $short --order $order --models 3 --seed 4 --batch 3 >three
    hash_of $short --order $order --seed 6 --batch 3 >plain
    [ "$(sed -n 3p three)" = "$(cat plain)" ] || fail "model 3 of 3 is not the same alone"
done

# A bias that is fixed is zero in the file.
run train --device cpu --epochs 3 --hidden 3 --quiet --bias none --save none.safetensors
exits 0
run train --device cpu --epochs 3 --hidden 3 --quiet --save both.safetensors
exits 0
tail_of() { # head.bias is last
    tail -c 4 "$1" | od -An -tx1 | tr -d ' \n'
}
[ "$(tail_of none.safetensors)" = 00000000 ] || fail "a head bias"
[ "$(tail_of both.safetensors)" != 00000000 ] || fail "no head bias"

# Tables and metadata say what differs from the notebook's rule, in the units of the series.
run train --device cpu --epochs 20 --optimizer adam --lr 1e-2 --loss mae --lr-decay linear \
    --order recent --recency 3 --clip-by norm --scale standard --save adam.safetensors
exits 0
same out "$expected/rule.txt"
for pair in '"optimizer":"adam"' '"beta1":"0.9"' '"beta2":"0.999"' '"epsilon":"1e-08"' \
    '"loss":"mae"' '"clip-by":"norm"' '"lr-decay":"linear"' '"order":"recent"' '"recency":"3"'; do
    head -c 2000 adam.safetensors | grep -qaF "$pair" || fail "no $pair in the metadata"
done
head -c 2000 both.safetensors >plain
for name in optimizer momentum beta1 weight-decay loss clip-by lr-decay order activation bias \
    updates; do
    ! grep -qaF "\"$name\":" plain || fail "$name in the metadata of the notebook"
done
run train --device cpu --epochs 20 --loss huber --huber-delta 0.5 --scale standard \
    --activation identity --bias head --optimizer momentum --lr 1e-3
exits 0
same out "$expected/rule-huber.txt"

run train --device cpu --epochs 20 --loss quantile --tau 0.9 --scale standard --save tau.safetensors
exits 0
same out "$expected/rule-quantile.txt"
for pair in '"loss":"quantile"' '"tau":"0.9"'; do
    head -c 2000 tau.safetensors | grep -qaF "$pair" || fail "no $pair in the metadata"
done

# --updates: whole passes are epochs; otherwise the updates are divided into at most 10 equal
# epochs.
hash_of --epochs 10 --length 25 >plain
hash_of --updates 200 --length 25 >same
same same plain
hash_of --epochs 3 --length 25 --batch 8 >plain
hash_of --updates 9 --length 25 --batch 8 >same
same same plain
for case in "210 10" "17 1" "33 3" "7 7"; do
    run train --device cpu --updates ${case% *} --length 25 --json
    exits 0
    grep -qF "\"epochs\":${case#* },\"updates\":${case% *}," out || fail "not $case"
done
hash_of --updates 210 --length 25 >plain
hash_of --updates 210 --length 25 --lr-decay linear >same
! cmp -s plain same || fail "no decay with --updates"
run train --device cpu --updates 30 --length 25 --save updates.safetensors
exits 0
line out 'training  10 epochs of 3 updates, batch 1, lr 0.0001, clip 1'
head -c 2000 updates.safetensors | grep -qaF '"epochs":"10"' || fail "no epochs"
head -c 2000 updates.safetensors | grep -qaF '"updates":"30"' || fail "no updates"

# Options without a meaning.
refuses 2 '--momentum goes with --optimizer momentum, found --optimizer adam' \
    train --optimizer adam --momentum 0.9
refuses 2 '--momentum goes with --optimizer momentum, found --optimizer sgd' train --momentum 0.9
refuses 2 '--beta1 goes with --optimizer adam, found --optimizer rmsprop' \
    train --optimizer rmsprop --beta1 0.9
refuses 2 '--beta2 goes with --optimizer rmsprop or adam, found --optimizer momentum' \
    train --optimizer momentum --beta2 0.9
refuses 2 '--epsilon goes with --optimizer rmsprop or adam, found --optimizer sgd' \
    train --data missing.csv --epsilon 1e-8
refuses 2 '--huber-delta goes with --loss huber, found --loss mae' \
    train --loss mae --huber-delta 1
refuses 2 '--tau goes with --loss quantile, found --loss mse' train --tau 0.5
refuses 2 '--recency goes with --order recent, found --order sequential' train --recency 2
refuses 2 '--epochs and --updates exclude each other' train --epochs 1 --updates 1
refuses 2 '--optimizer adamw: needs one of sgd, momentum, rmsprop, adam' train --optimizer adamw
refuses 2 "--momentum 1: at least 0 and below 1 needed" train --optimizer momentum --momentum 1
refuses 2 "--beta2 1.5: at least 0 and below 1 needed" train --optimizer adam --beta2 1.5
refuses 2 "--epsilon 0: finite and at least 1e-12 needed" train --optimizer adam --epsilon 0
refuses 2 "--huber-delta 0: finite and above 0 needed" train --loss huber --huber-delta 0
refuses 2 "--tau 1: above 0 and below 1 needed" train --loss quantile --tau 1
refuses 2 "--recency 5: 1 to 4 needed" train --order recent --recency 5
refuses 3 '--init gloro: neither notebook, pytorch, glorot, orthogonal nor a file: No such file or directory' \
    train --init gloro
finish
