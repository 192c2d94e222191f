#!/bin/sh
# windrow bench: the form of its output. Speed is not tested here.
. "$(dirname "$0")/lib.sh"
most=4294967295

# lists and numbers
for value in 0 ' 2' 1-3 x -1 1.5 1e3 4294967296 99999999999999999999999 0..3 1..x 1..3:x 1..2..3; do
    for option in models hidden window batch; do
        refuses 2 "--$option: '$value' is no whole number from 1 to $most, and no range of them, A..B, A..B:STEP or A..B*FACTOR" \
            bench --$option "1,$value,2"
    done
done
for value in 1, ,1 1,,2; do
    refuses 2 "--hidden: a value in its list is empty" bench --hidden "$value"
done
refuses 2 "--hidden: the range '3..2' ends before it starts" bench --hidden 3..2
refuses 2 "--hidden: the range '2..3:0' needs a step above 0" bench --hidden 2..3:0
refuses 2 "--hidden: the range '2..3*1' needs a factor above 1" bench --hidden 2..3*1
refuses 2 "--hidden: 1..$most,7 is a list of 4294967296 values; 10000000 is the most" \
    bench --hidden 1..$most,7
refuses 2 "--models: its value LIST is empty" bench --models ''
refuses 2 "--models needs a value: --models LIST" bench --models
refuses 2 "--models is given twice, as 1 and as 2" bench --models 1 --models 2
refuses 2 "--repeats 0: needs a whole number from 1 to $most" bench --repeats 0
refuses 2 "--threads 0: needs a whole number from 1 to $most" bench --threads 0
refuses 2 "--seconds -1: needs a number that is finite, not negative, and fits a float" \
    bench --seconds -1
refuses 2 "--schedule fast: needs one of auto, staged, fused, both" bench --schedule fast
refuses 2 "bench has no option --epochs; windrow help bench lists them" bench --epochs 3
refuses_like 2 "*gpu*" bench --device gpu
refuses_like 4 "*opencl:9.9*" bench --device opencl:9.9

# rows NUMBER: checks that out has this number of lines with measured cells.
number='[0-9][0-9.]*'
rows() {
    found=$(grep -cE "^ *([0-9]+ +){4}(fused|staged) +$number +$number +$number% +$number +$number%\$" out)
    [ "$found" -eq "$1" ] || fail "$found rows of measured cells, not $1"
}
cell() {
    grep -qE "^ *$1 +$2 +$3 +$4  $5 " out || fail "no row M=$1 H=$2 T=$3 B=$4 $5"
}

tiny="--device cpu --seconds 0.001 --repeats 2"
run bench $tiny --models 1,3 --hidden 4,5 --window 2 --batch 1,7
exits 0
says ''
[ "$(wc -l <out)" -eq 10 ] || fail "not a line of device, a head and 8 rows"
grep -qE "^cpu: .*, peak +$number Gflop/s\$" out || fail "no line on the device"
line out '      M     H    T      B  schedule  open s   updates/s  spread   Gflop/s  of peak'
rows 8
cell 1 4 2 1 fused
cell 3 5 2 7 fused
run bench $tiny --batch 3 --schedule both
exits 0
rows 2
cell 64 20 5 3 fused
cell 64 20 5 3 staged
run bench $tiny --models 1..3:2,8..70*8 --hidden 2..3 # 1, 3, 8 and 64
exits 0
rows 8
for models in 1 3 8 64; do
    cell $models 2 5 1 fused
    cell $models 3 5 1 fused
done
run bench $tiny --window 1 # no recurrence, so no flops of one
exits 0
grep -q ' 0\.00%$' out || fail "a part of the peak without recurrent products"

# the JSON object: measured values are positive
positive='([1-9][0-9.]*|0\.[0-9]*[1-9][0-9]*)(e[-+]?[0-9]+)?'
run bench $tiny --json --models 1,3 --hidden 4
exits 0
says ''
[ "$(wc -l <out)" -eq 1 ] || fail "more than a line"
grep -q "^$(head_of bench)," out && grep -qE ",\"version\":\"[0-9.]+\",\"seconds\":0\.001,\"repeats\":2,\"devices\":\[\{\"id\":\"cpu\",\"backend\":\"cpu\",\"name\":\".*\",\"detail\":\".*\",\"exact\":true,\"peak_flops_per_second\":$positive,\"rows\":\[\{.*\},\{.*\}\]\}\]\}\$" out ||
    fail "JSON of another form"
for models in 1 3; do
    grep -qE "\{\"curve\":\"grid\",\"models\":$models,\"hidden\":4,\"window\":5,\"batch\":1,\"schedule\":\"fused\",\"refused\":null,\"windows\":$positive,\"epochs\":$positive,\"open_seconds\":$positive,\"updates_per_second\":$positive,\"slowest\":$positive,\"fastest\":$positive,\"spread\":[0-9.e-]+,\"flops_per_second\":$positive,\"of_peak\":$positive\}" out ||
        fail "no such row for M = $models"
done

# without lists: four curves
run bench --device cpu --seconds 0 --repeats 1 --json
exits 0
for curve in models:7 hidden:7 window:5 batch:5; do
    found=$(grep -o "\"curve\":\"${curve%:*}\"" out | wc -l)
    [ "$found" -eq "${curve#*:}" ] || fail "$found cells against ${curve%:*}"
done

# a cell that does not fit gets a row, and the others are measured
run bench $tiny --models 1,4294967295 --hidden 300
exits 0
says ''
rows 1
grep -q '^4294967295 .* auto  .* need .*; .* has ' out || fail "no reason in the row"
run bench $tiny --models 4294967295 --hidden 300 --json
exits 0
grep -q '"batch":1,"schedule":"auto","refused":"[^"]*","windows":[0-9]*,"epochs":0,"open_seconds":null,"updates_per_second":null,"slowest":null,"fastest":null,"spread":null,"flops_per_second":null,"of_peak":null}' out ||
    fail "no reason in the JSON"

# every usable device, cpu first
usable=$("$windrow" devices --json | grep -oE '"id":"[^}]*"usable":true' | grep -oE '^"id":"[^"]*"')
run bench --seconds 0.001 --repeats 1 --models 2 --hidden 3 --json
exits 0
says ''
[ "$(grep -oE '"id":"[^"]*"' out)" = "$usable" ] || fail "not the usable devices, cpu first: $usable"
[ "$(grep -oE "\"updates_per_second\":$positive" out | wc -l)" -eq "$(echo "$usable" | wc -l)" ] ||
    fail "not one rate each"

# a device that fails is reported, and the others are measured. Its first few launches are those of the
# listing, and more than 40 measure its peak, so the 20th is one of these, however slow the machine is.
if [ -n "${3:-}" ] && [ "$usable" != '"id":"cpu"' ]; then
    title="windrow bench --json, and a device that fails"
    code=0
    OPENCL_LAYERS=$3 WR_FAULT_CALL=clEnqueueNDRangeKernel WR_FAULT_NTH=20 \
        "$windrow" bench --seconds 0.001 --repeats 1 --models 2 --hidden 3 --json >out 2>err || code=$?
    exits 4
    grep -q '^windrow: opencl:.* clEnqueueNDRangeKernel failed' err || fail "no word of the device"
    grep -qE "^\{.*\{\"id\":\"cpu\",.*\"updates_per_second\":$positive" out || fail "no figures of cpu"
fi
finish
