#!/bin/sh
# Time stamps in windrow forecast and windrow backtest: --freq, --tz, messages, and what a fit keeps
# of them.
. "$(dirname "$0")/lib.sh"
small="--device cpu --threads 1 --updates 20 --hidden 4 --seeds 1 --levels none --horizon 3"

# long NAME STAMP...: prints a long CSV of one series, with values of a season of 5
long() {
    name=$1
    shift
    { echo unique_id,ds,y; printf '%s\n' "$@" | awk '{ printf "a,%s,%d\n", $0, 10 + NR * NR % 5 }'
    } >$name.csv
}
# days FIRST COUNT FORMAT PATTERN: prints those of COUNT days from FIRST whose date +FORMAT matches
# the pattern
days() {
    first=$(date -u -d "$1" +%s)
    seq 0 $(($2 - 1)) | awk -v first="$first" '{ print "@" first + 86400 * $1 }' |
        date -u -f - "+%u|$3" | grep "$4" | cut -d '|' -f 2
}
# goes_on STAMP STAMP STAMP: checks the stamps that the last run forecast
goes_on() {
    exits 0
    [ "$(sed -n '2,$p' out | cut -d , -f 2 | tr '\n' ,)" = "$1,$2,$3," ] ||
        fail "not $1, $2 and $3 are forecast"
}

# ---- steps, found and named ----

long business $(days 2023-01-02 60 %Y-%m-%d '^[1-5]')
run forecast --data business.csv $small
goes_on 2023-03-03 2023-03-06 2023-03-07
line err "time stamps are in steps of 1 business day (--freq B)"
line err "recipe daily, since the time stamps are business days; --recipe names another"
long holiday $(days 2023-01-02 60 %Y-%m-%d '^[1-5]' | grep -v 2023-01-16)
refuses_like 3 'holiday.csv: line 12, *2023-01-16 is missing before 2023-01-17, in steps of 1 bus*' \
    forecast --data holiday.csv $small
run forecast --data holiday.csv $small --missing interpolate --quiet
goes_on 2023-03-03 2023-03-06 2023-03-07
says ''
long short 2023-01-05 2023-01-06
run forecast --data short.csv $small --freq B --quiet
goes_on 2023-01-09 2023-01-10 2023-01-11
run backtest --data business.csv $small --origins 2 --freq B
exits 0
run forecast --data business.csv $small --recipe daily --freq D
exits 3
says_like 'windrow: business.csv: line 7, *2023-01-07 is missing*'
long ends 2023-03-31 2023-04-28 2023-05-31 2023-06-30 2023-07-31 2023-08-31 2023-09-29
run forecast --data ends.csv $small
goes_on 2023-10-31 2023-11-30 2023-12-29
line err "time stamps are in steps of 1 month (--freq BME)"
refuses 3 'ends.csv: line 3, series "a": steps of 1 month (--freq ME) do not stand on 2023-04-28; mend the time stamps, or choose another step with --freq' \
    forecast --data ends.csv $small --freq ME
refuses_like 3 'ends.csv: --freq often is no step of time stamps; *' forecast --data ends.csv --freq often

# ---- dates in digits ----

long months $(seq 202301 202312)
run forecast --data months.csv $small
goes_on 202401 202402 202403
line err "the numbers of the time stamps are taken for dates: 202301 is 2023-01; --freq 1 takes them for numbers"
run forecast --data months.csv $small --freq 1
goes_on 202313 202314 202315
long dates $(days 2024-02-01 27 %Y%m%d '')
run forecast --data dates.csv $small --quiet
goes_on 20240228 20240229 20240301
long index $(seq 20240101 20240140)
run forecast --data index.csv $small
goes_on 20240141 20240142 20240143
line err "time stamps are in steps of 1 (--freq 1)"

# ---- one step for a whole file, with lines in any order ----

{ days 2023-01-01 40 %Y-%m-%d '' | awk '{ print "daily," $0 "," NR % 7 }'
} >daily
for month in 01 02 03 04 05 06; do echo monthly,2023-$month-01,$month; done >monthly
for order in "daily monthly" "monthly daily"; do
    { echo unique_id,ds,y; cat $order; } >mixed.csv
    refuses_like 3 'mixed.csv: line *, series "monthly": its time stamps are in steps of 1 month, but the file is in steps of 1 day, which suit 1 of 2 series; *' \
        forecast --data mixed.csv $small --missing interpolate
done
printf 'two,2023-01-01,5\ntwo,2023-01-08,6\n' >two
for order in "daily two" "two daily"; do
    { echo unique_id,ds,y; cat $order; } >two.csv
    refuses_like 3 'two.csv: line *, series "two": 2023-01-02 is missing before 2023-01-08*' \
        forecast --data two.csv $small
    run forecast --data two.csv $small --missing interpolate
    exits 0
    line err "1 series of one or two values takes the step of the others: two"
    grep ^two out >two.$(echo $order | cut -c 1)
done
same two.d two.t

# ---- zones: our own zone file, so that none must be installed ----

mkdir -p zones/Test
head='TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\001\0\0\0\004'
type='\0\0\016\020\0\0CET\0'
printf "$head$type$head$type\nCET-1CEST,M3.5.0,M10.5.0/3\n" >zones/Test/Zone
export TZDIR=$PWD/zones
long offsets $(days 2024-03-20 11 %Y-%m-%dT00:00:00+01:00 '') \
    $(days 2024-03-31 1 %Y-%m-%dT00:00:00+01:00 '') $(days 2024-04-01 9 %Y-%m-%dT00:00:00+02:00 '')
run forecast --data offsets.csv $small --tz Test/Zone --quiet
goes_on 2024-04-10T00:00:00+02:00 2024-04-11T00:00:00+02:00 2024-04-12T00:00:00+02:00
run forecast --data offsets.csv $small
goes_on 2024-04-10T00:00:00+02:00 2024-04-11T00:00:00+02:00 2024-04-12T00:00:00+02:00
line err "the offset of time stamps changes on line 14, so they go on in the last, +02:00, and in days of 24 hours; --tz, as --tz Europe/Berlin, heeds later changes"
# clocks are set back at 03:00, so the hour from 02:00 on occurs twice
awk 'BEGIN {
    for (i = 0; i < 50; i++)
        printf "2024-10-%d %02d:00:00%s\n", i < 24 ? 26 : i < 49 ? 27 : 28,
            i < 24 ? i : i < 27 ? i - 24 : (i - 25) % 24, i < 27 ? "+02:00" : "+01:00"
}' >hours
long back $(sed 's/ /T/; s/[+].*//' hours)
run forecast --data back.csv $small --tz Test/Zone --quiet
goes_on 2024-10-28T01:00:00 2024-10-28T02:00:00 2024-10-28T03:00:00
refuses_like 3 'back.csv: line 29, *2024-10-27T02:00:00 stands twice, on line 28 as well; leave one of them, or if clocks were set back there, name the zone with --tz' \
    forecast --data back.csv $small
head -n 29 back.csv >thrice.csv && sed -n 29p back.csv >>thrice.csv
refuses_like 3 'thrice.csv: line 30, *2024-10-27T02:00:00 stands twice*' \
    forecast --data thrice.csv $small --tz Test/Zone
long utc $(sed 's/ /T/' hours)
run forecast --data utc.csv $small
goes_on 2024-10-28T00:00:00Z 2024-10-28T01:00:00Z 2024-10-28T02:00:00Z
line err "the offset of time stamps changes on line 29, so they go on in UTC; --tz, as --tz Europe/Berlin, goes on in local time"
run forecast --data utc.csv $small --tz Test/Zone
goes_on 2024-10-28T01:00:00+01:00 2024-10-28T02:00:00+01:00 2024-10-28T03:00:00+01:00
printf 'unique_id,ds,y\na,2024-03-31 01:00,1\na,2024-03-31 02:00,2\n' >skipped.csv
refuses_like 3 'skipped.csv: line 3, *clocks in the time zone skip 2024-03-31 02:00;*' \
    forecast --data skipped.csv $small --tz Test/Zone
refuses 3 'there is no time zone "Test/Nowhere" on this machine; write it as Europe/Berlin, or install tzdata' \
    forecast --data back.csv $small --tz Test/Nowhere
refuses 3 'business.csv: the time stamps have no time of day, so a time zone changes nothing; leave out --tz' \
    forecast --data business.csv $small --tz Test/Zone
{ echo id,1,2,3; echo a,1,2,3; } >wide.csv
for option in "freq D" "tz UTC"; do
    refuses 2 "--${option% *} goes with time stamps, but wide.csv is wide, where steps are numbered; leave it out, or say --layout long" \
        forecast --data wide.csv $small --$option
done
long millis $(for i in 1 2 3 4 5 6 7 8 9; do echo 2024-01-01T0$i:00:00.000Z; done)
run forecast --data millis.csv $small --quiet
goes_on 2024-01-01T10:00:00.000Z 2024-01-01T11:00:00.000Z 2024-01-01T12:00:00.000Z

# ---- what a fit keeps ----

run forecast --data business.csv $small --save fit.safetensors
exits 0
long next 2023-03-03
run forecast --data next.csv --model fit.safetensors --levels none --missing drop
exits 3 # one value is no window, but its step is known
says_like 'windrow: fit.safetensors: next.csv: series a: the last window, *'
long next $(days 2023-01-02 61 %Y-%m-%d '^[1-5]')
run forecast --data next.csv --model fit.safetensors
goes_on 2023-03-06 2023-03-07 2023-03-08
long week $(days 2023-02-27 2 %Y-%m-%d '^[1-5]') $(days 2023-03-04 1 %Y-%m-%d '')
refuses_like 3 'week.csv: line 4, *steps of 1 business day (--freq B) do not stand on 2023-03-04*' \
    forecast --data week.csv --model fit.safetensors
refuses 3 'fit.safetensors: next.csv: time stamps in steps of D, but the fit was made in steps of B; fit again, or name the step with --freq' \
    forecast --data next.csv --model fit.safetensors --freq D --missing drop
long weekly $(days 2023-01-02 300 %Y-%m-%d '^1')
for asked in "$small --freq D" "--model fit.safetensors"; do # no gaps are filled
    refuses_like 3 'weekly.csv: line 3, series "a": the time stamps are in steps of 7 days, but --freq or the fit asks for steps of 1 *day (*); choose another --freq, or fit again' \
        forecast --data weekly.csv $asked
done
run forecast --data offsets.csv $small --tz Test/Zone --save zone.safetensors --quiet
cp out wanted
run forecast --data offsets.csv --model zone.safetensors --quiet
exits 0
same out wanted
for times in 1 2; do
    run forecast --data short.csv $small --freq B --resume parts --quiet
    goes_on 2023-01-09 2023-01-10 2023-01-11
done

finish
