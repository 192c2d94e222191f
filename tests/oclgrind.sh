#!/bin/sh
# oclgrind.sh WINDROW LOG: trains small ensembles under Oclgrind, which checks every kernel for data
# races, uninitialised values and accesses out of bounds, and compares the results with the cpu's.
# Oclgrind always exits with 0; its log tells what it found.
set -eu
windrow=$1
log=$2

command -v oclgrind >/dev/null || {
    echo "skipped: no oclgrind"
    exit 77
}

hashes() {
    grep -o '"hash": *"[0-9a-f]*"' "$1"
}

uninitialized=--uninitialized
check() {
    : >"$log"
    "$windrow" train "$@" --device cpu --json --quiet >"$log.cpu"
    oclgrind --data-races $uninitialized --check-api --local-mem-size $local \
        --log "$log" "$windrow" train "$@" --device opencl:0.0 --inexact --json --quiet >"$log.opencl"
    if [ -s "$log" ]; then
        echo "Oclgrind found, in: windrow train $*"
        head -n 60 "$log"
        exit 1
    fi
    hashes "$log.cpu" >"$log.expected"
    hashes "$log.opencl" | cmp - "$log.expected" || {
        echo "hashes differ from the cpu's: windrow train $*"
        exit 1
    }
    echo "clean, local memory $local, work-groups ${WINDROW_WORK_GROUP:-as chosen}: windrow train $*"
}

check_all() {
    for schedule in staged fused; do
        check --schedule $schedule --models 2 --hidden 3 --length 9 --epochs 2
        check --schedule $schedule --models 3 --hidden 18 --window 2 --length 8 --batch all \
            --epochs 1
        check --schedule $schedule --models 1 --hidden 2 --window 1 --length 20 --batch 17 \
            --epochs 2
        check --schedule $schedule --models 2 --hidden 3 --length 12 --batch 3 --epochs 2 \
            --optimizer adam --weight-decay 0.1 --loss huber --clip-by norm --lr-decay cosine \
            --order shuffled --bias head
    done
}

# W_hh in registers: several models in a work-group; rows that are not whole float4s; two rows in a
# lane, and spare lanes; an optimizer's state and the head in local memory
local=32768
export WINDROW_FUSED=rows
check --schedule fused --models 3 --hidden 5 --window 3 --length 9 --epochs 2
# Oclgrind divides a store of two floats into an empty one and two more, and reports the empty one.
uninitialized=
WINDROW_WARP=16 WINDROW_ROWS=2 check --schedule fused --models 4 --hidden 10 --window 3 --length 9 --epochs 2
uninitialized=--uninitialized
check --schedule fused --models 2 --hidden 3 --length 12 --epochs 2 --optimizer adam \
    --weight-decay 0.1 --loss huber --clip-by norm --lr-decay cosine --order shuffled --bias head
# inputs in local memory, the norm of a gradient, and spare lanes
awk 'BEGIN { for (t = 0; t < 7; ++t) for (i = 0; i < 9; ++i)
    printf "%s%s", (t * 7 + i * 5) % 11 / 8, i < 8 ? "," : "\n" }' >"$log.csv"
WINDROW_WARP=16 check --schedule fused --models 4 --hidden 5 --window 2 --epochs 1 --data "$log.csv" \
    --inputs 1,2,3,4,5,6,7,8,9 --target 1,2 --clip-by norm --clip 0.1

# W_hh in registers twice: the last part is whole, or not; several segments
export WINDROW_FUSED=wide
check --schedule fused --models 2 --hidden 18 --window 3 --length 9 --epochs 2
check --schedule fused --models 1 --hidden 36 --window 2 --length 7 --epochs 1 --loss huber \
    --activation relu --weight-decay 0.1 --lr-decay cosine --order shuffled --bias head
unset WINDROW_FUSED

# Tiles of windows: several segments, several slices of segments, and several tiles
WINDROW_STAGED=tiled check --schedule staged --models 2 --hidden 5 --window 3 --length 43 --batch 38 \
    --epochs 1

# With the backend's own choices; with teams that must meet at barriers; and with local memory too
# small for a model.
check_all
export WINDROW_WORK_GROUP=4
check_all
local=256
check_all
