#!/bin/sh
# windrow on series with gaps: values that were filled in are used neither for scores nor for
# intervals, and this is reported.
. "$(dirname "$0")/lib.sh"
small="--device cpu --threads 1 --updates 50 --hidden 4 --seeds 2 --quiet"

# Days 1 to 300 without gaps of 1 to 4 days: about half of them.
echo ds,y >gaps.csv
awk 'BEGIN {
    for (day = 1; day < 300; day += day % 11 < 6 ? 1 : 1 + day % 5)
        printf "%d,%.4f\n", day, 100 + 10 * sin(day) + day % 7
    print "300,100"
}' >>gaps.csv
scored=$(awk -F, 'NR > 1 && $1 > 300 - 56 { n++ } END { print n }' gaps.csv)
[ "$scored" -gt 5 ] && [ "$scored" -lt 56 ] || fail "the file is not as it is meant: $scored"

ends="--recipe daily --horizon 14 --origins 4"
run backtest --data gaps.csv --missing interpolate $ends $small
exits 0
line out "$((56 - scored)) of these 56 values are missing: $scored are scored"
run backtest --data gaps.csv --missing interpolate $ends $small --json
exits 0
grep -qF ",\"values\":56,\"scored\":$scored,\"methods\":[" out || fail "--json does not say it"

# The naive forecast by hand, from the last value before each origin: its MAE over the values in the
# file.
mae=$(awk -F, 'NR > 1 {
    origin = $1 > 244 ? 244 + 14 * int(($1 - 245) / 14) : 0
    if (origin > 0) {
        if (origin != at) { at = origin; from = last }
        error = $2 - from
        sum += error < 0 ? -error : error
        n++
    }
    last = $2
} END { printf "%.6f", sum / n }' gaps.csv)
grep -o '"method":"naive","mae":[0-9.]*' out | cut -d : -f 3 |
    awk -v mae="$mae" '{ exit !($1 - mae < 1e-5 && mae - $1 < 1e-5) }' || fail "naive is not $mae"

# Values that were filled in do not count for intervals either, and this is reported. Here nothing
# else was held out.
{ echo ds,y; awk 'BEGIN { for (day = 1; day < 70; day++) print day "," day * day % 7; print "200,3" }'; } >hole.csv
run forecast --data hole.csv --missing interpolate --recipe daily --horizon 7 ${small% --quiet}
exits 0
line err "130 of 200 values were missing and are filled in; intervals and scores come of the others alone"
grep -q '^y,201,[0-9.]*,,,,$' out || fail "an interval of values that were filled in"
line err "1 series without intervals at 80 % and above, since too few errors tell how wide they are: y"

# The report says from which level on intervals are missing, and for which series. The 180 errors of
# all series are too few for 99.9 %, and a single value has no spread.
{ echo id,V1,V2,V3,V4,V5,V6,V7,V8
    awk 'BEGIN { for (s = 0; s < 30; s++) {
        printf "s%d", s
        for (t = 0; t < 8; t++) printf ",%d", (s * 7 + t * t * 5) % 11
        print "" } }'
    printf '%s\n' a,100,200,100 b,1000,2000,1000 c,50; } >short.csv
run forecast --data short.csv --recipe daily --horizon 3 --levels 80,95,99.9 $small
exits 0
says "1 series without intervals at 80 % and above, since too few errors tell how wide they are: c
2 series without intervals at 99.9 %, since too few errors tell how wide they are: a and 1 more"

# The windows that drop leaves out, and rows without a value at the ends of series, are reported.
run forecast --data gaps.csv --missing drop --recipe daily --window 1 --chunk 1 --horizon 1 ${small% --quiet}
exits 0
line err "$((301 - $(wc -l <gaps.csv))) of 300 values are missing; no model learns from windows with them"
{ echo unique_id,ds,y; awk 'BEGIN { for (day = 1; day <= 60; day++) {
    print "a," day "," (day < 59 ? day % 7 : ""); print "b," day "," day % 5 } }'; } >ends.csv
run forecast --data ends.csv --recipe daily --horizon 1 ${small% --quiet}
exits 0
line err "2 rows without a value before the first or after the last one of a series, and left out; so a forecast begins after the last value: a"

# Nothing is reported if no value is missing.
{ echo ds,y; awk 'BEGIN { for (day = 1; day <= 100; day++) print day "," day % 7 }'; } >whole.csv
run backtest --data whole.csv --missing interpolate $ends $small
exits 0
! grep -q missing out || fail "nothing is missing"
run backtest --data whole.csv $ends $small --json
grep -qF ',"values":56,"scored":56,' out || fail "not all are scored"
finish
