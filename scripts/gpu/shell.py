"""Commands with a time limit, for scripts/gpu_report and scripts/gpu_kit; a log keeps all they say
when they fail, and what they say on stderr when they do not."""
import math
import os
import shlex
import signal
import subprocess
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def is_kit(folder):
    """Whether scripts/gpu_kit has made the folder."""
    return all(os.path.exists(os.path.join(folder, name)) for name in (
        "run", "bin/windrow", "tests/tests.json", "ptx/shapes.json"))


class Failed(Exception):
    pass


class NotHere(Exception):
    """What this machine lacks, and why: no failure."""


class Shell:
    """For several threads, too; the time that give() sets is each thread's own."""

    def __init__(self, log):
        self.log, self.lines = log, 0
        self.own, self.writing = threading.local(), threading.Lock()
        os.makedirs(os.path.dirname(log), exist_ok=True)
        open(log, "w").close()

    def give(self, seconds):
        """The commands from now on may take so long, all together."""
        self.own.until = time.monotonic() + seconds

    def run(self, command, codes=(0,), cwd=ROOT, **environment):
        """stdout of a command."""
        command = [str(word) for word in command]
        limit = getattr(self.own, "until", math.inf) - time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, errors="replace", cwd=cwd, start_new_session=True,
                                   env=dict(os.environ, **environment))
        try:
            out, err = process.communicate(timeout=None if limit == math.inf else max(limit, 0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise Failed("%s took longer than its step may: stopped after %.0f s (%s)" % (
                os.path.basename(command[0]), limit, self.keep(command, "stopped", out, err)))
        if process.returncode not in codes:
            lines = (err.strip() or out.strip() or "no word").splitlines()
            where = self.keep(command, "exit code %d" % process.returncode, out, err)
            raise Failed("%s: exit code %d: %s (%s)" % (
                os.path.basename(command[0]), process.returncode, lines[-1][:300], where))
        if err.strip():
            self.keep(command, "exit code %d" % process.returncode, "", err)
        return out

    def keep(self, command, end, out, err):
        """Adds to the log, and says where."""
        text = "$ %s\n%s%s[%s]\n\n" % (shlex.join(command), *(
            part if not part or part.endswith("\n") else part + "\n" for part in (out, err)), end)
        with self.writing:
            where = "%s, line %d" % (os.path.basename(self.log), self.lines + 1)
            with open(self.log, "a") as file:
                file.write(text)
            self.lines += text.count("\n")
        return where
