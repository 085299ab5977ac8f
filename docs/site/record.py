#!/usr/bin/env python3
"""A recorded terminal as a picture that moves: record.py WEIR OUT.svg

Runs the session below in a terminal of its own (pty(7)), keeps what stood on its screen and when, and writes the moments
as an SVG that shows them one after the other, by CSS. Who wants no motion sees the last one.
"""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time

from markdown import escape

COLUMNS, ROWS = 92, 26
FRAMES_MAX = 90
WAIT_MAX_S = 2
SESSION = [
    "weir hash -a sha256 photos -o SHA256SUMS",
    "weir hash -c SHA256SUMS | tail -n 2",
    "weir run 'read \"logs/*.json\" | lines | json | where .status >= 400 | to json | gzip | null'",
    "weir bench 'read \"day.json\" | lines | json | where .status >= 500 | to json | gzip | null'",
]
COLOURS = {31: "#e06c75", 32: "#8fbf7f", 33: "#d7ba7d", 34: "#6ab0de", 35: "#c792ea", 36: "#62c4d3", 90: "#8a949a"}


class Screen:
    """As much of a terminal as programs use that print lines, and a block that they overwrite."""

    def __init__(self):
        self.rows = [[(" ", "")] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        self.style = ""
        self.rest = ""

    def feed(self, text):
        text = self.rest + text
        at, self.rest = 0, ""
        while at < len(text):
            char = text[at]
            if char == "\x1b":
                match = re.match(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b[()=>78].?", text[at:])
                if not match:
                    self.rest = text[at:]
                    return
                if match[2]:
                    self.control(match[1], match[2])
                at += len(match[0])
                continue
            self.put(char)
            at += 1

    def put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row += 1
            if self.row == ROWS:
                self.rows = self.rows[1:] + [[(" ", "")] * COLUMNS]
                self.row -= 1
        elif char >= " ":
            if self.column == COLUMNS:
                self.put("\r")
                self.put("\n")
            self.rows[self.row][self.column] = (char, self.style)
            self.column += 1

    def control(self, numbers, what):
        count = int(numbers) if numbers.isdigit() else 1
        if what == "A":
            self.row = max(0, self.row - count)
        elif what == "G":
            self.column = count - 1
        elif what == "K":
            self.rows[self.row][self.column:] = [(" ", "")] * (COLUMNS - self.column)
        elif what == "J":
            self.control("", "K")
            for row in range(self.row + 1, ROWS):
                self.rows[row] = [(" ", "")] * COLUMNS
        elif what == "m":
            for code in (numbers or "0").split(";"):
                self.style = "" if code in ("0", "39", "22") else "font-weight:600" if code == "1" else \
                    f"fill:{COLOURS[int(code)]}" if code.isdigit() and int(code) in COLOURS else self.style

    def lines(self):
        """Each row as runs of one style."""
        result = []
        for row in self.rows:
            runs = []
            for char, style in row:
                if runs and runs[-1][1] == style:
                    runs[-1][0] += char
                else:
                    runs.append([char, style])
            while runs and not runs[-1][0].strip() and not runs[-1][1]:
                runs.pop()
            result.append(tuple((text.rstrip() if index == len(runs) - 1 else text, style)
                                for index, (text, style) in enumerate(runs)))
        return tuple(result)


class Recorder:
    def __init__(self):
        self.screen, self.frames, self.now = Screen(), [], 0.0

    def keep(self, wait):
        """The screen as it is, for so long; where nothing moves, WAIT_MAX_S are enough to see that."""
        wait = min(wait, WAIT_MAX_S)
        shown = self.screen.lines()
        if self.frames and self.frames[-1][1] == shown:
            self.frames[-1][0] += wait
        else:
            self.frames.append([wait, shown])

    def type(self, command):
        self.screen.feed("\x1b[36m$\x1b[0m ")
        self.keep(0.4)
        for begin in range(0, len(command), 12):
            self.screen.feed(command[begin:begin + 12])
            self.keep(0.15)
        self.screen.feed("\r\n")
        self.keep(0.3)

    def run(self, command, env, cwd):
        self.type(command)
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        child = subprocess.Popen(["sh", "-c", command], stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd,
                                 start_new_session=True)
        os.close(slave)
        since = time.monotonic()
        while True:
            ready, _, _ = select.select([master], [], [], 0.2)
            try:
                data = os.read(master, 65536) if ready else b""
            except OSError: # the child has gone
                break
            if not ready and child.poll() is not None:
                break
            self.keep(time.monotonic() - since)
            since = time.monotonic()
            self.screen.feed(data.decode("utf-8", "replace"))
        os.close(master)
        if child.wait() != 0:
            raise SystemExit(f"exit {child.returncode}: {command}")
        self.keep(1.6)


def thin(frames, shortest=0.1):
    """Moments that lasted for less than that belong to the one before; no more of them than a picture can hold."""
    kept = []
    for wait, shown in frames:
        if len(kept) > 1 and kept[-1][0] < shortest:
            kept[-1][0] += wait
            kept[-1][1] = shown
        else:
            kept.append([wait, shown])
    return kept if len(kept) <= FRAMES_MAX else thin(frames, shortest * 1.5)


def svg(frames):
    width, height, step = COLUMNS * 7.83 + 32, ROWS * 18 + 32, 18
    total = sum(wait for wait, _ in frames)
    names, defs, strip, moves = {}, [], [], []
    at = 0.0
    for index, (wait, shown) in enumerate(frames):
        for row, runs in enumerate(shown):
            if not runs:
                continue
            if runs not in names:
                names[runs] = f"l{len(names)}"
                spans = "".join(f'<tspan style="{style}">{escape(text)}</tspan>' if style else escape(text) for text, style in runs)
                defs.append(f'<text id="{names[runs]}" xml:space="preserve">{spans}</text>')
            strip.append(f'<use href="#{names[runs]}" y="{index * height + row * step}"/>')
        moves.append(f"{100 * at / total:.3f}%{{transform:translateY({-index * height}px)}}")
        at += wait
    # A strip of film, one moment below the other, behind a window: a single thing moves.
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" aria-labelledby="title">
<title id="title">weir hash, weir run and weir bench in a terminal</title>
<style>
text{{font:13px ui-monospace,"DejaVu Sans Mono",monospace;fill:#dfe5e7;white-space:pre}}
#strip{{animation:play {total:.2f}s step-end infinite}}
@keyframes play{{
{chr(10).join(moves)}
}}
@media (prefers-reduced-motion:reduce){{#strip{{animation:none;transform:translateY({-(len(frames) - 1) * height}px)}}}}
</style>
<defs>{chr(10).join(defs)}</defs>
<rect width="100%" height="100%" rx="6" fill="#161b1e"/>
<svg x="16" y="12" width="{width - 32:.0f}" height="{height - 20}"><g transform="translate(0 16)"><g id="strip">
{chr(10).join(strip)}
</g></g></svg>
</svg>
"""


def main():
    weir, out = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.path.dirname(weir) + ":/usr/bin:/bin", "HOME": folder, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        for command in ("mkdir logs photos; weir run 'generate kind=json size=300MiB | write \"logs/1.json\"'",
                        "for i in 2 3 4; do ln logs/1.json logs/$i.json; done; weir run 'generate kind=json size=30MiB | write \"day.json\"'",
                        "for i in 1 2 3 4 5 6 7 8 9; do head -c 90000000 logs/1.json >photos/$i.jpg; done"):
            subprocess.run(["sh", "-c", command], env=env, cwd=folder, check=True)
        recorder = Recorder()
        for command in SESSION:
            recorder.run(command, env, folder)
        recorder.keep(4)
    frames = thin(recorder.frames)
    with open(out, "w", encoding="utf-8") as file:
        file.write(svg(frames))
    print(f"{out}: {len(frames)} moments, {sum(wait for wait, _ in frames):.0f} s")


main()
