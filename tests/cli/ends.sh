#!/bin/sh
# How a command ends when files may not grow, when few files can be open, when its reader has gone,
# and when it is killed.
. "$(dirname "$0")/lib.sh"
export OMP_NUM_THREADS=1

temporaries() {
    ls -A | grep '^\.windrow-.*\.tmp$' | tr '\n' ' '
}

# starts NAME: starts a command that writes a file. $pid: its process. $left: its temporary file.
starts() {
    before=$(temporaries)
    "$windrow" train --epochs 4000000000 --device cpu --quiet --history "$1" 2>/dev/null &
    pid=$!
    left=''
    while [ -z "$left" ] && kill -0 $pid 2>/dev/null; do
        sleep 0.05
        for name in $(temporaries); do
            case " $before" in *" $name "*) ;; *) left=$name ;; esac
        done
    done
}

# ---- killed ----

: >out
: >err
title="kill -9 of windrow train --history"
starts killed
kill -9 $pid
wait $pid 2>/dev/null
dead=$left
starts living
living=$left
[ -n "$dead" ] && [ ! -e "$dead" ] || fail "the next writer leaves what a killed one left: $dead"
kill -9 $pid
wait $pid 2>/dev/null
starts stopped
kill -STOP $pid
stopped=$left
host=${living#.windrow-*-}
host=${host%%-*}
: >".windrow-00000001-$host-1-0.tmp" # from an earlier boot of this machine
: >.windrow-00000001-00000001-1-0.tmp # from another machine
: >.windrow-mine.tmp
run train --epochs 1 --device cpu --quiet --save model
exits 0
[ "$(temporaries)" = "$(printf '%s\n' "$stopped" .windrow-00000001-00000001-1-0.tmp \
    .windrow-mine.tmp | sort | tr '\n' ' ')" ] || fail "temporary files: $(temporaries)"
kill -KILL $pid
wait $pid 2>/dev/null
run train --epochs 1 --device cpu --quiet --save model
rm .windrow-00000001-00000001-1-0.tmp .windrow-mine.tmp
only_files model
rm model

# ---- files that may not grow ----

# limited OPTION ARGUMENT...: runs windrow under `ulimit OPTION`
limited() {
    option=$1
    shift
    title="ulimit $option; windrow $*"
    cases=$((cases + 1))
    code=0
    (ulimit $option && exec "$windrow" "$@") >out 2>err || code=$?
}
limited '-f 8' train --models 100 --epochs 1 --device cpu --quiet --save model
exits 6
says 'windrow: model: cannot be written: File too large'
only_files
limited '-f 8' train --models 100 --epochs 20 --device cpu --quiet --history history
exits 6
says 'windrow: history: cannot be written: File too large'
only_files
limited '-f 8' train --models 100 --epochs 1 --device cpu --json
exits 6
says_like '*windrow: cannot write to standard output: File too large'
limited '-f 8' sweep --store study --seeds 0..99 --epochs 1 --device cpu --quiet
exits 6
grep -q '^windrow: .*study' err || fail "no word of the study"
rm -f study study-*
only_files

# ---- few files ----

awk 'BEGIN { print "x"; for (i = 0; i < 30; i++) print (i * 7) % 11 }' >data
run train --data data --epochs 1 --device cpu --quiet --save model
run sweep --store study --hidden 2 --seeds 0..1 --epochs 2 --device cpu --quiet
small="--horizon 2 --window 3 --hidden 2 --seeds 1 --updates 2 --season 1 --device cpu"
for count in 4 5 6 7 8 10 12; do
    for command in "train --data data --init model --epochs 2 --save saved --history history" \
        "sweep --store new --hidden 2 --epochs 2" "show study" "export study --best 1 --save saved" \
        "merge new study" "forecast --data data $small --save saved --output forecasts" \
        "backtest --data data $small --csv scores" "bench --models 1 --seconds 0 --repeats 1" help; do
        case $command in
        show* | export* | merge* | help* | *"--device cpu"*) limited "-n $count" $command ;;
        *) limited "-n $count" $command --device cpu ;;
        esac
        case $code in
        0) ;;
        127) grep -q 'error while loading shared libraries' err || fail "exit code 127" ;;
        3 | 5 | 6) grep -q '^windrow: ' err || fail "exit code $code without a word" ;;
        *) fail "exit code $code" ;;
        esac
        [ -z "$(temporaries)" ] || fail "temporary files: $(temporaries)"
        rm -f saved history forecasts scores new new-*
    done
done

# ---- a reader that has gone ----

# unread ARGUMENT...: runs windrow with stdout in a pipe that nobody reads. A shell reports a signal
# as 128 + its number.
unread() {
    title="windrow $* | head -0"
    cases=$((cases + 1))
    rm -f closed
    {
        while [ ! -e closed ]; do sleep 0.05; done
        code=0
        "$windrow" "$@" 2>err || code=$?
        echo $code >code
    } | {
        exec <&-
        : >closed
    }
    : >out
    code=$(cat code)
    rm -f code closed
}
for command in "train --epochs 2 --device cpu" "train --epochs 2 --device cpu --json" \
    "forecast --data data $small --quiet" "show study" "show study --csv" help \
    "backtest --data data $small --quiet"; do
    unread $command
    exits 141
    ! grep -v '^device \|updates/s$' err | grep -q . || fail "it does not end quietly"
done
rm data model study
only_files
finish
