#!/bin/sh
# windrow forecast and windrow backtest: small fits, errors, and output.
. "$(dirname "$0")/lib.sh"
weather=$expected/../../data/seattle-weather.csv
small="--device cpu --threads 1 --updates 50 --hidden 4 --seeds 2"
daily="--time date --target temp_max --horizon 14"

# days NAME COUNT FORMULA: prints lines of a long CSV from 2020-01-01 on, FORMULA of i = 0 ..
# COUNT-1 in awk
days() {
    awk -v name="$1" -v count="$2" 'BEGIN {
        split("31 29 31 30 31", length_of, " ")
        month = day = 1
        for (i = 0; i < count; i++) {
            printf "%s,2020-%02d-%02d,%s\n", name, month, day, '"$3"'
            if (++day > length_of[month]) {
                day = 1
                month++
            }
        }
    }'
}

# ---- the next two weeks of a file ----

head -n 600 "$weather" >weather.csv
run forecast --data weather.csv $daily $small --quiet
exits 0
says ''
mv out daily.csv && : >out
[ "$(wc -l <daily.csv)" -eq 15 ] || fail "not 14 forecasts"
line daily.csv "unique_id,ds,windrow,windrow-lo-80,windrow-hi-80,windrow-lo-95,windrow-hi-95"
for day in 22 31; do
    grep -q "^temp_max,2013-08-$day,[0-9.]*," daily.csv || fail "no forecast of 2013-08-$day"
done
awk -F, 'NR > 1 && !($6 <= $4 && $4 <= $3 && $3 <= $5 && $5 <= $7) { exit 1 }' daily.csv ||
    fail "intervals are not one within the other"
cut -d , -f 1-3 daily.csv >points.csv

# the same again, from the saved fit, and for a shorter horizon; other levels, or none, give the
# same points
run forecast --data weather.csv $daily $small --save fit.safetensors --output kept.csv --json
exits 0
line err "recipe daily, since the time stamps are days; --recipe names another"
case $(cat out) in
"$(head_of forecast)"',"series":1,"models":2,"quiet":0,"shorter":0,"naive":0,"borrowed":0,"diverged":0,"updates":'*'"recipe":"daily"}]}') ;;
*) fail "--json tells something else" ;;
esac
same daily.csv kept.csv
run forecast --data weather.csv --time date --target temp_max --model fit.safetensors
exits 0
same out daily.csv
run forecast --data weather.csv --time date --target temp_max --model fit.safetensors --horizon 3
exits 0
head -n 4 daily.csv >three.csv
same out three.csv
run forecast --data weather.csv $daily $small --levels none --save bare.safetensors --quiet
exits 0
same out points.csv
run forecast --data weather.csv $daily $small --levels 95,50 --quiet
exits 0
line out "$(head -n 1 out | sed 's/.*/unique_id,ds,windrow,windrow-lo-50,windrow-hi-50,windrow-lo-95,windrow-hi-95/')"
cut -d , -f 1-3,6-7 out >other && cut -d , -f 1-3,6-7 daily.csv >wanted
same other wanted
run forecast --data weather.csv --time date --target temp_max --model bare.safetensors
exits 0
same out points.csv
refuses_like 3 "bare.safetensors has no intervals*" forecast --data weather.csv --time date \
    --target temp_max --model bare.safetensors --levels 80
refuses 3 "--horizon 15: fit.safetensors forecasts 14 steps at most" forecast --data weather.csv \
    --time date --target temp_max --model fit.safetensors --horizon 15
sed 's/"format\\":3,/"format\\":9,/' fit.safetensors >newer.safetensors
cmp -s fit.safetensors newer.safetensors && fail "the fit has no format"
refuses_like 3 "newer.safetensors: a fit of format 9 *" forecast --data weather.csv --time date \
    --target temp_max --model newer.safetensors
# a fit of Windrow 0.1 gives its forecasts; its intervals are not read
old=$expected/../../data/old
run forecast --data "$old/monthly.csv" --time ds --target y --model "$old/fit.safetensors" --levels none
exits 0
paste -d , out "$old/fit.csv" | awk -F , 'NR > 1 && ($3 - $6 > 1e-6 || $6 - $3 > 1e-6 || $2 != $5) { exit 1 }
    END { if (NR != 7) exit 1 }' || fail "the fit of 0.1 forecasts something else"
refuses_like 3 "*fit.safetensors has no intervals, since it is of Windrow 0.1*" forecast \
    --data "$old/monthly.csv" --time ds --target y --model "$old/fit.safetensors" --levels 80
head -c 500 fit.safetensors >cut.safetensors
refuses_like 3 "cut.safetensors: *" forecast --data weather.csv --time date --target temp_max \
    --model cut.safetensors
refuses 3 "fit.safetensors: weather.csv: series temp_min has not been fitted" forecast \
    --data weather.csv --time date --target temp_min --model fit.safetensors

# a season counts on from the last time that was fitted, however it is written
{ echo unique_id,ds,y; days a 90 '10 + i % 7'; } >day.csv
sed 's/\(-[0-9][0-9]\),/\1 00:00:00,/' day.csv >time.csv
grep -q '^a,2020-01-01 00:00:00,' time.csv || fail "no times of day"
run forecast --data day.csv $small --adjust yes --levels none --quiet --save season.safetensors
exits 0
cut -d , -f 3 out >wanted
for data in day.csv time.csv; do
    run forecast --data $data --model season.safetensors
    exits 0
    cut -d , -f 3 out >other
    same other wanted
done
awk 'BEGIN { print "ds,y"; for (i = 0; i < 60; i++) printf "%d-Q%d,%d\n", 2000 + i / 4, i % 4 + 1, 9 + i % 4 }' >quarter.csv
sed 's/-Q1/-01/; s/-Q2/-04/; s/-Q3/-07/; s/-Q4/-10/' quarter.csv >month.csv
sed 's/-\([01][0-9]\),/-\1-01,/' month.csv >first.csv
run forecast --data quarter.csv $small --recipe quarterly --levels none --quiet --save quarter.st
exits 0
cut -d , -f 3 out >wanted
for data in month.csv first.csv; do
    run forecast --data $data --model quarter.st --freq Q
    exits 0
    cut -d , -f 3 out >other
    same other wanted
done
rm quarter.csv month.csv first.csv quarter.st
head -n 90 day.csv >less.csv
refuses 3 "season.safetensors: less.csv: series a, which ends at 2020-03-29, does not contain 2020-03-30, the last time stamp that was fitted; the recipe's season and trend count from there" \
    forecast --data less.csv --model season.safetensors
rm day.csv time.csv less.csv season.safetensors

# naming the recipe's own rule changes nothing; another rule does
run forecast --data weather.csv $daily $small --levels none --quiet --optimizer adam --loss mae \
    --beta1 0.9 --lr-decay linear --bias both --activation tanh
exits 0
same out points.csv
for rule in "--optimizer rmsprop" "--loss huber" "--order sequential" "--clip 0.01 --clip-by norm" \
    "--bias head" "--activation relu" "--weight-decay 1" "--lr-decay constant" "--beta2 0.5"; do
    run forecast --data weather.csv $daily $small --levels none --quiet $rule
    exits 0
    ! cmp -s out points.csv || fail "$rule changes nothing"
done

# the mean of two recipes
run forecast --data weather.csv $daily $small --recipe daily,daily-residual --levels none --quiet \
    --save a.safetensors,b.safetensors
exits 0
cp out mean.csv
for part in a b; do
    "$windrow" forecast --data weather.csv --time date --target temp_max \
        --model $part.safetensors >$part.csv 2>err
done
paste -d , a.csv b.csv mean.csv | awk -F, 'NR > 1 {
    d = ($3 + $6) / 2 - $9
    if (d > 1e-6 || d < -1e-6 || $3 == $6) exit 1 }' || fail "not the mean of two recipes"
same a.csv points.csv
run forecast --data weather.csv --time date --target temp_max --model a.safetensors,b.safetensors
exits 0
same out mean.csv
# the error names the file, of several
run forecast --data weather.csv --time date --target temp_min --horizon 14 $small --levels none --quiet \
    --save c.safetensors
exits 0
refuses 3 "c.safetensors: weather.csv: series temp_max has not been fitted" forecast --data weather.csv \
    --time date --target temp_max --model a.safetensors,c.safetensors --levels none
refuses_like 3 "none.safetensors: cannot open: *" forecast --data weather.csv \
    --time date --target temp_max --model a.safetensors,none.safetensors
head -c -1 b.safetensors >short.safetensors
refuses_like 3 "short.safetensors: *truncated*" forecast --data weather.csv \
    --time date --target temp_max --model a.safetensors,short.safetensors
{ head -c -1 b.safetensors; printf x; } >turned.safetensors
refuses 3 "turned.safetensors: damaged: it is not as it was written, by its hash; fit again" forecast \
    --data weather.csv --time date --target temp_max --model a.safetensors,turned.safetensors

# ---- many series: long and wide give the same, and so does one series alone ----

{ echo unique_id,ds,y; for name in a b c; do
    awk -v name=$name 'BEGIN { for (i = 1; i <= 70; i++)
        printf "%s,%d,%d\n", name, i, (i * i) % 7 + i % (name == "b" ? 3 : 5) + 10 }'
done; } >long.csv
{ echo id,V1; awk -F, 'NR > 1 { row[$1] = row[$1] "," $3 }
    END { for (name in row) print name row[name] }' long.csv | sort; } |
    sed "1s/.*/id$(seq -s , 1 70 | sed 's/^/,/')/" >wide.csv
run forecast --data long.csv $small --horizon 3 --output long.out
exits 0
line err "recipe daily, since steps are numbered, and there is no --season; --recipe names another"
run forecast --data wide.csv $small --horizon 3 --quiet
exits 0
same out long.out
run forecast --data wide.csv $small --horizon 3 --layout wide --season 24 --window 1 --output x
exits 0
line err "recipe hourly, since a season has 24 steps; --recipe names another"
grep -v '^[ac],' long.csv >alone.csv
run forecast --data alone.csv $small --horizon 3 --quiet --levels none
exits 0
grep '^b,' out | cut -d , -f 1-3 >alone && grep '^b,' long.out | cut -d , -f 1-3 >company
same alone company
rm x

# short and constant series are counted and named; no forecast is NaN
{ echo unique_id,ds,y; days short 6 'i % 3'; days flat 60 7; days some 40 '10 + i % 3'
    days '"a ""b"", c"' 90 'i % 7'; } >mixed.csv
run forecast --data mixed.csv $small --horizon 3 --output mixed.out
exits 0
line err "                    1 series with a shorter window: some"
line err "                    2 series too short or constant, so seasonal naive: short, flat"
[ "$(grep -c '^"a ""b"", c",2020-' mixed.out)" -eq 3 ] || fail "a name is not quoted"
line mixed.out "flat,2020-03-03,7,7,7,7,7"
! grep -qi nan mixed.out || fail "there is a NaN"
run forecast --data mixed.csv $small --horizon 3 --lr 3e38 --quiet --levels none --output x
exits 8
says_like "windrow: 4 of 4 models diverged*"
rm x

# values after the shorter fit for the intervals do not prevent a forecast: a 0 that has no log, a
# gap
{ echo unique_id,ds,y; days a 120 'i == 110 ? 0 : 5 + i % 7 + i % 5'; } >zero.csv
run forecast --data zero.csv $small --horizon 3 --quiet
exits 0
! grep -qi nan out || fail "there is a NaN"
run backtest --data zero.csv $small --horizon 3 --origins 4 --quiet
exits 0
{ echo unique_id,ds,y; days a 120 'i == 100 ? "" : 5 + i % 7 + i % 5'; } >hole.csv
run forecast --data hole.csv $small --horizon 3 --missing drop --window 2 --quiet
exits 0
! grep -qi nan out || fail "there is a NaN"

# the updates are those that were asked for, with fewer validations if they are few
run forecast --data zero.csv --device cpu --hidden 4 --seeds 2 --updates 3 --validate 0.2 \
    --patience 20 --horizon 3 --quiet --levels none --json --output x
exits 0
case $(cat out) in
*'"updates":6,'*'"recipe":"daily"'*) ;;
*) fail "not 3 updates of each of 2 models" ;;
esac
rm x

# part files of another fit under the names of this one
few="--device cpu --seeds 2 --horizon 3 --levels none --quiet"
for hidden in 4 3; do
    run forecast --data zero.csv $few --updates 9 --hidden $hidden --resume shapes
    exits 0
done
{ echo unique_id,ds,y,x; days a 123 '(i < 120 ? (i * i) % 7 : "") "," i % 5'; } >seen.csv
for role in past future; do
    run forecast --data seen.csv $few --updates 9 --$role x --resume roles
    exits 0
done
[ "$(ls roles | wc -l)" -eq 2 ] || fail "not a part for each role of a covariate"
set -- shapes/*
[ $# -eq 2 ] || fail "not a part for each fit"
cp "$1" swap && cp "$2" "$1" && mv swap "$2"
for hidden in 4 3; do
    refuses_like 3 "shapes/*: damaged; remove it, and its series are fitted again" forecast \
        --data zero.csv $few --updates 9 --hidden $hidden --resume shapes
done

# ---- errors ----

bad() { # NAME LINE...: writes a long CSV
    name=$1
    shift
    { echo unique_id,ds,y; printf '%s\n' "$@"; } >$name.csv
}
bad twice a,2020-01-01,1 a,2020-01-02,2 a,2020-01-02,3
refuses_like 3 'twice.csv: line 4, series "a": 2020-01-02 stands twice*' forecast --data twice.csv
bad back a,2020-01-01,1 a,2020-01-03,2 a,2020-01-02,3
refuses_like 3 'back.csv: line 4, series "a": 2020-01-02 is not later than*' \
    forecast --data back.csv
{ echo unique_id,ds,y; days a 30 '30 - i'; days b 30 '20 - i'; } >sinks.csv
refuses_like 3 'sinks.csv: line 52, series b: log of 0*' \
    forecast --data sinks.csv $small --quiet --transform log --horizon 2
head -n 30 sinks.csv >above.csv
run forecast --data above.csv $small --quiet --transform log --horizon 2 --save log.safetensors
exits 0
{ echo unique_id,ds,y; days a 31 '30 - i'; } >below.csv
refuses_like 3 '*below.csv: line 32, series a: log of 0: values above 0 needed; fit it, or if the fit was loaded fit it again, with --transform none' \
    forecast --data below.csv --model log.safetensors
{ echo unique_id,ds,y; days a 60 'i == 20 ? "" : i % 7'; } >gap.csv
refuses_like 3 'gap.csv: line 22, series "a": *gap*' forecast --data gap.csv
run forecast --data gap.csv $small --horizon 2 --missing interpolate --quiet
exits 0
run forecast --data gap.csv $small --horizon 2 --missing drop --window 1 --quiet
exits 0
# if gaps leave no window of eight weeks, a shorter window is used; also near the end
{ echo unique_id,ds,y; days a 151 'i % 40 == 30 ? "" : i % 7 + i % 5'; } >pieces.csv
run forecast --data pieces.csv $small --horizon 2 --missing drop
exits 0
line err "                    1 series with a shorter window: a"
[ "$(wc -l <out)" -eq 3 ] || fail "not 2 forecasts"
{ echo unique_id,ds,y; days a 140 'i == 105 ? "" : i % 7 + i % 5'; } >ending.csv
run forecast --data ending.csv $small --horizon 2 --missing drop
exits 0
line err "                    1 series with a shorter window: a"
# if gaps leave no window of a week, seasonal naive is used; if they leave none at the end, that is
# an error
{ echo unique_id,ds,y; days a 150 'i % 8 == 4 ? "" : i % 7 + i % 5'; } >weeks.csv
run forecast --data weeks.csv $small --horizon 2 --missing drop --levels none
exits 0
line err "                    1 series too short or constant, so seasonal naive: a"
for gap in 120 138; do # a window is not shortened to less than half
    { echo unique_id,ds,y; days a 140 "i == $gap ? \"\" : i % 7 + i % 5"; } >end.csv
    refuses_like 3 'end.csv: series a: the last window, *touches a gap*--missing interpolate fills gaps' \
        forecast --data end.csv $small --horizon 2 --missing drop --quiet
done
{ echo unique_id,ds,y,x; days a 63 '(i < 60 ? (i * i) % 7 : "") "," i % 7'; } >known.csv
run forecast --data known.csv --future x $small --horizon 3 --quiet --levels none
exits 0
sed 's/,x$/,x,z/; s/\([0-9]\)$/\1,1/' known.csv >swapped.csv
run forecast --data swapped.csv --future x,z $small --horizon 3 --quiet --save two.safetensors
exits 0
for columns in "--future z,x" "--past z --future x" "--future x"; do
    refuses_like 3 'two.safetensors: swapped.csv: covariates "*", but the fit has "future x, future z": *' \
        forecast --data swapped.csv $columns --model two.safetensors
done
run forecast --data swapped.csv --future x,z --model two.safetensors
exits 0
refuses_like 3 'known.csv: line 61, series a: *3 of the 5 steps*' \
    forecast --data known.csv --future x $small --horizon 5
refuses_like 2 '*recursive*' forecast --data known.csv --future x $small --quiet --recursive yes \
    --horizon 3
printf 'y\n1\n2\n4\n3\n5\n' >five.csv # the fewest values that intervals need
refuses 3 'five.csv: every series is too short for intervals: 3 steps ahead take 6 values, and the longest has 5; --levels none forecasts without' \
    forecast --data five.csv $small --horizon 3 --quiet
echo 2 >>five.csv
run forecast --data five.csv $small --horizon 3 --quiet
exits 0
printf 'y\n1\n2\n' >two.csv
refuses_like 3 'two.csv: *: 1 step ahead takes 3 values, and the longest has 2; *' \
    forecast --data two.csv $small --horizon 1 --quiet
echo 4 >>two.csv
run forecast --data two.csv $small --horizon 1 --quiet
exits 0
printf 'name,color,size\nx,red,1\n' >odd.csv
refuses_like 3 'odd.csv: neither long *nor wide *' forecast --data odd.csv
refuses 3 'missing.csv: cannot be opened: No such file or directory' forecast --data missing.csv
refuses_like 3 'missing: *No such file or directory' \
    forecast --data long.csv --model missing
refuses 2 'forecast needs a file: windrow forecast --data FILE' forecast
refuses_like 2 '--recipe: there is no recipe "dayly"; there are hourly, *' forecast --data x --recipe dayly
refuses 2 '--recipe daily,daily: daily stands there twice' forecast --data x --recipe daily,daily
refuses_like 2 '--recipe: hourly forecasts 24 steps, daily 7; --horizon*' \
    forecast --data x --recipe hourly,daily
refuses 2 '--levels 0.95: levels are percentages, 1 or more: 95, not 0.95' forecast --data x --levels 0.95
refuses 2 '--levels 80,.995: levels are percentages, 1 or more: 95, not 0.95' backtest --data x --levels 80,.995
for levels in 0 100 80,80.0 none,80 x; do
    refuses_like 2 "--levels $levels: needs none, or*" forecast --data x --levels $levels
done
refuses 2 '--updates and --epochs exclude each other' forecast --updates 1 --epochs 1
for option in save resume threads; do
    refuses 2 "--$option says how to fit, but what --model names is fitted already" \
        forecast --data x --model x.st --$option 1
done
for option in "recipe daily" "season 2" "window 2" "seeds 2" "updates 2" "patience 2" "loss mse" \
    "bias none"; do
    refuses 2 "--${option% *} says how to fit, but what --model names is fitted already" \
        forecast --model x --${option% *} ${option#* }
done
refuses 2 '--momentum goes with --optimizer momentum, found --optimizer adam' \
    forecast --data x --recipe daily --momentum 0.5
refuses 2 '--huber-delta goes with --loss huber, found --loss mae' \
    forecast --data x --recipe daily --huber-delta 1
refuses_like 2 '--json and the forecasts both go to stdout*' forecast --data long.csv --json
refuses_like 2 '--layout wide has no columns to name*' forecast --data long.csv --layout wide --id a
refuses_like 2 '--save a,b: 2 files for 1 recipe; *' \
    forecast --data long.csv --recipe daily --save a,b
refuses 2 '--output and --save name the same file, ./a' \
    forecast --data long.csv --recipe daily --save a --output ./a
for option in output save; do
    refuses_like 6 'missing/file: *' forecast --data long.csv --recipe daily --updates 4000000000 \
        --$option missing/file
done
absent a b x

# ---- backtests ----

{ echo unique_id,ds,y; days week 80 'i % 7'; days fort 80 '(i * i) % 7'; } >weeks.csv
run backtest --data weeks.csv $small --horizon 7 --csv scores.csv --quiet
exits 0
says ''
line out "2 series, 3 origins 7 steps apart, 7 to forecast from each"
grep -q '^seasonal naive is better than windrow: MA[SE]* 0 against [0-9.]*. On 2 of 2 series seasonal naive is better.$' out ||
    fail "it does not say that seasonal naive wins"
[ "$(grep -c '^week,' scores.csv)" -eq 3 ] || fail "not 3 methods"
line scores.csv "week,seasonal-naive,0,0,0,,0,1,0,1,0"
grep -q '^fort,naive,[0-9.]*,[0-9.]*,[0-9.]*,,' scores.csv || fail "no scores of naive"
run backtest --data weeks.csv $small --horizon 7 --origins 2 --step 3 --refit --levels none --json \
    --recipe daily,daily-residual --quiet
exits 0
case $(cat out) in
"$(head_of backtest)"',"series":2,"horizon":7,"origins":2,"step":3,"refit":true,"recipes":["daily","daily-residual"],"models":16,'*'"method":"seasonal-naive","mae":0.0,"rmse":0.0,"smape":0.0,"mase":null,"crps":0.0,"intervals":[],"better_on":2}]}') ;;
*) fail "--json tells something else" ;;
esac
refuses_like 3 'weeks.csv: line 81, series "week": its 80 values are too few for 12 origins 7 *' \
    backtest --data weeks.csv $small --horizon 7 --origins 12 --recipe daily --quiet
refuses_like 6 'missing/file: *' backtest --data weeks.csv --recipe daily --csv missing/file
refuses 2 'backtest needs a file: windrow backtest --data FILE' backtest
rm scores.csv

# ---- Ctrl-C ----

title="windrow forecast, and SIGINT"
for resume in "" "--resume parts"; do
    cases=$((cases + 1))
    : >out
    env --default-signal=INT "$windrow" forecast --data weather.csv $daily --device cpu --quiet \
        --recipe daily --updates 4000000 --output late.csv $resume 2>err &
    pid=$!
    sleep 1
    kill -s INT $pid
    code=0
    wait $pid || code=$?
    if [ -z "$resume" ]; then
        exits 130
        line err 'windrow: interrupted; no file was written'
    else
        exits 75
        line err 'windrow: stopped; this goes on:'
        grep -q -e ' forecast --data weather.csv .* --resume parts$' err || fail "no command"
    fi
    absent late.csv
done
title="windrow forecast --resume after it was done"
for again in 1 2; do
    run forecast --data weather.csv $daily $small --resume kept --output kept.$again --quiet
    exits 0
    same kept.$again daily.csv
done
finish
