"""cuda_run.py PLAN CUDA_RUN FAKE_CUDA FOLDER: the kernels as CUDA gets them, by the CUDA driver that
fake_cuda.c makes of an OpenCL device: cuda_run.c hands over the right arguments, and every model
has cpu's bits, through launches that end in the midst of epochs."""
import os
import shutil
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, SOURCE + "/scripts/gpu")
sys.dont_write_bytecode = True
import ptx  # noqa: E402
from cuda import Cuda  # noqa: E402
from shell import Shell  # noqa: E402

HIDDEN = (8, 20)  # more are the same kernels, and take long here

plan, cuda_run, fake_cuda, folder = sys.argv[1:]
if not shutil.which("clang"):
    print("skipped: no clang")
    sys.exit(77)
os.environ.update(LD_LIBRARY_PATH=os.path.dirname(fake_cuda), FAKE_CUDA_SOURCES=SOURCE)
shell = Shell(folder + "/gpu.log")
ptx.make(shell, folder + "/ptx", plan)
cuda = Cuda(shell, cuda_run, folder + "/ptx", {"machine": {}, "peaks": {}, "cuda": []}, quick=True)
print(cuda.peak())
for shape in cuda.shapes():
    if shape["hidden"] in HIDDEN and not shape["cap"]:
        print("%(file)s" % shape, cuda.train(shape, 25, 12), flush=True)
