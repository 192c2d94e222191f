"""The fused kernels as NVIDIA's PTX, made by clang without a GPU; and the one list of what is measured:
hidden sizes, kernels that are forced, registers that are capped, learning rules."""
import json
import os
import re
import shutil

from shell import Failed

WINDOW = 5
HIDDEN = (20, 4, 8, 16, 32, 64, 96, 128, 256)
FORCED = ("team", "rows=1")  # beside what the backend chooses: words of plan.c
RULES = {20: ("rule=hourly", "rule=daily")}  # hidden size: words of plan.c and cuda_run.c
CAPS = {20: (255, 128), 32: (255, 168)}  # hidden size: registers of a work-item, beside our choice

CLANG = ("clang -x cl -cl-std=CL1.2 -target nvptx64-nvidia-cuda -Xclang -target-cpu -Xclang sm_80 "
         "-Xclang -target-feature -Xclang +ptx72 -O3 -ffp-contract=off -nogpulib "
         "-D __OPENCL_VERSION__=120 -include tests/nvptx.h -I kernels -S").split()
CAP = "-cl-nv-maxrregcount="  # an option of NVIDIA's OpenCL, which clang does not know


def split_cap(options):
    """The options that clang knows, and the registers that a work-item may take, or None."""
    caps = [int(option[len(CAP):]) for option in options if option.startswith(CAP)]
    return [option for option in options if not option.startswith(CAP)], caps[-1] if caps else None


def read_plan(said):
    """What scripts/gpu/plan.c says of how models are run."""
    kernel, source, models, items, *options = said.split()
    return {"kernel": kernel, "source": source, "models": int(models), "items": int(items),
            "options": options}


def assemble(shell, path, source, options, cap=None):
    """The first line of the PTX says what it is made from."""
    options, planned = split_cap(options)
    cap = cap or planned
    made = shell.run(CLANG + options + ["kernels/" + source, "-o", "-"])
    if cap:
        made = re.sub(r"(\.entry [^{]*\))\s*{", r"\1\n.maxnreg %d\n{" % cap, made)
    with open(path, "w") as file:
        file.write("// kernels/%s %s\n%s" % (source, " ".join(options), made))
    if shutil.which("ptxas"):
        shell.run(["ptxas", "-arch=sm_90", path, "-o", "/dev/null"])


def plans(shell, plan):
    """(hidden, rule, what is forced, how the backend would run it) of what is measured and fused."""
    for hidden in HIDDEN:
        seen = []
        for rule in ("",) + RULES.get(hidden, ()):
            for forced in ("", *FORCED):
                said = shell.run([plan, hidden, WINDOW, *filter(None, (rule, forced))],
                                 codes=(0, 3)).strip()
                if said and said not in seen:
                    seen.append(said)
                    yield hidden, rule, forced, read_plan(said)


def make(shell, folder, plan):
    """`plan`: the program of scripts/gpu/plan.c. shapes.json says how each is launched."""
    if not shutil.which("clang"):
        raise Failed("PTX needs clang; scripts/gpu_kit makes it elsewhere, to be carried here")
    os.makedirs(folder, exist_ok=True)
    shapes = []
    for hidden, rule, forced, found in plans(shell, plan):
        for cap in (None,) + CAPS.get(hidden, ()) * (not forced and not rule):
            name = "_".join(filter(None, (found["kernel"], str(hidden), rule[len("rule="):], forced,
                                          cap and "r%d" % cap)))
            assemble(shell, os.path.join(folder, name + ".ptx"), found["source"], found["options"],
                     cap)
            shapes.append({"file": name + ".ptx", "kernel": found["kernel"], "hidden": hidden,
                           "window": WINDOW, "rule": rule, "forced": forced, "cap": cap,
                           "group_models": found["models"], "group_items": found["items"]})
    assemble(shell, folder + "/peak.ptx", "peak.cl", ["-D", "WR_VECTOR=float"])
    with open(folder + "/shapes.json", "w") as file:
        json.dump(shapes, file, indent=1)
    return "%d kernels as PTX%s" % (len(shapes) + 1,
                                    ", taken by ptxas" if shutil.which("ptxas") else "")
