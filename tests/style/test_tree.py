#!/usr/bin/env python3
"""The source tests itself: names, sizes, walls, banned calls."""
import os
import re
import sys
import collections

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("engine", "io", "stages", "pipelines", "cli", "tests")
LINES_MAX = 600
TEST_LINES_MAX = 1000  # a test is a list of cases
COLUMNS_MAX = 120
# Whose public headers a folder may include.
SEES = {
    "engine": {"engine"},
    "io": {"io", "engine"},
    "stages": {"stages", "engine"},
    "pipelines": {"pipelines", "stages", "io", "engine"},
    "cli": {"cli", "pipelines", "stages", "io", "engine"},
}
# Where a folder below prints or ends the process, and why.
PRINTS = {
    "engine/task/panic.c": "the last word of a process that nobody can be told about",
    "engine/task/future.c": "a debug build ends what polls a moved future",
    "engine/time/timers.c": "a debug build ends what drops a timer in another thread's poll",
    "engine/blocking/crew.c": "a job that failed where no hook is told",
    "engine/blocking/pool_thread.c": "a job that failed where no hook is told",
}
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|gets|strtok|alloca|system|vsprintf)\s*\(")
PRINTING = re.compile(r"(?<![\w.>])(printf|fprintf|puts|perror|exit|abort)\s*\(")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]weir/([\w/]+\.h)[>"]', re.M)

problems = []


def sources():
    for folder in FOLDERS:
        for path, dirs, names in os.walk(os.path.join(ROOT, folder)):
            dirs[:] = [d for d in dirs if d not in ("corpus", "build")]
            for name in names:
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(path, name), ROOT)


def say(path, line, what):
    problems.append(f"{path}:{line}: {what}")


def code_only(text):
    """The text without comments and strings, lines kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


files = sorted(sources())
by_name = collections.defaultdict(list)
owner = {}
for path in files:
    by_name[os.path.basename(path)].append(path)
    parts = path.split("/")
    if "include/weir/" in path:
        owner["/".join(parts[3:])] = parts[0]

for name, paths in by_name.items():
    if len({p for p in paths if not p.startswith("tests/engine/refused/")}) > 1:
        # A public header and the private one of a folder may not share a name either.
        say(paths[0], 1, f"file names are unique in the tree: also {', '.join(paths[1:])}")

for path in files:
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    lines = text.split("\n")
    folder = path.split("/")[0]
    lines_max = TEST_LINES_MAX if folder == "tests" else LINES_MAX
    if len(lines) > lines_max:
        say(path, len(lines), f"more than {lines_max} lines: split it")
    if not text.startswith("/*"):
        say(path, 1, "a file begins with a comment that says what it is for")
    if not text.endswith("\n"):
        say(path, len(lines), "no newline at the end")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            say(path, number, f"{len(line)} columns")
        if line != line.rstrip() or "\t" in line:
            say(path, number, "a tab, or blanks at the end")
        if UNFINISHED.search(line):
            say(path, number, "unfinished")
    for number, line in enumerate(code_only(text).split("\n"), 1):
        if folder != "tests" and BANNED.search(line):
            say(path, number, f"banned: {BANNED.search(line).group(1)}")
        if folder not in ("cli", "tests") and path not in PRINTS and PRINTING.search(line):
            say(path, number, f"a library doesn't print or exit: {PRINTING.search(line).group(1)}")
    if folder in SEES:
        for header in INCLUDE.findall(text):
            if header not in owner:
                say(path, 1, f"no such header: weir/{header}")
            elif owner[header] not in SEES[folder]:
                say(path, 1, f"the wall: {folder}/ may not see weir/{header} of {owner[header]}/")
            elif folder == "stages" and owner[header] == "engine" and header != "base.h":
                say(path, 1, "the wall: stages see weir/base.h of the engine and nothing else")

print(f"{len(files)} files looked at")
if problems or not files:
    print("\n".join(problems))
    sys.exit(1)
