#!/bin/sh
# failing_calls.sh WINDROW LIBRARY FOLDER [TRIES [COMMANDS]]: runs every command while its n-th
# allocation, write, fsync, rename, open, close, read or thread fails, and prints a table of the
# results. TRIES: how many n of each kind, spread over all (0: every one). COMMANDS: only these.
# LIBRARY is failing_calls.c and failing_campaign.c, which tell what is checked. Exits with 1 if
# anything is wrong.
set -u
windrow=$1
library=$2
folder=$3
tries=${4-0}
commands=${5-}
rm -rf "$folder" && mkdir -p "$folder/in" "$folder/work" && cd "$folder/in" || exit 1
export OMP_NUM_THREADS=1 OCL_ICD_VENDORS=/none WINDROW=$windrow
wrong=0

# ---- inputs ----

awk 'BEGIN {
    print "a,bé"
    for (i = 0; i < 24; i++) print (i * 7) % 11 + 0.5 "," (i * 5) % 13
}' >series.csv
awk -F , 'BEGIN { print "ds,a" } NR > 1 { print 1990 + NR "," $1 }' series.csv >stamped.csv
awk 'BEGIN {
    print "unique_id,ds,y"
    for (s = 0; s < 2; s++)
        for (i = 0; i < 30; i++)
            printf "s%d,2020-01-%02d,%d\n", s, 1 + i, 10 + (i * 7) % 11 + s
}' >panel.csv
small="--horizon 2 --window 3 --hidden 2 --seeds 1 --updates 4 --season 1 --device cpu"
grid="--hidden 2,3 --seeds 0 --epochs 3 --keep all --device cpu --quiet"
"$windrow" train --data series.csv --epochs 2 --save model.safetensors --device cpu --quiet &&
    "$windrow" forecast --data panel.csv $small --save fit.safetensors --output forecast.csv --quiet \
        --resume parts &&
    "$windrow" backtest --data panel.csv $small --origins 2 --csv scores.csv --json --quiet >scores.json &&
    "$windrow" sweep --store study.db $grid &&
    "$windrow" sweep --store shard0.db $grid --shard 0/2 &&
    "$windrow" sweep --store shard1.db $grid --shard 1/2 || exit 1
cd ../work || exit 1

# ---- one command ----

# Values in JSON and tables that depend on the clock.
seconds='s/"\(seconds\|updates_per_second\|open_seconds\|slowest\|fastest\|spread\|flops_per_second\|of_peak\|peak_flops_per_second\|trials_per_second\|updates\|epochs\)":[-+.0-9e]*/"\1":#/g'
output="sed '$seconds' \$out"

# An open without memory counts as an error of storage where SQLite does not tell the cause.
# fails NAME CHECK WHOLE ALLOWED AGAIN ARGUMENT...: all kinds of calls of a command.
fails() {
    name=$1 check=$2 whole=$3 allowed=$4 again=$5
    shift 5
    case " ${commands:-$name} " in *" $name "*) ;; *) return ;; esac
    for kind in alloc:12:0:5 open:24:0:"3 4 5 6" open:12:0:"5 6" write:28:0:6 write:28:1:6 sync:5:0:6 \
        rename:5:0:6 close:5:0:"3 6" read:5:0:"3 6" thread:11:0:; do
        rest=${kind#*:*:}
        cause=${kind#*:} && cause=${cause%%:*}
        FAIL_CAMPAIGN=$name FAIL_KIND=${kind%%:*} FAIL_ERRNO=$cause FAIL_ONWARDS=${rest%%:*} \
            FAIL_CODES=${rest#*:} FAIL_TRIES=$tries FAIL_CHECK=$check FAIL_WHOLE=$whole \
            FAIL_ALLOWED=$allowed FAIL_AGAIN=$again LD_PRELOAD=$library \
            "$windrow" "$@" || wrong=1
    done
}

study="sqlite3 study.db 'select id,hidden,seed,status,loss,hash from trial order by hidden,seed;
    select trial,epoch,loss from curve order by 1,2; select trial,hex(parameters) from parameters order by 1'"

printf '%-16s %-7s %7s %7s %6s   exit codes\n' command kind calls tried wrong
fails help "$output" "" "" 0 help train
fails version "$output" "" "" 0 version --json
fails train "$output; cat model history" "model history" "model history" 0 \
    train --data ../in/series.csv --target "bé" --models 2 --epochs 3 --device cpu --save model \
    --history history
fails train-json "$output; cat model" model model 0 \
    train --data ../in/series.csv --init ../in/model.safetensors --epochs 3 --validate 0.2 --json \
    --device cpu --save model
fails train-threads "cat \$out model" model model 0 \
    train --models 64 --threads 3 --epochs 3 --device cpu --save model
fails predict "cat \$out" "" "" 0 \
    predict ../in/model.safetensors --data ../in/stamped.csv --device cpu
fails predict-json "$output; cat rows" rows rows 0 \
    predict ../in/model.safetensors --data ../in/series.csv --device cpu --json --output rows
fails forecast-saved "cat \$out" "" "" 0 \
    forecast --data ../in/panel.csv --model ../in/model.safetensors --target y --horizon 2 --device cpu
fails forecast "$output; cat fit forecast" "fit forecast" "fit forecast" 0 \
    forecast --data ../in/panel.csv $small --save fit --output forecast --json
fails forecast-model "cat \$out" "" "" 0 \
    forecast --data ../in/panel.csv --model ../in/fit.safetensors
fails forecast-resume "cat forecast" forecast "forecast parts" 1 \
    forecast --data ../in/panel.csv $small --levels none --resume parts --output forecast
fails forecast-resumed "cat \$out" "" "" 0 \
    forecast --data ../in/panel.csv $small --resume ../in/parts
fails backtest "$output; cat scores" scores scores 0 \
    backtest --data ../in/panel.csv $small --origins 2 --csv scores
fails backtest-json "$output" "" "" 0 \
    backtest --data ../in/panel.csv $small --origins 2 --json
# Drivers that cannot be examined are a row that tells so, with exit code 0.
looked='grep -q "were not looked at, since no process\|about OpenCL drivers cannot be read" $out && cat ../whole'
fails devices "$looked || cat \$out" "" "" 0 devices
fails devices-json "$looked || cat \$out" "" "" 0 devices --json
fails verify "cat \$out" "" "" 0 verify --device cpu --json
# A cell without memory is a row that tells so, with exit code 0.
told='grep -q "cannot allocate\|no memory\|cannot be started" $out && cat ../whole'
fails bench "$told || sed 's/[-+.0-9e%]*[0-9][-+.0-9e%]*/#/g; s/  */ /g' \$out" "" "" 0 \
    bench --device cpu --models 1,2 --seconds 0 --repeats 1
fails bench-json "$told || $output" "" "" 0 \
    bench --device cpu --models 1,2 --seconds 0 --repeats 1 --json
fails show "cat \$out" "" "" 0 show ../in/study.db
fails show-json "cat \$out" "" "" 0 show ../in/study.db --json
fails show-csv "cat \$out" "" "" 0 show ../in/study.db --csv
fails report "cat page" page page 0 report ../in/study.db --html page
fails report-fit "cat page" page page 0 \
    report ../in/fit.safetensors --data ../in/panel.csv --html page
fails report-csv "cat page" page page 0 report ../in/scores.csv --html page
fails report-json "cat page" page page 0 report ../in/scores.json --html page
fails export "cat model" model model 0 export ../in/study.db --best 1 --save model
fails merge "$study" "" "study.db*" 1 merge study.db ../in/shard0.db ../in/shard1.db --keep all
fails sweep "$study" "" "study.db*" 1 sweep --store study.db $grid
exit $wrong
