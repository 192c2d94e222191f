"""The fused kernels as NVIDIA's PTX, made by clang as tests/registers.sh does, without a GPU."""
import json
import os
import shutil

from shell import Failed, run

CLANG = ("clang -x cl -cl-std=CL1.2 -target nvptx64-nvidia-cuda -Xclang -target-cpu -Xclang sm_80 "
         "-Xclang -target-feature -Xclang +ptx72 -O3 -ffp-contract=off -nogpulib "
         "-D __OPENCL_VERSION__=120 -include tests/nvptx.h -I kernels -S").split()


def assemble(path, source, options):
    run(CLANG + options + ["kernels/" + source, "-o", path], 30)
    if shutil.which("ptxas"):
        run(["ptxas", "-arch=sm_90", path, "-o", "/dev/null"], 60)


def make(folder, plan):
    """Those of the notebook with other H, built as the OpenCL backend would: `plan` tells how
    (scripts/gpu/plan.c). shapes.json says how each is launched."""
    if not shutil.which("clang"):
        raise Failed("PTX needs clang; make it elsewhere (--make-ptx), and bring it (--ptx)")
    os.makedirs(folder, exist_ok=True)
    shapes = []
    for hidden in (4, 8, 16, 20, 32, 64):
        for force in ([], ["team"]):
            kernel, source, models, items, options = run([plan, hidden, 5] + force,
                                                         5).split(maxsplit=4)
            shape = {"file": "%s_%d.ptx" % (kernel, hidden), "kernel": kernel, "hidden": hidden,
                     "window": 5, "group_models": int(models), "group_items": int(items)}
            if shape not in shapes:
                assemble(os.path.join(folder, shape["file"]), source, options.split())
                shapes.append(shape)
    assemble(folder + "/peak.ptx", "peak.cl", ["-D", "WR_VECTOR=float"])
    with open(folder + "/shapes.json", "w") as file:
        json.dump(shapes, file, indent=1)
    return "%d kernels in %s%s" % (len(shapes) + 1, folder,
                                   ", taken by ptxas" if shutil.which("ptxas") else "")
