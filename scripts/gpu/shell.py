"""Commands with a time limit, for scripts/gpu_report."""
import os
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEADLINE = time.monotonic() + 525


class Failed(Exception):
    pass


def run(command, limit, codes=(0,), **environment):
    """stdout of a command, which may take `limit` seconds, and no more than are left of all."""
    limit = min(limit, DEADLINE - time.monotonic())
    if limit < 1:
        raise Failed("no time was left")
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, cwd=ROOT,
                               stderr=subprocess.PIPE, text=True, start_new_session=True,
                               env=dict(os.environ, **environment))
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Failed("%s took longer than %.0f s" % (os.path.basename(command[0]), limit))
    if process.returncode not in codes:
        lines = (err.strip() or out.strip() or "no word").splitlines()
        raise Failed("%s: exit code %d: %s" % (os.path.basename(command[0]), process.returncode,
                                               lines[-1][:300]))
    return out


def loads(library):
    """Asked of a new process, since the loader reads LD_LIBRARY_PATH once."""
    program = "import ctypes; ctypes.CDLL(%r)" % library
    return subprocess.run([sys.executable, "-c", program],
                          stderr=subprocess.DEVNULL).returncode == 0
