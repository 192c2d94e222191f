#!/bin/sh
# windrow devices and windrow verify, with and without OpenCL devices.
. "$(dirname "$0")/lib.sh"
opencl=$3 # ON or OFF: how windrow was built

run devices
exits 0
says ''
line out 'device        state       name'
grep -q '^cpu           exact       ' out || fail "no exact cpu"
run devices --json
exits 0
says ''
[ "$(wc -l <out)" -eq 1 ] || fail "more than a line"
grep -q "^$(head_of devices)"',"devices":\[{"id":"cpu","backend":"cpu","name":".*","gpu":false,"usable":true,"exact":true,"memory":[0-9]*,"detail":".*"}' out ||
    fail "no cpu in the JSON"
exact=$(grep -oE '"id":"opencl:[^}]*"exact":true' out | grep -oE 'opencl:[0-9]+\.[0-9]+')

run verify --device cpu
exits 0
says ''
grep -q '^  ok       run fused   parameters       I=1 H=20 O=1 T=5 B=1 M=33 .* values, 0 differing$' out ||
    fail "no comparison of the notebook's shape"
grep -q '^cpu: [0-9]* comparisons, [0-9]* skipped; [0-9]* values, 0 differing$' out || fail "no sum"
run verify --device cpu --quiet
exits 0
prints ''
says ''

refuses_like 4 "*opencl:9.9*" train --device opencl:9.9 --save model
refuses_like 4 "*opencl:9.9*" verify --device opencl:9.9
absent model

# No driver: the loader looks in an empty folder.
drivers=${OCL_ICD_VENDORS-}
mkdir none
export OCL_ICD_VENDORS="$PWD/none"
refuses_like 4 "there is no usable OpenCL device to verify: *" verify
refuses_like 4 "there is no usable OpenCL device to verify: *" verify --json
refuses_like 4 "*" train --device opencl --save model
run devices
exits 0
grep -q '^opencl        not usable  none$' out || fail "no word of OpenCL"
run train --epochs 30
exits 0
same out "$expected/train.txt"
absent model

# Every installed driver, where the loader finds it by default. Memory that other drivers keep until
# the process ends is not our leak.
unset OCL_ICD_VENDORS
leaks=${ASAN_OPTIONS-}
export ASAN_OPTIONS="$leaks:detect_leaks=0"
run devices
exits 0
grep -q '^cpu           exact       ' out || fail "no cpu"
[ "$opencl" = OFF ] || [ ! -e /etc/OpenCL/vendors/pocl.icd ] || grep -q PoCL out ||
    fail "PoCL is installed, and not found"
export ASAN_OPTIONS="$leaks"
[ -z "$drivers" ] || export OCL_ICD_VENDORS="$drivers"

if [ "$opencl" = OFF ]; then
    refuses_like 4 "*built without OpenCL*" train --device opencl
    refuses_like 4 "*built without OpenCL*" train --device opencl:0.0
fi

# Every exact OpenCL device gives the output of the cpu.
for device in $exact; do
    for schedule in staged fused; do
        run train --device "$device" --schedule $schedule --epochs 30
        exits 0
        same out "$expected/train.txt"
        grep -q "^device    $device: .*, schedule $schedule\$" err || fail "no line on the device"
    done
    run verify --device "$device" --json
    exits 0
    says ''
    grep -q "^$(head_of verify),\"devices\":\[{\"id\":\"$device\",\"name\":\".*\",\"ok\":true,\"values\":[0-9]*,\"differing\":0,\"comparisons\":\[{\"what\":\"forward\",\"tensor\":\"hidden\",\"shape\":\"I=1 " out ||
        fail "JSON of another form"
done
finish
