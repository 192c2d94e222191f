#!/usr/bin/env python3
"""tutorial.py TUTORIAL.md WINDROW DATA FOLDER: runs the commands of a tutorial, in the order in which
they stand there, and compares what they print with what the tutorial shows.

A command is a line "$ ..." of a block ```console; one that ends in a backslash goes on in the next
line. The lines up to the next command are its standard output. "..." alone stands for any lines, and
"..." inside a line for any text. A command that ends with another exit code than 0 is an error. The
commands run in FOLDER, which is made anew, with a copy of DATA as tests/data, and with the built
windrow first on the PATH.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys


def read_commands(text):
    """The commands, each with its number of line and the lines of output that are shown."""
    commands, inside, continued = [], False, False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif not inside:
            continue
        elif continued:
            commands[-1][1] += "\n" + line
            continued = line.endswith("\\")
        elif line.startswith("$ "):
            commands.append([number, line[2:], []])
            continued = line.endswith("\\")
        elif not commands:
            sys.exit(f"tutorial: line {number}: output without a command")
        else:
            commands[-1][2].append(line.rstrip())
    return commands


def is_like(line, shown):
    pattern = ".*".join(re.escape(piece) for piece in shown.split("..."))
    return re.fullmatch(pattern, line) is not None


def missing_line(output, shown):
    """The first shown line that the output does not have at its place, or None."""
    while shown and not shown[-1]:
        shown = shown[:-1]
    at, anywhere = 0, False
    for line in shown:
        if line == "...":
            anywhere = True
            continue
        found = at
        while anywhere and found < len(output) and not is_like(output[found], line):
            found += 1
        if found >= len(output) or not is_like(output[found], line):
            return line
        at, anywhere = found + 1, False
    if shown and not anywhere and at < len(output):
        return f"the end of the output, before: {output[at]}"
    return None


def main():
    tutorial, windrow, data, folder = map(pathlib.Path, sys.argv[1:])
    commands = read_commands(tutorial.read_text(encoding="utf-8"))
    if not commands:
        sys.exit(f"tutorial: {tutorial} has no command")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(data, folder / "tests" / "data")
    environment = dict(os.environ, PATH=f"{windrow.parent}:{os.environ['PATH']}")
    failures = 0
    for number, command, shown in commands:
        done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        output = [line.rstrip() for line in done.stdout.splitlines()]
        missing = missing_line(output, shown)
        if done.returncode == 0 and missing is None:
            continue
        failures += 1
        print(f"{tutorial}:{number}: $ {command}\nexit code {done.returncode}")
        if missing is not None:
            print(f"not there: {missing}")
        print(done.stdout, done.stderr, sep="\n")
    print(f"{len(commands)} commands, {failures} failed")
    return failures > 0


sys.exit(main())
