#!/bin/sh
# work_groups.sh WINDROW: every OpenCL device agrees with the cpu to the bit however its work-items
# are grouped, and whichever kernels run, staged and fused.
set -eu
windrow=$1

"$windrow" devices | grep -q 'opencl:[0-9]' || {
    echo "skipped: no OpenCL device"
    exit 77
}
for limit in 1 7 32; do
    echo "work-groups of $limit"
    WINDROW_WORK_GROUP=$limit "$windrow" verify
done
for kernels in plain tiled; do
    echo "stages $kernels"
    WINDROW_STAGED=$kernels "$windrow" verify
done
for kernel in team rows; do
    echo "fused kernel $kernel"
    WINDROW_FUSED=$kernel "$windrow" verify
done
echo "fused kernel rows, work-groups of 70"
WINDROW_FUSED=rows WINDROW_WORK_GROUP=70 "$windrow" verify
