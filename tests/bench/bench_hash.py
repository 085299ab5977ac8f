#!/usr/bin/env python3
"""The hash job, each way of reading beside the others and beside the tools that are installed: ./dev bench hash.

  bench_hash.py BUILD [--full] [--cold] [--runs=N] [--data=DIR] [small|mid|big|dups...]

  small  20,000 files of 4 KiB (--full: 100,000)     mid  256 files of 1 MiB (--full: 2,000)
  dups   as small, and each twentieth is a copy of another: --duplicates, --cache, --audit beside jdupes, rmlint, hashdeep
  big    one file of 1 GiB (--full: 4 GiB)           --data=DIR  make it there, and leave it there for the next time

Runs take turns: each row once, then all again. --cold drops the page cache before each (as root). What is printed also
goes to BUILD/bench_hash.json. Runs on the bare interpreter.
"""
import os
import subprocess
import sys
import time

SETS = {"small": (4096, 20000, 100000, 100), "mid": (1 << 20, 256, 2000, 100), "big": (1 << 30, 1, 1, 1),
        "dups": (4096, 20000, 100000, 100)}
# What the others of its kind are compared with.
BASES = ("xxh3", "sha256", "--cache, first", "--duplicates", "--audit, md5")


def fail(text):
    sys.exit(f"bench_hash: {text}")


def random_bytes(count):
    """os.urandom() of a GiB is slow, and no tool here looks for repetitions."""
    block = os.urandom(min(count, 1 << 20))
    return block * (count // len(block))


def make_set(root, name, full):
    size, few, many, per_folder = SETS[name]
    if name == "big" and full:
        size *= 4
    count = many if full else few
    target = os.path.join(root, f"{name}-{count}-{size}")
    if os.path.isdir(target):
        return target
    print(f"bench_hash: making {count} x {size} bytes", file=sys.stderr)
    partial = target + ".partial"
    for i in range(count):
        folder = os.path.join(partial, f"d{i // per_folder // 10}", f"e{i // per_folder % 10}")
        if i % per_folder == 0:
            os.makedirs(folder, exist_ok=True)
        is_copy = name == "dups" and i % 20 == 10
        with open(os.path.join(folder, f"file{i:06}"), "wb") as file:
            if is_copy:
                with open(previous, "rb") as other:
                    file.write(other.read())
            for at in range(0, 0 if is_copy else size, 1 << 26):
                file.write(i.to_bytes(8, "little") + random_bytes(min(size - at, 1 << 26))[8:])
        if not is_copy:
            previous = file.name
    os.rename(partial, target)
    return target


def remove(path):
    for folder, folders, files in os.walk(path, topdown=False):
        for name in files:
            os.unlink(os.path.join(folder, name))
        for name in folders:
            os.rmdir(os.path.join(folder, name))
    os.rmdir(path)


def in_path(tool):
    return any(os.access(os.path.join(folder, tool), os.X_OK) for folder in os.environ.get("PATH", "").split(":"))


def rows_of(weir, name, target):
    """(what, command): the first of each algorithm is what the others are compared with."""
    rows = [("xxh3", [weir, "hash", "-a", "xxh3", target]),
            ("xxh3 --io=epoll", [weir, "hash", "-a", "xxh3", "--io=epoll", target]),
            ("xxh3 -j1", [weir, "hash", "-a", "xxh3", "-j1", target])]
    if name != "big":
        rows.append(("xxh3 --offload=always", [weir, "hash", "-a", "xxh3", "--offload=always", target]))
    batches = f"find '{target}' -type f -print0 | xargs -0 -P{os.cpu_count()} -n4000"
    if in_path("xxhsum"):
        rows.append(("xxhsum", ["sh", "-c", f"{batches} xxhsum -H3 2>/dev/null"]))
    rows.append(("sha256", [weir, "hash", "-a", "sha256", target]))
    if in_path("sha256sum"):
        rows.append(("sha256sum", ["sh", "-c", f"{batches} sha256sum"]))
    return rows


def dups_rows(weir, target, scratch):
    cache, manifest, known, lint = (os.path.join(scratch, f"bench.{name}") for name in ("cache", "md5", "hashdeep", "lint"))
    rows = [("--cache, first", ["sh", "-c", f"rm -f '{cache}'; exec '{weir}' hash --cache '{cache}' '{target}'"]),
            ("--cache, again", [weir, "hash", "--cache", cache, target]),
            ("no cache", [weir, "hash", target]),
            ("--duplicates", [weir, "hash", "--duplicates", "--quiet", target])]
    if in_path("jdupes"):
        rows.append(("jdupes", ["jdupes", "-r", "-q", target]))
    if in_path("rmlint"):
        rows.append(("rmlint", ["rmlint", "-o", f"fdupes:{lint}", "-T", "df", "-r", target]))
    with open(manifest, "wb") as file:
        subprocess.run([weir, "hash", "-a", "md5", target], stdout=file, check=True)
    rows.append(("--audit, md5", [weir, "hash", "--audit", manifest, target]))
    if in_path("hashdeep"):
        with open(known, "wb") as file:
            subprocess.run(["hashdeep", "-r", "-l", "-c", "md5", target], stdout=file, check=True)
        rows.append(("hashdeep -a", ["hashdeep", "-r", "-l", "-c", "md5", "-a", "-k", known, target]))
    return rows


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3\n")


def run_once(command, cold):
    if cold:
        drop_caches()
    began = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    took = time.monotonic() - began
    if done.returncode != 0:
        fail(f"exit {done.returncode}: {' '.join(command)}")
    return took


def measure(rows, runs, cold):
    times = [[] for _ in rows]
    for turn in range(runs if cold else runs + 1):
        for (_, command), taken in zip(rows, times):
            took = run_once(command, cold)
            if cold or turn > 0:
                taken.append(took)
    return [sorted(taken) for taken in times]


def print_rows(title, rows, times):
    print(f"\n{title:<24} {'min':>8} {'median':>8} {'max':>8} s   against weir")
    results = []
    for (what, _), taken in zip(rows, times):
        median = taken[len(taken) // 2]
        if what in BASES:
            ours = median
        print(f"{what:<24} {taken[0]:8.3f} {median:8.3f} {taken[-1]:8.3f}     {median / ours:6.2f} x")
        results.append((what, taken[0], median, taken[-1]))
    return results


def save(path, tables):
    """No json on the bare interpreter; our names need no escapes."""
    lines = [f'  {{"set": "{title}", "what": "{what}", "min": {low:.6f}, "median": {median:.6f}, "max": {high:.6f}}}'
             for title, rows in tables for what, low, median, high in rows]
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"\nall figures: {path}")


def main():
    build, names, full, cold, runs, data = sys.argv[1], [], False, False, 5, None
    for argument in sys.argv[2:]:
        key, _, value = argument.partition("=")
        if argument in SETS:
            names.append(argument)
        elif argument == "--full":
            full = True
        elif argument == "--cold":
            cold = True
        elif key == "--runs" and value.isdigit() and int(value) > 0:
            runs = int(value)
        elif key == "--data" and value:
            data = value
        else:
            fail(f"hash knows --full, --cold, --runs=N, --data=DIR and {', '.join(SETS)}, not {argument}")
    if cold and not os.access("/proc/sys/vm/drop_caches", os.W_OK):
        fail("--cold drops the page cache, which takes root")
    weir = os.path.join(build, "cli", "weir")
    scratch = data or os.path.join(build, "bench-data")
    os.makedirs(scratch, exist_ok=True)
    tables = []
    try:
        for name in names or SETS:
            target = make_set(scratch, name, full)
            rows = dups_rows(weir, target, scratch) if name == "dups" else rows_of(weir, name, target)
            title = name + (" cold" if cold else "")
            tables.append((title, print_rows(title, rows, measure(rows, runs, cold))))
            sys.stdout.flush()
    finally:
        if data is None:
            remove(scratch)
    save(os.path.join(build, "bench_hash.json"), tables)


main()
