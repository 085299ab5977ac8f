#!/usr/bin/env python3
"""A sink that takes 1 MB a second behind a source as fast as it can be: ./dev bench slow_sink.

  bench_slow_sink.py BUILD [--seconds=N] [--mem=SIZE] [ROW...]

Each row runs for N seconds (60), and what is printed over time is the resident memory and the CPU seconds a second:
memory must stay where it is once the edges are full, and nobody may run but the sink. At the end a SIGTERM ends the
pipeline in good order. Runs on the bare interpreter.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

ROWS = {
    "bytes": 'generate kind=random | null @rate=1MB/s',
    "codec": 'generate kind=random | zstd level=1 | write "out" append @rate=1MB/s',
    "records": 'generate kind=json | lines | json | keep .ts,.status,.path | to json | write "out" append @rate=1MB/s',
}
LINES = 10  # that are printed of a row
CPU_WANTED = 0.03


def fail(text):
    sys.exit(f"bench_slow_sink: {text}")


def look(pid):
    """(resident MiB, CPU seconds so far)"""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20, (int(fields[11]) + int(fields[12])) / ticks


def watch(pid, seconds):
    """What it was like ten times, and at the beginning: (second, MiB, CPU a second since the last)."""
    rows, before, at = [], 0.0, 0.0
    for i in range(LINES + 1):
        until = seconds * i / LINES if i > 0 else min(1.0, seconds / LINES / 2)
        time.sleep(until - at)
        memory, cpu = look(pid)
        rows.append((until, memory, (cpu - before) / (until - at)))
        before, at = cpu, until
    return rows


def run(weir, name, mem, seconds):
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "said"), "w+", encoding="utf-8") as said:
        run = subprocess.Popen([weir, "run", "--mem", mem, ROWS[name]], cwd=folder, stderr=said)
        rows = watch(run.pid, seconds)
        run.send_signal(signal.SIGTERM)
        # What is in the edges still goes at the sink's rate; the second signal doesn't wait for it.
        run.send_signal(signal.SIGINT)
        code = run.wait()
        if code not in (0, 130, 143):
            said.seek(0)
            fail(f"{name}: exit {code}: {said.read()}")
    print(f"\n{name}: {ROWS[name]}  (--mem {mem})\n{'s':>8} {'RSS MiB':>9} {'CPU':>8}")
    for at, memory, cpu in rows:
        print(f"{at:8.0f} {memory:9.1f} {100 * cpu:7.2f}%")
    steady = rows[2:]
    low, high = min(row[1] for row in steady), max(row[1] for row in steady)
    cpu = sum(row[2] for row in steady) / len(steady)
    good = cpu <= CPU_WANTED and high - low <= 1 + low / 50
    print(f"{name}: from the second line on {low:.1f} to {high:.1f} MiB, CPU {100 * cpu:.2f}% of a core: "
          f"{'flat, and at rest' if good else 'NOT as it must be'}")
    sys.stdout.flush()
    return good


def main():
    weir, seconds, mem, names = os.path.abspath(os.path.join(sys.argv[1], "cli", "weir")), 60.0, "64MiB", []
    for argument in sys.argv[2:]:
        key, _, value = argument.partition("=")
        if argument in ROWS:
            names.append(argument)
        elif key == "--seconds" and value.isdigit() and int(value) > 0:
            seconds = float(value)
        elif key == "--mem" and value:
            mem = value
        else:
            fail(f"slow_sink knows --seconds=N, --mem=SIZE and the rows {', '.join(ROWS)}, not {argument}")
    results = [run(weir, name, mem, seconds) for name in names or ROWS]
    if not all(results):
        sys.exit(1)


main()
