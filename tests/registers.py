#!/usr/bin/env python3
"""registers.py PLAN [--write]: what the compilers of NVIDIA and AMD make of the fused kernels, held
to registers.txt, so that a change that costs is seen. No GPU is needed.

PLAN is scripts/gpu/plan.c, built: it tells which kernel a GPU would get, and how built. A row that
differs from the table fails, be it dearer or cheaper: --write renews the table. Rows are compared
only where the compilers have the versions that the table names; what may not spill never may.
"""
import multiprocessing
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scripts", "gpu"))
sys.dont_write_bytecode = True
import compilers  # noqa: E402
import model  # noqa: E402

RENEW = "scripts/python tests/registers.py build/release/plan --write"
TABLE = os.path.join(HERE, "registers.txt")
ADAM = "rule=hourly"
NOTEBOOK = ["%d 5" % hidden for hidden in (4, 8, 16, 20, 32, 64, 96, 128)]
FORECASTS = ["32 7 inputs=24 outputs=48 rule=hourly", "16 8 inputs=7 outputs=14 rule=daily",
             "16 4 inputs=26 outputs=13 rule=weekly", "16 3 inputs=12 outputs=18 rule=monthly",
             "8 3 inputs=4 outputs=8 rule=quarterly", "8 4 outputs=6 rule=yearly",
             "6 3 rule=m4-rnn"]
OTHERS = ["32 16 inputs=8 outputs=4", "64 6 inputs=8 outputs=4", "17 16 inputs=5 outputs=3",
          "31 16 inputs=8 outputs=4", "48 5", "63 6 inputs=8 outputs=4"]
MODELS = NOTEBOOK + ["%d 5 %s" % (hidden, ADAM) for hidden in (8, 20, 32, 64)] + \
    ["20 5 %s norm" % ADAM, FORECASTS[0] + " norm"] + FORECASTS + OTHERS
# Bytes of stack that a row may take: used once in an update, caches hide a little. At H = 20 the cap
# of 168 registers costs them with clang's code; NVIDIA's own compiler keeps within it, without any.
STACK = {"20 5": 40, "96 5": 32}
AMD_STACK = {words: 512 for words in NOTEBOOK[5:] + [FORECASTS[0] + " norm", OTHERS[1], OTHERS[5]]}
NVIDIA = ("registers", "stack", "stores", "loads", "local", "warps", "groups", "loop", "path")
TARGETS = ("gfx906", "gfx90a")
AMD = ("VGPRs", "SGPRs", "spilled", "scratch", "local", "occupancy")
ABOUT = """\
# What compilers make of the fused kernels; tests/registers.py compares, and renews with --write.
# A row is the words of scripts/gpu/plan.c (H, T, what is not the notebook's), then the kernel that
# the OpenCL backend takes, with models x work-items of a group.
# sm_90: registers, stack (bytes of it, then of spill stores and loads), local memory of a group,
# warps of a group, groups an SM, instructions of the loop over updates, and warp instructions that
# a model's ordinary update issues (no gradient clipped, no epoch ended).
# gfx906, gfx90a: VGPRs, SGPRs, VGPRs spilled, scratch, local memory, waves a SIMD.
"""


def nvidia_row(plan):
    found, code = compilers.nvidia(plan["source"], plan["options"])
    warps = (plan["items"] + 31) // 32
    found.update(warps=warps, loop="-", path="-",
                 groups=model.groups_an_sm(found["registers"], warps, found["local"]))
    if code:
        *_, paths, found["loop"] = model.walk(plan["source"], code, plan["kernel"], plan["items"],
                                              plan["models"], plan["options"])
        found["path"] = "%.1f" % (sum(map(len, paths)) / plan["models"])
    return found


def row(program, target, words):
    """What is compiled, and its cells; NVIDIA's are of target sm_90."""
    plan = compilers.plan(program, words + ("" if target == "sm_90" else " amd"))
    if not plan:
        return words, ["staged"]
    if target == "sm_90":
        names, found = NVIDIA, nvidia_row(plan)
    else:
        names, found = AMD, compilers.amd(plan["source"], plan["options"], target)
    return words, ["%s %dx%d" % (plan["kernel"], plan["models"], plan["items"])] + \
        [str(found[name]) for name in names]


def render(target, table):
    names = NVIDIA if target == "sm_90" else AMD
    lines = [["[%s]" % target, "kernel", *names]] + [[words, *cells] for words, cells in table]
    widths = [max(len(line[i]) for line in lines if len(line) > i) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width)
                               in enumerate(zip(line, widths))).rstrip() for line in lines) + "\n"


def read_table():
    """The versions, then the lines of each target by its words."""
    versions, tables, target = "", {}, None
    with open(TABLE) as file:
        for line in file.read().splitlines():
            if line.startswith("# by "):
                versions = line[5:]
            elif line.startswith("["):
                target = tables.setdefault(line[1:line.index("]")], {})
            elif line and line[0] != "#":
                words, cells = line.split("  ", 1)
                target[words] = cells.split()
    return versions, tables


def compare(target, table, old):
    """What to say of each row that differs from the table's."""
    said = []
    for words, cells in table:
        now, before = " ".join(cells).split(), old.get(words)
        if before is None:
            said.append("%s, %s: not in the table" % (target, words))
        elif now != before:
            said.append("%s, %s:\n  before %s\n  now    %s" % (target, words, " ".join(before),
                                                              " ".join(now)))
    said += ["%s, %s: in the table alone" % (target, words)
             for words in old if words not in dict(table)]
    return said


def spilled(target, table):
    name, names, allowed = ("stack", NVIDIA, STACK) if target == "sm_90" else \
        ("scratch", AMD, AMD_STACK)
    column = 2 + names.index(name)
    found = [(words, int(" ".join(cells).split()[column]), allowed.get(words, 0))
             for words, cells in table if cells != ["staged"]]
    return ["%s, %s: %d bytes of stack, where %d are allowed" % (target, words, used, most)
            for words, used, most in found if used > most]


def main():
    program, write = sys.argv[1], "--write" in sys.argv[2:]
    here = {name: compilers.version(name) for name in ("clang", "ptxas", "nvdisasm")}
    missing = [name for name, found in here.items() if not found]
    if "clang" in missing or write and missing:
        print("skipped: no " + ", ".join(missing))
        return 77
    targets = [target for target in ("sm_90",) + TARGETS if target != "sm_90" or here["ptxas"]]
    with multiprocessing.Pool() as pool:
        tables = {target: pool.starmap(row, [(program, target, words) for words in MODELS], 1)
                  for target in targets}
    text = "\n".join(render(target, table) for target, table in tables.items())
    versions = ", ".join("%s %s" % pair for pair in here.items())
    print("%s\n\n%s" % (versions, text))
    bad = [said for target, table in tables.items() for said in spilled(target, table)]
    if write:
        with open(TABLE, "w") as file:
            file.write(ABOUT + "# by " + versions + "\n\n" + text)
    else:
        known, old = read_table()
        for target, table in tables.items():
            if known == versions or target != "sm_90" and known.split(",")[0] == versions.split(
                    ",")[0]:  # AMD's need clang alone
                bad += compare(target, table, old[target])
    print("\n".join(bad))
    if bad:
        print("If the change is meant, renew the table: %s" % RENEW)
        return 1
    if not write and known != versions:
        print("skipped: rows of other compilers are not compared; %s made the table" % known)
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
