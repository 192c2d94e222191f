#!/bin/sh
# plot_bench.sh WINDROW PLOT FOLDER: scripts/plot_bench draws what windrow bench --json prints, also
# with a cell that was refused. It draws the history that scripts/bench_history writes. That script
# measures a tree with changes only if it is told to. Each tells which input it cannot use.
set -eu
windrow=$1
plot=$2
folder=$3

if ! python3 -c 'import matplotlib' 2>/dev/null &&
    ! /usr/bin/python3 -c 'import matplotlib' 2>/dev/null; then
    echo "skipped: no Python with matplotlib (Debian: python3-matplotlib)"
    exit 77
fi
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

"$windrow" bench --device cpu --schedule both --seconds 0.001 --repeats 2 --models 2,5 \
    --hidden 3,50000 --window 1,2 --json >bench.json
grep -q '"refused": *"' bench.json || { echo "no cell was refused"; exit 1; }
"$plot" bench.json
"$plot" bench.json -o other.png
cmp bench.png other.png
[ "$(head -c 4 bench.png | tail -c 3)" = PNG ]

fails() { # WORDS PLOT_ARGUMENT...
    words=$1
    shift
    if "$plot" "$@" 2>complaint; then
        echo "plot_bench $*: did not fail"
        exit 1
    fi
    [ "$(wc -l <complaint)" -eq 1 ] && grep -q "$words" complaint || {
        cat complaint
        exit 1
    }
}
echo '{"devices": []}' >empty.json
"$windrow" bench --device cpu --seconds 0.001 --repeats 1 --models 2 --json >point.json
fails "is not what windrow bench --json writes" empty.json
fails "is not what windrow bench --json writes" bench.png
fails "No such file" missing.json
fails "no size varies" point.json
fails "cannot be written" bench.json -o missing/bench.png

command -v git >/dev/null || { echo "without git: no history"; exit 0; }
mkdir -p tree/scripts tree/bench
cp "$(dirname "$plot")/bench_history" tree/scripts/
history() {
    tree/scripts/bench_history --windrow "$windrow" --seconds 0.001 -o tree/bench/history.csv "$@" >said
}
git -C tree init -q
git -C tree add .
git -C tree -c user.name=test -c user.email=test@example.com commit -qm one
history
history # the history itself is no change
[ "$(wc -l <tree/bench/history.csv)" -eq 11 ]
[ "$(wc -l <said)" -eq 5 ]
[ "$(head -n 1 tree/bench/history.csv)" = \
    date,commit,version,machine,device,threads,M,H,T,B,schedule,updates_per_s,of_peak,spread ]
echo >>tree/scripts/bench_history
if history 2>complaint; then
    echo "bench_history: measured a tree with changes"
    exit 1
fi
grep -q "not committed" complaint
history --dirty
[ "$(grep -c -e "-dirty,.*,cpu,1,64,20,30,1,fused," tree/bench/history.csv)" -eq 1 ]
"$plot" tree/bench/history.csv -o history.svg
grep -q "<svg" history.svg
head -n 1 tree/bench/history.csv >none.csv
fails "is not what scripts/bench_history writes: no rows" none.csv
