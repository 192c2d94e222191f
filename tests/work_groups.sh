#!/bin/sh
# work_groups.sh WINDROW [all]: every OpenCL device agrees with the cpu to the bit however its
# work-items are grouped, and whichever kernels run, staged and fused. Each of the ways takes a minute,
# since a driver builds every kernel anew: without `all` there is one, as unlike what a CPU gets as can
# be.
set -eu
windrow=$1
all=${2-}

"$windrow" devices | grep -q 'opencl:[0-9]' || {
    echo "skipped: no OpenCL device"
    exit 77
}
try() { # NAME=VALUE...
    echo "$*"
    env "$@" "$windrow" verify
}
try WINDROW_STAGED=tiled WINDROW_FUSED=rows WINDROW_ROWS=2 WINDROW_QUEUES=2
[ "$all" ] || exit 0
try WINDROW_WORK_GROUP=7
try WINDROW_WORK_GROUP=1
try WINDROW_WORK_GROUP=32 WINDROW_STAGED=plain WINDROW_FUSED=team
try WINDROW_WORK_GROUP=70 WINDROW_FUSED=rows WINDROW_WARP=64
