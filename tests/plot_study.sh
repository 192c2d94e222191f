#!/bin/sh
# plot_study.sh WINDROW SCRIPTS FOLDER: scripts/plot_study draws studies of every kind, and
# scripts/sweep_hidden ends with a table and a picture.
set -eu
windrow=$1
plot=$2/plot_study
sweep_hidden=$2/sweep_hidden
folder=$3

if ! python3 -c 'import matplotlib' 2>/dev/null &&
    ! /usr/bin/python3 -c 'import matplotlib' 2>/dev/null; then
    echo "skipped: no Python with matplotlib (Debian: python3-matplotlib)"
    exit 77
fi
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

# sweep STORE CODE OPTION...
sweep() {
    store=$1
    wanted=$2
    shift 2
    code=0
    "$windrow" sweep --device cpu --epochs 20 --quiet --store "$store" "$@" 2>/dev/null || code=$?
    [ $code -eq "$wanted" ] || { echo "windrow sweep $*: exit code $code"; exit 1; }
}
is_picture() {
    [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || { echo "$1 is no PNG"; exit 1; }
}

sweep one.db 0
sweep grid.db 8 --hidden 2,3 --window 2,5 --batch 1,all --lr 1e-3,1e6 --clip 0,1 \
    --init notebook,pytorch --seeds 0..2 --validate 0.2
sweep bare.db 0 --lr 1e-3,1e-4 --curve 0
for study in one grid bare; do
    "$plot" $study.db
    is_picture $study.png
done
"$plot" grid.db -o other.png
cmp grid.png other.png
chmod a-w grid.db # a study that cannot be written
"$plot" grid.db

fails() { # WORDS PLOT_ARGUMENT...
    words=$1
    shift
    if "$plot" "$@" 2>complaint; then
        echo "plot_study $*: did not fail"
        exit 1
    fi
    [ "$(wc -l <complaint)" -eq 1 ] && grep -q "$words" complaint || {
        cat complaint
        exit 1
    }
}
sweep none.db 8 --lr 1e30 --clip 0
fails "no trial of none.db is done" none.db
fails "is no study of windrow sweep" grid.png
fails "is no study of windrow sweep" missing.db
fails "cannot be written" grid.db -o missing/grid.png

WINDROW=$windrow "$sweep_hidden" --hidden=1,2 --epochs 5 --device cpu --store small.db >out 2>err ||
    { cat err; exit 1; }
is_picture small.png
[ "$(grep -cE '^ +[12]  +20  +20  +0  +0  ' out)" -eq 2 ] || { cat out; exit 1; }
WINDROW=$windrow "$sweep_hidden" --hidden 1,2 --epochs 5 --device cpu --store small.db >again 2>&1
tail -n 6 out | cmp - /dev/stdin <<END
$(tail -n 6 again)
END
