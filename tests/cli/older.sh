#!/bin/sh
# A study of an older WR_NUMERICS_VERSION: tests/data/study-1.sql, of version 1.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3"; exit 77; }
data=$expected/../../data

make() { # FILE
    rm -f "$1"
    sqlite3 "$1" <"$data/study-1.sql"
}
dump() {
    sqlite3 "$1" .dump
}
numerics() { # FILE VERSION: checks the version that the study names
    [ "$(sqlite3 "$1" "SELECT value FROM study WHERE name = 'numerics'")" = "$2" ] ||
        fail "$1 is not of numerics $2"
}
make study.db
dump study.db >before
options="--device cpu --length 40 --hidden 2 --window 3 --lr 0.01,1e6 --clip 0 --epochs 4 --curve 2
    --validate 0.2 --keep all --quiet"

# ---- shown as it is ----

run show study.db
exits 0
says ''
same out "$expected/older-show.txt"
run show study.db --csv
exits 0
same out "$expected/older-show.csv"
run show study.db --json
exits 0
grep -q '"numerics":"1"' out || fail "no word of its numerics"

# ---- exported: the parameters of that time, which training now gives too ----

run export study.db --trial 2 --save two.safetensors
exits 0
grep -aq '"numerics":"1"' two.safetensors || fail "the file is not of numerics 1"
run train --device cpu --length 40 --hidden 2 --window 3 --epochs 1 --lr 0 --json \
    --init two.safetensors
exits 0
grep -q '"hash":"b302350a45f4cd3c"' out || fail "other parameters"
run train --device cpu --length 32 --hidden 2 --window 3 --lr 0.01 --clip 0 --epochs 4 --seed 1 --json
exits 0
grep -q '"hash":"b302350a45f4cd3c"' out || fail "the same training gives other parameters"

# ---- merged with a study of the same version ----

run merge all.db study.db --quiet
exits 0
numerics all.db 1
make twin.db
run merge all.db twin.db --quiet
exits 0
[ "$(sqlite3 all.db 'SELECT count(*) FROM trial')" -eq 4 ] || fail "not four trials"

# ---- refused with another version ----

why="Windrow 0.1.0 trained them, and losses differ in their last digits; go on with that version, or name another file"
refuses 3 "study.db: another study: its trials have numerics 1, not 2: $why" \
    sweep --store study.db --seeds 0..3 $options
dump study.db | cmp -s - before || fail "the study is another"
run sweep --store now.db --seeds 0..1 $options
exits 8
numerics now.db 2
refuses_like 3 "study.db*its trials have numerics 2, not 1: *" merge now.db study.db
refuses_like 3 "now.db*its trials have numerics 1, not 2: *" merge all.db now.db
run sweep --store study.db --fresh --seeds 0..1 $options
exits 8
numerics study.db 2
numerics study.db.1 1
dump study.db.1 | cmp -s - before || fail "the old study is another"
[ "$(sqlite3 study.db 'SELECT hash FROM trial')" = "$(sqlite3 study.db.1 'SELECT hash FROM trial')" ] ||
    fail "versions 1 and 2 give other parameters"

finish
