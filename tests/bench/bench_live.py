#!/usr/bin/env python3
"""What the live page of 60 stages costs weir, asked four times a second as a browser does: ./dev bench live.

  bench_live.py BUILD

CPU of a run whose stages have little to do, in turn while nobody looks and while somebody looks, with a tap.
"""
import http.client
import os
import re
import statistics
import subprocess
import sys
import time

LOOKS_A_SECOND, SECONDS, ROUNDS = 4, 4, 4
TEXT = "generate kind=json rate=200kB/s | lines | json | " + "where .status > 0 | " * 56 + "null"


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    run = subprocess.Popen([os.path.join(sys.argv[1], "cli", "weir"), "run", "--ui", "0", TEXT], stderr=subprocess.PIPE, text=True)
    host, token = re.search(r"http://([^/]*)/\?token=(\w+)", run.stderr.readline()).groups()
    server = http.client.HTTPConnection(host)

    def get(path):
        server.request("GET", f"/{path}token={token}")
        return server.getresponse().read()

    def spell(looks):
        began, before = time.monotonic(), cpu(run.pid)
        for _ in range(LOOKS_A_SECOND * SECONDS):
            if looks:
                get("live?")
                get("tap?stage=3&since=0&")
            time.sleep(1 / LOOKS_A_SECOND)
        return 100 * (cpu(run.pid) - before) / (time.monotonic() - began)

    stages = len(re.findall(rb'"name"', get("live?")))
    time.sleep(1)
    alone, watched = [], []
    for _ in range(ROUNDS):
        alone.append(spell(False))
        watched.append(spell(True))
    run.kill()
    run.wait()
    cost = statistics.median(w - a for w, a in zip(watched, alone))
    if stages != 60 or cost > 1:
        raise SystemExit(f"bench_live: {stages} stages, {cost:.2f} % of a core")
    print(f"{stages} stages, {LOOKS_A_SECOND} looks a second: {cost:.2f} % of a core "
          f"(nobody looks: {statistics.median(alone):.2f} %, somebody: {statistics.median(watched):.2f} %)")


main()
