#!/bin/sh
# Numbers for programs have the fewest digits that give the same number when read.
. "$(dirname "$0")/lib.sh"
small="--device cpu --threads 1 --updates 50 --hidden 4 --seeds 2 --quiet"

# series FORMULA: prints a CSV of 60 values, FORMULA of i in awk. noise() is -0.5 .. 0.5.
series() {
    echo y
    awk 'function noise() { seed = (seed * 69069 + 1) % 4294967296; return seed / 4294967296 - 0.5 }
        BEGIN { for (i = 0; i < 60; i++) printf "%.6f\n", '"$1"' }'
}

# A counter: steps of 7 at 10^12.
series '1000000000000 + 7 * i' >counter.csv
run forecast --data counter.csv --recipe daily --horizon 5 $small
exits 0
[ "$(sed 1d out | cut -d , -f 3 | sort -u | wc -l)" -eq 5 ] || fail "forecasts look the same"
awk -F, 'NR > 1 && !($3 > 1000000000300 && $3 < 1000000000600) { exit 1 }' out ||
    fail "forecasts are far off"

# Noise of 1 around 10^9: the bounds differ from the point.
series '1000000000 + noise()' >level.csv
run forecast --data level.csv --recipe daily --horizon 5 $small
exits 0
awk -F, 'NR > 1 && !($6 < $4 && $4 < $3 && $3 < $5 && $5 < $7) { exit 1 }' out ||
    fail "bounds that are the point"

# Values whose squares overflow a float: the models diverge and are left out. If only the forecasts
# overflow, that is an error. Neither message mentions gaps.
series '(1 + i % 7) * 1e30' >large.csv
run forecast --data large.csv --recipe m4-rnn --season 1 --horizon 5 --levels none $small
exits 8
says "windrow: 2 of 2 models diverged, and are left out of their series' forecasts; a smaller --lr or --clip may help, or --scale standard where values are large"
[ "$(grep -c '^y,6[1-5],[0-9.e+]*$' out)" -eq 5 ] || fail "not 5 forecasts"
run forecast --data large.csv --recipe m4-rnn --season 1 --scale standard --horizon 5 --levels none $small
exits 0
{ echo y; awk 'BEGIN { for (i = 0; i < 400; i++) printf "%.4f\n", 1 + i * i % 17 / 17 }'; } >noise.csv
refuses 3 "noise.csv: series y: its forecast overflows, fed back 499 times; a smaller --lr, --scale standard or fewer steps may help" \
    forecast --data noise.csv --recipe m4-rnn --season 1 --horizon 500 --levels none --lr 1 --epochs 1 --device cpu --quiet

# A backtest of one series has the same numbers in its CSV and its JSON.
run backtest --data level.csv --recipe daily --horizon 5 --origins 2 $small --csv scores.csv --json
exits 0
for column in 3:mae 4:rmse 5:smape 6:mase 7:crps; do
    number=$(sed -n 2p scores.csv | cut -d , -f "${column%:*}")
    grep -qF "\"${column#*:}\":$number," out || fail "${column#*:} is not $number in the JSON"
done
[ "$(sed -n 2p scores.csv | cut -d , -f 3 | tr -d '0.' | wc -c)" -gt 14 ] ||
    fail "digits of MAE are missing"

# A float has the digits of a float, in the history and in the JSON: 1224.2377, not 1224.23767.
run train --device cpu --epochs 2 --seed 4294967294 --json --history history.csv
exits 0
line history.csv "1,4294967294,1224.2377"
grep -qF '"loss":1224.2377,' out || fail "another loss in the JSON"
# ... in a study too; there whole numbers have no exponent
run sweep --device cpu --epochs 2 --seeds 4294967294 --lr 0.0001,0.00001 --clip 1 --store s.db --quiet
exits 0
run show s.db --csv
grep -q '^2,20,5,1,notebook,0.0001,1,4294967294,sgd,,,,,0,value,constant,sequential,,tanh,both,done,1224.2377,' out || fail "another loss in the CSV"
grep -q '^1,20,5,1,notebook,1e-5,1,4294967294,sgd,,,,,0,value,constant,sequential,,tanh,both,done,' out || fail "another learning rate"
run show s.db --json
grep -qF '"lr":0.0001,"clip":1.0,"seed":4294967294,' out || fail "other options in the JSON"
grep -qF '"loss":1224.2377,' out || fail "another loss in the JSON"

# JSON escapes only what it must in strings.
name=$(printf 'a"b\\c\td.db')
cp s.db "$name"
run show "$name" --json
exits 0
grep -qF "$(head_of show)"',"store":"a\"b\\c\u0009d.db","settings":{' out || fail "a string that is not escaped"

# Means and deviations in metadata have all digits.
run train --device cpu --epochs 1 --data level.csv --scale standard --quiet --save scaled
exits 0
mean=$(head -c 2000 scaled | grep -ao '"input_means":"[0-9.]*"' | tr -dc '0-9.')
awk -v mean="$mean" 'BEGIN { exit !(mean > 999999999 && mean < 1000000001 && length(mean) > 14) }' ||
    fail "a mean of $mean"
finish
