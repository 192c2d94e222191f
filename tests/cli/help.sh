#!/bin/sh
# The help, the version and the man page.
. "$(dirname "$0")/lib.sh"
manual=$3

for command in train devices verify bench sweep show export merge forecast backtest; do
    for how in "help $command" "$command --help" "$command -h" "$command --hidden=x --help"; do
        run $how
        exits 0
        same out "$expected/help-$command.txt"
        says ''
    done
done
for how in help --help -h; do
    run $how
    exits 0
    same out "$expected/help.txt"
    says ''
done
run
exits 2
prints ''
line err 'windrow: a command is missing'

run --version
exits 0
case $(cat out) in
"windrow "[0-9]*.[0-9]*.[0-9]*" (numerics "[0-9]*")") ;;
*) fail "no version" ;;
esac

# No line of the help is wider than a terminal.
title="the width of the help"
for file in "$expected"/help*.txt; do
    [ "$(awk 'length > 80' "$file" | wc -l)" -eq 0 ] || fail "wider than 80 columns: $file"
done

# The man page has every option of the help, and all sections.
title="windrow.1"
for option in $(grep -oh '^  --[a-z0-9-]*' "$expected"/help-*.txt | grep -vx -e '  --help'); do
    escaped=$(printf '%s' "$option" | sed 's/-/\\\\-/g')
    grep -q -e "^\.BR $escaped\( \|\$\)" "$manual" || fail "no $option in windrow.1"
done
for section in NAME SYNOPSIS COMMANDS "EXIT STATUS" ENVIRONMENT FILES EXAMPLES; do
    grep -qE "^\.SH \"?$section\"?\$" "$manual" || fail "no section $section in windrow.1"
done
if command -v groff >/dev/null && [ -d /usr/share/groff ]; then
    groff -man -ww -Tascii "$manual" >out 2>err || fail "groff fails"
    says ''
fi
finish
