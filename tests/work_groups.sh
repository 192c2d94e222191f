#!/bin/sh
# work_groups.sh WINDROW [all]: every OpenCL device agrees with the cpu to the bit with every work-group
# size and every kernel, staged and fused. Each setting takes a minute, because the driver builds every
# kernel again. Without `all` there is one setting, as different as possible from the one that a CPU
# gets, and a small training by teams, which PoCL does not get by itself.
set -eu
windrow=$1
all=${2-}
hashes=$(mktemp)
trap 'rm -f "$hashes"' EXIT

"$windrow" devices | grep -q 'opencl:[0-9]' || {
    echo "skipped: no OpenCL device"
    exit 77
}
try() { # NAME=VALUE...
    echo "$*"
    env "$@" "$windrow" verify
}
for device in $("$windrow" devices | grep -o 'opencl:[0-9.]*'); do
    for schedule in staged fused; do
        for on in cpu "$device"; do
            WINDROW_WORK_GROUP=7 "$windrow" train --device "$on" --schedule $schedule --models 3 \
                --hidden 18 --batch 2 --epochs 20 --quiet --json | grep -o '"hash": *"[0-9a-f]*"'
        done >"$hashes"
        [ "$(wc -l <"$hashes")" -eq 6 ] && [ "$(head -n 3 "$hashes")" = "$(tail -n 3 "$hashes")" ] || {
            echo "teams of 7 on $device, $schedule: not the cpu's hashes"
            exit 1
        }
    done
done
try WINDROW_STAGED=tiled WINDROW_FUSED=rows WINDROW_ROWS=2 WINDROW_QUEUES=2
[ "$all" ] || exit 0
try WINDROW_WORK_GROUP=7
try WINDROW_WORK_GROUP=1
try WINDROW_WORK_GROUP=32 WINDROW_STAGED=plain WINDROW_FUSED=team
try WINDROW_WORK_GROUP=70 WINDROW_FUSED=rows WINDROW_WARP=64
