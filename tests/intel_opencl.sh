#!/bin/sh
# intel_opencl.sh WINDROW VENV FOLDER [all]: a second OpenCL, Intel's for CPUs, agrees with the cpu to
# the bit: with the kernels that it gets by itself, and with `all` for every kernel. scripts/setup
# installs it in VENV; FOLDER is made for its .icd.
set -eu
windrow=$1
library=$2/lib/libintelocl.so
folder=$3
all=${4-}

[ -e "$library" ] || {
    echo "skipped: no $library; scripts/setup installs it where PyPI can be had"
    exit 77
}
mkdir -p "$folder"
echo "$library" >"$folder/intel.icd"
export OCL_ICD_VENDORS="$folder"
"$windrow" devices | tee "$folder/devices"
grep -q 'opencl:[0-9]' "$folder/devices" || {
    echo "skipped: $library does not run here"
    exit 77
}

try() { # NAME=VALUE...
    echo "${WINDROW_BUILD_OPTIONS-} $*"
    env "$@" "$windrow" verify
}
try
[ "$all" ] || exit 0
try WINDROW_WORK_GROUP=32 WINDROW_STAGED=plain WINDROW_FUSED=team

# Its optimizer has a fault in the values that a work-item keeps across a barrier: in fused_rows.cl
# with several models (2024.2, 2025.3 and 2026.2), and in fused.cl with teams that are not a power of
# 2 (2025.3 and 2026.2). So only its front end is tested here.
export WINDROW_BUILD_OPTIONS=-cl-opt-disable
try WINDROW_WORK_GROUP=7
try WINDROW_STAGED=tiled WINDROW_FUSED=rows
try WINDROW_WORK_GROUP=70 WINDROW_FUSED=rows
