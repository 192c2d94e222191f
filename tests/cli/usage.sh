#!/bin/sh
# Wrong command lines: exit code 2, and a message that helps.
. "$(dirname "$0")/lib.sh"
most=4294967295

refuses 2 "there is no command 'trian'; did you mean 'train'?" trian
refuses 2 "there is no command 'zzz'; windrow help lists them" zzz
refuses 2 "there is no command ''; windrow help lists them" ''
refuses 2 "there is no command 'trian'; did you mean 'train'?" help trian
refuses 2 "windrow help takes one command, found 'verify' too" help train verify
refuses 2 "train has no option --epoch; did you mean --epochs?" train --epoch 3
refuses 2 "train has no option --epoch; did you mean --epochs?" train --epoch=3
refuses 2 "train has no option --modles; did you mean --models?" train --modles 3
refuses 2 "train has no option --zzzz; windrow help train lists them" train --zzzz
refuses 2 "devices has no option --quiet; windrow help devices lists them" devices --quiet
refuses 2 "train does not know what to do with 'a.csv'; options start with --" train a.csv
refuses 2 "train does not know what to do with '-q'; options start with --" train -q
refuses 2 "train does not know what to do with '--json'; options start with --" train -- --json

# values
refuses 2 "--data needs a value: --data FILE" train --data
refuses 2 "--data needs a value: --data FILE" train --data --json
refuses 2 "--data: its value FILE is empty" train --data ''
refuses 2 "--lr: its value X is empty" train --lr=
refuses 2 "--json is true or false, found 'yes'" train --json=yes
refuses 2 "--lr is given twice, as 1 and as 2" train --lr 1 --lr=2

# sizes and seeds
for value in 0 -1 +1 1.5 1e3 x ' 1' '1 ' 0x10 4294967296 99999999999999999999999; do
    refuses 2 "--hidden $value: needs a whole number from 1 to $most" train --hidden "$value"
done
for option in window models epochs log-every threads; do
    refuses 2 "--$option 0: needs a whole number from 1 to $most" train --$option 0
done
refuses 2 "--length 1: needs a whole number from 2 to $most" train --length 1
refuses 2 "--seed 4294967296: needs a whole number from 0 to $most" train --seed 4294967296
refuses 2 "--data-seed -1: needs a whole number from 0 to $most" train --data-seed -1
refuses 2 "--batch 0: needs all or a whole number from 1 to $most" train --batch 0
refuses 2 "--batch none: needs all or a whole number from 1 to $most" train --batch none
refuses 2 "--seed $most with --models 2: the last seed would be 4294967296, $most is the largest" \
    train --seed $most --models 2

# numbers
for value in nan NaN inf -inf -1 -1e-9 1e39 1e-60 0x1p3 1,5 x 1e 1e+ . 1.2.3 ' 1' 1f; do
    for option in lr clip; do
        refuses 2 "--$option $value: needs a number that is finite, not negative, and fits a float" \
            train --$option "$value"
    done
done

# choices, and options that exclude each other
refuses 2 "--schedule fast: needs one of auto, staged, fused" train --schedule fast
refuses 2 "--scale Standard: needs one of none, standard" train --scale Standard
refuses 2 "--synthetic sine: can only be ar2" train --synthetic sine
refuses 2 "--data and --synthetic exclude each other" train --data a.csv --synthetic ar2
refuses 2 "--data and --length exclude each other" train --length 50 --data a.csv
refuses 2 "--data and --data-seed exclude each other" train --data a.csv --data-seed 1
refuses 2 "--save and --history name the same file, a" train --epochs 1 --save a --history a
refuses 2 "--save and --history name the same file, a" train --epochs 1 --save a --history ./a
ln -sf a b
refuses 2 "--save and --history name the same file, a" train --epochs 1 --save a --history b
rm b
refuses 2 "--inputs 1,,1: a column in the list is empty" train --inputs 1,,1
refuses 2 "--target 1,: a column in the list is empty" train --target 1,
refuses 2 '--inputs "x: a quote is out of place' train --inputs '"x'
refuses 2 '--inputs "x"y: a quote is out of place' train --inputs '"x"y'
refuses_like 2 "*gpu*" train --device gpu
refuses_like 2 "*opencl:1*" train --device opencl:1
refuses_like 2 "*opencl:a.b*" verify --device opencl:a.b
only_files
finish
