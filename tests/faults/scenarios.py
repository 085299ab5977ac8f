"""What is run while something fails, and what must hold of what it leaves."""
import hashlib
import os
import shutil
import signal
import subprocess
import time
import zlib


# Leaks are for the tests of the parts; a sanitizer looks for them by ptrace(2), which a sandbox forbids.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


class Unwhole(Exception):
    """Something lost, doubled, half-written, or left behind."""


def must(holds, text):
    if not holds:
        raise Unwhole(text)


def gzipped(data):
    packer = zlib.compressobj(1, wbits=31)
    return packer.compress(data) + packer.flush()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


class Scenario:
    """`inputs` are made once, in the folder; `out` is new for each run."""

    command_name = "run"
    kept = ()  # names in out/ that stay for the run after
    never = ()  # errnos that would be lies

    def __init__(self, name, folder):
        self.name = name
        self.folder = os.path.join(folder, name.replace(" ", "-"))
        self.out = os.path.join(self.folder, "out")
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder)
            self.make_inputs()

    def begin(self):
        shutil.rmtree(self.out, ignore_errors=True)
        os.mkdir(self.out)

    def wait(self, child, seconds):
        return child.wait(timeout=seconds)

    def has_ended(self):
        """It has come to its end, and a run after it would be another one: what has come since."""
        return False

    # A kill between the link of a file without a name and its rename leaves a passing name: with a state the next run
    # removes it, of others nobody knows whose it is.
    removes_strays = True
    strays = frozenset()

    def check_left(self, done, *names):
        left = set(os.listdir(self.out)) - set(names) - set(self.kept) - self.strays
        if not done:
            passing = {name for name in left if ".weir-" in name}
            left -= passing
            if not self.removes_strays:
                self.strays |= passing
        must(not left, f"left in out/: {' '.join(sorted(left))}")


# --- weir hash -------------------------------------------------------------------------------------------------------


class Hash(Scenario):
    command_name = "hash"
    removes_strays = False

    def __init__(self, name, folder, weir, options, kept):
        self.weir, self.options, self.kept = weir, options, kept
        super().__init__(name, folder)
        done = subprocess.run([weir, "hash", *[o for o in options if o.startswith("--tree")], "tree"], cwd=self.folder,
                              capture_output=True, check=True)
        self.wanted = done.stdout.splitlines()

    def make_inputs(self):
        for i in range(24):
            os.makedirs(f"{self.folder}/tree/{i % 5}/{i % 2}", exist_ok=True)
            put(f"{self.folder}/tree/{i % 5}/{i % 2}/file{i:02}", b"%d " % i * (i * i * 50))
        put(f"{self.folder}/tree/large", bytes(range(251)) * 21000)

    def command(self, io):
        return ["hash", f"--io={io}", "-j2", *self.options, "-o", "out/m", "tree"]

    def check(self, done, said):
        self.check_left(done, "m", *([] if done and "m.weir-journal" not in said else ["m.weir-journal"]))
        path = os.path.join(self.out, "m")
        if not os.path.exists(path):
            must(not done, "exit 0, and no manifest")
            return
        got = read(path)
        lines = got.splitlines()
        must(not got or got.endswith(b"\n"), "half a line in the manifest")
        must(len(set(lines)) == len(lines), "a line twice in the manifest")
        if done:
            must(lines == self.wanted, f"exit 0, and another manifest: {len(lines)} lines of {len(self.wanted)}")
        trees = any(option.startswith("--tree") for option in self.options)
        for line in lines:
            must(line in self.wanted or (trees and not line.split(b"  ")[-1].startswith(b"tree/")) or trees,
                 f"a wrong line: {line!r}")
        for line in self.wanted:
            name = line.split(b"  ")[-1].decode()
            if line not in lines and not trees:
                must(any(part in said for part in (name, *above(name))), f"{name} is missing, and nobody said why: {said}")


def above(name):
    while "/" in name:
        name = name.rsplit("/", 1)[0]
        yield f"{name}: "


# --- weir run --------------------------------------------------------------------------------------------------------


class Run(Scenario):
    """`outputs`: names in out/ of files that are whole or not there; with a state they may be beginnings."""

    def __init__(self, name, folder, weir, pipeline, outputs, state=False):
        self.weir, self.pipeline, self.outputs, self.state = weir, pipeline, outputs, state
        self.kept, self.removes_strays = ("st",) if state else (), state
        super().__init__(name, folder)
        self.begin()
        subprocess.run([weir, *self.command("epoll")], cwd=self.folder, stderr=subprocess.PIPE, check=True)
        self.wanted = {output: read(f"{self.out}/{output}") for output in outputs}

    def make_inputs(self):
        lines = b"".join(b'{"n": %d, "k": "%s", "s": "some words of line %d"}\n' % (i, b"abcdefg"[i % 7:i % 7 + 1], i * 7)
                         for i in range(4000))
        put(f"{self.folder}/in", lines)
        os.mkdir(f"{self.folder}/logs")
        for i in range(3):
            put(f"{self.folder}/logs/{i}.gz", gzipped(lines[i * 1000:]))
        put(f"{self.folder}/in.gz", gzipped(lines))
        names = ("in", "logs/0.gz", "logs/1.gz", "logs/2.gz")
        digests = [hashlib.sha256(read(f"{self.folder}/{name}")).hexdigest() for name in names]
        put(f"{self.folder}/sums", "".join(f"{digest}  {name}\n" for digest, name in zip(digests, names)).encode())

    def command(self, io):
        state = ["--state", "out/st", "--checkpoint", "5"] if self.state else []
        return ["run", f"--io={io}", *state, self.pipeline]

    def check(self, done, _said):
        self.check_left(done, *self.outputs)
        for output in self.outputs:
            path = os.path.join(self.out, output)
            if not os.path.exists(path):
                must(not done, f"exit 0, and no {output}")
                continue
            got, wanted = read(path), self.wanted[output]
            if done or not self.state:
                must(got == wanted, f"{output}: {len(got)} bytes that aren't the {len(wanted)} wanted")
            else:
                must(wanted.startswith(got), f"{output}: {len(got)} bytes that are no beginning of what is wanted")


# --- weir run with tail ----------------------------------------------------------------------------------------------


class Tail(Scenario):
    """A log of which half was read before, up to a checkpoint. It is rotated before the run, or while it is followed;
    the pipeline ends by itself with the last line."""

    command_name = "tail"
    kept = ("st", "log", "log.1", "got")
    # The kernel says so of what isn't there, or not to be seen, or a link, and tells when that changes.
    never = ("ENOENT", "EACCES", "ELOOP")
    BEFORE, THEN, LAST = 200, 100, 100

    def __init__(self, name, folder, weir, stages, copies):
        self.weir, self.stages, self.copies, self.rotated, self.told = weir, stages, copies, False, False
        count = self.BEFORE + self.THEN + self.LAST
        self.lines = [b"%06d some words of a line of a log\n" % i for i in range(count)]
        self.head = count
        super().__init__(name, folder)

    def lines_of(self, first, end):
        return b"".join(self.lines[first:end])

    def make_inputs(self):
        os.mkdir(self.out)
        put(f"{self.out}/log", self.lines_of(0, self.BEFORE))
        child = subprocess.Popen([self.weir, *self.command("epoll")], cwd=self.folder, stderr=subprocess.PIPE)
        if not self.await_lines(child, self.BEFORE, time.monotonic() + 60):
            raise SystemExit(f"faults: {self.name} doesn't even begin: {child.communicate()[1]}")
        child.send_signal(signal.SIGTERM)
        child.communicate()
        shutil.copytree(f"{self.out}/st", f"{self.folder}/st")
        shutil.copyfile(f"{self.out}/got", f"{self.folder}/got")

    def begin(self):
        """The log stays the file it was, which is what the checkpoint knows it by."""
        log = f"{self.out}/log"
        if os.path.exists(f"{log}.1"):
            if self.copies:
                os.unlink(f"{log}.1")
            else:
                os.rename(f"{log}.1", log)
        shutil.rmtree(f"{self.out}/st", ignore_errors=True)
        shutil.copytree(f"{self.folder}/st", f"{self.out}/st")
        shutil.copyfile(f"{self.folder}/got", f"{self.out}/got")
        with open(log, "r+b") as file:
            file.truncate(0)
            file.write(self.lines_of(0, self.BEFORE + self.THEN))
        self.rotated = self.told = False
        if self.copies:
            self.rotate()

    def command(self, io):
        pipeline = f'tail "out/log" start=checkpoint | {self.stages} head {self.head} | to raw | write "out/got"'
        return ["run", f"--io={io}", "--state", "out/st", "--checkpoint", "5", pipeline]

    def rotate(self):
        self.rotated = True
        log, last = f"{self.out}/log", self.lines_of(self.BEFORE + self.THEN, self.head)
        if self.copies:
            shutil.copyfile(log, f"{log}.1")
            os.truncate(log, 0)
            with open(log, "ab") as file:
                file.write(last)
        else:
            os.rename(log, f"{log}.1")
            put(log, last)

    def await_lines(self, child, count, until):
        """False: it has ended before."""
        got = f"{self.out}/got"
        while not os.path.exists(got) or os.path.getsize(got) < len(self.lines[0]) * count:
            if child.poll() is not None:
                return False
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("weir", 0)
            time.sleep(0.002)
        return True

    def wait(self, child, seconds):
        until = time.monotonic() + seconds
        if not self.rotated and self.await_lines(child, self.BEFORE + self.THEN, until):
            self.rotate()
        return child.wait(timeout=max(1, until - time.monotonic()))

    def has_ended(self):
        done = subprocess.run([self.weir, "state", "ls", "--json", "out/st"], cwd=self.folder, capture_output=True, check=False)
        return b'"ended":true' in done.stdout

    def check(self, done, said):
        self.check_left(done)
        got = read(f"{self.out}/got") if os.path.exists(f"{self.out}/got") else b""
        wanted = self.lines_of(0, self.head)
        self.told |= bool(said.strip())  # what can't be seen for a while comes behind what lies in the other file
        if self.told:
            got, wanted = b"".join(sorted(got.splitlines(True))), b"".join(sorted(wanted.splitlines(True)))
        if done:
            must(got == wanted, f"{len(got)} bytes that aren't the {len(wanted)} wanted")
        must(self.told or wanted.startswith(got), f"{len(got)} bytes that are no beginning of what is wanted")


def make(folder, weir):
    return [
        Hash("hash", folder, weir, [], ()),
        Hash("hash cache", folder, weir, ["--cache", "out/c"], ("c",)),
        Hash("hash resume", folder, weir, ["--resume"], ()),
        Hash("hash tree", folder, weir, ["--tree=all"], ()),
        Run("run codecs", folder, weir, 'read "in.gz" | gunzip | lines | json | where .n % 3 == 0 | keep .n,.s '
            '| to json | zstd level=1 | write "out/o.zst" atomic', ["o.zst"]),
        Run("run sort", folder, weir, 'read "in" | lines | json | tee { count by .k | sort .k | to csv | write '
            '"out/count" atomic } | sort .s | dedupe .n | to json | write "out/sorted" atomic', ["count", "sorted"]),
        Run("run each", folder, weir, 'files "logs" match="**/*.gz" | each { read | gunzip | zstd level=1 | write '
            '"out/{.stem}" atomic verify } @par=2', ["0", "1", "2"]),
        Run("run check", folder, weir, 'manifest "sums" | check @par=2 | each { read | write "out/{.name}" atomic } '
            '| fail-if .state != "ok"', ["in", "0.gz", "1.gz", "2.gz"]),
        Run("run state", folder, weir, 'read "in" | lines | tee { where .line =~ /7"}$/ | to raw | write "out/sevens" } '
            '| json | where .n > 100 | to json | write "out/rest"', ["sevens", "rest"], state=True),
        Tail("tail rename", folder, weir, "", False),
        Tail("tail copytruncate", folder, weir, "where .line =~ /words/ |", True),
    ]


__all__ = ["Unwhole", "make", "signal"]
