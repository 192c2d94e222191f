"""What the programs and libraries of a folder need of the machine that they are carried to."""
import os
import re

from shell import Failed

NEWEST = (2, 35)  # of glibc: Ubuntu 22.04's; Debian 12 has 2.36
SYSTEM = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
          "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def programs(folder):
    for parent, _, names in os.walk(folder):
        for path in (os.path.join(parent, name) for name in names):
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def needs(said):
    """The libraries and the newest version of glibc in what objdump -p says."""
    versions = [tuple(map(int, v.split("."))) for v in re.findall(r"\bGLIBC_([0-9.]+)", said)]
    return set(re.findall(r"^ *NEEDED +(\S+)", said, re.M)), max(versions, default=(0,))


def check(shell, folder):
    """Raises Failed where something needs more than glibc NEWEST and what the folder holds."""
    newest, carried = (0,), set()
    for parent, _, names in os.walk(folder):
        carried.update(names)
    for path in programs(folder):
        libraries, version = needs(shell.run(["objdump", "-p", path]))
        missing = libraries - SYSTEM - carried
        if missing:
            raise Failed("%s needs %s, which the kit does not hold" % (path, ", ".join(missing)))
        if version > NEWEST:
            raise Failed("%s needs glibc %s, and %s is the newest allowed" % (
                (path,) + tuple(".".join(map(str, v)) for v in (version, NEWEST))))
        newest = max(newest, version)
    return "glibc %s" % ".".join(map(str, newest))
