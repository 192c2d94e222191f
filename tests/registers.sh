#!/bin/sh
# registers.sh KERNELS SHIM: what NVIDIA's assembler makes of fused_rows.cl for shapes that plan.c
# gives it: no stack and no spilled register for the common ones. Needs clang and the CUDA toolkit's
# ptxas, but no GPU.
set -eu
kernels=$1
shim=$2

for tool in clang ptxas; do
    command -v $tool >/dev/null || {
        echo "skipped: no $tool"
        exit 77
    }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo " I   H  O   T  pack  registers  local bytes  PTX instructions"
failed=0
check() { # I H O T pack
    clang -x cl -cl-std=CL1.2 -target nvptx64-nvidia-cuda -Xclang -target-cpu -Xclang sm_80 \
        -Xclang -target-feature -Xclang +ptx72 -O3 -ffp-contract=off -nogpulib \
        -D __OPENCL_VERSION__=120 -include "$shim" -I "$kernels" -D WR_INDEX=uint -D WR_I=$1u \
        -D WR_H=$2u -D WR_O=$3u -D WR_T=$4u -D WR_PACK=$5 -D WR_TEAM=$2 \
        -D WR_PARAM_SPACE=__local -D WR_STATE_SPACE=__local -S "$kernels/fused_rows.cl" \
        -o "$folder/kernel.ptx" 2>"$folder/clang" || { cat "$folder/clang"; exit 1; }
    ptxas -arch=sm_90 -v "$folder/kernel.ptx" -o "$folder/kernel.cubin" >"$folder/ptxas" 2>&1 ||
        { cat "$folder/ptxas"; exit 1; }
    used=$(sed -n 's/.*Used \([0-9]*\) registers.*/\1/p' "$folder/ptxas")
    local=$(sed -n 's/.* \([0-9]*\) bytes smem.*/\1/p' "$folder/ptxas")
    instructions=$(grep -c '^	[a-z@].*;$' "$folder/kernel.ptx")
    printf '%2d %3d %2d %3d  %4d  %9d  %11d  %16d\n' $1 $2 $3 $4 $5 "$used" "$local" "$instructions"
    stack=$(sed -n 's/ *\([0-9]*\) bytes stack frame.*/\1/p' "$folder/ptxas" | sort -n | tail -n 1)
    [ "$stack" -le "$most" ] || {
        echo "spilled, $stack bytes of stack where $most are allowed:"
        cat "$folder/ptxas"
        failed=1
    }
}

most=0
check 1 4 1 5 8
check 1 20 1 5 8
check 1 32 1 5 1
check 8 32 4 16 1
check 1 16 1 5 2
check 1 64 1 5 1
check 8 64 4 6 1
# Other sizes spill a little once in an update, which the first-level cache hides.
most=256
check 5 17 3 16 7
check 8 31 4 16 4
check 1 48 1 5 2
check 8 63 4 6 1
exit $failed
