"""Where NVIDIA's driver keeps its libraries. On many machines, containers above all, they lie where
the loader does not look, and OpenCL's loader has no .icd file that names its one.

python3 driver.py COMMAND...   runs a command that finds them, such as ctest or windrow."""
import glob
import os
import subprocess
import sys

from steps import replace

FOLDERS = ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/x86_64-linux-gnu",
           "/usr/lib/x86_64-linux-gnu/nvidia/current", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
           "/usr/lib64/nvidia", "/usr/lib", "/usr/lib/wsl/lib", "/opt/nvidia/lib64",
           "/usr/local/cuda/compat")
OPENCL, CUDA = "libnvidia-opencl.so.1", "libcuda.so.1"


def loads(library):
    """None, or the loader's complaint; what the library needs may lie beside it. Asked of a new
    process, since the loader reads LD_LIBRARY_PATH once."""
    program = "import ctypes; ctypes.CDLL(%r)" % library
    path = search_path(os.path.dirname(library))
    said = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, LD_LIBRARY_PATH=path))
    return None if said.returncode == 0 else said.stderr.strip().splitlines()[-1]


def search_path(folder):
    """LD_LIBRARY_PATH with one more."""
    folders = [f for f in os.environ.get("LD_LIBRARY_PATH", "").split(":") if f]
    return ":".join(folders + [folder] * bool(folder and folder not in folders))


def candidates(name):
    """The plain name, then each file of that name, with further digits of a version, too."""
    stem = name.rsplit(".", 1)[0]
    found = [name]
    for folder in FOLDERS:
        found += [path for path in [os.path.join(folder, name)] + sorted(
            glob.glob(os.path.join(folder, stem + ".*"))) if os.path.exists(path)]
    return list(dict.fromkeys(found))


def find(name):
    """The library as the loader takes it, or None; and what was tried."""
    tried = []
    for candidate in candidates(name):
        complaint = loads(candidate)
        tried.append("%s: %s" % (candidate, complaint or "loads"))
        if complaint is None:
            return candidate, tried
    return None, tried


def expose(vendors):
    """Lets the commands from now on find both; an .icd file goes into the folder `vendors`, unless
    OCL_ICD_VENDORS is set. Says what was found."""
    said = []
    for name in (OPENCL, CUDA):
        library, tried = find(name)
        said.append("; ".join(tried))
        if library:
            os.environ["LD_LIBRARY_PATH"] = search_path(os.path.dirname(library))
        if library and name == OPENCL and not os.environ.get("OCL_ICD_VENDORS"):
            os.makedirs(vendors, exist_ok=True)
            replace(os.path.join(vendors, "nvidia.icd"), library + "\n")
            os.environ["OCL_ICD_VENDORS"] = vendors
    return said


def icd_files():
    """What OpenCL's loader goes by: the folder, or the one file, that OCL_ICD_VENDORS names, or
    the system's folder."""
    place = os.environ.get("OCL_ICD_VENDORS") or "/etc/OpenCL/vendors"
    files = glob.glob(os.path.join(glob.escape(place), "*.icd")) if os.path.isdir(place) else [
        place] * os.path.exists(place)
    return ".icd files: %s" % (", ".join(sorted(files)) or "none in %s" % place)


if __name__ == "__main__":
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    expose(os.path.join(root, "vendors"))
    os.execvp(sys.argv[1], sys.argv[1:])
