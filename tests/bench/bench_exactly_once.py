#!/usr/bin/env python3
"""Numbered lines through rotations into weir that is killed again and again: ./dev bench exactly_once.

  bench_exactly_once.py BUILD [--seconds=N] [--rate=MB] [--io=HOW] [rename] [copytruncate]

A generator appends lines at 200 MB/s for two minutes, and rotates the file every half second's worth; weir follows
it into a file, and gets a SIGKILL every 2 to 5 s. Then the file must have each line once. The generator writes nothing
between copy and truncate, so that copytruncate itself loses nothing. Needs room for all that is written, and a tenth
more. Runs on the bare interpreter.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TAIL = b" some words of a line of a log, as long as they are\n"
LINE = 12 + len(TAIL)
LOW = 10**6  # lines whose first six digits are the same
KEPT = 30  # rotated files, at least
BACK = 10**9  # bytes that a kill costs at most
FOLLOW = 'tail "log" start=checkpoint | to raw | write "got"'
STUCK_S = 60  # the last run isn't waited for longer while nothing comes


def fail(text):
    sys.exit(f"bench_exactly_once: {text}")


class Lines:
    """Numbered lines, by joining what doesn't change: at the speed of memory."""

    def __init__(self):
        self.lows = [b"%06d" % i + TAIL for i in range(LOW)]

    def some(self, first, count):
        """`count` lines, which share their first six digits."""
        high = b"%06d" % (first // LOW)
        return high + high.join(self.lows[first % LOW : first % LOW + count])


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def rotate(mode, log, ends):
    """The oldest go, but none that weir, cut back to its last checkpoint, may still have to read."""
    for number in range(len(ends) - 1, 0, -1):
        os.rename(f"log.{number}", f"log.{number + 1}")
    if mode == "copytruncate":
        shutil.copyfile("log", "log.1")
        os.truncate("log", 0)
    else:
        os.rename("log", "log.1")
        log.close()
        log = open("log", "ab", buffering=0)
    while len(ends) > KEPT and size_of("got") >= ends[0] + BACK:
        os.unlink(f"log.{len(ends)}")
        ends.pop(0)
    return log


def generate(mode, seconds, rate):
    """In a process of its own; `done` has the number of lines and of rotations."""
    lines, size, made, rotations, ends = Lines(), 0, 0, 0, []  # ends: of what is in log.N, the oldest first
    log = open("log", "ab", buffering=0)
    open("ready", "w").close()
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        log.write(lines.some(made, 4000))
        made += 4000
        size += 4000 * LINE
        if size >= max(2e6, rate / 2):
            ends.append(made * LINE)
            log, size, rotations = rotate(mode, log, ends), 0, rotations + 1
        ahead = made * LINE / rate - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    with open("done.new", "w", encoding="ascii") as done:
        done.write(f"{made} {rotations}")
    os.rename("done.new", "done")


def follow(weir, io, said):
    return subprocess.Popen([weir, "run", f"--io={io}", "--state", "state", FOLLOW], stderr=said)


def kill_until_done(weir, io, said, pauses):
    """How often it was killed."""
    kills = 0
    while not os.path.exists("done"):
        run = follow(weir, io, said)
        until = time.monotonic() + pauses.uniform(2, 5)
        while time.monotonic() < until and not os.path.exists("done"):
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
        run.wait()
        kills += 1
    return kills


def finish(weir, io, said, wanted):
    run = follow(weir, io, said)
    before, since = -1, time.monotonic()
    while size_of("got") < wanted and time.monotonic() - since < STUCK_S:
        time.sleep(0.1)
        if size_of("got") != before:
            before, since = size_of("got"), time.monotonic()
    run.send_signal(signal.SIGTERM)  # which may come before it listens, if all was there
    return run.wait()


def compare(made):
    """(missing, twice, odd, in order)"""
    lines, is_same = Lines(), size_of("got") == made * LINE
    with open("got", "rb") as got:
        for first in range(0, made, LOW):
            count = min(LOW, made - first)
            is_same = is_same and got.read(count * LINE) == lines.some(first, count)
    if is_same:
        return 0, 0, 0, True
    seen, twice, odd = bytearray(made), 0, 0
    with open("got", "rb") as got:
        for line in got:
            if len(line) != LINE or line[12:] != TAIL or not line[:12].isdigit() or int(line[:12]) >= made:
                odd += 1
                continue
            twice += seen[int(line[:12])]
            seen[int(line[:12])] = 1
    return made - sum(seen), twice, odd, False


def run(weir, mode, seconds, rate, io):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if shutil.disk_usage(folder).free < 1.1 * seconds * rate + KEPT * rate / 2:
            fail(f"{folder} has no room for {seconds * rate / 1e9:.0f} GB")
        generator = subprocess.Popen([sys.executable, __file__, "--generate", mode, str(seconds), str(rate)])
        while not os.path.exists("ready"):
            time.sleep(0.01)
        began = time.monotonic()
        with open("said", "w+", encoding="utf-8") as said:
            kills = kill_until_done(weir, io, said, random.Random(1))
            took = time.monotonic() - began
            generator.wait()
            with open("done", encoding="ascii") as done:
                made, rotations = (int(word) for word in done.read().split())
            code = finish(weir, io, said, made * LINE)
            missing, twice, odd, in_order = compare(made)
            print(f"{mode}: {made:,} lines, {made * LINE / took / 1e6:.0f} MB/s, {rotations} rotations, "
                  f"killed {kills} times: {missing} missing, {twice} twice, {odd} odd"
                  f"{', in order' if in_order else ''}; the last run's exit code {code}", flush=True)
            said.seek(0)
            if missing or twice or odd:
                print(said.read()[-4000:], file=sys.stderr)
        os.chdir("/")
        return missing == 0 and twice == 0 and odd == 0


def main(argv):
    if argv[1:2] == ["--generate"]:
        return generate(argv[2], float(argv[3]), float(argv[4]))
    options = {"seconds": "120", "rate": "200", "io": "auto"}
    modes = []
    for word in argv[2:]:
        name, sign, value = word.removeprefix("--").partition("=")
        if word in ("rename", "copytruncate"):
            modes.append(word)
        elif word.startswith("--") and sign and name in options:
            options[name] = value
        else:
            fail(f"{word}: see the head of this file")
    weir = os.path.abspath(os.path.join(argv[1], "cli", "weir"))
    good = [run(weir, mode, float(options["seconds"]), float(options["rate"]) * 1e6, options["io"])
            for mode in modes or ("rename", "copytruncate")]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
