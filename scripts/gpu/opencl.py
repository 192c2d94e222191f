"""What is measured through OpenCL, by the command itself."""
import json
import math
import os
import sys

from shell import Failed

# What forecasts are trained by beside the notebook's plain gradient descent (host/forecast/recipe.c).
RULES = {
    "Adam": "--optimizer adam --lr 1e-3",
    "MAE": "--loss mae",
    "Adam, MAE, shuffled": "--optimizer adam --lr 5e-3 --lr-decay linear --loss mae --order shuffled",
    "Adam, MAE, by norm": "--optimizer adam --lr 5e-3 --loss mae --clip-by norm",
}
# Kernels that the backend may choose, and what makes it choose each.
FORCED = {
    "fused.cl": {"WINDROW_FUSED": "team"},
    "fused_wide.cl": {"WINDROW_FUSED": "wide"},
    "1 row": {"WINDROW_ROWS": "1"},
    "2 rows": {"WINDROW_ROWS": "2"},
    "4 rows": {"WINDROW_ROWS": "4"},
}
PEERS_EPOCHS = {1000: 400, 10000: 100}  # at most: each peer hands over the losses of all


class OpenCL:
    def __init__(self, shell, windrow, data, quick):
        self.shell, self.windrow, self.data, self.quick = shell, windrow, data, quick
        self.device = None  # its name in windrow; None: there is none

    def devices(self):
        return json.loads(self.shell.run([self.windrow, "devices", "--json"]))["devices"]

    def verify(self, **environment):
        out = self.shell.run([self.windrow, "verify", "--device", self.device, "--json"], (0, 7),
                             **environment)
        device = json.loads(out)["devices"][0]
        bad = [c for c in device["comparisons"] if c["result"] != "ok"]
        if bad or not device["ok"]:
            raise Failed("%d of %d values differ, first: %s" % (
                device["differing"], device["values"], " ".join(
                    "%s" % bad[0][key] for key in ("what", "tensor", "shape", "result",
                                                   "difference")) if bad else "none compared"))
        return "%d comparisons, %d values, 0 differing bits" % (len(device["comparisons"]),
                                                                device["values"])

    def train_once(self, device, models, epochs, options, environment):
        out = json.loads(self.shell.run([self.windrow, "train", "--json", "--quiet", "--device",
                                         device, "--models", models, "--epochs", epochs, *options],
                                        **environment))
        out["hashes"] = [model["hash"] for model in out.pop("models")]
        return out

    def train(self, models, compared=4, name="", options="", **environment):
        """The notebook: a run of `compared` epochs on the device and on the cpu tells whether the
        bits are the same; then more epochs on the device, for some seconds."""
        seconds, epochs = 0.5 if self.quick else 3, compared
        first, on_cpu = (self.train_once(device, models, compared, options.split(), environment)
                         for device in (self.device, "cpu"))
        result = first
        while result["seconds"] < seconds / 2 and epochs < 2500:
            more = seconds / max(result["seconds"], 1e-4)
            epochs = min(2500, max(epochs + 1, math.ceil(epochs * min(more, 30))))
            result = self.train_once(self.device, models, epochs, options.split(), environment)
        same = first["hashes"] == on_cpu["hashes"]
        self.data["train"].append({
            "models": models, "device": self.device, "name": name, "epochs": epochs,
            "schedule": result["schedule"], "seconds": result["seconds"], "compared": compared,
            "updates_per_second": result["updates_per_second"], "hash": result["hashes"][0],
            "same_bits": same})
        said = "on %s and cpu after %d epochs" % (self.device, compared)
        if not same:
            raise Failed("hashes differ " + said)
        return "hashes of all models equal " + said

    def bench(self, curve, device, *options):
        quick = ["--seconds", "0.05", "--repeats", "2"]
        out = json.loads(self.shell.run(
            [self.windrow, "bench", "--json", "--device", device, *options] +
            (quick if self.quick else ["--repeats", "3"])))
        measured = out["devices"][0]
        peaks = self.data["peaks"]
        peaks[device] = max(peaks.get(device, 0), measured["peak_flops_per_second"])
        self.data["bench"] += [dict(row, curve=curve, device=device) for row in measured["rows"]]
        return "peak %.4g Gflop/s" % (measured["peak_flops_per_second"] / 1e9)

    def peers(self, models, names):
        """names: words of the names of those wanted (scripts/bench_peers)."""
        command = [sys.executable, "scripts/bench_peers", "--windrow", self.windrow, "--json",
                   "--models", models, "--peers", names, "--threads", os.cpu_count(),
                   "--epochs", PEERS_EPOCHS.get(models, 50),
                   "--repeats", 1 if self.quick else 3]
        found = json.loads(self.shell.run(
            command + (["--device", self.device] if self.device else []), (0, 1)))
        self.data["peers"] += found["rows"]
        self.data["machine"]["versions"] = ", ".join("%s %s" % v for v in found["versions"].items())
        bad = [r for r in found["rows"] if not r.get("agrees", not r["state"].startswith("failed"))]
        if bad:
            raise Failed("; ".join("%(name)s: %(state)s" % row for row in bad))
        theirs = [r for r in found["rows"] if not r["name"].startswith("windrow")]
        return "; ".join("%(name)s: %(state)s" % row for row in theirs)
