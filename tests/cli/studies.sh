# What tests of studies share, in addition to lib.sh.
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3"; exit 77; }

# same_study FILE FILE: compares what `dump FILE` prints. Each test file defines dump.
same_study() {
    dump "$1" >left && dump "$2" >right || fail "no study to compare"
    [ "$(wc -l <left)" -gt 20 ] || fail "a short dump of $1"
    same left right
    rm -f left right
}
# gives FILE SQL TEXT: checks what sqlite3 prints.
gives() {
    found=$(sqlite3 "file:$1?mode=rw" "$2")
    [ "$found" = "$3" ] || fail "$2: $found, not $3"
}
# await FILE SQL: waits until the query gives a number above 0, for at most a minute.
await() {
    for try in $(seq 600); do
        found=$(sqlite3 "file:$1?mode=rw" "$2" 2>/dev/null || echo 0)
        [ "${found:-0}" -eq 0 ] || return 0
        sleep 0.1
    done
    fail "never: $2"
}
# make_old FILE: makes a study one of schema 1, as Windrow 0.1 wrote it. Its trials must have learned
# by the notebook's rule.
make_old() {
    rm -f old.tmp
    sqlite3 old.tmp <"$expected/../../data/study-1.sql"
    sqlite3 old.tmp "ATTACH '$1' AS new; PRAGMA journal_mode = WAL;
        DELETE FROM curve; DELETE FROM parameters; DELETE FROM trial; DELETE FROM study;
        INSERT INTO study SELECT * FROM new.study
            WHERE name NOT IN ('validate-every', 'patience', 'loss', 'loss-number');
        INSERT INTO trial SELECT id, hidden, window, batch, init, lr, clip, seed, status, why, loss,
            validation_loss, score, diverged_at, hash, device, seconds, version
            FROM new.trial WHERE optimizer = 'sgd' AND best_epoch IS NULL;
        INSERT INTO curve SELECT trial, epoch, loss FROM new.curve;
        INSERT INTO parameters SELECT * FROM new.parameters;
        INSERT INTO checkpoint SELECT trial, epoch, parameters, seconds FROM new.checkpoint" \
        >/dev/null || fail "$1 cannot become old"
    mv old.tmp "$1"
    gives "$1" "PRAGMA user_version" 1
}
