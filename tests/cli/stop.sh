#!/bin/sh
# Ctrl-C and other signals: exit code 130 and no output file; and the progress line.
. "$(dirname "$0")/lib.sh"

# await FILE TEXT: waits until FILE contains it, for at most a minute.
await() {
    for try in $(seq 600); do
        ! grep -q -e "$2" "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "$1 never has $2"
}

for signal in INT TERM HUP USR1; do
    title="windrow train, and SIG$signal"
    cases=$((cases + 1))
    : >out; : >err # emptied here: the child may do it only after the wait below has begun
    env --default-signal=$signal "$windrow" train --device cpu --epochs 4000000000 \
        --save model.safetensors --history history.csv >out 2>err &
    pid=$!
    await out '^epoch    *0 '
    kill -s $signal $pid
    code=0
    wait $pid || code=$?
    exits 130
    line err 'windrow: interrupted; no file was written'
    only_files
done

# Before there is anything to clean up, and when a file cannot be opened: both wait for a FIFO.
mkfifo pipe
for arguments in "--data pipe" "--save pipe --epochs 1" "--history pipe"; do
    title="windrow train $arguments, and SIGTERM"
    cases=$((cases + 1))
    : >out; : >err
    "$windrow" train --device cpu --quiet $arguments >out 2>err &
    pid=$!
    sleep 0.5
    kill -s TERM $pid
    code=0
    wait $pid || code=$?
    exits 130
    only_files pipe
done
rm pipe

title="windrow train where SIGINT and SIGUSR1 are ignored"
cases=$((cases + 1))
: >out; : >err
env --ignore-signal=INT,USR1 "$windrow" train --device cpu --epochs 4000000000 --quiet \
    --history history.csv >out 2>err &
pid=$!
sleep 0.5
kill -s INT $pid
kill -s USR1 $pid
sleep 0.5
says ''
kill -s TERM $pid
code=0
wait $pid || code=$?
exits 130

title="windrow bench, and SIGINT"
cases=$((cases + 1))
: >out; : >err
env --default-signal=INT "$windrow" bench --device cpu --seconds 1e6 >out 2>err &
pid=$!
await out 'updates/s'
kill -s INT $pid
code=0
wait $pid || code=$?
exits 130
line err 'windrow: interrupted'

# On a terminal of $width columns. bar NAME=VALUE...: trains in such an environment until an ETA is
# shown, or, with TERM=dumb, for a second. The file typescript has what the terminal got.
width=80
bar() {
    title="windrow train on a terminal, $*"
    cases=$((cases + 1))
    rm -f pid typescript
    : >out
    : >err
    env "$@" script -qfc \
        "stty cols $width; echo \$\$ >pid; exec '$windrow' train --device cpu --epochs 4000000000 --json" \
        typescript >/dev/null 2>&1 </dev/null &
    script=$!
    case $* in
    *dumb*) sleep 1 && await pid '^[0-9]' ;;
    *) await typescript ETA ;;
    esac
    kill -s TERM "$(cat pid)"
    wait $script
}
if command -v script >/dev/null; then
    escape=$(printf '\033')
    bar TERM=xterm NO_COLOR=
    grep -q "$escape\[32m" typescript || fail "the bar has no colour"
    tr '\r' '\n' <typescript | grep -q "^$escape\[Kwindrow: interrupted" ||
        fail "the bar stands before the error"
    bar TERM=xterm NO_COLOR=1
    ! grep -q "$escape\[[0-9]*m" typescript || fail "NO_COLOR is not honoured"
    grep -q '\[[= ]\{40\}\]' typescript || fail "the bar is not 40 wide"
    width=60
    bar TERM=xterm NO_COLOR=1
    grep -q '\[[= ]\{29\}\]' typescript || fail "the bar is not as wide as the screen lets it be"
    bar TERM=dumb NO_COLOR=
    ! grep -q -e "$escape" -e ETA typescript || fail "TERM=dumb is not honoured"
fi
finish
