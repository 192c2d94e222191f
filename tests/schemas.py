#!/usr/bin/env python3
"""schemas.py ROOT WINDROW FOLDER: runs every command that has --json, and the scripts that print
JSON, and holds what they print against docs/schemas. The schemas are closed here: a key that they do
not describe is a failure, and so is a key that no run has shown, or a command that no run has called.
"""
import copy
import datetime
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys

from jsonschema import Draft202012Validator

ROOT, WINDROW, FOLDER = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
SMALL = "--seeds 1 --updates 20 --hidden 2 --device cpu --quiet --json"
TINY = "--device cpu --hidden 2 --length 40 --window 3 --quiet --json"
GRID = ("--device cpu --data series.csv --ignore note --scale standard --window 3 --epochs 4 "
        "--lr 1e-3,1e-2,1e6 --clip 0 --seeds 0..1 --quiet --json")
BENCH = "bench --device cpu --seconds 0 --repeats 1 --json"
STUDY = f"sweep {GRID} --store study.db --hidden 2,3 --batch all,7"
RULES = ("--epochs 4 --validate 0.2 --patience 1 --loss huber --optimizer sgd,momentum,rmsprop,adam --init glorot "
         "--weight-decay 0,0.1 --clip-by norm,value --lr-decay cosine --order recent,shuffled --bias none,both")
FORECAST = f"forecast --data panel.csv --horizon 2 --output out.csv {SMALL}"
BACKTEST = f"backtest --data panel.csv --horizon 2 {SMALL}"
# Form, what is run, its exit code.
RUNS = [
    ("train", f"train {TINY} --epochs 3 --seed 7 --models 2", 0),
    ("train", f"train {TINY} --epochs 6 --validate 0.2 --patience 1 --schedule staged", 0),
    ("train", f"train {TINY} --epochs 4 --lr 1e30 --clip 0 --validate 0.2", 8),
    ("train", f"train {TINY} --epochs 3 --hold-out 0.2 --models 2 --save two.safetensors", 0),
    ("predict", "predict two.safetensors --length 40 --device cpu --output out.csv --json --quiet", 0),
    ("predict", "predict two.safetensors --data short.csv --target x --device cpu --output out.csv --json", 0),
    ("devices", "devices --json", 0),
    ("verify", "verify --device cpu --json", 0),
    ("version", "version --json", 0),
    ("bench", f"{BENCH} --models 1,2 --hidden 3 --schedule both", 0),
    ("bench", f"{BENCH} --models 4294967295 --hidden 300", 0),  # a cell that is refused
    ("sweep-dry-run", f"{STUDY} --dry-run", 0),
    ("sweep", f"{STUDY} --init notebook,pytorch --validate 0.2", 8),
    ("sweep", f"sweep {TINY} --store ar2.db --epochs 3", 0),
    ("sweep", f"sweep {GRID} --store s0.db --shard 0/2", 0),
    ("sweep", f"sweep {GRID} --store s1.db --shard 1/2", 8),
    ("show", "show study.db --json", 0),
    ("show", "show ar2.db --json", 0),
    ("show", "show odd.db --best 3 --json", 0),
    ("show", "show odd.db --by hidden --json", 0),
    ("show", "show old.db --json", 0),
    *[("show", f"show study.db --json --by {option}", 0)
      for option in ("window", "batch", "init", "lr", "clip", "seed")],
    ("sweep", f"sweep {TINY} --store rules.db {RULES}", 0),
    *[("show", f"show rules.db --json {by}", 0) for by in (
        "", *map("--by {}".format, ("optimizer", "momentum", "beta1", "beta2", "epsilon", "weight_decay", "clip_by",
                                    "lr_decay", "order", "recency", "activation", "bias")))],
    ("sweep", f"sweep {TINY} --store sample.db --epochs 9 --sample 20 --lr log:1e-4..1e-1 --halving 2", 0),
    ("show", "show sample.db --json", 0),
    ("status", "status sample.db --json", 0),
    ("status", "status old.db --json", 0),
    ("merge", "merge part.db s0.db --json", 0),
    ("merge", "merge whole.db s0.db part.db s1.db --json", 0),
    ("merge", "merge new.db ar2.db --json --quiet", 0),
    ("forecast", f"{FORECAST} --save fit", 0),
    ("forecast", f"{FORECAST} --recipe daily,daily-residual", 0),
    ("forecast", f"{FORECAST} --lr 3e38 --levels none", 8),
    ("forecast", "forecast --data panel.csv --model fit --output out.csv --quiet --json", 0),
    ("forecast", "forecast --data short.csv --model two.safetensors --horizon 2 --output out.csv --quiet --json", 0),
    ("backtest", f"{BACKTEST} --origins 2 --levels 80,95", 0),
    ("backtest", f"{BACKTEST} --origins 1 --refit --levels none --recipe daily", 0),
    ("m4", "scripts/m4 --train train.csv --test test.csv --season 2 --recipe naive --json", 0),
    ("m4", f"scripts/m4 --train train.csv --test test.csv --season 2 {SMALL}", 0),
    ("bench_peers", "scripts/bench_peers --windrow WINDROW --models 2 --epochs 3 --repeats 1 --threads 1 "
     "--peers numpy --json", 0),
]
# Keys that no run here shows, since they tell of what must not be.
RARE = {"gpu_report": {"difference"}}

failures = 0


def fail(*words):
    global failures
    failures += 1
    print("FAILED:", *words)


# ---- inputs ----

def prepare():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    write("series.csv", "x;note\n" + "".join("%d;a\n" % (20 + k * k % 7) for k in range(40)))
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(k) for k in range(56)]
    write("panel.csv", "unique_id,ds,y\n" + "".join(
        "%s,%s,%d\n" % (name, day, 5 if name == "c" else 10 + k * k % 7)
        for name in "abc" for k, day in enumerate(days)))
    write("short.csv", "x\n1\n2\n3\n")
    row = ",".join(str(10 + k * k % 7) for k in range(40))
    write("train.csv", "V1" + "".join(",V%d" % (k + 2) for k in range(40)) + f"\nA,{row}\nB,{row}\n")
    write("test.csv", "V1,V2,V3\nA,14,13\nB,14,13\n")
    with sqlite3.connect(FOLDER / "old.db") as study:
        study.executescript((ROOT / "tests/data/study-1.sql").read_text())
    study.close()


def write(name, text):
    (FOLDER / name).write_text(text)


def make_odd():
    """A study with trials that failed, or have not run."""
    shutil.copy(FOLDER / "ar2.db", FOLDER / "odd.db")
    with sqlite3.connect(FOLDER / "odd.db") as study:
        study.executescript(
            "CREATE TEMP TABLE more AS SELECT * FROM trial LIMIT 1;"
            "UPDATE more SET id = NULL, init = 'pytorch', loss = NULL, score = NULL, epochs = NULL, hash = NULL,"
            " device = NULL, seconds = NULL, version = NULL;"
            "UPDATE more SET hidden = 4, status = 'failed', why = 'no memory';"
            "INSERT INTO trial SELECT * FROM more;"
            "UPDATE more SET hidden = 8, status = 'pending', why = NULL;"
            "INSERT INTO trial SELECT * FROM more;"
            "UPDATE more SET hidden = 9, status = 'pruned', epochs = 1;"
            "INSERT INTO trial SELECT * FROM more")
    study.close()


# ---- schemas ----

def properties(schema, at="#"):
    """(where, schema) of each property that a schema describes."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.get("properties", {}).items():
        yield f"{at}/properties/{key}", value
        yield from properties(value, f"{at}/properties/{key}")
    for key, value in schema.get("$defs", {}).items():
        yield from properties(value, f"{at}/$defs/{key}")
    if "items" in schema:
        yield from properties(schema["items"], f"{at}/items")


def closed(schema):
    """The schema, where an object has only the keys that are described."""
    schema = copy.deepcopy(schema)
    for _, part in [("#", schema), *properties(schema)]:
        for part in (part, part.get("items", {})):
            if "properties" in part:
                part.setdefault("additionalProperties", False)
    for part in schema.get("$defs", {}).values():
        if "properties" in part:
            part.setdefault("additionalProperties", False)
    return schema


def shown(whole, schema, value, at="#"):
    """Where the schema describes the keys that the value has."""
    if "$ref" in schema:
        at = schema["$ref"]
        schema = whole["$defs"][at.split("/")[-1]]
    if isinstance(value, dict):
        for key in value:
            if key in schema.get("properties", {}):
                yield f"{at}/properties/{key}"
                yield from shown(whole, schema["properties"][key], value[key], f"{at}/properties/{key}")
    elif isinstance(value, list) and "items" in schema:
        for element in value:
            yield from shown(whole, schema["items"], element, f"{at}/items")


class Form:
    def __init__(self, path):
        self.name = path.name[:-len(".schema.json")]
        self.schema = json.loads(path.read_text())
        Draft202012Validator.check_schema(self.schema)
        self.closed, self.shown, self.used = Draft202012Validator(closed(self.schema)), set(), False
        for at, part in properties(self.schema):
            target = self.schema["$defs"][part["$ref"].split("/")[-1]] if "$ref" in part else part
            if not target.get("description"):
                fail(path.name, at, "has no description")

    def check(self, what, told):
        if list(told)[:2] != ["windrow", "schema"]:
            fail(what, "does not begin with windrow and schema:", list(told)[:2])
        for error in self.closed.iter_errors(told):
            fail(what, error.json_path, error.message[:300])
        self.shown.update(shown(self.schema, self.schema, told))
        if not self.used:
            self.check_refusal(told)
        self.used = True

    def check_refusal(self, told):
        """The schema refuses a key too many, and one too few."""
        for key in self.schema["required"]:
            if self.closed.is_valid({k: v for k, v in told.items() if k != key}):
                fail(self.name, "takes an object without", key)
        if self.closed.is_valid({**told, "unknown": 1}):
            fail(self.name, "takes an unknown key")

    def finish(self):
        if not self.used:
            fail(self.name, "is shown by no run")
            return
        for at, _ in properties(self.schema):
            if at not in self.shown and at.split("/")[-1] not in RARE.get(self.name, ()):
                fail(self.name, at, "is shown by no run")


# ---- what is run ----

def run(command, code):
    words = [WINDROW if word == "WINDROW" else word for word in command.split()]
    script = words[0].startswith("scripts/")
    words = [ROOT / words[0], *words[1:]] if script else [WINDROW, *words]
    done = subprocess.run(words, cwd=FOLDER, text=True, capture_output=True,
                          env={**os.environ, "WINDROW": str(WINDROW)})
    if done.returncode != code:
        fail(command, "has exit code", done.returncode, done.stderr)
        return None
    if done.stdout.count("\n") != 1 and not script:
        fail(command, "prints not one line but", done.stdout[:300])
    return json.loads(done.stdout)


def check_events(form, status):
    """A sweep of about two seconds tells events on stderr, and the last one to windrow status."""
    sweep = [WINDROW, *f"sweep {TINY} --store events.db --epochs 1000000000 --budget 2.5".split()]
    sweep.remove("--quiet")
    with subprocess.Popen(sweep, cwd=FOLDER, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        event = json.loads(process.stderr.readline())
        form.check("the first event", event)
        told = run("status events.db --json", 0)
        status.check("status of a sweep", told)
        if not told["running"] or told["sweep"]["pid"] != process.pid:
            fail("windrow status tells not of the process", process.pid, told)
        form.check("the note", told["sweep"])
        rest = process.communicate()[1].splitlines()
    if process.returncode != 0:
        fail("the sweep has exit code", process.returncode, rest)
    for line in rest:
        if line.startswith("{"):
            form.check("an event", json.loads(line))


def commands_with_json():
    said = subprocess.run([WINDROW, "help"], text=True, capture_output=True, check=True).stdout
    for command in re.findall(r"^  (?:windrow )?([a-z]+)  ", said, re.MULTILINE):
        options = subprocess.run([WINDROW, "help", command], text=True, capture_output=True).stdout
        if re.search(r"^ +--json\b", options, re.MULTILINE):
            yield command


def main():
    prepare()
    forms = {form.name: form for form in map(Form, sorted((ROOT / "docs/schemas").glob("*.schema.json")))}
    for name, command, code in RUNS:
        if "odd.db" in command and not (FOLDER / "odd.db").exists():
            make_odd()
        told = run(command, code)
        if told:
            forms[name].check(command, told)
    check_events(forms["sweep-event"], forms["status"])
    # A report of a GPU, from before reports had a head; rows of what was left out were shortened.
    recorded = json.loads((ROOT / "docs/measurements/2026-11-27-h200.json").read_text())
    recorded["steps"] = [step for step in recorded["steps"] if step["state"] != "left out"]
    head = {"windrow": "0.1.0", "schema": "windrow.gpu_report/1"}
    forms["gpu_report"].check("the report", {**head, **recorded})
    for form in forms.values():
        form.finish()
    commands = set(commands_with_json())
    if len(commands) < 9:
        fail("windrow help lists too few commands with --json:", commands)
    for command in commands - {command.split()[0] for _, command, _ in RUNS}:
        fail("windrow", command, "--json is not run here")
    page = (ROOT / "docs/json.md").read_text()
    for name in forms:
        if f"(schemas/{name}.schema.json)" not in page:
            fail("docs/json.md does not name", name)
    print(f"{len(RUNS)} runs, {len(forms)} schemas, {failures} failures")
    return failures > 0


sys.exit(main())
