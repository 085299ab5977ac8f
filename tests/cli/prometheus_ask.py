"""prometheus_ask.py WEIR IO: runs a pipeline with --metrics and a Prometheus beside it, in the directory it is called in."""
import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

weir, io = sys.argv[1:]
run = subprocess.Popen([weir, "run", "--io=" + io, "--metrics", "127.0.0.1:0",
                        'stdin | lines | json | where .n >= 5 | to json | write "out.json"'],
                       stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
address = re.fullmatch(r"weir: metrics: http://(127\.0\.0\.1:\d+)/metrics\n", run.stderr.readline()).group(1)
run.stdin.write("".join('{"n":%d}\n' % n for n in range(10)))
run.stdin.flush()

with socket.socket() as place:
    place.bind(("127.0.0.1", 0))
    port = place.getsockname()[1]
with open("prometheus.yml", "w", encoding="utf-8") as file:
    file.write(f"""scrape_configs:
- job_name: weir
  scrape_interval: 500ms
  scrape_timeout: 500ms
  static_configs: [{{targets: ["{address}"]}}]
""")
with open("log", "w", encoding="utf-8") as log:
    server = subprocess.Popen(["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
                               f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)


def ask(path, **words):
    url = f"http://127.0.0.1:{port}/api/v1/{path}?" + urllib.parse.urlencode(words)
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)["data"]


def until(what, true):
    """Asks until it is so; a server that has ended will never say it."""
    given_up = time.monotonic() + 120 # and nothing of ours is left behind then
    while time.monotonic() < given_up:
        assert server.poll() is None, open("log", encoding="utf-8").read()
        try:
            data = what()
        except (urllib.error.URLError, ConnectionError):
            continue
        if true(data):
            return data
    raise SystemExit("Prometheus doesn't come to have it")


def value(query):
    return [float(row["value"][1]) for row in ask("query", query=query)["result"]]


try:
    until(lambda: value('weir_stage_in_rows_total{stage="where"}'), lambda found: found == [10])
    until(lambda: value('weir_stage_out_rows_total{stage="where"}'), lambda found: found == [5])
    until(lambda: value("up"), lambda found: found == [1])
    until(lambda: ask("targets")["activeTargets"][0], lambda target: target["health"] == "up" and target["lastError"] == "")
    kinds = {name: rows[0]["type"] for name, rows in ask("metadata").items() if name.startswith("weir_")}
    assert set(kinds.values()) == {"counter", "gauge", "histogram"}, kinds
    assert all(rows[0]["help"] for rows in ask("metadata").values()), "a metric without help"
    assert value('histogram_quantile(0.5, weir_stage_step_seconds_bucket{stage="json"})')[0] < 1, "a step of a second"
    run.stdin.close()
    assert run.wait() == 0, run.stderr.read()
    until(lambda: value("up"), lambda found: found == [0])
    print(f"{len(kinds)} metrics of weir in Prometheus")
finally:
    run.kill()
    server.terminate()
    server.wait()
