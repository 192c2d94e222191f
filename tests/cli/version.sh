#!/bin/sh
# windrow --version, and windrow version, whose first line is the same.
. "$(dirname "$0")/lib.sh"
opencl=$3 # ON or OFF: how windrow was built

run --version
exits 0
says ''
case $(cat out) in
"windrow "[0-9]*.[0-9]*.[0-9]*" (numerics "[0-9]*")") ;;
*) fail "no version" ;;
esac
cp out first

run version
exits 0
says ''
head -n 1 out | cmp -s - first || fail "the first line is not that of --version"
case $opencl in
ON) line out "OpenCL    built in" ;;
*) line out "OpenCL    not built in" ;;
esac
grep -qE '^engines   scalar( [a-z0-9 ]+)?; in use: [a-z0-9]+$' out || fail "no engines"
grep -qE '^MPI       (not )?built in$' out || fail "no MPI"
grep -qE '^SQLite    3\.[0-9.]+$' out || fail "no SQLite"
line out "studies   schema 2"
grep -q '^compiler  .* [0-9]*\.[0-9]' out || fail "no compiler"
[ "$(wc -l <out)" -eq 7 ] || fail "other lines"
# Neither a path nor a time, which would differ from build to build.
! grep -qE "/|[0-9]:[0-9]" out || fail "a path or a time"

built=$(sed -n 's/^engines   \(.*\);.*/\1/p' out)
for engine in $built; do # those of this CPU are used when they are named
    export WINDROW_CPU=$engine
    run version
    exits 0
    grep -qE "^engines   $built; in use: ($engine|none \(WINDROW_CPU=$engine: .*\))\$" out || fail "not $engine"
done
export WINDROW_CPU=scalar
run version
line out "engines   $built; in use: scalar"

run version --json
exits 0
says ''
grep -qE '^\{"windrow":"[0-9.]+","schema":"windrow.version/1","numerics":[0-9]+,"engines":\["scalar"(,"[a-z0-9]+")*\],"engine":"scalar","opencl":(true|false),"mpi":(true|false),"sqlite":"[0-9.]+","study_schema":2,"compiler":".+"\}$' out ||
    fail "not the JSON object"
export WINDROW_CPU=abc # which other commands refuse
run version
exits 0
grep -q "^engines   $built; in use: none (WINDROW_CPU=abc: " out || fail "the wrong variable is not told"
run version --json
exits 0
grep -q '"engine":null,' out || fail "an engine where none is in use"
finish
