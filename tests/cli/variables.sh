#!/bin/sh
# Environment variables that force a choice: wrong values are refused, and empty values are as if
# not set. WINDROW_BUILD_OPTIONS is used, shown, and refused if it changes arithmetic.
. "$(dirname "$0")/lib.sh"
opencl=$3 # ON or OFF: how windrow was built

ours="unset it for our own choice"
export WINDROW_CPU=sse
refuses_like 4 "WINDROW_CPU=sse: this CPU and this build have *scalar; unset it for the best" train
unset WINDROW_CPU

{ echo id,ds,y; for day in $(seq 20); do printf 'a,2024-01-%02d,%d\n' $day $((day * day)); done; } >series.csv
for nonsense in 0 -1 many 99999999999999999999; do
    export WINDROW_CHUNK=$nonsense
    refuses_like 4 "WINDROW_CHUNK=$nonsense: needs a whole number from 1 to *; $ours" \
        forecast --data series.csv --recipe daily --season 1 --horizon 2 --quiet
done
unset WINDROW_CHUNK

# For every device and every command: auto would otherwise pass over a device that does not open.
for name in WINDROW_CPU WINDROW_FUSED; do
    [ "$name $opencl" != "WINDROW_FUSED OFF" ] || continue
    export $name=abc
    for command in "train --epochs 1" "train --epochs 1 --device opencl" devices "devices --json" verify \
        "bench --seconds 0.01" "bench --json" "bench --device cpu" \
        "sweep --hidden 4 --epochs 1 --device all --store study.db"; do
        refuses_like 4 "$name=abc: *" $command
    done
    unset $name
done
absent study.db

device=$("$windrow" devices | grep -o 'opencl:[0-9.]*' | head -n 1)
[ -n "$device" ] || {
    [ $failures -eq 0 ] || finish
    echo "skipped: no OpenCL device; the cpu's variables passed"
    exit 77
}
train="train --device $device --epochs 30"

# refuses_values NAME WHAT-IS-NEEDED VALUE...
refuses_values() {
    name=$1 needs=$2
    shift 2
    for value; do
        export "$name=$value"
        refuses_like 4 "$name=$value: needs $needs; $ours" $train
    done
    unset "$name"
}
refuses_values WINDROW_WORK_GROUP "a whole number from 1 to 4294967295" 0 -5 abc 7x ' 7' 4294967303
refuses_values WINDROW_WARP "a whole number from 1 to 256" 0 257 100000 32.0
refuses_values WINDROW_QUEUES "a whole number from 1 to 2" 0 3 abc
refuses_values WINDROW_FUSED "one of team, rows, wide" abc Rows row
refuses_values WINDROW_STAGED "one of plain, tiled" foo tile
refuses_values WINDROW_ROWS "one of 1, 2, 4" 0 3 abc

for name in CPU WORK_GROUP WARP QUEUES FUSED STAGED ROWS BUILD_OPTIONS; do
    export "WINDROW_$name="
done
run $train
exits 0
same out "$expected/train.txt"
unset WINDROW_CPU WINDROW_WORK_GROUP WINDROW_WARP WINDROW_QUEUES WINDROW_FUSED WINDROW_STAGED WINDROW_ROWS

export WINDROW_BUILD_OPTIONS="-D HARMLESS=1"
run $train
exits 0
same out "$expected/train.txt"
grep -q "^windrow: $device built kernels with \".* -D HARMLESS=1\"\$" err ||
    fail "does not show what it built with"

export WINDROW_BUILD_OPTIONS=-cl-no-such-option
run $train
exits 4
prints ''
why="the kernels did not build (CL_[A-Z_]*) with WINDROW_BUILD_OPTIONS=-cl-no-such-option; unset it"
grep -q "^windrow: $device (.*): $why\$" err || fail "does not name the variable and the option"
run devices
exits 0
grep -q "$why" out || fail "does not say why it is not usable"
export WINDROW_BUILD_OPTIONS="-D WR_T=0u"
refuses 4 "WINDROW_BUILD_OPTIONS: names with WR_ are what kernels are built with; leave them out" $train

for option in fast-relaxed-math unsafe-math-optimizations finite-math-only mad-enable \
    no-signed-zeros denorms-are-zero single-precision-constant; do
    export WINDROW_BUILD_OPTIONS="-w -cl-$option"
    refuses 4 "WINDROW_BUILD_OPTIONS: -cl-$option changes arithmetic, and so the bits of every result; leave it out" $train
done
for option in -D -I "-w -D " "-w   -I"; do
    export WINDROW_BUILD_OPTIONS="$option"
    refuses 4 "WINDROW_BUILD_OPTIONS=$option: nothing follows the last option, which needs a name" $train
done
export WINDROW_BUILD_OPTIONS="-D LONG=$(printf '%0600d' 0)"
refuses 4 "WINDROW_BUILD_OPTIONS: at most 511 characters fit" $train
finish
