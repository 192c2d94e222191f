#!/bin/sh
# windrow forecast --resume with many chunks: killed three times and stopped once, it continues from
# the finished chunks and gives the forecasts of an undisturbed run.
. "$(dirname "$0")/lib.sh"
export WINDROW_CHUNK=10
awk 'BEGIN { print "unique_id,ds,y"
    for (s = 0; s < 200; s++) for (i = 1; i <= 35; i++)
        printf "s%03d,%d,%d\n", s, i, (i * i + s * i) % (7 + s % 5) + 10 }' >series.csv
fit="forecast --data series.csv --recipe daily --season 7 --window 2 --chunk 7 --horizon 3 --seeds 1
    --validate 0 --updates $3 --device cpu --threads 1"

updates() { # of the last run, from --json
    sed 's/.*"updates":\([0-9]*\),.*/\1/; q' out
}
parts() {
    ls "$1" 2>/dev/null | grep -c 'windrow-part$'
}
# ends SIGNAL COMMAND...: sends the signal after two more part files are written; $code is the exit
# code.
ends() {
    signal=$1 before=$(parts parts)
    shift
    title="windrow forecast --resume, and SIG$signal after $before parts"
    cases=$((cases + 1))
    "$@" >out 2>err &
    pid=$!
    while [ "$(parts parts)" -lt $((before + 2)) ] && kill -s 0 $pid 2>/dev/null; do
        sleep 0.02
    done
    kill -s "$signal" $pid 2>/dev/null
    code=0
    wait $pid 2>/dev/null || code=$?
}

run $fit --resume whole --output whole.csv --json --quiet
exits 0
all=$(updates)
[ "$(parts whole)" -eq 40 ] || fail "not 20 chunks of the fit and 20 of its intervals"

for again in 1 2 3; do
    ends KILL "$windrow" $fit --resume parts --output killed.csv --json --quiet
    exits 137
    absent killed.csv
done
ends INT env --default-signal=INT "$windrow" $fit --resume parts --output killed.csv --json --quiet
exits 75
absent killed.csv
line err 'windrow: stopped; this goes on:'
[ "$(parts parts)" -ge 8 ] || fail "parts are lost"

sed -n '$p' err >again
title="the command that goes on"
cases=$((cases + 1))
code=0
sh again >out 2>err || code=$?
exits 0
same killed.csv whole.csv
left=$(updates)
[ "$left" -gt 0 ] && [ "$left" -lt "$all" ] || fail "$left updates of $all: nothing was kept"
[ "$(parts parts)" -eq 40 ] || fail "a part is missing"

# A finished part is not trained again, even if the size of a chunk changes.
export WINDROW_CHUNK=7
run $fit --resume parts --output again.csv --json --quiet
exits 0
same again.csv whole.csv
[ "$(updates)" -eq 0 ] || fail "$(updates) updates"

# A part file with a flipped bit is refused, or gives the same forecasts.
part=$(ls parts/*.windrow-part | head -n 1)
cp "$part" whole.part
size=$(wc -c <"$part")
for at in 30 300 $((size / 2)) $((size - 40)) $((size - 3)); do
    byte=$(od -An -tu1 -j "$at" -N 1 whole.part)
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$part" bs=1 seek="$at" conv=notrunc 2>/dev/null
    ! cmp -s "$part" whole.part || fail "byte $at has not changed"
    run $fit --resume parts --output again.csv --quiet
    [ "$code" -eq 0 ] || exits 3
    [ "$code" -eq 3 ] || same again.csv whole.csv
    [ "$code" -eq 0 ] || says_like "windrow: $part: *"
    [ "$at" -lt $((size - 40)) ] || exits 3
    cp whole.part "$part"
done
finish
