"""What is measured through CUDA, by scripts/gpu/cuda_run.c and the PTX of scripts/gpu/ptx.py."""
import json
import os

from shell import Failed


class Cuda:
    def __init__(self, shell, cuda_run, ptx, data, quick):
        self.shell, self.program, self.ptx = shell, cuda_run, ptx
        self.data, self.quick = data, quick

    def shapes(self):
        with open(os.path.join(self.ptx, "shapes.json")) as file:
            return json.load(file)

    def peak(self):
        found = json.loads(self.shell.run([self.program, self.ptx + "/peak.ptx", "wr_peak"]))
        self.data["peaks"]["cuda"] = found["peak_flops_per_second"]
        said = "%s, CUDA %d.%d, %d multiprocessors" % (
            found["device"], found["driver"] // 1000, found["driver"] % 1000 // 10, found["units"])
        self.data["machine"].setdefault("GPU", said)
        return said

    def train(self, shape, models, compared):
        """The first `compared` epochs are held against the cpu's, every bit of every model."""
        found = json.loads(self.shell.run(
            [self.program, os.path.join(self.ptx, shape["file"]), shape["kernel"], shape["hidden"],
             shape["window"], shape["group_models"], shape["group_items"], models, compared,
             0.1 if self.quick else 1.5, *filter(None, [shape["rule"]])]))
        self.data["cuda"].append(dict(found, models=models, **shape))
        if not found["same_bits"]:
            raise Failed("bits differ from cpu's: " + found["difference"])
        return "%d registers, %d bytes spilled; all models have cpu's bits after %d epochs" % (
            found["registers"], found["spilled_bytes"], compared)
