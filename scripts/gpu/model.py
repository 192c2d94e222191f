#!/usr/bin/env python3
"""How many updates a second an H100 would make with a fused kernel, without a GPU.

    scripts/python scripts/gpu/model.py [--registers N] kernels/fused_rows.cl ITEMS MODELS -D ...
    scripts/python scripts/gpu/model.py --plan build/release/plan ["20 5" "32 5 norm" ...]

The first: ITEMS and MODELS of a work-group, then the options that the source is built with, as
scripts/gpu/plan.c prints them; --registers bounds what the assembler may use. The second: a line
for each row of tests/registers.txt, or for those named. It needs clang, ptxas and nvdisasm
(scripts/setup puts the last two into .venv).

The kernel is compiled for sm_90. One work-group is run lane by lane (warp.py), so that the path of
an ordinary update and the banks of local memory it asks for are known; then all groups that fit
one SM are played through that path, cycle by cycle, by the control codes of the assembler. What
that assumes: the latencies below; four schedulers, each issuing one instruction a cycle to the warp
it served last, or else the oldest that is ready; integers, comparisons and selects at half rate; a
wavefront of local memory a cycle and SM (their number: wavefronts() in lanes.py); global memory from
the first-level cache where the work fits it, else from the second. Sizes of caches, and so the
place of the optimizer's state, are those of an H100 SXM. It lacks the banks of registers: an H200
made 0.80 to 0.98 of the updates that it says (docs/gpu.md), so variants that it tells apart by less
than a tenth may be the other way round.
"""
import argparse
import functools
import multiprocessing
import os
import re
import struct
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import compilers  # noqa: E402
import sass  # noqa: E402
import warp  # noqa: E402

SMS, CLOCK = 132, 1.98e9
LOCAL, LOCAL_GROUP, L1 = 227 * 1024, 1024, 256 * 1024  # bytes an SM; and of a group's, kept back
UPDATES = 2  # that are run; the first is the ordinary one
LATENCY = {"LDS": 30, "LDS.64": 30, "LDS.128": 33, "STS": 12, "STG": 12, "STL": 12, "LDC": 30,
           "LDG": 40, "LDL": 40, "ATOMS": 60, "SHFL": 25, "MUFU": 40, "I2F": 40, "F2I": 40}
FAR = 260  # of the second-level cache
BARRIER, BARRIER_OF_ONE = 24, 14
SETTLED, NEVER = 15000, 1 << 60  # cycles
HALF_RATE = ("FSETP", "FSEL", "FMNMX", "LOP3", "IADD3", "ISETP", "SEL", "LEA", "SHF", "PLOP3",
             "PRMT", "UIADD3", "VIADD", "VIMNMX", "VOTE", "VOTEU", "POPC", "FCHK", "P2R", "R2P")


class Memory:
    """What the kernel is given: models, windows and a learning rule, all plain numbers."""

    def __init__(self, parameters, sizes, models, items):
        count = sizes["I"] * sizes["H"] + sizes["H"] * (sizes["H"] + 1)
        count += sizes["O"] * (sizes["H"] + 1)
        rng = np.random.default_rng(1)
        small = (rng.random(models * count, np.float32) - 0.5) / np.float32(sizes["H"] ** 0.5)
        task = struct.pack("<QQQffIf", 0, 1000, 1000, 1e-3, 1.0, 7, 1e-6)
        progress = struct.pack("<QIIfI", 0, 0, 0xffffffff, 0.0, 0)
        series = (rng.random(1100 * (sizes["I"] + sizes["O"]) + sizes["T"] * sizes["I"], np.float32)
                  - 0.5)
        values = {
            "updates": UPDATES, "begin": 0, "end": 1000, "models": models, "batch": 1,
            "tasks": task * models, "progress": progress * models, "parameters": small,
            "inputs": series, "input_stride": sizes["I"], "targets": series,
            "target_stride": sizes["O"], "weights": np.full(sizes["O"], 1 / sizes["O"], np.float32),
            "gradient_factors": np.full(2, 2 / sizes["O"], np.float32), "scratch": bytes(models * count * 16),
            "epoch_losses": bytes(4000 * models), "pairs": 100,
            "kept": np.full(2 * models * count, 1e-4, np.float32),
            "corrections": np.full(200, 1.5, np.float32)}
        common = ("inputs", "targets", "weights", "gradient_factors", "corrections")
        self.own_lines = set()  # that no other group reads
        blocks, self.constants = [bytes(4096)], bytearray(4096)
        struct.pack_into("<IIIIII", self.constants, 0, items, 1, 1, 1, 1, 1)
        struct.pack_into("<I", self.constants, 0x28, 0x3000)
        at, end = 0x210, 4096
        for kind, name in parameters:
            value = values[name]
            if not isinstance(value, int):
                block = value if isinstance(value, bytes) else value.tobytes()
                blocks.append(block + bytes(-len(block) % 256 + 256))
                if name not in common:
                    self.own_lines |= set(range(end // 128, (end + len(blocks[-1])) // 128))
                value, end = end, end + len(blocks[-1])
            width = 4 if kind == "uint" else 8
            at = (at + width - 1) // width * width
            struct.pack_into("<I" if width == 4 else "<Q", self.constants, at, value)
            at += width
        self.words = np.frombuffer(b"".join(blocks), np.uint32).copy()

    def constant(self, address):
        return struct.unpack_from("<I", self.constants, address)[0]


def kernel_parameters(source, kernel):
    """(type, name) of each; pointers have the type "*"."""
    with open(source) as file:
        listed = re.search(r"\b%s\((.*?)\)\s*{" % kernel, file.read(), re.S)
    return [("*" if "*" in word else word.split()[0], re.search(r"(\w+)\s*$", word)[1])
            for word in listed[1].split(",")]


def ordinary(code, traces):
    """The part of each warp's trace that is one update: from loop head to loop head."""
    loops = sorted({(ins.target, at) for at, ins in enumerate(code.instructions)
                    if ins.root == "BRA" and ins.target is not None and ins.target < at},
                   key=lambda loop: loop[0] - loop[1])
    for head, end in loops:
        visits = [[i for i, (at, _, _) in enumerate(trace) if at == head] for trace in traces]
        if all(UPDATES <= len(visit) <= UPDATES + 1 for visit in visits):
            return [trace[visit[0]:visit[1]] for trace, visit in zip(traces, visits)], \
                end - head + 1
    raise warp.Unknown("which of the loops makes the updates")


def kind_of(ins):
    if ins.root in ("LDS", "STS", "ATOMS", "SHFL"):
        return "shared"
    if ins.root in ("LDG", "STG", "LDL", "STL"):
        return "global"
    if ins.root in ("LDC", "ULDC"):
        return "constant"
    if ins.root in ("MUFU", "I2F", "F2I", "I2FP"):
        return "special"
    if ins.root == "BAR":
        return "barrier"
    if ins.root == "IMAD" or ins.root in HALF_RATE:
        return "integer" if ins.root != "IMAD" else "imad"
    return "fma"


def play(code, paths, groups, far):
    """Instructions an SM issues in a cycle, `groups` work-groups being resident."""
    plans = []
    for path in paths:
        plan = []
        for at, waves, _ in path:
            ins = code.instructions[at]
            kind = kind_of(ins)
            name = ins.root + "." + ins.kinds[-1] if ins.kinds else ins.root
            latency = LATENCY.get(name, LATENCY.get(ins.root, 0))
            if kind == "global" and far and ins.root in ("LDG", "LDL"):
                latency = FAR
            plan.append((kind, max(1, ins.stall), ins.sets, ins.waits, latency, waves))
        plans.append(plan)
    count, size = len(paths) * groups, len(paths)
    made, stop = 0, 0  # updates of warps
    at, ready, waiting = [0] * count, [0] * count, [False] * count
    bars = [[0] * 8 for _ in range(count)]
    arrived = [[] for _ in range(groups)]
    free = {kind: [0] * 4 for kind in ("fma", "integer", "special", "memory")}
    unit, clock, issued, before, begun = 0, 0, 0, 0, None
    last, queues = [-1] * 4, [list(range(s, count, 4)) for s in range(4)]
    pipes = {"fma": ("fma", 1), "imad": ("fma", 2), "integer": ("integer", 2),
             "special": ("special", 8), "shared": ("memory", 2), "global": ("memory", 2),
             "constant": ("memory", 2), "barrier": ("fma", 1)}
    while begun is None or made < stop or clock < begun + SETTLED:
        if begun is None and made >= 2 * count and clock >= SETTLED:
            begun, before, stop = clock, issued, made + 3 * count
        following = NEVER
        for s in range(4):
            chosen = -1
            for w in [last[s]] + queues[s] if last[s] >= 0 else queues[s]:
                if waiting[w]:
                    continue
                kind = plans[w % size][at[w]][0]
                when = max(ready[w], free[pipes[kind][0]][s])
                if kind in ("shared", "global"):
                    when = max(when, unit - 24)
                if when <= clock:
                    chosen = w
                    break
                following = min(following, when)
            if chosen < 0:
                continue
            w, plan = chosen, plans[chosen % size]
            kind, stall, sets, _, latency, waves = plan[at[w]]
            last[s] = w
            issued += 1
            following = clock + 1
            pipe, busy = pipes[kind]
            free[pipe][s] = clock + busy
            done = read = clock + latency
            if kind in ("shared", "global"):
                begin = max(clock + 4, unit)
                unit = begin + waves
                done, read = unit + latency - 1, unit + 2
            elif kind == "constant":
                read = clock + 10
            bars[w][sets[0]] = done
            bars[w][sets[1]] = max(bars[w][sets[1]], read)
            at[w] = (at[w] + 1) % len(plan)
            made += at[w] == 0
            ready[w] = max([clock + stall] + [bars[w][bar] for bar in plan[at[w]][3]])
            if kind == "barrier" and size == 1:
                ready[w] = max(ready[w], clock + BARRIER_OF_ONE)
            elif kind == "barrier":
                group = w // size
                arrived[group].append(w)
                waiting[w] = True
                if len(arrived[group]) == size:
                    for q in arrived[group]:
                        waiting[q], ready[q] = False, max(ready[q], clock + BARRIER)
                    arrived[group] = []
        clock = following
    return (issued - before) / (clock - begun)


def groups_an_sm(registers, warps, local):
    """Registers are given to a warp by 256; each of four schedulers has 16,384 of them."""
    a_warp = (registers * 32 + 255) // 256 * 256
    return min(16384 // a_warp * 4 // warps, 64 // warps, 32,
               LOCAL // (local + LOCAL_GROUP))


def walk(source, code_text, kernel, items, models, options):
    """The code, what it was given, each warp's path through an ordinary update, and the
    instructions of the loop."""
    sizes = {name: int(value) for name, value in
             re.findall(r"-D WR_([IHOT])=(\d+)", " ".join(options))}
    code = sass.Code(code_text, kernel)
    memory = Memory(kernel_parameters(source, kernel), sizes, models, items)
    paths, loop = ordinary(code, warp.run_group(code, memory, items, 3000000))
    return code, memory, sizes, paths, loop


def measure(source, items, models, options, registers=None):
    """Everything about one kernel, by its options: what the assembler says, then the model."""
    found, text = compilers.nvidia(source, options, registers)
    code, memory, sizes, paths, loop = walk(source, text, found["kernel"], items, models, options)
    total = sum(map(len, paths))
    groups = groups_an_sm(found["registers"], len(paths), found["local"])
    bound = SMS * 4 * CLOCK * models / total
    own = memory.own_lines.intersection(*[set().union(*[lines for path in paths
                                                        for _, _, lines in path])])
    far = groups * 128 * len(own) > L1 - groups * (found["local"] + LOCAL_GROUP)
    rate = play(code, paths, groups, far)
    updates = rate / 4 * bound
    flops = 6 * (sizes["T"] - 1) * sizes["H"] ** 2
    return dict(found, items=items, warps=len(paths), groups=groups, loop=loop, path=total / models,
                longest=max(map(len, paths)), bound=bound, updates=updates, issue=rate,
                waves=sum(waves for path in paths for _, waves, _ in path) / models,
                notebooks=updates / 237500, far=far,
                peak=updates * flops / (SMS * 256 * CLOCK))


def table_row(program, words):
    plan = compilers.plan(program, words)
    if not plan:
        return "%-44s staged, not modelled" % words
    row = measure(plan["source"], plan["items"], plan["models"], plan["options"])
    return "%-44s %9d %6d %8.1f %9.3g %9.3g %7.1f %7s" % (
        words, row["registers"], row["groups"], row["path"], row["bound"], row["updates"],
        100 * row["peak"], "%.0f" % row["notebooks"] if words == "20 5" else "")


def table(program, rows):
    """Notebooks: whole runs of the notebook, 237,500 updates, a second; % of the peak of FMAs counts
    6 (T - 1) H^2 of an update alone."""
    if not rows:
        with open(os.path.join(compilers.ROOT, "tests", "registers.txt")) as file:
            part = file.read().split("[sm_90]")[1].split("\n\n")[0]
        rows = [line.split("  ")[0] for line in part.splitlines()[1:]]
    print("%-44s %9s %6s %8s %9s %9s %7s %7s" % ("", "registers", "groups", "path", "bound",
                                                 "updates/s", "% peak", "nb/s"))
    with multiprocessing.Pool() as pool:
        for line in pool.imap(functools.partial(table_row, program), rows):
            print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("--plan")
    parser.add_argument("--registers", type=int)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    for name in ("clang", "ptxas", "nvdisasm"):
        if not compilers.tool(name):
            parser.error("there is no %s here; scripts/setup installs it" % name)
    if arguments.plan:
        return table(arguments.plan, arguments.words)
    if len(arguments.words) < 3:
        parser.error("a source, work-items and models are needed")
    source, items, models, *options = arguments.words
    row = measure(source, int(items), int(models), options, arguments.registers)
    for name, value in row.items():
        print("%-10s %s" % (name, "%.4g" % value if isinstance(value, float) else value))


if __name__ == "__main__":
    main()
