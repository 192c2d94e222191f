#!/bin/sh
# broken.sh WINDROW_BROKEN WINDROW_FAR WINDROW_LONG LOG: tests commands whose bptt kernel is damaged.
# verify must find stage and place, and train must refuse the device. The gradients of WINDROW_BROKEN
# have an error of 1 in 10,000,000: --inexact accepts it and prints the error. Those of WINDROW_FAR are
# twice too large. WINDROW_LONG is damaged in code that only batches of more than 65,536 windows use.
set -eu
windrow=$1
far=$2
long=$3
log=$4

fail() {
    echo "$1"
    cat "$log"
    exit 1
}

device=$("$windrow" devices | grep -o 'opencl:[0-9.]*' | head -n 1)
[ -n "$device" ] || {
    echo "skipped: no OpenCL device"
    exit 77
}

code=0
"$windrow" verify --device "$device" >"$log" 2>&1 || code=$?
[ $code -eq 7 ] || fail "verify exits $code, not 7:"
grep -q 'windrow: bptt: gradients differ in .* first \[[0-9]*\] cpu' "$log" ||
    fail "verify does not name stage bptt and the first difference:"

# Batches of more than 65,536 windows: the check at open tests the code that only they use.
train="train --device $device --schedule fused --epochs 1 --hidden 4 --length 66000"
code=0
"$long" $train --batch all >"$log" 2>&1 || code=$?
[ $code -eq 4 ] || fail "train by large batches on a device that adds them wrongly exits $code, not 4:"
grep -q "is not exact: known case: .* differ in .* B=65569 " "$log" || fail "train does not tell why:"
"$long" $train --batch 60000 >"$log" 2>&1 || fail "train by smaller batches fails:"
"$windrow" $train --batch all >"$log" 2>&1 || fail "train by large batches fails:"

code=0
"$windrow" train --device "$device" --schedule staged --epochs 1 >"$log" 2>&1 || code=$?
[ $code -eq 4 ] || fail "train on a device that is not exact exits $code, not 4:"
grep -q "is not exact: .*; --inexact accepts it\$" "$log" || fail "train does not tell of --inexact:"
code=0
"$far" train --device "$device" --schedule staged --epochs 1 >"$log" 2>&1 || code=$?
[ $code -eq 4 ] || fail "train on a device far off exits $code, not 4:"
grep -q "is not exact: .*; it is too far off for --inexact, too\$" "$log" ||
    fail "train does not tell that --inexact would refuse it, too:"
train="train --device $device --schedule staged --epochs 1 --inexact"
"$windrow" $train >"$log" 2>&1 || fail "train --inexact fails:"
grep -q "^windrow: $device is not exact: .* losses .* by up to [0-9.e-]* of " "$log" ||
    fail "train --inexact does not tell how far off the device is:"
"$windrow" $train --optimizer adam --quiet --json >"$log" 2>&1 || fail "train --json fails:"
grep -q "^windrow: $device is not exact: " "$log" || fail "train --json does not tell:"
code=0
"$far" $train >"$log" 2>&1 || code=$?
[ $code -eq 4 ] || fail "train --inexact on a device far off exits $code, not 4:"
grep -q "^windrow: $device (.*) is too far off, even for --inexact: .* losses .* by up to [0-9.e-]* of " "$log" ||
    fail "train --inexact does not tell why it refuses the device:"
