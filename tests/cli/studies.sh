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
