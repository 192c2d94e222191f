"""Builds the command and what measures beside it."""
import os
import shutil

from shell import ROOT


def configure(shell, folder, *options):
    command = ["cmake", "-S", ROOT, "-B", folder, "-D", "CMAKE_BUILD_TYPE=Release",
               "-D", "BUILD_SHARED_LIBS=OFF", "-D", "WINDROW_MPI=OFF", "-D", "WINDROW_OPENCL=ON"]
    if shutil.which("ninja") and not os.path.exists(folder + "/Makefile"):
        command += ["-G", "Ninja"]
    shell.run(command + list(options))


def build(shell, folder, *targets):
    shell.run(["cmake", "--build", folder, "--parallel", os.cpu_count(), "--target", "windrow_cli",
               "windrow_cuda_run", "windrow_plan", *targets])
