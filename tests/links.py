#!/usr/bin/env python3
"""links.py FOLDER: checks what the repository's Markdown files refer to: every relative link leads to
a file that is there, every #fragment to a heading of it, every [`name`](source) to a source that has
that name, and every path in backticks, as `host/base/base.h`, to a file.
"""

import pathlib
import re
import sys
import urllib.parse

FOREIGN = re.compile(r"^[a-z][a-z0-9+.-]*:")  # https:, mailto:
LEFT_OUT = {"build", ".git", ".venv"}
TOP = ("docs", "examples", "host", "include", "kernels", "python", "scripts", "tests")


def without_blocks(text):
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text):
    """Targets of [text](target), ![text](target), [name]: target and <img src="target">."""
    text = re.sub(r"`[^`\n]*`", "", without_blocks(text))
    for pattern in (r"\]\(\s*<?([^)\s>]+)>?[^)]*\)", r"^ {0,3}\[[^\]]+\]:\s*(\S+)",
                    r"<(?:img|a)\b[^>]*\b(?:src|href)=\"([^\"]+)\""):
        yield from re.findall(pattern, text, flags=re.MULTILINE)


def names(text):
    """(name, source) of each [`name`](source)."""
    return re.findall(r"\[`(\w+)`\]\(([^)#\s]+\.(?:c|h|cl|sql|txt))\)", without_blocks(text))


def paths(text):
    """Paths in backticks, relative to the repository: `tests/fuzz_*.c`; what follows a blank is an
    argument, and <...> or ... in it stands for something else."""
    for code in re.findall(r"`([^`\n]+)`", without_blocks(text)):
        path = code.split()[0] if code.strip() else ""
        if path.split("/")[0] in TOP and "/" in path and not re.search(r"[<>$|{]|\.\.\.", path):
            yield path.rstrip("/")


def anchors(text):
    """What #fragments GitHub makes of the headings."""
    found = {}
    for heading in re.findall(r"^#{1,6} +(.*?)(?: +#+)?$", without_blocks(text), re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found[name] = found.get(name, -1) + 1
        yield name if found[name] == 0 else f"{name}-{found[name]}"


def problem_of(link, file, root):
    """What is wrong with a relative link, or None."""
    path, _, fragment = urllib.parse.unquote(link).partition("#")
    target = (file.parent / path).resolve() if path else file
    if not target.exists() or root not in (target, *target.parents):
        return "there is no such file"
    if fragment and target.suffix == ".md" and fragment not in set(
            anchors(target.read_text(encoding="utf-8"))):
        return "there is no such heading"
    return None


def has_name(name, source):
    return source.is_file() and re.search(rf"\b{name}\b", source.read_text(encoding="utf-8"))


def problems(file, root, checked):
    """(reference, what is wrong with it), and counts in checked."""
    text = file.read_text(encoding="utf-8")
    for link in links(text):
        if not FOREIGN.match(link):
            checked["links"] += 1
            problem = problem_of(link, file, root)
            if problem:
                yield link, problem
    for name, source in names(text):
        checked["names"] += 1
        if not has_name(name, file.parent / source):
            yield source, f"it has no {name}"
    for path in paths(text):
        checked["paths"] += 1
        if not any(root.glob(path)):
            yield path, "there is no such file"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    checked, broken = {"links": 0, "names": 0, "paths": 0}, 0
    files = [file for file in sorted(root.rglob("*.md"))
             if not LEFT_OUT & set(file.relative_to(root).parts)]
    for file in files:
        for reference, problem in problems(file, root, checked):
            broken += 1
            print(f"{file.relative_to(root)}: {reference}: {problem}")
    counts = ", ".join(f"{count} {what}" for what, count in checked.items())
    print(f"{len(files)} files: {counts}; {broken} broken")
    return broken > 0 or 0 in checked.values()


sys.exit(main())
