"""What every peer of scripts/bench_peers shares: the work to do, and how it is timed.

A peer is a program with one function, make(work), that returns train(epochs): it trains from the
start parameters and returns each epoch's total loss, (epochs, models). serve(make) does the rest:
it reads the task from the command line, chooses the number of epochs, answers one JSON line with
the losses, and then one line with the seconds of one more training for each line that it is sent.
"""
import csv
import json
import struct
import sys
import time

import numpy as np


class Work:
    """One series cut into windows, M models to start from, and how to train them."""

    def __init__(self, task):
        self.models, self.threads, self.device = task["models"], task["threads"], task["device"]
        self.lr, self.clip = task["lr"], task["clip"]
        with open(task["data"], newline="") as file:
            series = np.array([float(row[0]) for row in list(csv.reader(file))[1:]])
        length = task["window"]
        self.x = np.stack([series[i:i + length] for i in range(len(series) - length)])  # (W, T)
        self.y = series[length:]                                                        # (W,)
        start = read_safetensors(task["start"], stacked=task["models"] > 1)
        self.w_xh = start["rnn.weight_ih_l0"]                             # (M, H, 1)
        self.w_hh = start["rnn.weight_hh_l0"]                             # (M, H, H)
        self.b_h = start["rnn.bias_ih_l0"] + start["rnn.bias_hh_l0"]      # (M, H)
        self.w_hy = start["head.weight"]                                  # (M, 1, H)
        self.b_y = start["head.bias"]                                     # (M, 1)


def read_safetensors(path, stacked):
    """Float32 tensors by name, each with a leading axis of models."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensor = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
        tensors[name] = tensor if stacked else tensor[None]
    return tensors


def seconds(train, epochs):
    start = time.perf_counter()
    train(epochs)
    return time.perf_counter() - start


def fastest(candidates):
    """Of several ways to write the same training, by name, the one that is quickest here."""
    for train in candidates.values():
        train(1)
    best = min(candidates, key=lambda name: min(seconds(candidates[name], 1) for _ in range(3)))
    return best, candidates[best]


def skip(reason):
    print(json.dumps({"skip": reason}), flush=True)
    sys.exit(0)


def serve(make, **versions):
    """make(work) returns train and, if it chose among several, the name of its choice."""
    task = json.loads(sys.argv[1])
    work = Work(task)
    made = make(work)
    how, train = made if isinstance(made, tuple) else ("", made)
    train(1)
    epochs = int(task["seconds"] / min(seconds(train, 1) for _ in range(3)))
    epochs = max(1, min(epochs, task["epochs"]))
    cold = seconds(train, epochs)  # where a compiler is at work: another number, another build
    losses = np.asarray(train(epochs), dtype=np.float64)
    warm = seconds(train, epochs)
    print(json.dumps({"epochs": epochs, "updates": epochs * len(work.x) * losses.shape[1],
                      "losses": losses.tolist(), "how": how, "build": max(0.0, cold - warm),
                      "versions": versions}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(seconds(train, epochs)), flush=True)
