#!/bin/sh
# aarch64.sh HASHES SOURCE RANDOM123 FOLDER: builds tests/hashes.c for aarch64 and runs it in QEMU with
# each of its engines. It must print what HASHES, the same program for this machine, prints with each
# engine here. Builds in FOLDER, with the compiler alone, the sources that training needs. RANDOM123 is
# the folder of the headers of that library.
set -eu
native=$1
source=$2
random123=$3
folder=$4

mkdir -p "$folder"
cd "$folder"
if ! command -v qemu-aarch64 >/dev/null || ! echo 'int main(void) { return 0; }' |
    aarch64-linux-gnu-gcc -static -x c -o nothing - 2>/dev/null; then
    echo "skipped: needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user (Debian's names)"
    exit 77
fi

# Random123 may be in a folder with headers of the host, which must not hide those of the target.
compile() { # OBJECT OPTION...
    object=$1
    shift
    aarch64-linux-gnu-gcc -std=c11 -O3 -ffp-contract=off -fno-math-errno -pthread -Wall -Wextra \
        -Werror -D_GNU_SOURCE -I "$source/include" -I "$source/host" -I "$source/kernels" \
        -idirafter "$random123" -c -o "$object" "$@"
}
set --
for file in host/base/base host/base/pool host/base/fields host/base/shown host/base/environment host/base/random \
    host/model/layout host/model/init host/model/rule host/backend/rule host/backend/optional \
    host/backend/registry host/backend/ensemble host/backend/session host/backend/case host/backend/verify \
    host/backend/open host/backend/device host/backend/opencl/cl_backend host/backend/cpu/cpu \
    host/backend/cpu/crew host/backend/cpu/cpu_session host/backend/cpu/cpu_run \
    host/backend/cpu/cpu_peak host/backend/cpu/team tests/hashes; do
    object=$(echo $file | tr / _).o
    compile $object -D WR_HAVE_ENGINE_SCALAR=1 -D WR_HAVE_ENGINE_NEON=1 "$source/$file.c"
    set -- "$@" $object
done
for engine in scalar neon; do
    upper=$(echo $engine | tr a-z A-Z)
    compile engine_$engine.o -D WR_ENGINE_$upper=1 -D WR_ENGINE_NAME=$engine \
        "$source/host/backend/cpu/engine.c"
    set -- "$@" engine_$engine.o
done
compile rows_neon.o -D WR_ENGINE_NEON=1 -D WR_ENGINE_NAME=neon "$source/host/backend/cpu/rows.c"
set -- "$@" rows_neon.o
aarch64-linux-gnu-gcc -static -pthread -o hashes "$@" -lm 2>link.log || {
    cat link.log
    exit 1
}

compare() { # MACHINE ENGINE COMMAND...
    name=$1_$2
    engine=$2
    shift 2
    status=0
    WINDROW_CPU=$engine "$@" >"$name" 2>"$name.log" || status=$?
    case $name:$status in
    *:0) ;;
    here_*:4) return ;; # an engine of other machines
    *)
        cat "$name.log"
        exit 1
        ;;
    esac
    [ -f expected ] || cp "$name" expected
    diff expected "$name" || {
        echo "$name: other hashes (>) than here_scalar's (<)"
        exit 1
    }
    echo "$name: $(wc -l <"$name") hashes, all equal ($(cat "$name.log"))"
}
rm -f expected
for engine in scalar avx2 avx2-rows avx512 avx512-rows neon neon-rows; do
    compare here $engine "$native"
done
for engine in scalar neon neon-rows; do
    compare aarch64 $engine qemu-aarch64 ./hashes
done
