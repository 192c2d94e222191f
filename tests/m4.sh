#!/bin/sh
# m4.sh WINDROW SCRIPTS FOLDER: scripts/m4 scores as the M4 competition does, and scripts/plot_forecast
# draws the forecasts.
set -eu
windrow=$1
scripts=$2
folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
export WINDROW="$windrow"

# Two series by hand, of different lengths, one padded; the second lacks a test value.
cat >train.csv <<'END'
"V1","V2","V3","V4","V5","V6","V7"
"A","1","3","2","4","3",""
"B","10","10","20","10","10","20"
END
cat >test.csv <<'END'
"V1","V2","V3"
"B","30",""
"A","3","5"
END
# naive: A 3, 3: sMAPE (0 + 50) / 2, MASE (0 + 2) / 2 / 1 with season 2; B 20: 40, 10 / 7.5
# seasonal: A 4, 3: (200 / 7 + 50) / 2, (1 + 2) / 2 / 1; B 10: 100, 20 / 7.5
for case in "naive 32.5 $(awk 'BEGIN { print (1 + 10 / 7.5) / 2 }')" \
    "seasonal-naive $(awk 'BEGIN { print ((200 / 7 + 50) / 2 + 100) / 2, (1.5 + 20 / 7.5) / 2 }')"; do
    set -- $case
    "$scripts/m4" --train train.csv --test test.csv --season 2 --recipe "$1" --json >out
    python3 - "$2" "$3" <<'END' || { cat out; exit 1; }
import json, sys
told = json.load(open("out"))
wanted = [float(word) for word in sys.argv[1:]]
assert all(abs(a - b) < 1e-4 for a, b in zip((told["smape"], told["mase"]), wanted)), wanted
assert told["series"] == 2 and told["seconds"] >= 0
END
done

# windrow itself, on a season that it can learn
seq 60 | awk '{ row = row "," 10 + ($1 * $1) % 7 } { head = head ",V" $1 + 1 }
    END { print "V1" head; print "A" row; print "B" row; print "C,1,2,1,2,1" }' >train.csv
printf 'V1,V2,V3,V4\nC,1,2,1\nA,14,13,14\nB,14,13,14\n' >test.csv
"$scripts/m4" --train train.csv --test test.csv --season 1 --recipe daily,daily-residual \
    --updates 50 --hidden 4 --seeds=2 --device cpu --output forecasts.csv --levels 80 >out 2>err ||
    { cat err; exit 1; }
for line in "series              3" "models              8" "naive               1" \
    "horizon             3"; do
    grep -qx "$line" out || { cat out; echo "no line: $line"; exit 1; }
done
head -n 1 forecasts.csv | grep -qx 'unique_id,ds,windrow,windrow-lo-80,windrow-hi-80'
if "$scripts/m4" --train train.csv --test test.csv --season 1 --recipe none 2>err; then
    echo "m4 takes a recipe that is none"
    exit 1
fi
grep -q 'there is no recipe "none"' err

is_picture() {
    [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || { echo "$1 is no PNG"; exit 1; }
}
for python in python3 /usr/bin/python3 none; do
    "$python" -c 'import matplotlib, numpy' 2>/dev/null && break
done
if [ "$python" = none ]; then
    echo "not drawn: no Python with matplotlib (Debian: python3-matplotlib)"
    exit 0
fi
"$scripts/plot_forecast" forecasts.csv --data train.csv --truth test.csv
is_picture forecasts.png
head -n 200 "$scripts/../tests/data/seattle-weather.csv" >weather.csv
"$windrow" forecast --data weather.csv --time date --target temp_max --horizon 7 --updates 50 \
    --seeds 1 --device cpu --quiet --levels none --output f.csv
"$scripts/plot_forecast" f.csv --data weather.csv --time date --target temp_max --most 1 -o one.png \
    --truth "$scripts/../tests/data/seattle-weather.csv"
is_picture one.png
for wrong in "train.csv --data train.csv" "f.csv --data missing" "f.csv --data train.csv" \
    "f.csv --data weather.csv --target none" "missing --data train.csv"; do
    if "$scripts/plot_forecast" $wrong 2>err; then
        echo "plot_forecast takes $wrong"
        exit 1
    fi
    [ "$(wc -l <err)" -eq 1 ] && grep -q '^plot_forecast: ' err || { cat err; exit 1; }
done
