"""What the compilers of NVIDIA and AMD make of a kernel, without a GPU: clang's two targets, and
NVIDIA's assembler."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from ptx import CLANG, read_plan, split_cap
from shell import ROOT, Failed

AMD = ("clang -x cl -cl-std=CL1.2 -target amdgcn-amd-amdhsa -O3 -ffp-contract=off -nogpulib "
       "-D __OPENCL_VERSION__=120 -include tests/amdgcn.h -I kernels -S").split()


def tool(name):
    """Its path: of .venv, where scripts/setup puts one version for all, else of PATH; or None."""
    own = glob.glob(ROOT + "/.venv/lib/python3*/site-packages/nvidia/*/bin/" + name)
    return own[0] if own else shutil.which(name)


def version(name):
    """Its version in three numbers, or None."""
    if not tool(name):
        return None
    said = call([tool(name), "--version"])
    return re.search(r"\b(?:V|version )(\d+\.\d+\.\d+)", said)[1]


def call(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd=ROOT)
    if done.returncode != 0:
        raise Failed("%s: %s" % (" ".join(command), done.stdout[:3000]))
    return done.stdout


def plan(program, words):
    """How the OpenCL backend would run these models (scripts/gpu/plan.c), or None: not fused."""
    done = subprocess.run([program, *words.split()], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode == 3:
        return None
    if done.returncode != 0:
        raise Failed("plan %s: %s" % (words, done.stderr))
    found = read_plan(done.stdout)
    return dict(found, source=os.path.join(ROOT, "kernels", found["source"]))


def most(pattern, text):
    return max(int(number) for number in re.findall(pattern, text) or [0])


def nvidia(source, options, registers=None):
    """`registers`: no more than so many are to be used, else as an option says. The code is None
    without nvdisasm."""
    options, planned = split_cap(options)
    registers = registers or planned
    with tempfile.TemporaryDirectory() as folder:
        ptx, cubin = folder + "/kernel.ptx", folder + "/kernel.cubin"
        call(CLANG + options + [os.path.abspath(source), "-o", ptx])
        limit = ["-maxrregcount=%d" % registers] if registers else []
        said = call([tool("ptxas"), "-arch=sm_90", "-v", *limit, ptx, "-o", cubin])
        code = call([tool("nvdisasm"), "-c", "-hex", cubin]) if tool("nvdisasm") else None
        with open(ptx) as file:
            kernel = re.search(r"\.entry (\w+)", file.read())[1]
    return {"kernel": kernel, "registers": most(r"Used (\d+) registers", said),
            "stack": most(r"(\d+) bytes stack frame", said),
            "stores": most(r"(\d+) bytes spill stores", said),
            "loads": most(r"(\d+) bytes spill loads", said),
            "local": most(r"(\d+) bytes smem", said)}, code


def amd(source, options, target):
    """`occupancy`: waves that a SIMD can hold, by clang's own count."""
    with tempfile.TemporaryDirectory() as folder:
        call(AMD + ["-mcpu=" + target, *options, os.path.abspath(source), "-o", folder + "/a.s"])
        with open(folder + "/a.s") as file:
            text = file.read()
    return {"VGPRs": most(r"\.vgpr_count: +(\d+)", text),
            "SGPRs": most(r"\.sgpr_count: +(\d+)", text),
            "spilled": most(r"\.vgpr_spill_count: (\d+)", text),
            "scratch": most(r"\.private_segment_fixed_size: (\d+)", text),
            "local": most(r"\.group_segment_fixed_size: (\d+)", text),
            "occupancy": most(r"; Occupancy: (\d+)", text)}
