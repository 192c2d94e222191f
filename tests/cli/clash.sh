#!/bin/sh
# An output that is also an input or another output is refused before anything is read or trained,
# under any name of the file.
. "$(dirname "$0")/lib.sh"

small="--horizon 2 --window 3 --hidden 2 --seeds 1 --updates 2 --season 1 --device cpu"
awk 'BEGIN { print "x"; for (i = 0; i < 30; i++) print (i * 7) % 11 }' >data
cp data data.kept
ln -s data link
ln data hard
mkdir folder
ln -s ../folder folder/loop
run train --data data --epochs 1 --device cpu --quiet --save model
exits 0
cp model model.kept
run sweep --store study --hidden 2 --seeds 0..1 --epochs 2 --device cpu --quiet
exits 0
cp study study.kept
run forecast --data data $small --save fit --output forecasts --quiet
exits 0
cp fit fit.kept

# clash OPTION OPTION ARGUMENT...: checks that the run is refused and the message names both
# options.
clash() {
    first=$1 second=$2
    shift 2
    refuses_like 2 "$first and $second name the same file, *" "$@"
}

long="--epochs 4000000000 --device cpu" # which would train for days
for file in data ./data link hard folder/../data folder/loop/../data "$PWD/data"; do
    clash --data --save train --data data --save "$file" $long
    clash --data --history train --data "$file" --history data $long
    clash --data --output forecast --data data --output "$file"
    clash --data --save forecast --data "$file" --save data
    clash --data --csv backtest --data data --csv "$file"
    clash --data --store sweep --data "$file" --store data
    clash --data --store sweep --data data --store "$file" --fresh
done
clash --init --save train --data data --init model --save ./model $long
clash --init --history train --data data --init model --history model $long
clash --save --history train --save new --history ./new $long
for file in model ./model; do
    clash MODEL --output predict model --data data --output "$file"
    clash --data --output predict missing --data model --output "$file"
done
clash --output --model forecast --data data --model model --horizon 2 --output ./model
ln -s new dangling
clash --save --history train --save dangling --history new $long
refuses 2 '--save names the same file twice, new' \
    forecast --data data --recipe daily,weekly --save new,./new
clash --output --save forecast --data data --recipe daily,weekly --save a,new --output dangling
clash --output --model forecast --data data --model missing,fit --output fit
clash --data --output forecast --data fit --model missing --output fit
rm dangling

# The files that --by makes of one name.
cp study study-2
clash STUDY --save export study-2 --best 1 --by hidden --save study
rm study-2

# A study, and the files that SQLite keeps next to it.
for file in study ./study; do
    clash STUDY --save export study --best 1 --save "$file"
done
for ending in wal shm journal lock; do
    clash STUDY --save export study --best 1 --save "study-$ending"
    clash --data --store sweep --data "study-$ending" --store study
done
clash --store --known sweep --known study --store ./study
clash --store --known sweep --known study-wal --store study
printf 'store = options\n' >options
refuses 3 "options:1: --store and --config name the same file, options" sweep --config options
absent options-lock options-wal
rm options

# Part files of --resume.
mkdir parts
clash --output --resume forecast --data data --resume parts --output parts/0-0.windrow-part
clash --data --resume forecast --data parts/0-0.windrow-part --resume parts
clash --save --resume forecast --data data --resume parts --save parts

refuses 2 "--data and --config both read standard input" train --data - --config - </dev/null
# An output cannot be "-".
for output in "train --save" "train --history" "forecast --data data --save" "forecast --data data --output" "backtest --data data --csv"; do
    refuses_like 2 "${output##* } -: it needs a file*" $output -
    absent -
done
refuses_like 2 "--resume -: it needs a folder; ./- is one of that name" forecast --data data --resume -
refuses_like 2 "STUDY -: it needs a file; ./- is one of that name" merge -- - study

same data data.kept
same model model.kept
same fit fit.kept
same study study.kept

# Standard input that is a file.
title="windrow train --data /dev/stdin --save data <data"
code=0
"$windrow" train --data /dev/stdin --save data $long <data >out 2>err || code=$?
exits 2
says_like "windrow: --data and --save name the same file, *"
same data data.kept

# Devices, pipes and words name no files that could be the same.
run train --data data --epochs 1 --device cpu --quiet --save /dev/null --history /dev/null
exits 0
title="windrow train --save /dev/stdout | cat"
"$windrow" train --data data --epochs 1 --device cpu --quiet --save /dev/stdout 2>err | cat >out
same out model
run forecast --data data $small --quiet --save /dev/null --output /dev/stdout
exits 0
same out forecasts
run forecast --data data $small --quiet --resume parts --output parts/forecasts
exits 0
same parts/forecasts forecasts
for try in 1 2; do
    run train --data data --epochs 1 --device cpu --quiet --init notebook --save notebook
    exits 0
    same notebook model
done
run merge study ./study study
exits 0
finish
