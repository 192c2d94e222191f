"""Steps in the order of their worth, within a time: what a step found is on disk when it ends, and
one that needs more time than is left is left out, and said to be."""
import concurrent.futures
import os
import sys
import threading
import time

from shell import Failed, NotHere


class Steps:
    def __init__(self, shell, seconds, rows, write, patience=1):
        """rows: where a row for each step goes. write: called after each, to put all on disk.
        patience: how many times as long as it may a step may take."""
        self.shell, self.rows, self.write, self.patience = shell, rows, write, patience
        self.deadline, self.writing = time.monotonic() + seconds, threading.Lock()

    def step(self, name, cost, limit, function, *words):
        """cost: the seconds that it is expected to take. limit: those that it may. True if all went
        well; what a step found by the time it failed is kept."""
        began = time.monotonic()
        left = self.deadline - began
        if left < max(cost, 1):
            state, said = "left out", "needs about %.0f s, %.0f s were left" % (cost, max(left, 0))
        else:
            print("%s ..." % name, file=sys.stderr, flush=True)
            self.shell.give(min(limit * self.patience, left))
            state, said = attempt(function, words)
        with self.writing:
            self.rows.append({"step": name, "state": state, "said": said,
                              "seconds": time.monotonic() - began})
            self.write()
        return state == "ok"

    def together(self, steps):
        """Steps, (name, cost, limit, function, *words) each, side by side: those that measure no
        time. Their rows are in the order in which they end."""
        steps = list(steps)
        with concurrent.futures.ThreadPoolExecutor(max(len(steps), 1)) as pool:
            for end in [pool.submit(self.step, *step) for step in steps]:
                end.result()


def attempt(function, words):
    try:
        return "ok", function(*words)
    except NotHere as reason:
        return "not here", str(reason)
    except Failed as reason:
        return "failed", str(reason)
    except (OSError, ValueError, KeyError, IndexError) as reason:
        return "failed", "%s: %s" % (type(reason).__name__, reason)


def replace(path, text):
    """The file is the old one or the new one, whenever the program or the machine stops."""
    with open(path + ".new", "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
