#!/bin/sh
# OpenCL drivers that abort, crash, hang, print or fail do not end a command. tests/fake_icd.c plays
# these drivers, alone and next to a working one.
. "$(dirname "$0")/lib.sh"
# Drivers crash here on purpose, so the sanitizer must not report it.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0"
fake=${3:-} # the fake driver; empty in a build without OpenCL
[ -n "$fake" ] || {
    echo "skipped: built without OpenCL"
    exit 77
}
sound=${OCL_ICD_VENDORS:-}/pocl.icd
mkdir alone beside none
echo "$fake" >alone/fake.icd
unset POCL_DEBUG

for nonsense in 0 -1 1.5 ten 3601; do
    export WINDROW_PROBE_SECONDS=$nonsense
    for command in "train --epochs 1" "train --epochs 1 --device cpu" devices verify bench; do
        refuses 4 "WINDROW_PROBE_SECONDS=$nonsense: needs a whole number from 1 to 3600; unset it for our own choice" $command
    done
done
export WINDROW_PROBE_SECONDS=300

# misbehaves WHERE WHAT: how the driver misbehaves from now on.
misbehaves() {
    export WR_FAKE_AT=$1 WR_FAKE_DOES=$2
    WINDROW_PROBE_SECONDS=300
    [ "$2" != hang ] || WINDROW_PROBE_SECONDS=1
}
how() {
    case $1 in
    abort) echo 'ended its process by signal 6 (Aborted)' ;;
    crash) echo 'ended its process by signal 11 (Segmentation fault)' ;;
    exit) echo 'ended its process with exit code 3' ;;
    hang) echo 'did not answer within 1 s' ;;
    esac
}
# says_line PATTERN: checks that a line of stderr matches this grep pattern.
says_line() {
    grep -q "^$1\$" err || fail "stderr has no line like: $1"
}

# A driver that fails while devices are listed: the message cannot name a device.
export OCL_ICD_VENDORS="$PWD/alone"
for place in load list describe; do
    for what in abort crash exit hang; do
        [ "$what" != hang ] || [ $place = list ] || continue # each takes a second
        misbehaves $place $what
        reason="an OpenCL driver \\($(how $what)\\) while devices were listed.*"
        run train --epochs 30
        exits 0
        same out "$expected/train.txt"
        says_line "windrow: --device auto takes cpu: $reason"
        run devices
        exits 0
        grep -q '^cpu  *exact ' out || fail "no cpu"
        grep -q '^opencl  *not usable  unknown$' out || fail "no word of OpenCL"
        grep -q " $reason\$" out || fail "no reason"
        says_line "fake driver: on stdout, at $place"
        says_line "fake driver: at $place"
    done
done
run devices --json
exits 0
[ "$(grep -c "^$(head_of devices)"',"devices":\[{"id":"cpu",.*},{"id":"opencl",.*an OpenCL driver .*}\]}$' out)" -eq 1 ] || fail "no JSON"
for command in "train --epochs 1 --device opencl" "train --epochs 1 --device opencl:0.0" verify; do
    run $command
    exits 4
    prints ''
    says_line "windrow: .*an OpenCL driver .* while devices were listed.*"
done

# A driver that fails while a device is tried: that device is named, and others are tried.
export WR_FAKE_GPUS=2
for place in context build; do
    for what in abort crash exit hang; do
        [ "$what" != hang ] || [ $place = build ] || continue
        misbehaves $place $what
        reason="an OpenCL driver \\($(how $what)\\) while it built and ran a kernel.*"
        run train --epochs 30
        exits 0
        same out "$expected/train.txt"
        says_line "windrow: --device auto takes cpu, and not opencl:0.0 (Fake GPU): $reason"
        says_line "windrow: --device auto takes cpu, and not opencl:0.1 (Fake GPU): the kernels did not build .*"
    done
done
run devices
exits 0
grep -q '^opencl:0.0  *not usable  Fake GPU$' out || fail "no first GPU"
grep -q " $reason\$" out || fail "no reason"
grep -q 'opencl:0.1 (Fake GPU): the kernels did not build' out || fail "no reason of the second"
run train --epochs 1 --device opencl:0.0
exits 4
prints ''
says_line "windrow: --device opencl:0.0 (Fake GPU): $reason; try --device cpu"
says_line "fake driver: at build"

# A crash is reported even if the parent ignores SIGCHLD, as some supervisors do.
if env --ignore-signal=CHLD true 2>/dev/null; then
    for what in crash exit; do
        misbehaves build $what
        title="windrow devices, SIGCHLD ignored"
        env --ignore-signal=CHLD "$windrow" devices >out 2>err || fail "exit code $?"
        grep -q " an OpenCL driver \($(how $what)\) while it built and ran a kernel" out ||
            fail "another reason"
    done
fi

# Control characters in a driver's output are escaped.
export WR_FAKE_WORDS=orders
misbehaves build abort
run devices
exits 0
grep -qxF 'opencl:0.0    not usable  \x1b[31m \xc2\x9b \xe2\x80\xae é' out || fail "another name"
grep -qF ': \x1b[31m \x9b \xc2\x9b \xe2\x80\xae é 漢' out || fail "other last words"
grep -qxF '\x1b[31m \x9b \xc2\x9b \xe2\x80\xae é 漢' err || fail "other words"
unset WR_FAKE_WORDS

# A driver that returns errors: auto reports devices that are or may be GPUs; without any it prints
# nothing.
for place in list describe context build; do
    misbehaves $place fail
    run train --epochs 30
    exits 0
    same out "$expected/train.txt"
    says_line "windrow: --device auto takes cpu, and not opencl:0.0 .*"
done
misbehaves load fail
run devices
exits 0
grep -q 'no OpenCL device was found: no driver named in .*alone could be loaded (fake.icd)' out ||
    fail "does not say that a driver is installed"
quiet_train() {
    run train --epochs 30
    exits 0
    same out "$expected/train.txt"
    ! grep -q '^windrow: ' err || fail "auto has a word, and no reason for one"
}
quiet_train
export WR_FAKE_GPUS=0
misbehaves nowhere fail
quiet_train
run devices
grep -q 'no OpenCL device was found: drivers are installed (Fake), and each says that it has none' out ||
    fail "does not say that a driver is installed"
says ''
refuses_like 4 "--device opencl: no OpenCL device was found: drivers are installed (Fake)*" \
    train --device opencl
export OCL_ICD_VENDORS="$PWD/none"
quiet_train
refuses 4 "--device opencl: no OpenCL device was found; install a driver (a GPU's own, or PoCL); try --device cpu" \
    train --device opencl

# bench reports every device that it leaves out.
export OCL_ICD_VENDORS="$PWD/alone" WR_FAKE_GPUS=1
run bench --seconds 0.001 --repeats 1 --models 2 --hidden 3
exits 0
says_like "windrow: not usable and left out: opencl:0.0 (Fake GPU): the kernels did not build *"

# Next to a working driver: no output has what the broken one prints, and the working one is used.
[ -e "$sound" ] || {
    [ $failures -eq 0 ] || finish
    echo "skipped: no PoCL; the fake driver alone passed"
    exit 77
}
cp "$sound" beside/pocl.icd
cp alone/fake.icd beside
export OCL_ICD_VENDORS="$PWD/beside"
misbehaves load print
run devices --json
exits 0
[ "$(wc -l <out)" -eq 1 ] || fail "more than a line"
says_line "fake driver: on stdout, at load"
device=$(grep -oE '"id":"opencl:[^}]*"exact":true' out | grep -oE 'opencl:[0-9]+\.[0-9]+' | head -n 1)
run train --epochs 30 --device "${device:-none}"
exits 0
same out "$expected/train.txt"
misbehaves build abort
run train --epochs 30 --device opencl
exits 0
same out "$expected/train.txt"
grep -q "^device    $device: " err || fail "not the sound device"
run bench --seconds 0.001 --repeats 1 --models 2 --hidden 3
exits 0
says_line "windrow: not usable and left out: opencl:[01].0 (Fake GPU): an OpenCL driver .*"
grep -q "^$device: " out || fail "no figures of the sound device"

# PoCL's message about a folder that it cannot create.
export OCL_ICD_VENDORS="${sound%/*}" POCL_CACHE_DIR=/proc/nope
run devices
exits 0
grep -q 'no OpenCL device was found: drivers are installed (Portable Computing Language), .*: .*[Cc]ache' out ||
    fail "does not say what the driver said"
quiet_train
finish
