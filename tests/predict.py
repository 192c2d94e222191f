#!/usr/bin/env python3
"""predict.py WINDROW FOLDER: windrow predict, and windrow forecast --model, against NumPy in float64.
The files of models are written here as PyTorch writes them: no window, no columns, both biases of the
hidden state; and one with the scales that windrow train writes.
"""
import csv
import json
import pathlib
import shutil
import struct
import subprocess
import sys

import numpy as np

WINDROW, FOLDER = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
I, H, O, T, M, ROWS = 2, 7, 2, 6, 3, 50
NAMES = ['a, "b"', "=c'd", "e"]  # the last one is a target, and no input
failures = 0


def save(path, tensors, metadata):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, values in tensors.items():
        values = np.asarray(values, "<f4")
        header[name] = {"dtype": "F32", "shape": list(values.shape),
                        "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def draw(generator, outputs):
    """The tensors of M models, as torch.func.stack_module_state names them."""
    shapes = {"rnn.weight_ih_l0": (H, I), "rnn.weight_hh_l0": (H, H), "rnn.bias_ih_l0": (H,),
              "rnn.bias_hh_l0": (H,), "head.weight": (outputs, H), "head.bias": (outputs,)}
    return {name: generator.uniform(-0.5, 0.5, (M, *shape)).astype(np.float32)
            for name, shape in shapes.items()}


def predict(tensors, m, window, activation):
    """One model's prediction for a window (T, I), in float64."""
    w = {name: values[m].astype(np.float64) for name, values in tensors.items()}
    h = np.zeros(H)
    for x in window:
        h = activation(w["rnn.weight_ih_l0"] @ x + w["rnn.bias_ih_l0"] + w["rnn.weight_hh_l0"] @ h
                       + w["rnn.bias_hh_l0"])
    return w["head.weight"] @ h + w["head.bias"]


def run(*words):
    done = subprocess.run([WINDROW, *map(str, words), "--device", "cpu", "--quiet"], cwd=FOLDER,
                          capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        sys.exit(f"windrow {words}: {done.returncode}: {done.stderr}")
    return list(csv.DictReader(done.stdout.splitlines()))


def near(what, found, wanted, size):
    """Whether all numbers agree within the rounding of a few float32 operations of numbers of this size."""
    global failures
    found, wanted = np.asarray(found), np.asarray(wanted)
    error = np.abs(found - wanted).max()
    good = found.shape == wanted.shape and error <= 16 * 2.0 ** -24 * size and wanted.std() > 0
    failures += not good
    print(f"{what}: {'agrees' if good else 'FAILED'}, {found.size} numbers, off by {error:.3g} at most")


def windows(values, first):
    return [values[t - T:t] for t in range(first, len(values) + 1)]


def relu(x):
    return np.maximum(x, 0)


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
generator = np.random.default_rng(5)
values = generator.normal(0, 1, (ROWS, 3)).round(4)
values[:, 1] += 3
with open(FOLDER / "data.csv", "w", newline="") as file:
    csv.writer(file).writerows([NAMES, *values.tolist()])
quoted = ['"a, ""b"""', "=c'd", "e"]

# ---- a stack without metadata: options tell what the file does not ----

tensors = draw(generator, O)
for name, activation in ("tanh", np.tanh), ("relu", relu), ("identity", lambda x: x):
    save(FOLDER / "torch.safetensors", tensors, {"format": "pt"} if name == "tanh" else None)
    wanted = np.array([[predict(tensors, m, window, activation) for window in windows(values[:, :2], T)]
                       for m in range(M)])  # (M, ROWS - T + 1, O)
    options = ["predict", "torch.safetensors", "--data", "data.csv", "--window", T, "--inputs",
               ",".join(quoted[:2]), "--target", ",".join(quoted[1:]), "--activation", name]
    rows = run(*options, "--combine", "none")
    for o, target in enumerate(NAMES[1:]):
        own = [row for row in rows if row["unique_id"] == target]
        found = np.array([[float(row["windrow"]) for row in own if row["model"] == str(m)]
                          for m in range(M)])
        near(f"{name}, {target}", found, wanted[:, :, o], np.abs(wanted).max())
        came = [float(row["y"]) for row in own if row["model"] == "0" and row["y"]]
        near(f"{name}, {target}, what came", came, values[T:, 1 + o], 0)
    for how, combine in ("mean", np.mean), ("median", np.median):
        rows = run(*options, "--combine", how)
        found = [float(row["windrow"]) for row in rows]
        near(f"{name}, {how}", found, combine(wanted, axis=0).ravel(), np.abs(wanted).max())

# scores
subprocess.run([WINDROW, *map(str, options), "--json", "--output", "out.csv", "--device", "cpu", "--quiet"],
               cwd=FOLDER, stdout=open(FOLDER / "out.json", "w"), check=True)
told = json.loads((FOLDER / "out.json").read_text())
errors = wanted[:, :-1] - values[T:, 1:]
near("losses", [model["loss"] for model in told["models"]], (errors ** 2).mean(axis=(1, 2)),
     (errors ** 2).max())
mean = errors.mean(axis=0)
near("MAE", [target["mae"] for target in told["targets"]], np.abs(mean).mean(axis=0), np.abs(mean).max())
near("RMSE", [target["rmse"] for target in told["targets"]], np.sqrt((mean ** 2).mean(axis=0)),
     np.abs(mean).max())
step = np.diff(values[T - 1:, 1:], axis=0)
near("naive MAE", [target["naive_mae"] for target in told["targets"]], np.abs(step).mean(axis=0), 1)

# ---- the metadata of windrow train: scales, which forecasts undo and feed back ----

means, deviations = values[:, :2].mean(axis=0), values[:, :2].std(axis=0)
tensors = draw(generator, 1)
listed = {"inputs": ",".join(quoted[:2]), "targets": quoted[0]}
save(FOLDER / "scaled.safetensors", tensors, {
    "windrow": "0.2.0", "window": str(T), **listed, "scale": "standard", "activation": "relu",
    **{f"{which}_{what}": ",".join(map(repr, numbers[:count].tolist()))
       for which, count in (("input", 2), ("target", 1))
       for what, numbers in (("means", means), ("deviations", deviations))}})
scaled = (values[:, :2] - means) / deviations
single = scaled.astype(np.float32).astype(np.float64)  # models see floats
wanted = np.array([[means[0] + deviations[0] * predict(tensors, m, window, relu)[0]
                    for window in windows(single, T)] for m in range(M)])
rows = run("predict", "scaled.safetensors", "--data", "data.csv")
near("scaled", [float(row["windrow"]) for row in rows], wanted.mean(axis=0), np.abs(wanted).max())

# forecast: each model feeds its own predictions back; the other input is known ahead
AHEAD = 5
with open(FOLDER / "ahead.csv", "w", newline="") as file:
    csv.writer(file).writerows([NAMES[:2], *(["" if t >= ROWS - AHEAD + 1 else row[0], row[1]]
                                             for t, row in enumerate(values.tolist()))])
known = ROWS - AHEAD + 1
paths = np.zeros((M, AHEAD))
for m in range(M):
    seen = single.copy()
    for k in range(AHEAD):
        y = predict(tensors, m, seen[known + k - T:known + k], relu)[0]
        paths[m, k] = means[0] + deviations[0] * y
        if known + k < ROWS:
            seen[known + k, 0] = y
for how, combine in ("mean", np.mean), ("median", np.median):
    rows = run("forecast", "--model", "scaled.safetensors", "--data", "ahead.csv", "--horizon", AHEAD,
               "--combine", how)
    near(f"fed back, {how}", [float(row["windrow"]) for row in rows], combine(paths, axis=0),
         np.abs(paths).max())

# of a file that does not name its columns: the target, then those of --future
save(FOLDER / "bare.safetensors", tensors, None)
rows = run("forecast", "--model", "bare.safetensors", "--data", "ahead.csv", "--horizon", 2, "--window", T,
           "--target", NAMES[0], "--future", quoted[1], "--activation", "relu")
plain = np.zeros((M, 2))
for m in range(M):
    seen = values[:, :2].copy()
    for k in range(2):
        plain[m, k] = seen[known + k, 0] = predict(tensors, m, seen[known + k - T:known + k], relu)[0]
near("bare, fed back", [float(row["windrow"]) for row in rows], plain.mean(axis=0), np.abs(plain).max())
sys.exit(f"{failures} of the comparisons failed" if failures else 0)
