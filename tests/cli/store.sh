#!/bin/sh
# Studies that are torn, hostile or removed, in windrow show, sweep, merge and export.
. "$(dirname "$0")/lib.sh"
. "$expected/../studies.sh"

# dump FILE: prints a whole study, but not who trained it and when.
dump() {
    sqlite3 "file:$1?mode=rw" "SELECT name, value FROM study WHERE name NOT IN ('windrow', 'keep',
          'keep_before') ORDER BY name;
        SELECT id, hidden, window, batch, init, lr, clip, seed, status, why, loss, score,
          diverged_at, hash FROM trial ORDER BY id;
        SELECT trial, epoch, loss FROM curve ORDER BY 1, 2;
        SELECT trial, hex(value) FROM parameters ORDER BY trial;
        SELECT count(*) FROM checkpoint"
}
# plain FILE: checks that it has only printable ASCII and line ends.
plain() {
    [ -z "$(tr -d '\n\040-\176' <"$1")" ] || fail "control characters in $1: $(cat -v "$1" | head -n 3)"
}
escape=$(printf '\033')
grid="--device cpu --hidden 2,3 --seeds 0..3 --epochs 20"

# ---- torn trials ----

run sweep $grid --store whole.db --keep all --quiet
exits 0
says ''
cp whole.db torn.db
make_old torn.db
sqlite3 torn.db "DELETE FROM curve WHERE trial IN (2, 3); DELETE FROM parameters WHERE trial IN (3, 7)"
cp torn.db before.db
ended="3 trials ended without loss curve or parameters, as Windrow 0.1 left them on a full disk"
for how in '' --json --csv; do
    run show torn.db $how
    exits 0
    says "windrow: torn.db: $ended; windrow sweep, given again, trains them again"
done
run sweep $grid --store torn.db --keep all --dry-run
exits 0
line out "trials     8, of which 3 are left"
run export torn.db --trial 1 --save model
exits 0
says "windrow: torn.db: $ended; windrow sweep, given again, trains them again"
rm model
cmp -s torn.db before.db || fail "looking has written"
run merge merged.db torn.db --quiet
exits 0
says "windrow: torn.db: $ended; windrow sweep, given again, trains them again"
gives merged.db "SELECT group_concat(id) FROM trial WHERE status = 'pending'" 2,3,7
run sweep $grid --store torn.db --keep all --json
exits 0
says_like "*windrow: torn.db: $ended; they count as pending, and are trained again*"
grep -q '"done":8,.*"ran":3,' out || fail "other than three ran: $(cat out)"
same_study torn.db whole.db
gives torn.db "PRAGMA user_version" 2
run show torn.db
says ''
run sweep $grid --store merged.db --keep all --quiet
exits 0
says ''
rm torn.db before.db merged.db

# Parameters that were never to be kept are not missing.
run sweep $grid --store keep.db --keep best:2 --quiet
make_old keep.db
run show keep.db
says ''
run sweep $grid --store keep.db --keep all --json
exits 0
grep -q '"ran":0,' out || fail "trained again, since more is kept"
gives keep.db "SELECT value FROM study WHERE name = 'keep_before'" best:2
run sweep $grid --store keep.db --keep all --json
grep -q '"ran":0,' out || fail "trained again, since more was kept"
run show keep.db
says ''
for shard in 0 1; do
    run sweep $grid --shard $shard/2 --store s$shard.db --keep best:1 --quiet
done
run merge merged.db s0.db s1.db --keep all --quiet
exits 0
run show merged.db
says ''
run sweep $grid --store merged.db --keep all --json
exits 0
says_like "*"
grep -q '"ran":0,' out || fail "trained again, since stores kept less"
rm keep.db merged.db s0.db s1.db

# ---- hostile studies ----

# refuses_study PATTERN SQL: checks that every command refuses a study that the SQL has changed.
refuses_study() {
    cp whole.db bad.db
    sqlite3 bad.db "PRAGMA journal_mode = DELETE; PRAGMA ignore_check_constraints = 1; $2" >/dev/null ||
        fail "cannot be made: $2"
    refuses_like 3 "bad.db: $1" show bad.db
    refuses_like 3 "bad.db: $1" export bad.db --best 1 --save model
    refuses_like 3 "bad.db: $1" merge other.db bad.db
    refuses_like 3 "bad.db: $1" merge bad.db whole.db
    refuses_like 3 "bad.db: $1" sweep $grid --store bad.db
    rm bad.db
    only_files whole.db
}
refuses_study "has the view trial, which *" "DROP TABLE trial; CREATE VIEW trial AS
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n"
refuses_study "has the trigger grow, which *" "CREATE TRIGGER grow AFTER UPDATE ON trial BEGIN
    INSERT INTO study SELECT 'a' || id, hex(zeroblob(60000000)), 0 FROM trial; END"
refuses_study "hidden of trial 1 cannot be '-1'; restore it from a copy, or name another file" \
    "UPDATE trial SET hidden = -1 WHERE id = 1"
refuses_study "a model of trial 1 has 4 bytes, *" "UPDATE parameters SET value = zeroblob(4) WHERE trial = 1"
refuses_study "its setting epochs cannot be '1?x1b?2J1'; *" \
    "UPDATE study SET value = '1' || char(27) || '[2J1' WHERE name = 'epochs'"

# ---- damaged parameters ----

# spoils SQL: makes whole.db with this change.
spoils() {
    cp whole.db bad.db
    sqlite3 bad.db "PRAGMA journal_mode = DELETE; $1" >/dev/null || fail "cannot be made: $1"
}
spoils "UPDATE parameters SET value = (SELECT value FROM parameters WHERE trial = 2) WHERE trial = 1"
damaged="bad.db: the parameters of trial 1 are damaged: their hash is not the trial's; *"
refuses_like 3 "$damaged" export bad.db --trial 1 --save model
refuses_like 3 "$damaged" merge other.db bad.db
absent model
run export bad.db --trial 2 --save model
exits 0
rm -f model bad.db other.db*

# A killed sweep does not continue from a damaged checkpoint.
begun="--store k.db --device cpu --hidden 20 --seeds 0..9 --epochs 1000000 --checkpoint 0.1 --quiet"
"$windrow" sweep $begun >out 2>err &
pid=$!
await k.db "SELECT count(*) FROM checkpoint"
kill -9 $pid
wait $pid 2>/dev/null || :
sqlite3 k.db "UPDATE checkpoint SET epoch = epoch + 1"
refuses_like 3 "k.db: the checkpoint of trial * is damaged: it does not have its hash; *" sweep $begun
rm -f k.db*

# ---- control characters for a terminal ----

name=$(printf 'a\033]0;b\n.db')
cp whole.db "$name"
sqlite3 "$name" "UPDATE study SET value = char(27) || '[31m' || char(10) || 'windrow: all is well'
        WHERE name IN ('series', 'scale');
    UPDATE trial SET status = 'failed', score = NULL, why = char(27) || 'c' || char(13) WHERE id = 1;
    UPDATE trial SET device = char(27) || 'd,' WHERE id = 2"
run show "$name"
exits 0
says ''
plain out
line out 'study     a\x1b]0;b\x0a.db, 8 trials: 7 done, 1 failed; '"$(sed -n '1s/.*; //p' out)"
grep -qxF '          trial 1 failed: \x1bc\x0d' out || fail "no reason: $(cat -v out)"
grep -qF 'series    \x1b[31m\x0awindrow: all is well, ' out || fail "no series: $(cat -v out)"
run show "$name" --json
exits 0
plain out
run show "$name" --csv # not escaped
grep -qF "$escape" out || fail "no raw reason"
grep -qF "\"${escape}d,\"" out || fail "no quotes around a device: $(cat -v out)"
run merge "$name" whole.db
plain out
rm "$name"
for command in "show" "merge other.db" "export --best 1 --save x"; do
    run $command "$name"
    exits 3
    plain err
    says 'windrow: a\x1b]0;b\x0a.db: cannot be opened: No such file or directory'
done
run sweep --hidden "$name"
exits 2
plain err
[ "$(wc -l <err)" -eq 1 ] || fail "two lines"
run sweep $grid --data "$name"
plain err
[ "$(wc -l <err)" -eq 1 ] || fail "two lines"

# ---- studies that are removed during a sweep ----

# vanishes COMMAND...: runs the command on v.db while a sweep writes it.
vanishes() {
    title="windrow sweep, while $*"
    cases=$((cases + 1))
    "$windrow" sweep --store v.db --device cpu --hidden 20 --seeds 0..99 --epochs 1000000 \
        --checkpoint 0.1 --quiet >out 2>err &
    pid=$!
    await v.db "SELECT count(*) FROM checkpoint"
    "$@"
    code=0
    wait $pid || code=$?
    exits 6
    says_like "windrow: v.db: v.db* was removed, renamed or replaced while this was writing it; *"
    rm -f v.db* moved.db*
}
remove_all() {
    rm -f v.db*
}
replace() {
    cp whole.db other && mv other v.db
}
vanishes remove_all
vanishes mv v.db moved.db
vanishes replace
vanishes rm v.db-lock

# ---- places where no study can be made ----

: >victim
ln -s victim x.db-lock
refuses 6 "x.db: cannot be locked: x.db-lock is a symbolic link, which is not followed; remove it" \
    sweep $grid --store x.db --quiet
[ -e victim ] && [ ! -s victim ] || fail "the lock went through a link"
rm -f x.db x.db-lock victim
mkdir sealed
if unshare -m mount -t tmpfs -o ro none sealed 2>/dev/null; then
    cases=$((cases + 1))
    code=0
    unshare -m sh -c 'mount -t tmpfs -o ro none sealed && exec "$@"' sh \
        "$windrow" sweep $grid --store sealed/x.db --quiet >out 2>err || code=$?
    exits 6
    says "windrow: sealed/x.db: cannot be opened: Read-only file system"
else
    echo "not tested: a read-only mount, which takes a privilege"
fi
rmdir sealed
finish
