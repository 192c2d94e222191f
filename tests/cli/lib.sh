# What the test files share. Each is called as FILE.sh WINDROW FOLDER, works in FOLDER, which it
# empties first, and ends with `finish`.
set -u
windrow=$1
expected=$(cd "$(dirname "$0")/expected" && pwd)
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 1
export LSAN_OPTIONS="${LSAN_OPTIONS:+$LSAN_OPTIONS:}print_suppressions=0"
cases=0
failures=0

# fail WORD...: records that the last run is wrong, and shows it.
fail() {
    failures=$((failures + 1))
    echo "FAILED: $title"
    echo "    $*"
    sed 's/^/    stdout: /' out
    sed 's/^/    stderr: /' err
}

# run ARGUMENT...: runs windrow with stdout in out, stderr in err, and its exit code in $code.
# LeakSanitizer itself sometimes fails and says so while a driver's threads end; a leak has another
# exit code. Such a run is repeated.
run() {
    title="windrow $*"
    cases=$((cases + 1))
    for try in 1 2 3; do
        code=0
        "$windrow" "$@" >out 2>err || code=$?
        grep -q "LeakSanitizer has encountered a fatal error" err || return 0
    done
}

exits() {
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
}

# prints TEXT, says TEXT: check all of stdout, all of stderr; '' means empty.
prints() {
    printf '%s' "${1:+$1
}" | cmp -s - out || fail "stdout is not: $1"
}
says() {
    printf '%s' "${1:+$1
}" | cmp -s - err || fail "stderr is not: $1"
}

# says_like PATTERN: checks that stderr is one line that matches this shell pattern.
says_like() {
    case $(cat err) in
    *"
"*) fail "stderr is more than a line" ;;
    $1) ;;
    *) fail "stderr is not like: $1" ;;
    esac
}

# refuses CODE TEXT ARGUMENT..., refuses_like CODE PATTERN ARGUMENT...: check that windrow prints
# this error and nothing else.
refuses() {
    wanted=$1 text=$2
    shift 2
    run "$@"
    exits "$wanted"
    prints ''
    says "windrow: $text"
}
refuses_like() {
    wanted=$1 text=$2
    shift 2
    run "$@"
    exits "$wanted"
    prints ''
    says_like "windrow: $text"
}

# head_of FORM: how the object of --json that has this form begins.
head_of() {
    printf '{"windrow":"%s","schema":"windrow.%s/1"' \
        "$("$windrow" --version | sed 's/^windrow \([^ ]*\) .*/\1/')" "$1"
}

# same FILE FILE, absent FILE..., line FILE TEXT: check that files are equal, do not exist, have a
# line that is TEXT. With ACCEPT set, `same` copies what is printed now to expected/. Use it when
# WR_NUMERICS_VERSION is raised, and read the difference before you commit it.
same() {
    [ -z "${ACCEPT:-}" ] || case $2 in "$expected"/*) cp "$1" "$2" ;; esac
    cmp -s "$1" "$2" || fail "$1 differs from $2: $(diff "$1" "$2" | head -n 5)"
}
absent() {
    for file in "$@"; do
        [ ! -e "$file" ] || fail "$file exists"
    done
}
line() {
    grep -qxF -e "$2" "$1" || fail "$1 has no line: $2"
}
# Checks that the folder has only the named files, so no temporary file.
only_files() {
    found=$(ls -A | grep -vx -e out -e err | tr '\n' ' ')
    [ "$found" = "${*:+$* }" ] || fail "files here: $found"
}

finish() {
    echo "$cases cases, $failures failures"
    [ "$failures" -eq 0 ]
    exit
}
