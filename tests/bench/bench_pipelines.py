#!/usr/bin/env python3
"""Pipelines beside the tools that do the same work: ./dev bench pipelines.

  bench_pipelines.py BUILD [--runs=N] [--size=MIB] [--data=DIR] [ROW...]

Each row is one of ours and one of theirs, run in turn N times (7) after a run of each that isn't counted. What is
printed is the minimum and the median of both, CPU seconds (medians), and the ratio of the minima and of the medians:
above 1 we are faster. On a machine that does other things, too, the minima say more. --size is that of the log (256
MiB). Data is made in DIR (BUILD/bench-data, removed at the end unless given); a tmpfs keeps the disk out of it. A row
whose tool isn't installed is left out, and said so. Runs on the bare interpreter.
"""
import os
import shutil
import subprocess
import sys
import time


def fail(text):
    sys.exit(f"bench_pipelines: {text}")


def in_path(tool):
    return any(os.access(os.path.join(folder, tool), os.X_OK) for folder in os.environ.get("PATH", "").split(":"))


class Row:
    """`ours` is the text of a pipeline, `theirs` a command of a shell; both run in the folder of the data, after `before`,
    which isn't timed: without it one of the two would be timed freeing what it replaces."""

    def __init__(self, name, wanted, ours, theirs, tools, before="rm -f out"):
        self.name, self.wanted, self.theirs, self.tools, self.before = name, wanted, theirs, tools, before
        self.ours = ours if ours.startswith("weir ") else f"weir run '{ours}'"


READY = "weir run -f ../ready/{}.weir --set "
ROWS = (
    Row("copy", 0.9, 'read "log" | write "out"', "dd if=log of=out bs=1M status=none", ["dd"]),
    Row("zstd", 1.0, 'read "log" | zstd level=3 @par=2 | write "out"', "zstd -q -f -T2 -3 log -o out", ["zstd"]),
    Row("unzstd", 1.0, 'read "log.zst" | unzstd | write "out"', "zstd -q -f -d log.zst -o out", ["zstd"]),
    Row("unzstd frames", 1.6, 'read "log.frames.zst" | unzstd @par=2 | null',
        "zstd -q -f -d log.frames.zst -o /dev/null", ["zstd"]),
    Row("unzstd frames file", 1.6, 'read "log.frames.zst" | unzstd @par=2 | write "out"',
        "zstd -q -f -d log.frames.zst -o out", ["zstd"]),
    Row("gunzip", 1.0, 'read "log.gz" | gunzip | write "out"', "igzip -q -f -d log.gz -o out", ["igzip"]),
    # `weir hash` has no sandbox: the row that is measured against it has none, and the next one says what one costs.
    Row("each hash", 0.91, """weir run --sandbox=off 'files "tree" | each { read | hash xxh3 } | write "out"'""",
        "weir hash -a xxh3 -o out tree", []),
    Row("each hash, sandbox", 0.91, 'files "tree" | each { read | hash xxh3 } | write "out"',
        "weir hash -a xxh3 -o out tree", []),
    Row("ready manifest", 1.0, READY.format("manifest") + "dir=tree --set manifest=out",
        "find tree -type f -print0 | LC_ALL=C sort -z | xargs -0 -P2 -n4000 xxhsum -H2 >out 2>/dev/null", ["xxhsum"]),
    Row("ready check", 1.0, READY.format("check") + "manifest=tree.xxh128", "xxhsum -c -q tree.xxh128 >out 2>&1",
        ["xxhsum"]),
    Row("ready duplicates", 1.0, READY.format("duplicates") + "dir=tree >out", "jdupes -r -q tree >out", ["jdupes"]),
    Row("ready recompress", 1.0, READY.format("recompress") + "dir=gz",
        "find gz -name '*.gz' -print0 | xargs -0 -P2 -I@ sh -c 'gzip -dc \"$1\" | zstd -q -9 -o \"${1%.gz}.zst\" && rm \"$1\"' - @",
        ["gzip", "zstd"], before="rm -rf gz out && cp -r gz.kept gz"),
    Row("ready errors", 1.0, READY.format("errors") + "from=log.gz --set to=out",
        "gzip -dc log.gz | jq -c 'select(.status >= 500) | {ts, path, status, request_time}' | zstd -q -f -o out",
        ["gzip", "jq", "zstd"]),
    # What hash gives are digests: those are what zstd gets, a frame a file. By the stock tools that is two processes a file.
    Row("ready bench", 1.0, READY.format("bench") + "dir=tree/d1",
        "find tree/d1 -type f -print0 | xargs -0 -P2 -n1 sh -c 'xxhsum -H3 \"$0\" 2>/dev/null | zstd -q -3 >/dev/null'",
        ["xxhsum", "zstd"]),
    # The same digests in one frame for all: less work, and what somebody would write who doesn't want a frame a file.
    Row("bench, one zstd", 0.0, READY.format("bench") + "dir=tree",
        "find tree -type f -print0 | xargs -0 -P2 -n4000 xxhsum -H3 2>/dev/null | zstd -q -3 >/dev/null",
        ["xxhsum", "zstd"]),
)


def run(command, folder):
    """(wall, CPU) seconds of a shell's command and all of its children."""
    before, began = os.times(), time.monotonic()
    done = subprocess.run(["sh", "-c", command], cwd=folder, check=False)
    took, after = time.monotonic() - began, os.times()
    if done.returncode != 0:
        fail(f"exit {done.returncode}: {command}")
    return took, sum(after[2:4]) - sum(before[2:4])


def make(folder, path, command):
    if not os.path.exists(os.path.join(folder, path)):
        run(command, folder)


def make_tree(folder):
    """20,000 files of 4 KiB, every hundredth the same as its neighbour, and 64 of 1 MiB."""
    tree = os.path.join(folder, "tree")
    if os.path.isdir(tree):
        return
    for i in range(20064):
        where = os.path.join(tree, f"d{i // 200}")
        os.makedirs(where, exist_ok=True)
        size = 4096 if i < 20000 else 1 << 20
        with open(os.path.join(where, f"file{i:06}"), "wb") as file:
            file.write((i - i % 100 // 99).to_bytes(8, "little") + (b"weir" * (size // 4))[8:])


def make_data(folder, mib):
    make(folder, "log", f"weir run 'generate kind=json size={mib}MiB seed=7 | write \"log\"'")
    make(folder, "log.gz", "weir run 'read \"log\" | gzip | write \"log.gz\"'")
    make(folder, "log.zst", "weir run 'read \"log\" | zstd level=3 | write \"log.zst\"'")
    make(folder, "log.frames.zst", "weir run 'read \"log\" | zstd level=3 seekable=4MiB | write \"log.frames.zst\"'")
    make_tree(folder)
    make(folder, "tree.xxh128", "weir hash -o tree.xxh128 tree")
    make(folder, "gz.kept", "mkdir gz.kept && for i in 1 2 3 4 5 6 7 8; do head -c 8000000 log | gzip >gz.kept/$i.gz; done")


def measure(row, folder, runs):
    times = ([], [])
    for turn in range(runs + 1):
        for command, taken in zip((row.ours, row.theirs), times):
            if row.before:
                run(row.before, folder)
            took = run(command, folder)
            if turn > 0:
                taken.append(took)
    return times


def middle(values):
    return sorted(values)[len(values) // 2]


def print_row(row, times):
    walls = [[took for took, _ in taken] for taken in times]
    cpus = [middle([cpu for _, cpu in taken]) for taken in times]
    low, mid = [min(wall) for wall in walls], [middle(wall) for wall in walls]
    print(f"{row.name:<18} {row.wanted:6.2f} {low[1] / low[0]:7.2f} {mid[1] / mid[0]:7.2f}   "
          f"{low[0]:7.3f} {mid[0]:7.3f} {cpus[0]:7.3f}   {low[1]:7.3f} {mid[1]:7.3f} {cpus[1]:7.3f}")
    sys.stdout.flush()


def main():
    build, runs, mib, data, names = os.path.abspath(sys.argv[1]), 7, 256, None, []
    known = [row.name for row in ROWS]
    for argument in sys.argv[2:]:
        key, _, value = argument.partition("=")
        if argument in known:
            names.append(argument)
        elif key == "--runs" and value.isdigit() and int(value) > 0:
            runs = int(value)
        elif key == "--size" and value.isdigit() and int(value) > 0:
            mib = int(value)
        elif key == "--data" and value:
            data = os.path.abspath(value)
        else:
            fail(f"pipelines knows --runs=N, --size=MIB, --data=DIR and the rows {', '.join(known)}, not {argument}")
    os.environ["PATH"] = os.path.join(build, "cli") + ":" + os.environ["PATH"]
    scratch = data or os.path.join(build, "bench-data")
    folder = os.path.join(scratch, "data")
    os.makedirs(folder, exist_ok=True)
    shutil.copytree("pipelines/ready", os.path.join(scratch, "ready"), dirs_exist_ok=True)
    try:
        make_data(folder, mib)
        print(f"{'':<18} wanted ratio: min  median    ours: min median    cpu  theirs: min median    cpu  (s)")
        for row in ROWS:
            missing = [tool for tool in row.tools if not in_path(tool)]
            if names and row.name not in names:
                continue
            if missing:
                print(f"{row.name:<18} left out: {missing[0]} is not installed")
                continue
            print_row(row, measure(row, folder, runs))
    finally:
        if data is None:
            shutil.rmtree(scratch)


main()
