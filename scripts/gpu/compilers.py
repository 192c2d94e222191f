"""What the compilers of NVIDIA and AMD make of a kernel, without a GPU."""
import glob
import os
import re
import shutil
import subprocess

from ptx import CLANG
from shell import ROOT, Failed


def tool(name):
    """Its path: of .venv, where scripts/setup puts one version for all, else of PATH; or None."""
    own = glob.glob(ROOT + "/.venv/lib/python3*/site-packages/nvidia/*/bin/" + name)
    return own[0] if own else shutil.which(name)


def call(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd=ROOT)
    if done.returncode != 0:
        raise Failed("%s: %s" % (" ".join(command), done.stdout[:3000]))
    return done.stdout


def numbers(pattern, text):
    return [int(number) for number in re.findall(pattern, text)]


def nvidia(source, options, folder, registers=None):
    """`registers`: no more than so many are to be used."""
    code = os.path.join(folder, "kernel.")
    call(CLANG + list(options) + [os.path.abspath(source), "-o", code + "ptx"])
    limit = ["-maxrregcount=%d" % registers] if registers else []
    said = call([tool("ptxas"), "-arch=sm_90", "-v", *limit, code + "ptx", "-o", code + "cubin"])
    with open(code + "ptx") as file:
        text = file.read()
    return {"kernel": re.search(r"\.entry (\w+)", text)[1],
            "registers": max(numbers(r"Used (\d+) registers", said)),
            "stack": max(numbers(r"(\d+) bytes stack frame", said)),
            "stores": max(numbers(r"(\d+) bytes spill stores", said)),
            "loads": max(numbers(r"(\d+) bytes spill loads", said)),
            "shared": max(numbers(r"(\d+) bytes smem", said) + [0]),
            "sass": call([tool("nvdisasm"), "-c", "-hex", code + "cubin"])}
