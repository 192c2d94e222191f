#!/bin/sh
# windrow completion SHELL: the scripts for bash, zsh and fish, each of which completes for real.
# completion.sh WINDROW FOLDER SCRIPTS HOSTILE: SCRIPTS has those that are installed; HOSTILE prints
# scripts for a command whose help is full of characters that shells take for more (hostile_help.c).
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
scripts=$3 hostile=$4
export XDG_CONFIG_HOME="$PWD/config" XDG_DATA_HOME="$PWD/data" HOME="$PWD" TERM=dumb

refuses 2 "SHELL csh: needs one of bash, zsh, fish" completion csh
refuses 2 "completion needs a SHELL, one of bash, zsh, fish: windrow completion SHELL" completion
for file in bash:windrow zsh:_windrow fish:windrow.fish; do
    run completion ${file%:*}
    exits 0
    says ''
    cmp -s out "$scripts/${file#*:}" || fail "not the script that is installed, ${file#*:}"
done

shells=
for shell in bash zsh fish; do
    if command -v $shell >/dev/null; then
        shells="$shells $shell"
    else
        echo "skipped: completion in $shell: it is not here"
    fi
done
mkdir folder scripts
touch 'a b.csv' series.csv

# offers SHELL SCRIPT LINE: writes to out, in a line each and sorted, what the shell offers, without
# the descriptions that fish adds, the backslashes of zsh, and what some repeat before the value.
offers() {
    case $1 in
    bash) bash --norc "$here/complete.bash" "$2" "$3" ;;
    zsh) zsh -f "$here/complete.zsh" "$2" "$(printf '%s' "$3" | tr '^' =)" ;;
    fish) fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$2" \
        "$(printf '%s' "$3" | tr '^' =)" ;;
    esac >raw 2>err || fail "$1 fails"
    cut -f 1 raw | sed 's/^--[a-z-]*=//; s/^[a-z][a-z]*,//; s/\\//g; s:/$::' | LC_ALL=C sort -u >out
}

# completes LINE WORD...: checks what every shell offers.
completes() {
    typed=$1
    shift
    for word in "$@"; do printf '%s\n' "$word"; done | LC_ALL=C sort >wanted
    for shell in $shells; do
        title="$shell: $typed"
        cases=$((cases + 1))
        "$windrow" completion $shell >scripts/$shell
        offers $shell scripts/$shell "$typed"
        cmp -s out wanted || fail "not the words that are wanted: $(tr '\n' ' ' <wanted)"
        says ''
    done
}

commands=$("$windrow" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
completes "windrow " $commands
completes "windrow f" forecast
completes "windrow help s" $(printf '%s\n' $commands | grep '^s')
completes "windrow --" --help --version
for command in $commands; do
    [ $command = help ] || completes "windrow $command --" \
        $("$windrow" help $command | grep -o '^  --[a-z0-9-]*')
done
completes "windrow train --sch" --schedule
completes "windrow train --schedule " auto fused staged
completes "windrow train --json --schedule f" fused
completes "windrow train --schedule=f" fused
completes "windrow train --schedule^f" fused
completes "windrow train --schedule=" auto fused staged
completes "windrow train --header " auto no yes
completes "windrow train --decimal ," ,
completes "windrow train --length "
completes "windrow train --length 5"
completes "windrow train --data s" scripts series.csv
completes "windrow train --data=ser" series.csv
completes "windrow train --data a" 'a b.csv'
completes "windrow train --init n" notebook
completes "windrow train --init ser" series.csv
completes "windrow sweep --init notebook,p" pytorch
completes "windrow forecast --resume f" folder
completes "windrow train --device " auto cpu opencl
completes "windrow sweep --device cpu,a" all auto
completes "windrow sweep --keep " all none
# the recipes are those that there are
run forecast --data series.csv --recipe nosuch
recipes=$(sed -n 's/.*there are //p' err | tr -d ,)
completes "windrow backtest --recipe " $recipes
completes "windrow show ser" series.csv
completes "windrow merge study.db ser" series.csv
completes "windrow completion " bash fish zsh
completes "windrow nosuch "

# Help that is hostile to shells is shown as it is, and nothing in it is run.
"$hostile" help >help
for shell in $shells; do
    title="$shell: hostile help"
    cases=$((cases + 1))
    "$hostile" $shell >scripts/hostile.$shell
    $shell -n scripts/hostile.$shell >out 2>&1 || fail "$shell -n"
    offers $shell scripts/hostile.$shell "windrow hostile --hos"
    line out --hostile
    says ''
    offers $shell scripts/hostile.$shell "windrow hostile --"
    case $shell in
    fish) sed -n 's/^--hostile\t//p' raw ;;
    zsh) sed -n 's/^--hostile *-- //p' zsh/told ;;
    bash) cat help ;; # which shows no help
    esac | sort -u | cmp -s - help || fail "not the help"
    absent run
done
finish
