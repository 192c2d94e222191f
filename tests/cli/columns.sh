#!/bin/sh
# How a file is read: pipes, delimiters, decimal marks, headers, and columns that no option names. A
# file in any form gives the forecasts of the plain file.
. "$(dirname "$0")/lib.sh"
fit="--device cpu --threads 1 --updates 20 --hidden 4 --seeds 2 --horizon 3 --levels none --season 7"
train="--device cpu --threads 1 --epochs 2 --batch all"

# days NAME COUNT FORMULA: prints lines NAME,2023-01-01,VALUE and the next days; VALUE is FORMULA of
# i = 0 .. COUNT-1 in awk
days() {
    awk -v name="$1" -v count="$2" 'BEGIN {
        split("31 28 31 30 31 30 31 31 30 31 30 31", length_of, " ")
        year = 2023
        month = day = 1
        for (i = 0; i < count; i++) {
            printf "%s,%d-%02d-%02d,%.2f\n", name, year, month, day, '"$3"'
            if (++day > length_of[month] + (month == 2 && year % 4 == 0)) {
                day = 1
                if (++month > 12) {
                    month = 1
                    year++
                }
            }
        }
    }'
}

# forecasts ARGUMENT...: checks that stdout is that of plain.csv. stderr says how the file was read.
forecasts() {
    run forecast $fit "$@"
    exits 0
    cmp -s out plain.out || fail "other forecasts than of the plain file"
}

# tells TEXT: checks that a line of stderr contains it.
tells() {
    grep -qF -e "$1" err || fail "stderr does not tell: $1"
}

{ echo unique_id,ds,y; days a 90 '10 + i % 7 + i % 5 / 4'; days b 90 '(i * i) % 7 + 0.25'; } >plain.csv
run forecast $fit --data plain.csv
exits 0
mv out plain.out
tells 'plain.csv: target "y", series by "unique_id", time stamps "ds"; the first line is a header'

# ---- pipes: every byte is read once, as from a file, even beyond the size of pipe and buffer ----

run forecast $fit --data - <plain.csv
exits 0
same out plain.out
tells 'standard input: target "y"'
mkfifo fifo
cat plain.csv >fifo &
forecasts --data fifo
wait
cat plain.csv | "$windrow" forecast $fit --data /dev/stdin >out 2>err
same out plain.out
days d 20000 'i % 7 + i % 100 / 10' | sed 's/^d,//; 1s/^/date,sales\n/' >long.csv
[ "$(wc -c <long.csv)" -gt 262144 ] || fail "no long file"
for command in "backtest $fit --time date" "train $train --json" \
    "sweep $train --store new.db --json"; do
    rm -f new.db
    run $command --data long.csv
    exits 0
    sed 's/"seconds":[^,}]*//; s/"[a-z]*_per_second":[^,}]*//' out >file.out
    for pipe in - /dev/stdin; do
        rm -f new.db
        cat long.csv | {
            run $command --data $pipe
            [ "$code" -eq 0 ] || echo "exit code $code" >>out
            cp out pipe.out
        }
        sed 's/"seconds":[^,}]*//; s/"[a-z]*_per_second":[^,}]*//' pipe.out >other.out
        same other.out file.out
    done
done
refuses_like 3 'standard input: is empty*' train --data - </dev/null
refuses_like 3 'standard input: line 3, column "x" (number 1): "q" is not a number*' \
    train --data - --target x <<'END'
x
1
q
3
4
5
6
7
END

# a study of a pipe: the same data continue it, other data are another study; it saves no path
sed '1s/.*/x;z/; 2,$s/,/;/; s/[0-9]*-[0-9]*-//' long.csv | head -n 60 | tr . , >pipe.csv
run sweep $train --data - --delimiter ';' --decimal , --target z --seeds 0..1 --keep best:1 <pipe.csv
exits 0
run sweep $train --data - --decimal , --target z --seeds 0..2 --keep best:1 <pipe.csv
exits 0
line out 'trials    3 done, 0 diverged, 0 failed, 0 pending'
sed '$s/.$/9/' pipe.csv >changed.csv
refuses_like 3 'study.db: another study: its trials have data *' \
    sweep $train --data - --decimal , --target z --seeds 0..2 <changed.csv
run show study.db --json
exits 0
case $(cat out) in
*'"series":"-"'*'"delimiter":";","decimal":",","header":"yes","ignore":""'*) ;;
*) fail "the study does not say how its data are read" ;;
esac
for trial in 1 2 3; do # trials whose parameters were not kept
    run export study.db --trial $trial --save trial.safetensors
    [ "$code" -eq 0 ] || break
done
exits 3
case $(cat err) in
*"windrow train --data - --delimiter ';' --decimal , --header yes --inputs "*) ;;
*) fail "no command with the form of the file" ;;
esac
rm -f trial.safetensors

# ---- one file in several forms ----

tr , ';' <plain.csv >semicolon.csv
forecasts --data semicolon.csv
tells "delimiter ';'"
tr , '\t' <plain.csv >tab.csv
forecasts --data tab.csv
tells 'delimiter tab'
tr , '|' <plain.csv >pipe.txt
forecasts --data pipe.txt
tr , '~' <plain.csv >tilde.csv
refuses_like 3 "tilde.csv: neither long *delimiter ','" forecast --data tilde.csv
forecasts --data tilde.csv --delimiter '~'
forecasts --data tab.csv --delimiter tab
forecasts --data pipe.txt --delimiter pipe
tr ,. ';,' <plain.csv >comma.csv
forecasts --data comma.csv --decimal ,
refuses_like 3 'comma.csv: line 2, series "a": column "y" (number 3): "10,00" is not a number; --decimal , *' \
    forecast --data comma.csv
refuses_like 3 '*, column "y" (number 3): "10,00" is not a number; --decimal , *' train --data comma.csv
{ printf 'sep=;\r\n'; sed 's/$/\r/' comma.csv; } >excel.csv
forecasts --data excel.csv --decimal ,
{ printf '\357\273\277sep=~\n'; cat tilde.csv; } >marked.csv
forecasts --data marked.csv
{ printf '\357\273\277'; sed 's/\([^,]*\)/"\1"/g' plain.csv; echo; echo; } >quoted.csv
forecasts --data quoted.csv
sed 's/\./,/; s/,\([0-9]*,[0-9]*\)$/,"\1"/' plain.csv >quoted.csv
forecasts --data quoted.csv --decimal ,
sed 's/,/ , /g; s/$/ /' plain.csv >blanks.csv
forecasts --data blanks.csv
sed '2,$s/$/,/' plain.csv >trailing.csv
forecasts --data trailing.csv
sed 's/$/;/' semicolon.csv >trailing.csv
forecasts --data trailing.csv
sed '1s/.*/Unique_ID,DS,Y/' plain.csv >upper.csv
forecasts --data upper.csv
sed '1s/.*/DS,x,ds,y/; 2,$s/\(.*\),\(.*\),\(.*\)/7,\1,\2,\3/' plain.csv >both.csv
forecasts --data both.csv --id x # an exact match takes precedence
sed 1d plain.csv >bare.csv
forecasts --data bare.csv --id 1 --time 2
tells 'no header, the first line is data'
forecasts --data bare.csv --id 1 --time 2 --target 3 --header no
refuses_like 3 'bare.csv: nobody says what these columns are for: column 1 (text), column 2 (dates); *' \
    forecast --data bare.csv
# an id that must be quoted in the output
sed 's/^a,/"a, ""b"";",/' plain.csv >ids.csv
sed 's/^a,/"a, ""b"";",/' plain.out >wanted
run forecast $fit --data ids.csv
exits 0
same out wanted
# NA and the like are gaps, and the ends of a series
{ cat plain.csv; for cell in NA N/A null NaN '' None '#N/A'; do
    days a 90 0 | sed -n "9$((cell_number = ${cell_number:-0} + 1))s|0.00|$cell|p"
done; } >ends.csv
forecasts --data ends.csv
for cell in NA null NaN '' None; do
    sed "20s/[^,]*$/$cell/" plain.csv >gap.csv
    refuses_like 3 'gap.csv: line 20, series "a": *gap*' forecast $fit --data gap.csv
done
refuses_like 3 'gap.csv: line 20, column "y" (number 3): "None" is a missing value; *' \
    train --data gap.csv --target y --ignore unique_id

# ---- columns that no option names ----

sed 's/^unique_id,ds,y/store,item,date,sales/; s/^[ab],/&7,/; s/^a/1/; s/^b/2/' plain.csv >kaggle.csv
sed 's/^a/1/; s/^b/2/' plain.out >plain.ids
refuses_like 3 'kaggle.csv: nobody says what these columns are for: "store" (whole numbers that repeat), "date" (dates); name them by --time (time stamps), --id (names of series), --target or --past (covariates), or leave them out by --ignore store,date' \
    forecast --data kaggle.csv
refuses_like 3 'kaggle.csv: nobody says *"item" (one number in all lines)*' \
    forecast --data kaggle.csv --time date --id store
for named in "--time date" "--time date --target sales"; do
    refuses_like 3 'kaggle.csv: line 92, *2023-01-01 is not later than *: --id store?' \
        forecast --data kaggle.csv $named
done
{ echo ds,store,y; awk 'BEGIN { for (i = 0; i < 30; i++) print "2024-01-" 10 + int(i / 3) "," 1 + i % 3 "," i }'; } >turns.csv
refuses 3 'turns.csv: line 3, series "y": 2024-01-10 stands twice, on line 2 as well; leave one of them; or name the column that tells series apart: --id store?' \
    forecast --data turns.csv
refuses_like 3 'kaggle.csv: nobody says *"store" (whole*' backtest --data kaggle.csv --target sales
run forecast $fit --data kaggle.csv --time DATE --id store --target sales
exits 0
same out plain.ids
tells 'target "sales", series by "store", time stamps "date"; not used: "item"; the first line'
run forecast $fit --data kaggle.csv --time date --id store --ignore item
exits 0
same out plain.ids
tells 'target "sales" (the first column of numbers), series by "store", time stamps "date"; ignored: "item"'
refuses 2 'kaggle.csv: column "store" is asked for, and --ignore leaves it out' \
    forecast --data kaggle.csv --id store --ignore store
refuses_like 2 'kaggle.csv: column "date" (number 3) is taken twice: *' \
    forecast --data kaggle.csv --id date --time date
refuses_like 3 'kaggle.csv: there is no column "shop"; it has *' forecast --data kaggle.csv --ignore shop
refuses_like 3 'kaggle.csv: column "store" (number 1) is the first column of numbers, but they are whole ones that repeat*' \
    train --data kaggle.csv
run train $train --data kaggle.csv --ignore store,item
exits 0
tells 'kaggle.csv: target sales (the first column of numbers); not used: "date" (dates); the first line is a header'
refuses_like 2 'column "item" (number 2) is asked for, and --ignore leaves it out' \
    train --data kaggle.csv --ignore item --inputs item
# several series in one file are refused, because training would join them end to end
joined='plain.csv: column "unique_id" (number 1) is text in blocks of rows, as the names of several series are, and these would be joined end to end; if the file is one series, --ignore unique_id leaves the column out; else give a file for each, or forecast them (windrow forecast)'
for command in train "sweep --store joined.db"; do
    refuses 3 "$joined" $command $train --data plain.csv
    refuses 3 "$joined" $command $train --data plain.csv --target y --quiet
    run $command $train --data plain.csv --ignore unique_id
    exits 0
done
rm -f joined.db
# dates that go on over the whole file, up or down, show that it is one series
awk 'BEGIN { print "date,part,y"
    for (i = 1; i <= 28; i++) printf "2024-02-%02d,%s,%d\n", i, i < 20 ? "train" : "test", i * i % 7 }' >split.csv
{ sed -n 1p split.csv; sed 1d split.csv | sort -r; } >back.csv
for file in split.csv back.csv; do
    run train $train --data $file
    exits 0
done
# one date for each series, or one date for all, does not show it
for opened in 2024-05-01 '2019-03-" shop "'; do
    awk 'BEGIN { print "shop,opened,y"; for (shop = 10; shop < 12; shop++)
        for (i = 1; i <= 20; i++) print "s" shop ",'"$opened"'," i * i % 7 }' >shops.csv
    refuses_like 3 'shops.csv: column "shop" (number 1) is text in blocks of rows, *' train $train --data shops.csv
done
# text in a file of one series: no blocks, a weekday in turn, notes on few lines
awk 'BEGIN { split("Mon Tue Wed Thu Fri Sat Sun", day, " "); print "sky,day,note,y"
    for (i = 0; i < 70; i++)
        print (i * i % 11 < 4 ? "sun" : "rain") "," day[i % 7 + 1] "," (i > 66 ? "late" : "") "," i % 10 / 4 }' >notes.csv
run train $train --data notes.csv
exits 0
tells 'not used: "sky" (text), "day" (text), "note" (text)'
# control characters in names are escaped
printf 'a\033[2J,b\302\233\342\200\256\233,é漢\n' >orders.csv
awk 'BEGIN { for (i = 0; i < 20; i++) print i % 7 / 4 "," i % 5 / 4 "," i }' >>orders.csv
run train $train --data orders.csv
exits 0
tells 'orders.csv: target a\x1b[2J (the first column of numbers); not used: "b\xc2\x9b\xe2\x80\xae\x9b" (numbers), "é漢" (numbers that count the lines)'
refuses 3 'orders.csv: there is no column "\x1b"; it has the columns "a\x1b[2J", "b\xc2\x9b\xe2\x80\xae\x9b", "é漢"' \
    train --data orders.csv --target "$(printf '\033')"
# dates in digits, years, seconds: rising numbers are not taken for row numbers
for numbers in 20240101+i 1980+i 1700000000+3600*i; do
    awk 'BEGIN { print "when,y"; for (i = 0; i < 30; i++) printf "%d,%d\n", '$numbers', i * i % 7 }' >rises.csv
    refuses_like 3 'rises.csv: nobody says *"when" (whole numbers that rise)*--time*--ignore when' \
        forecast --data rises.csv
    sed 's/,y$/,sales/' rises.csv >guess.csv
    refuses_like 3 'guess.csv: nobody says *"when" (whole numbers that rise)*' forecast --data guess.csv
done
awk 'BEGIN { print "row,y"; for (i = 0; i < 60; i++) print i + 1 "," i * i % 7 }' >rows.csv
awk 'BEGIN { print ",y"; for (i = 0; i < 60; i++) print 17 + i + (i > 20) "," i * i % 7 }' >filtered.csv
awk 'BEGIN { print "date,total,dead"; for (i = 0; i < 28; i++) printf "2024-02-%02d,%d,%d\n", i + 1, i * i, i * 3 }' >totals.csv
for file in rows.csv filtered.csv "totals.csv --time date"; do
    run forecast $fit --data $file
    exits 0
done
# the same with series in turn, and without dates
awk 'BEGIN { print "shop,sales"; for (i = 0; i < 60; i++) print i % 3 "," i % 7 + i % 3 }' >turns.csv
refuses_like 3 'turns.csv: nobody says *"shop" (whole numbers that repeat)*--ignore shop' \
    forecast --data turns.csv --target sales
awk 'BEGIN { print "shop,sales"; for (i = 0; i < 60; i++) print int(i / 30) "," i % 7 }' >blocks.csv
refuses_like 3 'blocks.csv: nobody says *"shop" (whole numbers that repeat)*--ignore shop' \
    forecast --data blocks.csv --target sales
run forecast $fit --data blocks.csv --id shop
exits 0
# a name of two columns is refused wherever it is given; their numbers are accepted
sed '1s/.*/y,y/' blocks.csv >twice.csv
for named in "train --target y" "train --inputs y" "train --ignore y" "sweep --target y" \
    "forecast --target y" "forecast --ignore y" "forecast --past y --target 1" forecast; do
    refuses 3 'twice.csv: columns 1 and 2 are both named "y"; choose one by its number' \
        $named --data twice.csv
done
run train $train --data twice.csv --target 2
exits 0
refuses 3 'twice.csv: columns 1 and 2 are both named "Y" but for case; choose one by its number' \
    train --data twice.csv --target Y
sed '1s/.*/Ds,DS,y/' plain.csv >both.csv
refuses 3 'both.csv: columns 1 and 2 are both named "ds" but for case; choose one by its number' \
    forecast --data both.csv
awk 'BEGIN { print "promo,sales"; for (i = 0; i < 60; i++) print (i * i % 11 < 4) "," i % 7 }' >promo.csv
run forecast $fit --data promo.csv --target sales
exits 0
tells 'not used: "promo"'
# text next to time stamps does not mean other series if the target is named
sed '1s/.*/date,weather,sales/; 2,$s/^a,\([^,]*\)/\1,sun/; 5s/sun/rain/' plain.csv | sed '/^b/d' >text.csv
run forecast $fit --data text.csv --time date --target sales
exits 0
tells 'not used: "weather"'
refuses_like 3 'text.csv: nobody says *"weather" (text)*--ignore weather' forecast --data text.csv --time date
# column names of other libraries
tr , ';' <kaggle.csv | sed '1s/.*/item_id;shop;timestamp;target/' >library.csv
refuses_like 3 'library.csv: nobody says *"timestamp" (dates)*--time*--id*--ignore item_id,timestamp' \
    forecast --data library.csv
run forecast $fit --data library.csv --id item_id --time timestamp --target target
exits 0
same out plain.ids

# the index column of pandas
awk -F, 'NR == 1 { print ",date,sales" } /^a/ { print NR - 2 "," $2 "," $3 }' plain.csv >index.csv
sed 's/^a/sales/; /^b/d' plain.out >index.out
refuses_like 3 'index.csv: nobody says *: "date" (dates); *--ignore date' forecast --data index.csv
for head in ,date,sales '"",date,sales' 'Unnamed: 0,date,sales'; do
    sed "1s/.*/$head/" index.csv >unnamed.csv
    run forecast $fit --data unnamed.csv --time date
    exits 0
    same out index.out
    tells '(unnamed, it counts the rows: an index)'
    run train $train --data unnamed.csv
    exits 0
    line out 'windows   85 of 5 rows: sales -> sales, scale none'
    tells '(unnamed, it counts the rows: an index)'
done
cut -d , -f 1,2 index.csv >alone.csv
refuses_like 3 'alone.csv: no column holds finite numbers alone but the first*' train --data alone.csv
{ echo ds,y; awk 'BEGIN { for (i = 0; i < 20; i++) print "2024-01-" 10 + i "," (i == 5 ? "" : i) }'; } >empty.csv
refuses 3 'empty.csv: line 7, column "y" (number 2): "" is empty; no column holds finite numbers alone' \
    train --data empty.csv

# ---- headers ----

{ printf 'Datum,Verk\344ufe\n'; sed -n 's/^a,//p' plain.csv; } >latin.csv
refuses_like 3 'latin.csv: line 1: the name of column "Verk*ufe" (number 2) is not UTF-8; save the file as UTF-8 CSV' \
    forecast --data latin.csv

sed -n 's/^a,//p' plain.csv >dated.csv
run train $train --data dated.csv
exits 0
line out 'series    dated.csv, 90 rows'
tells 'dated.csv: target 2 (the first column of numbers); not used: column 1 (dates); no header, the first line is data'
run train $train --data dated.csv --header yes
exits 0
line out 'series    dated.csv, 89 rows'
run forecast $fit --data dated.csv --time 1
exits 0
sed 's/^sales,/2,/' index.out >wanted
same out wanted
awk 'BEGIN { print "2019,2020"; for (i = 0; i < 30; i++) print i % 7 + 0.5 "," i % 5 }' >years.csv
warning='windrow: years.csv: the first line was taken for data, but some of it looks like a header; --header yes or --header no tells which it is'
run train $train --data years.csv --quiet
exits 0
says "$warning"
run train $train --data years.csv
exits 0
line out 'series    years.csv, 31 rows'
run train $train --data years.csv --header yes
exits 0
line out 'series    years.csv, 30 rows'
tells 'years.csv: target 2019 (the first column of numbers); not used: "2020" (whole numbers that repeat)'
! grep -q 'first line' err || fail "it guesses what it was told"
refuses_like 3 'years.csv: line 1 is no header, *(--target)*(--header yes)' forecast --data years.csv
run forecast $fit --data years.csv --target 2 --quiet
exits 0
says "$warning"
run sweep $train --data years.csv --store years.db --header yes
exits 0
line out 'series    years.csv, 30 rows'
# wide files
awk -F, 'NR > 1 { row[$1] = row[$1] ";" $3 } END { print "a" row["a"]; print "b" row["b"] }' plain.csv >wide.bare
{ awk 'BEGIN { printf "V1"; for (i = 2; i <= 91; i++) printf ";V%d", i; print "" }'; cat wide.bare; } >wide.csv
run forecast $fit --data wide.csv
exits 0
mv out wide.out
tells "wide.csv: wide, a line for each series; the first line is a header; delimiter ';'"
tr ';.' '\t,' <wide.csv >wide.tab
run forecast $fit --data wide.tab --decimal ,
exits 0
same out wide.out
run forecast $fit --data wide.bare --layout wide --header no
exits 0
same out wide.out
refuses_like 3 'wide.bare: line 1 holds values; *--header no*' forecast --data wide.bare --layout wide

# ---- options without a meaning ----

for delimiter in ab 1 . '"' é; do
    refuses_like 2 "--delimiter $delimiter: needs comma, *" train --data plain.csv --delimiter "$delimiter"
done
for option in "delimiter ;" "decimal ," "header yes" "ignore x"; do
    refuses 2 "--${option% *} goes with --data FILE" train --${option% *} "${option#* }"
done
refuses_like 2 '--layout wide has no columns to name*' \
    forecast --data wide.csv --layout wide --ignore a
finish
