#!/bin/sh
# gpu_kit.sh SOURCE FAKE_CUDA FOLDER: the kit of scripts/gpu_kit in a bare Debian (Python alone, no
# compiler, no OpenCL, MPI, pkg-config or network), once with PoCL in place of the OpenCL of
# NVIDIA's driver, once with FAKE_CUDA (fake_cuda.c) in place of its CUDA. FOLDER keeps that Debian
# for the next call, and the two reports. Needs root, debootstrap, and at first Debian's archive.
set -eu
source=$1
fake_cuda=$2
folder=$3
root=$folder/root
nvidia=$root/usr/local/nvidia/lib64

skip() {
    echo "skipped: $*"
    exit 77
}
command -v debootstrap >/dev/null || skip "no debootstrap"
command -v clang >/dev/null || skip "no clang, which makes PTX"
unshare --mount --pid --net --fork true 2>/dev/null || skip "this user may not make a bare root"

# PoCL brings its compiler, under names that no other program uses.
if ! [ -e "$folder/root.whole" ]; then
    rm -rf "$root"
    mkdir -p "$folder"
    debootstrap --variant=minbase --include=python3,pocl-opencl-icd bookworm "$root" \
        >"$folder/debootstrap.log" 2>&1 || {
        tail -n 3 "$folder/debootstrap.log"
        skip "debootstrap could not make a Debian"
    }
    rm -rf "$root"/etc/OpenCL "$root"/var/cache/apt "$root"/var/lib/apt/lists
    touch "$folder/root.whole"
fi
rm -rf "$root/opt" "$root/usr/local/nvidia" # of the last call
mkdir -p "$root/opt" "$nvidia"
for tool in cc gcc clang cmake pkg-config mpicc clinfo nvidia-smi; do
    ! [ -e "$root/usr/bin/$tool" ] || { echo "the bare root has $tool"; exit 1; }
done
! find "$root" -name 'libOpenCL*' -o -name 'libcuda*' | grep . || exit 1
pocl=$(cd "$root" && find usr/lib -name libpocl.so.2)

"$source/scripts/gpu_kit" "$folder/kit"

rehearse() { # route, options of run...
    route=$1
    shift
    rm -rf "$root/opt/kit"
    cp -r "$folder/kit" "$root/opt/kit"
    code=0
    unshare --mount --pid --net --fork --kill-child sh -c '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount -t tmpfs tmpfs "$root/tmp"
        exec chroot "$root" env -i HOME=/tmp PATH=/usr/bin:/bin FAKE_CUDA_SOURCES=/opt \
            FAKE_CUDA_VENDORS=/opt/pocl.icd /opt/kit/run "$@"
        ' sh "$root" --quick --seconds 1200 "$@" >"$folder/$route.md" 2>"$folder/$route.log" || code=$?
    cat "$folder/$route.md"
    [ $code -eq 0 ] || {
        echo "$route: exit code $code"
        cat "$folder/$route.log" "$root/opt/kit/report/gpu.log"
        exit 1
    }
    cp "$root/opt/kit/report/gpu.json" "$folder/$route.json"
}
check() { # route, condition on its report, in Python
    python3 -c "
import json, sys
report = json.load(open(sys.argv[1]))
steps = {step['step']: step['state'] for step in report['steps']}
hidden = {row['hidden'] for row in report['cuda']}
sys.exit(not ($2))" "$folder/$1.json" || { echo "$1: not so: $2"; exit 1; }
}

ln -s "/$pocl" "$nvidia/libnvidia-opencl.so.1"
ln -s "/${pocl%/*}/pocl" "$nvidia/pocl" # PoCL looks for its files in the folder of its library
ln -sfn /usr/share/pocl "$root/usr/local/share/pocl" # and two folders up
rehearse opencl --device opencl:0.0
check opencl "set(steps.values()) == {'ok'}"
check opencl "{'verify', 'test: parity', 'train: whole notebooks', 'bench: H 32'} <= set(steps)"
check opencl "not report['cuda'] and all(row['same_bits'] for row in report['train'])"

rm "$nvidia/libnvidia-opencl.so.1" "$nvidia/pocl"
cp "$fake_cuda" "$nvidia/libcuda.so.1"
cp "$folder/kit/lib/libOpenCL.so.1" "$nvidia" # PoCL needs it
cp -r "$source/kernels" "$root/opt/kernels"
echo "/$pocl" >"$root/opt/pocl.icd"
rehearse cuda
check cuda "steps.pop('device') == 'not here' and set(steps.values()) == {'ok'}"
check cuda "hidden >= {4, 20} and all(row['same_bits'] for row in report['cuda'])"
check cuda "{'', 'rule=daily'} == {row['rule'] for row in report['cuda']}"
check cuda "not report['train']"
