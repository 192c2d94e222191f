#!/bin/sh
# broken.sh WINDROW_BROKEN LOG: what a command whose bptt kernel is damaged must do: verify finds
# stage and place, and train refuses the device.
set -eu
windrow=$1
log=$2

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

code=0
"$windrow" train --device "$device" --schedule staged --epochs 1 >"$log" 2>&1 || code=$?
[ $code -eq 4 ] || fail "train on a device that is not exact exits $code, not 4:"
"$windrow" train --device "$device" --schedule staged --epochs 1 --inexact >"$log" 2>&1 ||
    fail "train --inexact fails:"
