#!/usr/bin/env python3
"""Runs the examples of the documentation: examples.py [--update] WEIR PAGE.md...

In a ```console block a line that begins with "$ " is a command, lines that begin with "> " go on with it, and what
follows is all that it prints, standard error included; a line "..." stands for any number of lines. A ```sh block is a
script that must succeed. Before a block may stand a comment of its own line:

    <!-- file: NAME -->         the block is no example but the content of NAME; of a ```weir block it is checked, and
                                its tests are run
    <!-- not run: REASON -->    it isn't run, and that is told

In a table whose head names weir last, what stands in that column as code and begins with a stage, a field or a call is
checked: it must be a piece of some pipeline.

All blocks of a page run in one directory, which begins as a copy of docs/sample, with .gz beside the logs and with pipelines/; `weir`
is in PATH, HOME is the directory. --update writes what the commands print into the page.
"""
import gzip
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SAMPLE = os.path.join(ROOT, "docs", "sample")
FENCE = re.compile(r"^```(\w*)\s*$")
NOTE = re.compile(r"^<!-- (file|not run): (.*) -->$")
RUN_S = 60


def copy_sample(to):
    for folder, _, names in os.walk(SAMPLE):
        inner = os.path.join(to, os.path.relpath(folder, SAMPLE))
        os.makedirs(inner, exist_ok=True)
        for name in sorted(names):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            with open(os.path.join(inner, name), "wb") as file:
                file.write(data)
            if inner == os.path.join(to, ".") and name != "users.csv":
                with gzip.GzipFile(os.path.join(inner, name + ".gz"), "wb", mtime=0) as file:
                    file.write(data)


def blocks(lines):
    """(kind, note, first line, last line) of each fenced block, by index, without its fences."""
    note, index = None, 0
    while index < len(lines):
        match = FENCE.match(lines[index])
        if match:
            end = lines.index("```", index + 1)
            yield match.group(1), note, index + 1, end
            index, note = end, None
        elif lines[index].strip():
            match = NOTE.match(lines[index])
            note = match.groups() if match else None
        index += 1


def commands(lines):
    """(command, its lines in the page, what it prints)"""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append(([line], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0].append(line)
        elif found:
            found[-1][1].append(line)
        else:
            raise SystemExit(f"a console block begins with a command, not with: {line}")
    return [("\n".join(line[2:] for line in shown), shown, output) for shown, output in found]


def alike(wanted, got):
    pattern = "\n".join(".*" if line == "..." else re.escape(line) for line in wanted)
    return re.fullmatch(pattern.replace(".*\n", "(?:.*\n)?"), "\n".join(got), re.S) is not None


def pieces(lines):
    """(line, code) of what a page shows as a piece of a pipeline."""
    in_table = False
    for number, line in enumerate(lines):
        if not line.startswith("|"):
            in_table = False
        elif re.search(r"\| weir \|$", line):
            in_table = True
        elif in_table:
            for code in re.findall(r"`([^`]+)`", re.split(r"(?<!\\)\|", line)[-2]):
                yield number, code.replace("\\|", "|")


class Page:
    def __init__(self, path, weir):
        self.path, self.ran, self.faults = path, 0, []
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.weir = weir

    def fault(self, line, text):
        self.faults.append(f"{self.path}:{line + 1}: {text}")

    def shell(self, script, *options):
        self.ran += 1
        done = subprocess.run(["sh", *options, "-c", script], cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_S, check=False)
        return done.returncode, done.stdout.decode("utf-8", "backslashreplace").rstrip("\n")

    def run_file(self, kind, name, first, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as file:
            file.write(text + "\n")
        if kind == "weir":
            what = "test" if re.search(r'^test "', text, re.M) else "check"
            code, output = self.shell(f"weir {what} '{name}'")
            if code != 0:
                self.fault(first, f"{name}: {output}")

    def run_console(self, first, lines):
        for command, shown, wanted in commands(lines):
            _, output = self.shell(command)
            got = output.split("\n") if output else []
            if not alike(wanted, got):
                self.fault(first, "\n  ".join([f"$ {command}", "prints", *got, "and not", *wanted]))
                if "..." not in wanted:
                    wanted = got
            yield from shown + wanted

    def check_pieces(self):
        stages = set(re.findall(r"^(\S+) ", self.shell("weir stages")[1], re.M))
        for number, code in pieces(self.lines):
            if re.match(r"[.!]", code) or re.match(r"\w+\(", code):
                tries = [f"stdin | lines | json | where ({code}) != 1 | null"]
            elif code.split()[0] in stages:
                tries = [before + code + behind for behind in (" | null", "")
                         for before in ("stdin | lines | json | ", "stdin | lines | ", "", "stdin | ")]
            else:
                continue
            said = []
            for text in tries:
                code_of, output = self.shell("weir explain '%s'" % text.replace("'", "'\\''"))
                if code_of == 0:
                    break
                said.append(output)
            else:
                self.fault(number, f"`{code}` is a piece of no pipeline: {said[-1]}")

    def run(self, update):
        with tempfile.TemporaryDirectory() as self.dir:
            copy_sample(self.dir)
            os.symlink(os.path.join(ROOT, "pipelines"), os.path.join(self.dir, "pipelines"))
            path = os.path.dirname(os.path.abspath(self.weir)) + ":" + os.environ.get("PATH", "/usr/bin:/bin")
            self.env = {"PATH": path, "HOME": self.dir, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TMPDIR": self.dir}
            self.check_pieces()
            out, done = [], 0
            for kind, note, first, end in blocks(self.lines):
                lines = self.lines[first:end]
                text = "\n".join(lines)
                if note and note[0] == "not run":
                    print(f"{self.path}:{first + 1}: not run: {note[1]}")
                elif note:
                    self.run_file(kind, note[1], first, text)
                elif kind == "sh":
                    code, output = self.shell(text, "-e")
                    if code != 0:
                        self.fault(first, f"exit {code}:\n  {text}\n  {output}")
                elif kind == "weir":
                    self.run_file(kind, "example.weir", first, text)
                elif kind == "console":
                    out += self.lines[done:first] + list(self.run_console(first, lines))
                    done = end
            if update:
                with open(self.path, "w", encoding="utf-8") as file:
                    file.write("\n".join(out + self.lines[done:]))


def main():
    update = sys.argv[1] == "--update"
    weir, *paths = sys.argv[1 + update:]
    failed = False
    for path in paths:
        page = Page(path, weir)
        page.run(update)
        for fault in page.faults:
            print(fault)
        failed |= bool(page.faults)
        print(f"{path}: {page.ran} examples ran, {len(page.faults)} of them not as written")
        if page.ran == 0:
            raise SystemExit(f"{path}: nothing in it was run")
    sys.exit(1 if failed and not update else 0)


main()
