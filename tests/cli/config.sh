#!/bin/sh
# --config of every command that has options: a file of options gives what the command line would have
# given. Syntax and errors of such a file are in sweep.sh.
. "$(dirname "$0")/lib.sh"
weather=$expected/../../data/seattle-weather.csv

# given COMMAND OPTIONS [ARGUMENT...]: checks that OPTIONS in a file give what they give on the
# command line, and leaves the output in out. Options are NAME=VALUE, one a word; NAME=true is a
# flag.
given() {
    command=$1 options=$2
    shift 2
    typed=$(for option in $options; do printf -- '--%s\n' "${option%=true}"; done)
    run "$command" "$@" $typed
    exits 0
    mv out typed.out
    printf '%s\n' $options >options.conf
    run "$command" "$@" --config options.conf
    exits 0
    same out typed.out
    rm typed.out options.conf
}

# strange COMMAND OPTION ARGUMENT...: OPTION is one of another command.
strange() {
    command=$1 option=$2
    shift 2
    printf '# not of this command\n%s = 3\n' "$option" >options.conf
    refuses 3 "options.conf:2: $command has no option --$option; windrow help $command lists them" \
        "$command" "$@" --config options.conf
    rm options.conf
}

given train "device=cpu epochs=20 hidden=3 lr=1e-3 optimizer=adam beta1=0.8"
run train --device cpu --epochs 20 --hidden 3 --save typed.safetensors --quiet
printf 'device = cpu\nepochs = 30\nhidden = 3\nsave = file.safetensors\nquiet = true\n' >train.conf
run train --config train.conf --epochs 20 # the command line wins
exits 0
prints ''
says ''
cmp -s typed.safetensors file.safetensors || fail "parameters differ"
printf 'updates = 9\ndevice = cpu\n' >train.conf
run train --config train.conf --epochs 20 --quiet # also over an option that it excludes
exits 0
rm typed.safetensors file.safetensors train.conf

head -n 400 "$weather" >weather.csv
panel="data=weather.csv time=date target=temp_max horizon=7 recipe=daily hidden=2 seeds=1 updates=20"
given forecast "$panel device=cpu loss=mae quiet=true"
given backtest "$panel device=cpu origins=2 levels=none"
rm weather.csv

run sweep --device cpu --length 40 --epochs 20 --hidden 2,3 --seeds 0..2 --keep all --quiet
exits 0
given show "by=hidden" study.db
given show "csv=true best=2" study.db
given export "best=2 hidden=3 save=ten.safetensors" study.db
given merge "keep=all quiet=true" merged.db study.db
given devices "json=true"
given version "json=true"
given verify "device=cpu quiet=true"
printf 'device = cpu\nmodels = 1\nseconds = 0.01\nrepeats = 1\njson = true\n' >bench.conf
run bench --config bench.conf
exits 0
grep -q '"repeats":1' out || fail "not one repeat"
rm bench.conf

strange train origins
strange forecast shard
strange backtest shard
strange bench fresh
strange show epochs study.db
strange export epochs study.db
strange merge epochs merged.db study.db
strange verify epochs
strange devices epochs
strange version epochs

# what is wrong is told of the file, also where only the command itself can see it
wrong() { # COMMAND LINE TEXT ARGUMENT...
    command=$1 line=$2 text=$3
    shift 3
    printf 'quiet = true\n%s\n' "$line" >wrong.conf
    refuses 3 "wrong.conf:2: $text" "$command" "$@" --config wrong.conf
    rm wrong.conf
}
wrong train "beta2 = 1" "--beta2 1: at least 0 and below 1 needed" --optimizer adam
wrong train "validate = 1" "--validate 1: needs a part of the rows, below 1"
wrong train "device = gpu" "--device gpu: expected auto, cpu, opencl or opencl:P.D (such as opencl:0.0)"
wrong train "huber-delta = 0" "--huber-delta 0: finite and above 0 needed" --loss huber
wrong forecast "window = 1000001" "--window 1000001: 1 to 1000000 needed" --data none.csv --recipe daily
wrong forecast "recipe = daily,yearly" "--recipe: daily forecasts 7 steps, yearly 14; --horizon K makes them one" --data none.csv
wrong train "save = a.st" "--save and --history name the same file, a.st" --history a.st
printf 'device = opencl:9.9\n' >wrong.conf # another exit code stays as it is
refuses_like 4 "wrong.conf:1: --device opencl:9.9: *" train --config wrong.conf
rm wrong.conf
# what is wrong on the command line is not told of the file
printf 'model = none.st\n' >right.conf
refuses 2 "--threads says how to fit, but what --model names is fitted already" forecast \
    --config right.conf --data none.csv --threads 1
printf 'optimizer = sgd\nvalidate = 0\nseed = 3\n' >right.conf
refuses_like 2 "--beta2 goes with --optimizer *" train --config right.conf --beta2 0.9
refuses_like 2 "--patience goes with --validate*" train --config right.conf --patience 3
rm right.conf
refuses 2 "--beta2 1: at least 0 and below 1 needed" train --optimizer adam --beta2 1 --json

# the command line turns off what the file turns on
printf 'quiet = true\ndevice = cpu\nepochs = 2\n' >quiet.conf
run train --config quiet.conf --quiet=false
exits 0
grep -q '^epoch' out || fail "quiet all the same"
run train --config quiet.conf --quiet=true
exits 0
prints ''
# - is standard input
run train --config - <quiet.conf
exits 0
prints ''
says ''
rm quiet.conf

# operands have no name
printf 'study = study.db\n' >options.conf
refuses 2 "show needs a STUDY: windrow show STUDY" show --config options.conf
refuses_like 3 "options.conf:1: show has no option --study*" show study.db --config options.conf
rm options.conf study.db merged.db ten.safetensors

only_files
finish
