#!/bin/sh
# kills.sh WINDROW FOLDER KILLS: kills train, forecast and merge with SIGKILL, KILLS times each, at
# random moments of the time that they take. After each kill every file that exists is whole, and the
# same command, given again, leaves the files of an undisturbed run and no others. scripts/kill_sweep
# does this for sweep. SEED in the environment chooses other moments.
set -u
windrow=$1
folder=$2
kills=$3
export OCL_ICD_VENDORS=/none
rm -rf "$folder" && mkdir -p "$folder/whole" "$folder/work" && cd "$folder/whole" || exit 1

awk 'BEGIN { print "unique_id,ds,y"
    for (s = 0; s < 60; s++) for (i = 1; i <= 35; i++)
        printf "s%02d,%d,%d\n", s, i, (i * i + s * i) % (7 + s % 5) + 10 }' >../panel.csv
for shard in 0 1; do
    "$windrow" sweep --store ../shard$shard.db --shard $shard/2 --hidden 2,3,4,5 --seeds 0..99 \
        --epochs 20 --keep all --device cpu --quiet || exit 1
done

train="train --models 16 --epochs 60 --device cpu --threads 1 --quiet --save model --history history"
forecast="forecast --data ../panel.csv --horizon 3 --window 2 --chunk 7 --season 7 --seeds 1
    --recipe daily --validate 0 --updates 400 --device cpu --threads 1 --quiet --resume parts
    --output forecast.csv --save fit"
merge="merge study.db ../shard0.db ../shard1.db --keep all"
export WINDROW_CHUNK=10

# Prints what a command has left. A study is compared by its contents, because pages can differ.
left() {
    if [ -e study.db ]; then
        sqlite3 study.db "PRAGMA integrity_check;
            SELECT id, hidden, seed, status, quote(loss), hash FROM trial ORDER BY id;
            SELECT trial, epoch, quote(loss) FROM curve ORDER BY trial, epoch;
            SELECT trial, hex(value) FROM parameters ORDER BY trial;"
    fi
    for file in model history forecast.csv fit; do
        [ ! -e $file ] || cksum $file
    done
    ls -A
}
# Checks that files that exist equal those of the undisturbed run: a result gets its name when whole.
torn() {
    for file in model history forecast.csv fit; do
        [ ! -e $file ] || cmp $file ../whole/$file || return 0
    done
    return 1
}

wrong=0
# kills NAME ARGUMENT...
kills() {
    name=$1
    shift
    (cd ../whole && rm -rf ./* && "$windrow" "$@" >../out 2>../errors) || { cat ../errors; exit 1; }
    (cd ../whole && left) >../whole.$name
    rm -rf ./*
    start=$(date +%s%N)
    "$windrow" "$@" >../out 2>../errors
    nanoseconds=$(($(date +%s%N) - start))
    killed=0 tried=0
    while [ $killed -lt "$kills" ] && [ $tried -lt $((4 * kills)) ]; do
        tried=$((tried + 1))
        rm -rf ./*
        moment=$(awk -v seed="${SEED:-1}" -v tried=$tried -v all=$nanoseconds 'BEGIN {
            srand(seed * 1000003 + tried * 7919); rand(); printf "%.4f", rand() * all / 1e9 }')
        "$windrow" "$@" >../out 2>../errors &
        pid=$!
        sleep "$moment"
        kill -s KILL $pid 2>/dev/null
        code=0
        wait $pid 2>/dev/null || code=$?
        [ $code -eq 0 ] && continue
        [ $code -eq 137 ] || { echo "$name ended with $code"; cat ../errors; wrong=$((wrong + 1)); }
        killed=$((killed + 1))
        if torn; then
            echo "$name, killed after $moment s, left a file that is not whole"
            wrong=$((wrong + 1))
        fi
        "$windrow" "$@" >../out 2>../errors || { echo "$name does not go on: $?"; cat ../errors; wrong=$((wrong + 1)); }
        left >../left
        if ! cmp -s ../whole.$name ../left; then
            echo "$name, killed after $moment s, ends otherwise:"
            diff ../whole.$name ../left | head -n 10
            wrong=$((wrong + 1))
        fi
    done
    printf '%-10s killed %s times in %s tries\n' "$name" $killed $tried
    [ $killed -ge "$kills" ] || wrong=$((wrong + 1))
}

cd ../work || exit 1
kills train $train
kills forecast $forecast
kills merge $merge
[ $wrong -eq 0 ] || { echo "$wrong wrong"; exit 1; }
