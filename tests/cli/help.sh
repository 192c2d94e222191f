#!/bin/sh
# The help and the manual.
. "$(dirname "$0")/lib.sh"
manual=$3

for command in train predict devices verify bench sweep status show export merge forecast backtest report completion version; do
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

# No line of the help is wider than a terminal.
title="the width of the help"
for file in "$expected"/help*.txt; do
    [ "$(awk 'length > 80' "$file" | wc -l)" -eq 0 ] || fail "wider than 80 columns: $file"
done

# Each command has a page with every option of its help, and all sections.
commands=$("$windrow" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx help)
for command in $commands; do
    title="windrow-$command.1" page=$manual/windrow-$command.1
    for option in $("$windrow" help $command | grep -oh '^  --[a-z0-9-]*'); do
        escaped=$(printf '%s' "$option" | sed 's/-/\\\\-/g')
        grep -q -e "^\.BR $escaped\( \|\$\)" "$page" || fail "no $option"
    done
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS EXAMPLES '"EXIT STATUS"' '"SEE ALSO"'; do
        grep -qx "\.SH $section" "$page" || fail "no section $section"
    done
    title="windrow.1"
    grep -qxF ".BR windrow\-$command (1)" "$manual/windrow.1" || fail "does not name $command"
done
for section in NAME SYNOPSIS DESCRIPTION COMMANDS '"EXIT STATUS"' ENVIRONMENT FILES '"SEE ALSO"'; do
    grep -qx "\.SH $section" "$manual/windrow.1" || fail "no section $section"
done
title="the manual"
[ "$(ls "$manual" | wc -l)" -eq $((1 + $(echo $commands | wc -w))) ] || fail "other pages: $(ls "$manual")"

# What reads manuals has nothing to say of them, but that they have no date, of which there is none.
for page in "$manual"/*; do
    title=${page##*/}
    if command -v groff >/dev/null && [ -d /usr/share/groff ]; then
        groff -man -ww -Tascii "$page" >out 2>err || fail "groff fails"
        says ''
    fi
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W warning "$page" 2>&1 | grep -v 'missing date' >err
        says ''
    fi
done
command -v groff >/dev/null && [ -d /usr/share/groff ] || echo "skipped: groff on the manual: it is not here"
command -v mandoc >/dev/null || echo "skipped: mandoc on the manual: it is not here"
finish
