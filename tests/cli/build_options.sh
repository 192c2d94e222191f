#!/bin/sh
# WINDROW_BUILD_OPTIONS: what it adds is built with, shown, and refused where it changes arithmetic.
. "$(dirname "$0")/lib.sh"

device=$("$windrow" devices | grep -o 'opencl:[0-9.]*' | head -n 1)
[ -n "$device" ] || {
    echo "skipped: no OpenCL device"
    exit 77
}
train="train --device $device --epochs 30"

export WINDROW_BUILD_OPTIONS="-D WR_HARMLESS=1"
run $train
exits 0
same out "$expected/train.txt"
grep -q "^windrow: $device built kernels with \".* -D WR_HARMLESS=1\"\$" err ||
    fail "does not show what it built with"

export WINDROW_BUILD_OPTIONS=-cl-no-such-option
run $train
exits 4
prints ''
grep -q "^windrow: $device .* did not build .* -cl-no-such-option\"" err ||
    fail "does not name the option"

for option in fast-relaxed-math unsafe-math-optimizations finite-math-only mad-enable \
    no-signed-zeros denorms-are-zero single-precision-constant; do
    export WINDROW_BUILD_OPTIONS="-w -cl-$option"
    refuses 4 "WINDROW_BUILD_OPTIONS: -cl-$option changes arithmetic, and so the bits of every result; leave it out" $train
done
export WINDROW_BUILD_OPTIONS="-D WR_LONG=$(printf '%0600d' 0)"
refuses 4 "WINDROW_BUILD_OPTIONS: at most 511 characters fit" $train
finish
