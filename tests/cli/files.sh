#!/bin/sh
# Outputs that cannot be written: exit code 6, before the training if possible.
. "$(dirname "$0")/lib.sh"

for option in save history; do
    # 4e9 epochs would take days, so the training must not start
    refuses_like 6 "missing/file: *" train --device cpu --epochs 4000000000 --$option missing/file
    mkdir -p folder
    refuses_like 6 "folder: *" train --device cpu --epochs 4000000000 --$option folder
    : >plain
    refuses_like 6 "plain/file: *" train --device cpu --epochs 4000000000 --$option plain/file
    refuses_like 6 "/proc/windrow: *" train --device cpu --epochs 4000000000 --$option /proc/windrow
    if [ "$(id -u)" -ne 0 ]; then
        mkdir -p locked && chmod 555 locked
        refuses_like 6 "locked/file: *" \
            train --device cpu --epochs 4000000000 --$option locked/file
        rmdir locked
    fi
    if [ -c /dev/full ]; then
        refuses_like 6 "/dev/full: *No space left on device*" \
            train --device cpu --epochs 2 --quiet --$option /dev/full
    fi
    rm -r folder plain
    only_files
done

# Standard output.
if [ -c /dev/full ]; then
    for command in "train --epochs 1" "train --epochs 1 --json" "help" "train --help" --version devices; do
        title="windrow $command >/dev/full"
        code=0
        "$windrow" $command >/dev/full 2>err || code=$?
        : >out
        exits 6
        grep -qx 'windrow: cannot write to standard output: No space left on device' err ||
            fail "no word of standard output"
    done
fi
title="windrow train with standard output closed"
code=0
"$windrow" train --epochs 1 --save model >&- 2>err || code=$?
: >out
exits 6
"$windrow" train --epochs 1 --quiet --save other
same model other
rm model other

# A reader that closes its pipe: that of standard output, which leaves the files whole, and that of
# a file.
title="windrow train --save model, and no reader of standard output"
{
    code=0
    while [ ! -e closed ]; do sleep 0.1; done
    "$windrow" train --epochs 2 --save model 2>err || code=$?
    echo $code >code
} | {
    exec <&-
    : >closed
}
: >out
code=$(cat code)
exits 6
line err 'windrow: cannot write to standard output: Broken pipe'
"$windrow" train --epochs 2 --quiet --save other
same model other
rm model other code closed
mkfifo pipe
head -c 1 pipe >/dev/null &
refuses 6 'pipe: cannot be written: Broken pipe' \
    train --device cpu --models 5000 --epochs 1 --quiet --save pipe --history history
wait
only_files pipe
rm pipe

# An existing file stays as it was until the new one is complete. Links are followed.
echo old >old
ln -s old link
run train --device cpu --epochs 1 --quiet --lr 1e30 --clip 0 --init missing --history link
exits 3
line old old
run train --device cpu --epochs 1 --quiet --history link
exits 0
[ -L link ] || fail "the link is gone"
line old epoch,seed,total_loss
rm old link

# A path that is not a regular file is written directly.
title="windrow train --history /dev/stdout"
"$windrow" train --device cpu --epochs 2 --quiet --history /dev/stdout >out 2>err
run train --device cpu --epochs 2 --quiet --history file
mv file out
line out epoch,seed,total_loss
only_files
finish
