#!/usr/bin/env python3
"""Mixed pipelines for long, killed at random: ./dev soak [SECONDS].

  soak.py --weir WEIR [--seconds N] [--seed N]

Side by side: a log that is rotated while one weir follows it undisturbed and another one is killed (-9), stopped by
SIGTERM, held by SIGSTOP; files into files with a state; recompression; a manifest with a cache and a journal. Whoever
is killed is started again. In the end nothing is missing and nothing there twice, and what wasn't killed holds as much
memory and as many descriptors as it did after a while.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from scenarios import Hash, Run, Unwhole, must, put, read

PATIENCE = 200  # seconds, for what ends in one
LINE = b"%010d some words of a line of a log, as long as they are\n"


class Worker(threading.Thread):
    """One pipeline over and over. What goes wrong is in `error`."""

    def __init__(self, name, weir, folder, seed, until):
        super().__init__(daemon=True)
        self.title, self.weir, self.until = name, weir, until
        self.folder = os.path.join(folder, name.replace(" ", "-"))
        os.makedirs(self.folder, exist_ok=True)
        self.chance = random.Random(f"{seed} {name}")
        self.error, self.kills, self.stops, self.rounds = None, 0, 0, 0

    def run(self):
        try:
            self.work()
        except (Unwhole, OSError, subprocess.SubprocessError) as error:
            self.error = f"{type(error).__name__}: {error}"

    def is_over(self):
        return time.monotonic() >= self.until

    def start(self_, *command):  # pylint: disable=arguments-differ ; Thread.start() has none
        if not command:
            return super().start()
        # pylint: disable=consider-using-with ; it is killed
        return subprocess.Popen([self_.weir, *command], cwd=self_.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def disturb(self, child, longest):
        """A moment later something happens to it; it may have ended before. Its exit code, or None: it was killed."""
        wait = self.chance.random() * longest
        try:
            return self.ended(child, child.wait(timeout=wait))
        except subprocess.TimeoutExpired:
            pass
        for _ in range(self.chance.randint(0, 2)):
            child.send_signal(signal.SIGSTOP)
            time.sleep(self.chance.random() * 0.05)
            child.send_signal(signal.SIGCONT)
            self.stops += 1
        number = self.chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
        child.send_signal(number)
        self.kills += 1
        said = child.communicate(timeout=PATIENCE)[1].decode(errors="replace")
        must(child.returncode in (0, -number, 128 + number), f"exit {child.returncode} after {number}: {said}")
        return None

    def ended(self, child, code):
        said = child.communicate()[1].decode(errors="replace")
        must(code == 0, f"exit {code}: {said}")
        return code


class Rounds(Worker):
    """A scenario of the fault sweep, killed until it comes to its end, and then anew."""

    def __init__(self, make, longest, name, *rest):
        super().__init__(name, *rest)
        self.longest = longest
        self.scenario = make(name, self.folder, self.weir)

    def work(self):
        while not self.is_over():
            self.scenario.begin()
            self.folder = self.scenario.folder
            for _ in range(self.chance.randint(0, 4)):
                code = self.disturb(self.start(*self.scenario.command("auto")), self.longest)
                self.scenario.check(code == 0, "")
                if code == 0:
                    break
            else:
                child = self.start(*self.scenario.command("auto"))
                self.ended(child, child.wait(timeout=PATIENCE))
            self.scenario.check(True, "")
            self.rounds += 1


class Log(threading.Thread):
    """Writes numbered lines, and rotates by both ways: `log` by rename, `copied` by copy and truncate."""

    KEEPS = 40  # who is killed again and again before it is under way, on a slow machine, must not lose them

    def __init__(self, folder, until, seed):
        super().__init__(daemon=True)
        self.path, self.until, self.lines, self.rotations = os.path.join(folder, "log"), until, 1, 0
        self.chance = random.Random(f"{seed} log")
        put(self.path, LINE % 0)

    def rotate(self):
        self.rotations += 1
        for i in range(self.KEEPS - 1, 0, -1):
            if os.path.exists(f"{self.path}.{i}"):
                os.rename(f"{self.path}.{i}", f"{self.path}.{i + 1}")
        if self.chance.random() < 0.5:
            os.rename(self.path, f"{self.path}.1")
            put(self.path, b"")
        else:
            shutil.copyfile(self.path, f"{self.path}.1")
            os.truncate(self.path, 0)

    def run(self):
        size = 0
        while time.monotonic() < self.until:
            block = b"".join(LINE % i for i in range(self.lines, self.lines + self.chance.randint(1, 400)))
            with open(self.path, "ab") as file:
                file.write(block)
            self.lines += len(block) // len(LINE % 0)
            size += len(block)
            if size > 400000:
                self.rotate()
                size = 0
            time.sleep(0.01)


def check_lines(path, lines):
    seen = bytearray(lines)
    with open(path, "rb") as file:
        for line in file:
            number = int(line[:10])
            must(line == LINE % number, f"a line that is none: {line!r}")
            must(not seen[number], f"line {number} is there twice")
            seen[number] = 1
    must(sum(seen) == lines, f"{lines - sum(seen)} of {lines} lines are missing, the first is {seen.find(0)}")


class Follower(Worker):
    def __init__(self, log, kills, *rest):
        super().__init__(*rest)
        self.log, self.is_killed, self.looks = log, kills, []

    def follow(self):
        pipeline = f'tail "{self.log.path}" start=checkpoint | to raw | write "got"'
        return self.start("run", "--state", "st", "--checkpoint", "20", pipeline)

    def look(self, child):
        with open(f"/proc/{child.pid}/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        self.looks.append((pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(os.listdir(f"/proc/{child.pid}/fd"))))

    def catch_up(self, child):
        """It has all that is written, or its patience is over; then it is stopped. The file that it wrote."""
        got, wanted, patience = os.path.join(self.folder, "got"), self.log.lines * len(LINE % 0), time.monotonic() + PATIENCE
        while (os.path.getsize(got) if os.path.exists(got) else 0) < wanted and time.monotonic() < patience:
            must(child.poll() is None, f"it has ended: {child.returncode}")
            time.sleep(0.02)
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=PATIENCE)[1].decode(errors="replace")
        must(child.returncode in (0, -signal.SIGTERM), f"exit {child.returncode}: {said}")  # it may hardly have begun
        return got

    def know(self):
        """What is rotated away before a state knows of the log nobody asked for: that comes before it grows."""
        self.catch_up(self.follow())

    def work(self):
        while self.is_killed and not self.is_over():
            self.disturb(self.follow(), 3)
            self.rounds += 1
        child = self.follow()
        while not self.is_over():
            must(child.poll() is None, f"it has ended: {child.returncode}")
            self.look(child)
            time.sleep(0.25)
        self.log.join()
        check_lines(self.catch_up(child), self.log.lines)
        if not self.is_killed:
            self.check_flat()

    def check_flat(self):
        """From a quarter of the time on; before the log has been rotated often enough nobody can say."""
        later = self.looks[len(self.looks) // 4:]
        if self.log.rotations < 4 * self.log.KEEPS:
            return
        memory, fds = [look[0] for look in later], [look[1] for look in later]
        half = len(later) // 2
        must(max(memory[half:]) <= max(memory[:half]) * 1.1 + 4, f"memory grows: {memory[::max(1, half // 8)]} MiB")
        must(max(fds[half:]) <= max(fds[:half]) + 4, f"descriptors grow: {fds[::max(1, half // 8)]}")

    def words(self):
        if not self.looks:
            return ""
        later = self.looks[len(self.looks) // 4:]
        return (f"; {min(look[0] for look in later):.1f} to {max(look[0] for look in later):.1f} MiB, "
                f"{min(look[1] for look in later)} to {max(look[1] for look in later)} descriptors")


def make_hash(name, folder, weir):
    return Hash(name, folder, weir, ["--cache", "out/c"], ("c",))


def make_resume(name, folder, weir):
    return Hash(name, folder, weir, ["--resume"], ())


def make_state(name, folder, weir):
    return Run(name, folder, weir, 'read "in" @rate=2MB/s | lines | tee { where .line =~ /7"}$/ | to raw | write '
               '"out/sevens" } | json | where .n > 100 | to json | write "out/rest"', ["sevens", "rest"], state=True)


def make_each(name, folder, weir):
    return Run(name, folder, weir, 'files "logs" match="**/*.gz" | each { read | gunzip | zstd level=1 | write '
               '"out/{.stem}" atomic verify } @par=2', ["0", "1", "2"])


def main():
    parser = argparse.ArgumentParser(prog="soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weir", required=True)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell lets what runs behind it ignore
    print(f"seed {options.seed}, {options.seconds:.0f} s", flush=True)
    weir, until = os.path.abspath(options.weir), time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory(prefix="weir-soak-") as folder:
        rest = (weir, folder, options.seed, until)
        log = Log(folder, until, options.seed)
        workers = [Follower(log, False, "followed undisturbed", *rest), Follower(log, True, "followed and killed", *rest),
                   Rounds(make_state, 0.8, "files with a state", *rest), Rounds(make_each, 0.2, "recompression", *rest),
                   Rounds(make_hash, 0.1, "manifest with a cache", *rest),
                   Rounds(make_resume, 0.1, "manifest that is resumed", *rest)]
        for follower in workers[:2]:
            follower.know()
        log.start()
        for worker in workers:
            worker.start()
        failed = 0
        for worker in workers:
            worker.join()
            words = worker.words() if isinstance(worker, Follower) else ""
            print(f"{worker.title}: {worker.rounds} rounds, {worker.kills} times ended, {worker.stops} times stopped{words}")
            if worker.error is not None:
                failed += 1
                print(f"FAILED: {worker.title}: {worker.error}")
        print(f"{log.lines:,} lines in {log.rotations} rotations; {failed} failed")
    sys.exit(1 if failed > 0 else 0)


main()
