#!/bin/sh
# windrow report without a browser: what the page holds, how names are escaped, sizes, errors.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3"; exit 77; }
repository=$(cd "$expected/../../.." && pwd)
"$windrow" report missing --html x 2>err
if grep -q "built without D3" err; then
    refuses_like 2 "*Debian's node-d3*-D WINDROW_REPORT=ON*" report study.db --html x
    absent x
    [ $failures -eq 0 ] || finish
    echo "skipped: this windrow was built without D3 (Debian: node-d3)"
    exit 77
fi

# page KIND FILE: checks the structure of a page, that its policy allows its own scripts alone, and
# that nothing is loaded; writes its data to the file data.json.
cat >page.py <<'END'
import base64, hashlib, json, re, sys
kind, page = sys.argv[1], open(sys.argv[2], "rb").read().decode()
assert page.startswith("<!doctype html>\n<html lang=\"en\">"), page[:40]
policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page).group(1)
assert policy.startswith("default-src 'none'; script-src 'sha256-"), policy
assert "unsafe" not in policy and "http" not in policy, policy
scripts = re.findall(r"<script( [^>]*)?>(.*?)</script>", page, re.S)
assert len(scripts) == 3 and page.count("<script") == 3 and page.count("</script") == 3, len(scripts)
assert [attributes for attributes, _ in scripts] == [' type="application/json" id="data"', "", ""]
styles = re.findall(r"<style>(.*?)</style>", page, re.S)
assert len(styles) == 1
for text in [scripts[1][1], scripts[2][1], styles[0]]:
    hashed = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"'sha256-{hashed}'" in policy, hashed
bare = re.sub(r"<(script|style)[ >].*?</\1>", "", page, flags=re.S)
assert not re.search(r"<(img|link|iframe|object|embed|form|svg)|\s(src|href|style|on[a-z]+)=", bare), bare
assert "Mike Bostock" in bare and "WITHOUT" in bare.upper(), "no licence of D3"
data = json.loads(scripts[0][1])
assert data["kind"] == kind, data["kind"]
assert not re.search(r"[<>&\x00-\x1f\x7f]", scripts[0][1])
json.dump(data, open("data.json", "w"))
END
page() {
    python3 page.py "$1" "$2" >out 2>err || fail "$2 is not a page of a $1"
}
# holds EXPRESSION: checks a Python expression about the data d of the last page.
holds() {
    python3 -c "import json; d = json.load(open('data.json')); assert $1, '''$1'''" >out 2>err ||
        fail "the data do not hold: $1"
}
# draws KIND ARGUMENT...: makes page.html without a word, and checks it.
draws() {
    kind=$1
    shift
    run report "$@" --html page.html
    exits 0
    prints ''
    says ''
    page "$kind" page.html
}

# ---- studies ----

run sweep --store study.db --device cpu --hidden 4,2 --lr 1e-3,1e-2,1e6 --clip 0 --batch all,7 \
    --seeds 0..2 --epochs 30 --validate 0.2 --quiet
exits 8
hostile='</script><img src=x onerror="alert(1)"><!-- & '"'"' <script>'
sqlite3 study.db "UPDATE study SET value = '$(printf %s "$hostile" | sed "s/'/''/g")' || char(8238) || char(1) ||
        char(8232) || replace(printf('%10000c', 'x'), ' ', 'x') WHERE name = 'series';
    INSERT INTO trial (hidden, window, batch, init, lr, clip, seed, status, why) VALUES
        (4, 5, 1, 'pytorch', 0.001, 0.3, 0, 'failed', '</SCRIPT> it needs 3 GiB'),
        (8, 5, 1, 'pytorch', 0.001, 0.3, 0, 'pending', NULL);"
draws study study.db
holds "d['count'] == 38 and len(d['trials']) == 38"
holds "d['statuses'] == {'done': 24, 'diverged': 12, 'failed': 1, 'pending': 1}"
holds "d['settings']['series'].startswith('</script><img src=x onerror=\"alert(1)\"><!-- & ')"
holds "len(d['settings']['series']) > 10000 and '\u202e\x01\u2028' in d['settings']['series']"
holds "d['whys'] == [[37, '</SCRIPT> it needs 3 GiB']]"
holds "[o['name'] for o in d['options'] if o['varies']] == ['hidden', 'batch', 'init', 'lr', 'clip', 'seed']"
holds "[c['role'] for c in d['curves']] == 10 * ['best'] + ['median']"
# Best trials, groups and the median trial are those of the study.
best=$(sqlite3 study.db "SELECT group_concat(id) FROM (SELECT id FROM best LIMIT 10)")
median=$(sqlite3 study.db "SELECT id FROM best LIMIT 1 OFFSET 11")
holds "[c['trial'] for c in d['curves']] == [$best, $median]"
sqlite3 -separator , study.db "SELECT hidden, trials, done, diverged, failed FROM by_hidden" >wanted
holds "[g[:5] for g in d['options'][0]['groups']] == [[r.split(',')[0]] + [int(x) for x in r.split(',')[1:]] for r in open('wanted').read().split()]"
holds "[t[0] for t in d['trials']] == list(range(1, 39))"
cp page.html first.html
draws study study.db
same page.html first.html
draws study study.db --best 2
holds "len(d['curves']) == 3"
holds "[len(c['points']) for c in d['curves']] == [$(sqlite3 study.db "SELECT count(*) FROM curve
    WHERE trial = ${best%%,*}")] * 3"
run sweep --store bare.db --device cpu --hidden 2 --epochs 3 --curve 0 --quiet
draws study bare.db
holds "[c['points'] for c in d['curves']] == [[], []] and all(o['groups'] == [] for o in d['options'])"
sqlite3 bare.db "DELETE FROM parameters; DELETE FROM trial"
draws study bare.db
holds "d['count'] == 0 and d['trials'] == [] and d['curves'] == []"

# A study of 1,000 trials is smaller than 1 MB; of a large one the page holds the best trials, and an
# even sample of the others.
run sweep --store many.db --device cpu --hidden 1,2 --lr 1e-4,1e-3 --seeds 0..249 --epochs 40 --quiet
draws study many.db
holds "len(d['trials']) == 1000"
holds "[len(o['groups']) for o in d['options'] if o['name'] == 'seed'] == [200]"
[ "$(wc -c <page.html)" -lt 1000000 ] || fail "the page has $(wc -c <page.html) bytes"
run sweep --store large.db --device cpu --hidden 1 --seeds 0..4999 --epochs 2 --quiet
draws study large.db
holds "d['count'] == 5000 and len(d['trials']) == 2000 and d['best'] == 1000"
[ "$(wc -c <page.html)" -lt 1000000 ] || fail "the page has $(wc -c <page.html) bytes"
sqlite3 large.db "SELECT id FROM best LIMIT 1000" >wanted
holds "set(map(int, open('wanted').read().split())) <= {t[0] for t in d['trials']}"
others="[t[0] for t in d['trials'] if t[0] not in set(map(int, open('wanted').read().split()))]"
holds "(lambda o: len(o) == 1000 and all(180 < sum(a < i <= a + 1000 for i in o) < 220 for a in range(0, 5000, 1000)))($others)"
# A group for each of many values would hold one trial.
holds "[(o['values'], o['groups']) for o in d['options'] if o['name'] == 'seed'] == [(5000, [])]"

# Trials that were pruned have no final score; options that follow from others do not vary by themselves.
run sweep --store halving.db --device cpu --sample 60 --hidden 2,4 --optimizer adam,sgd --lr log:1e-4..1e-1 \
    --seeds 0..9999 --epochs 30 --validate 0.2 --halving 3 --rungs 2 --bracket 30 --quiet
exits 0
draws study halving.db
holds "d['statuses'] == {'done': 6, 'pruned': 54} and d['best'] == 6"
holds "d['settings']['halving'].startswith('3, 2 rungs, brackets of 30, trials ')"
sqlite3 -separator , halving.db "SELECT epochs, sum(sum(status <> 'none')) OVER (ORDER BY epochs DESC), count(*),
    min(score) FROM trial GROUP BY epochs ORDER BY epochs" >wanted
holds "[r[:3] for r in d['rungs']] == [[int(x) for x in l.split(',')[:3]] for l in open('wanted')][:2] + [[None, 6, 6]]"
holds "all(abs(r[3] - float(l.split(',')[3])) < 1e-6 for r, l in zip(d['rungs'], open('wanted')))"
sqlite3 halving.db "SELECT avg(score) FROM (SELECT score, row_number() OVER (ORDER BY score) AS n,
    count(*) OVER () AS c FROM trial WHERE status = 'done') WHERE n IN ((c + 1) / 2, (c + 2) / 2)" >wanted
holds "abs(d['rungs'][2][4] - float(open('wanted').read())) < 1e-6"
median=$(sqlite3 halving.db "SELECT id FROM best LIMIT 1 OFFSET 2")
holds "[c['trial'] for c in d['curves'] if c['role'] == 'median'] == [$median]"
holds "[o['name'] for o in d['options'] if o['own']] == ['hidden', 'lr', 'seed', 'optimizer']"
holds "[(o['name'], o['value']) for o in d['options'] if o['varies'] and not o['own']] == [('beta1', '0.9'), ('beta2', '0.999'), ('epsilon', '1e-8')]"
holds "[o['name'] for o in d['options'] if not o['varies']] == ['window', 'batch', 'init', 'clip']"
holds "[len(o['groups']) for o in d['options'] if o['name'] in ('hidden', 'lr', 'optimizer')] == [2, 0, 2]"
holds "{t[7] for t in d['trials'] if t[1] == 'pruned'} == {4, 10} and all(len(t) == 9 + 7 for t in d['trials'])"
holds "all((t[12] == 'adam') == (t[13] == '0.9') and (t[12] == 'sgd') == (t[13] == '') for t in d['trials'])"

run sweep --store stopped.db --device cpu --hidden 2 --weight-decay 0,1e-4,1e-2 --seeds 0..3 --epochs 60 --validate 0.2 \
    --patience 1 --validate-every 5 --loss huber --huber-delta 0.5 --quiet
exits 0
draws study stopped.db
holds "[d['settings'][name] for name in ('patience', 'validate-every', 'loss', 'loss-number')] == ['1', '5', 'huber', '0.5']"
sqlite3 -separator , stopped.db "SELECT epochs, best_epoch FROM trial ORDER BY id" >wanted
holds "[t[7:9] for t in d['trials']] == [[int(x) for x in l.split(',')] for l in open('wanted')] and d['rungs'] == []"
holds "[o['name'] for o in d['options'] if o['own']] == ['seed', 'weight_decay']"

# ---- fits ----

cat >fit.csv <<END
unique_id,ds,y
$(for id in a '<b>&'; do
    for t in $(seq 60); do
        echo "$id,$((1960 + t)),$((t * t % 17 + t)).5"
    done
done)
END
run forecast --data fit.csv --horizon 4 --device cpu --updates 100 --seeds 2 --recipe yearly --quiet \
    --save fit.safetensors --output forecast.csv
exits 0
draws fit fit.safetensors
holds "[s['id'] for s in d['fitted']] == ['a', '<b>&'] and d['horizon'] == 4"
holds "all(len(s['errors']) == 4 and s['length'] == 60 for s in d['fitted'])"
draws fit fit.safetensors --data fit.csv
holds "[s['id'] for s in d['forecasts']] == ['a', '<b>&'] and d['levels'] == [50, 80, 95]"
holds "all(s['ds'][-1] == '2020' and s['next'] == ['2021', '2022', '2023', '2024'] for s in d['forecasts'])"
# The numbers are those of windrow forecast.
holds "[float('%.7g' % float(line.split(',')[2])) for line in open('forecast.csv').read().split()[1:]] == [p for s in d['forecasts'] for p in s['points']]"
holds "[float('%.7g' % float(line.split(',')[6])) for line in open('forecast.csv').read().split()[1:]] == [p for s in d['forecasts'] for p in s['high'][2]]"
run forecast --data fit.csv --horizon 4 --device cpu --updates 100 --seeds 1 --recipe yearly --quiet \
    --levels none --save none.safetensors --output none.csv
draws fit none.safetensors
draws fit none.safetensors --data fit.csv
holds "all(s['low'] == [] and s['high'] == [] for s in d['forecasts'])"

# ---- backtests ----

run backtest --data fit.csv --horizon 4 --device cpu --updates 100 --seeds 2 --recipe yearly --quiet \
    --levels 50,80,95 --csv scores.csv --json
exits 0
cp out backtest.json
draws backtest backtest.json
holds "[m['method'] for m in d['methods']] == ['windrow', 'naive', 'seasonal-naive'] and d['origins'] == 3"
holds "[i['level'] for i in d['methods'][0]['intervals']] == [50, 80, 95]"
cat backtest.json | "$windrow" report /dev/stdin --html page.html || fail "not from a pipe"
page backtest page.html
draws scores scores.csv
holds "len(d['rows']) == 6 and d['rows'][3][0] == '<b>&' and isinstance(d['rows'][0][2], float)"
printf '\357\273\277' | cat - scores.csv >marked.csv
draws scores marked.csv

# ---- benches ----

run bench --device cpu --models 1,4 --hidden 4,8 --seconds 0.001 --repeats 1 --json
cp out bench.json
draws bench bench.json
holds "len(d['devices']) == 1 and len(d['devices'][0]['rows']) == 4"
draws history "$repository/bench/history.csv"
holds "len(d['rows']) == $(($(wc -l <"$repository/bench/history.csv") - 1))"

# ---- errors ----

rm -f page.html first.html
takes="report takes a study of windrow sweep, a fit of windrow forecast --save, the CSV or JSON of windrow backtest, the JSON of windrow bench, or bench/history.csv"
refuses 2 "report needs a FILE: windrow report FILE" report
refuses 2 "report needs --html OUT" report study.db
refuses_like 2 "--html -: it needs a file*" report study.db --html -
refuses 2 "FILE and --html name the same file, study.db" report study.db --html study.db
refuses 2 "FILE and --html name the same file, study.db" report study.db --html study.db-wal
refuses 2 "--html and --data name the same file, fit.csv" report fit.safetensors --data fit.csv --html fit.csv
refuses 2 "--data is for a fit, and study.db is none" report study.db --data fit.csv --html x
refuses 2 "report needs a file: windrow report --data FILE" report fit.safetensors --target y --html x
refuses_like 3 "missing.db: cannot be opened: No such file*" report missing.db --html x
refuses_like 3 ".: cannot be read: *" report . --html x
: >empty
refuses 3 "empty: empty; $takes" report empty --html x
refuses 3 "fit.csv: no file of Windrow; $takes" report fit.csv --html x
head -c 100 /dev/zero >zeros
refuses 3 "zeros: neither text nor a file of Windrow; $takes" report zeros --html x
run train --device cpu --epochs 1 --json --quiet
cp out train.json
refuses 3 "train.json: JSON of windrow.train/1; $takes" report train.json --html x
echo '[1]' >list.json
refuses 3 "list.json: JSON of another kind; $takes" report list.json --html x
head -c 300 backtest.json >cut.json
refuses_like 3 "cut.json: no JSON: byte *" report cut.json --html x
for key in methods horizon mase level recipes; do
    sed "s/\"$key\"/\"other\"/" backtest.json >other.json
    refuses 3 "other.json: not what windrow --json prints: \"$key\" is missing or of another type" \
        report other.json --html x
done
sed 's/"updates_per_second":[0-9.e]*/"updates_per_second":"many"/' bench.json >other.json
refuses 3 'other.json: not what windrow --json prints: "updates_per_second" is missing or of another type' \
    report other.json --html x
sed '3s/,naive,[^,]*/,naive,many/' scores.csv >other.csv
refuses 3 "other.csv:3: a cell is no number" report other.csv --html x
head -n 1 scores.csv >other.csv
refuses 3 "other.csv: it has no rows" report other.csv --html x
sed '1s/rmse/else/' scores.csv >other.csv
refuses 3 'other.csv:1: column 4 is "else", not "rmse"' report other.csv --html x
sed '4s/$/,1/' scores.csv >other.csv
refuses_like 3 "other.csv: the record on line 4 has 14 cells*" report other.csv --html x
head -c 2000 study.db >torn.db
refuses_like 3 "torn.db: *" report torn.db --html x
head -c 2000 fit.safetensors >torn.safetensors
refuses_like 3 "torn.safetensors: *" report torn.safetensors --html x
sed 's/^a,/c,/' fit.csv >other.csv
refuses_like 3 "other.csv: series c has not been fitted*" report fit.safetensors --data other.csv --html x
cat study.db | "$windrow" report /dev/stdin --html x 2>err && fail "a study from a pipe"
says "windrow: /dev/stdin: a study or a fit is read from a file, not from a pipe"
refuses_like 6 "missing/x*No such file*" report study.db --html missing/x
[ ! -e /dev/full ] || refuses_like 6 "/dev/full*No space left on device" report study.db --html /dev/full
absent x
echo old >kept.html
refuses_like 3 "torn.db: *" report torn.db --html kept.html
[ "$(cat kept.html)" = old ] || fail "a failed report has touched the page"
[ -z "$(find . -name '.*windrow*')" ] || fail "temporary files are left"
finish
