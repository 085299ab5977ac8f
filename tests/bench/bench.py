#!/usr/bin/env python3
"""Measures, and prints tables: ./dev bench [NAME...] comes here.

  bench.py BUILD                   the engine's primitives and the hash job
  bench.py BUILD list              what else there is
  bench.py BUILD NAME...           tests/bench/bench_NAME.c, as it prints
  bench.py BUILD runtime [--workers "2 1"] [WORKLOAD...]
                                   every workload of weir_pb (its names: weir_pb without an argument)
  bench.py BUILD runtime --peers[=DIR] [--workers ...] [WORKLOAD...]
                                   the same beside other runtimes, with ratios. DIR (or $WEIR_PEERS) is a folder with
                                   the peers' sources and a run.sh that builds and measures them; what it builds goes
                                   to $PB_BUILD, or to BUILD/peers
  bench.py BUILD hash [...]        the hash job beside the tools that are installed: see bench_hash.py
  bench.py BUILD pipelines [...]   pipelines beside the tools that do the same work: see bench_pipelines.py
  bench.py BUILD slow_sink [...]   memory and CPU over time behind a slow sink: see bench_slow_sink.py
  bench.py BUILD exactly_once [...] lines through rotations into weir that is killed: see bench_exactly_once.py
  bench.py BUILD live              what the live page of 60 stages costs: see bench_live.py
  bench.py BUILD edge --peers[=DIR] four stages of records that hand on what they get, beside the peers' pipe4_ptr
  bench.py BUILD runtime --from=FILE
                                   the table of results that run.sh wrote earlier

PB_REPS and PB_SCALE set repetitions and sizes. All figures also go to BUILD/bench.json. Runs on the bare interpreter.
"""
import math
import os
import subprocess
import sys

PRIMITIVES = ("spawn_join", "yield_many", "ping_pong", "mpsc_1p1c_c128", "blocking_latency")
SCRIPTS = ("hash", "pipelines", "slow_sink", "exactly_once", "live")
BYTES = ("mem_idle_never", "mem_idle_sleep")  # bytes a task, not ns


def fail(text):
    sys.exit(f"bench: {text}")


class Row:
    """One line of the peers' protocol: name, median, ops, min, max, cpu."""

    def __init__(self, peer, workers, fields):
        self.peer, self.workers, self.name = peer, workers, fields[0]
        self.median, self.min, self.max = (float(fields[i]) for i in (1, 3, 4))
        self.ops = int(fields[2])
        self.cpu = float(fields[5]) if len(fields) > 5 and fields[5].replace(".", "").isdigit() else None


def run_program(command, peer, workers):
    """None when it says nothing that can be read."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    fields = done.stdout.strip().split("\t")
    if done.returncode != 0 or len(fields) < 5:
        print(f"bench: {' '.join(command)} failed ({done.returncode})", file=sys.stderr)
        return None
    return Row(peer, workers, fields)


def print_plain(rows):
    print(f"{'':<18} {'workers':>7} {'median':>10} {'min':>10} {'max':>10} {'cpu':>10}")
    for row in rows:
        unit = "B" if row.name in BYTES else "ns"
        cpu = "" if row.cpu is None else f"{row.cpu:10.1f}"
        print(f"{row.name:<18} {row.workers:>7} {row.median:10.1f} {row.min:10.1f} {row.max:10.1f} {cpu:>10} {unit}/op")


def to_json(row):
    """Names, numbers, None: nothing that needs an escape. Debian's python3-minimal has no json."""
    texts = ("null" if value is None else f'"{value}"' if isinstance(value, str) else repr(value) for value in row.values())
    return " {" + ", ".join(f'"{key}": {text}' for key, text in zip(row, texts)) + "}"


def save(build, rows):
    path = os.path.join(build, "bench.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(to_json(vars(row)) for row in rows) + "\n]\n")
    print(f"\nall figures: {path}")


# --- ours alone -------------------------------------------------------------------------------------------------------


def measure_ours(weir_pb, names, workers):
    rows = []
    for name in names:
        for count in workers:
            row = run_program([weir_pb, count, name], "weir", count)
            if row is not None:
                rows.append(row)
    return rows


def bench_default(build, programs, weir_pb):
    rows = measure_ours(weir_pb, PRIMITIVES, ("2", "1"))
    steal = run_program([programs["runq"]], "weir", "2")
    if steal is not None:
        rows.append(steal)
    print_plain(rows)
    save(build, rows)
    sys.stdout.flush()
    bench_script(build, "hash", ["--runs=3"])


def bench_script(build, name, arguments):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"bench_{name}.py")
    if subprocess.run([sys.executable, script, build, *arguments], check=False).returncode != 0:
        fail(f"{name} failed")


# --- beside the peers -------------------------------------------------------------------------------------------------


def read_results(path):
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if len(fields) >= 7 and fields[0] != "limits":
                rows.append(Row(fields[0], fields[1], fields[2:]))
    return rows


def measure_beside(peers_dir, build, weir_pb, names, workers):
    script = os.path.join(peers_dir, "run.sh")
    if not os.path.exists(script):
        fail(f"no {script}: --peers=DIR or $WEIR_PEERS is the folder with the peers' run.sh and sources")
    env = dict(os.environ)
    env.setdefault("PB_BUILD", os.path.join(build, "peers"))
    env["EXTRA_PEERS"] = f"weir={weir_pb}"
    env["PB_WORKERS"] = " ".join(workers)
    env.setdefault("PB_PEERS", "tokio go uv tbb fiber epoll")
    if subprocess.run(["bash", script, *names], env=env, stdout=sys.stderr, check=False).returncode != 0:
        fail(f"{script} failed")
    return read_results(os.path.join(env["PB_BUILD"], "results.tsv"))


def best_of(rows):
    return min(rows, key=lambda row: row.median, default=None)


def print_table(rows, workers):
    """A line a workload: ours, the best peer and tokio at each number of workers, and ours best against all peers."""
    head = "".join(f" |{'weir ' + w + 'w':>10} {'best peer':>16} {'ratio':>6} {'tokio':>6}" for w in workers)
    print(f"{'ratio = ours / theirs: below 1 weir leads':<42}\n{'':<18}{head} | {'any workers':>11}")
    against_tokio, behind, led = [], [], 0
    for name in dict.fromkeys(row.name for row in rows):
        line, leads = f"{name:<18}", True
        of_name = [row for row in rows if row.name == name and row.median > 0]
        for count in workers:
            ours = best_of([row for row in of_name if row.peer == "weir" and row.workers == count])
            others = [row for row in of_name if row.peer != "weir" and row.workers == count]
            best, tokio = best_of(others), best_of([row for row in others if row.peer == "tokio"])
            if ours is None:
                line += f" |{'-':>10} {'':>16} {'':>6} {'':>6}"
                continue
            line += f" |{ours.median:10.1f} "
            line += f"{best.median:9.1f} {best.peer:<6} {ours.median / best.median:6.2f} " if best else f"{'-':>16} {'':>6} "
            line += f"{ours.median / tokio.median:6.2f}" if tokio else f"{'-':>6}"
            if tokio:
                against_tokio.append(ours.median / tokio.median)
            if best and ours.median > best.median:
                leads = False
                behind.append(f"{name} {count}w ({ours.median / best.median:.2f} x {best.peer})")
        ours = best_of([row for row in of_name if row.peer == "weir"])
        best = best_of([row for row in of_name if row.peer != "weir"])
        if ours and best:
            led += leads
            print(f"{line} | {ours.median / best.median:11.2f}")
    if against_tokio:
        mean = math.exp(sum(math.log(ratio) for ratio in against_tokio) / len(against_tokio))
        print(f"\nagainst tokio, {len(against_tokio)} figures: {1 / mean:.2f} times as fast in the geometric mean")
    print(f"{led} rows led at every number of workers; behind in {len(behind)} figures: {', '.join(behind) or 'none'}")


def peers_folder(value):
    return value or os.environ.get("WEIR_PEERS") or fail(
        "where are the peers? --peers=DIR or $WEIR_PEERS is the folder with their run.sh and sources")


def bench_edge(build, program, weir_pb, arguments):
    """What an item costs a hop: in a pipeline of records, and in the runtimes' own pipelines of four stages."""
    key, _, value = arguments[0].partition("=")
    if key != "--peers" or len(arguments) > 1:
        fail(f"edge knows --peers[=DIR], not {' '.join(arguments)}")
    peers = peers_folder(value)
    rows = []
    for line in subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        name, *fields = line.split("\t")
        name, _, workers = name.rpartition("_w")
        rows.append(Row("pipeline", workers, [name, *fields]))
    beside = measure_beside(peers, build, weir_pb, ["pipe4_ptr"], ["2", "1"])
    rows += sorted(beside, key=lambda row: row.median)
    print(f"{'ns an item and hop':<20} {'workers':>7} {'median':>8} {'min':>8} {'max':>8}")
    for row in rows:
        print(f"{row.peer + ' ' + row.name:<20} {row.workers:>7} {row.median:8.1f} {row.min:8.1f} {row.max:8.1f}")
    best = best_of([row for row in beside if row.peer != "weir" and row.median > 0])
    ours = max(row.median for row in rows if row.name == "pass_256")
    if best is not None:
        print(f"\nrecords in batches of 256, at the worse number of workers: {ours / best.median:.3f} of {best.peer}'s")
    save(build, rows)


def bench_runtime(build, weir_pb, arguments):
    peers, results, workers, names = None, None, ["2", "1"], []
    arguments = iter(arguments)
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key == "--peers":
            peers = peers_folder(value)
        elif key == "--workers":
            workers = (value or next(arguments, "")).split() or fail('--workers "2 1"')
        elif key == "--from" and value:
            results = value
        elif argument.startswith("-"):
            fail(f"runtime knows --peers[=DIR], --workers and --from=FILE, not {argument}")
        else:
            names.append(argument)
    known = subprocess.run([weir_pb], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    for name in names:
        if name not in known:
            fail(f"no workload '{name}'; there are: {' '.join(known)}")
    if results is not None:
        rows = [row for row in read_results(results) if not names or row.name in names]
    elif peers is not None:
        rows = measure_beside(peers, build, weir_pb, names or known, workers)
    else:
        rows = measure_ours(weir_pb, [name for name in names or known if name != "tcp_echo"], workers)
        print_plain(rows)
        save(build, rows)
        return
    print_table(rows, workers)
    save(build, rows)


def main():
    build, arguments = sys.argv[1], sys.argv[2:]
    folder = os.path.join(build, "tests", "bench")
    weir_pb = os.path.join(folder, "weir_pb")
    programs = {name[len("bench_"):]: os.path.join(folder, name) for name in sorted(os.listdir(folder))
                if name.startswith("bench_") and "." not in name}
    if not arguments:
        bench_default(build, programs, weir_pb)
    elif arguments[0] == "list":
        print("\n".join(["runtime", *SCRIPTS, *programs]))
    elif arguments[0] in SCRIPTS:
        bench_script(build, arguments[0], arguments[1:])
    elif arguments[0] == "edge" and len(arguments) > 1:
        bench_edge(build, programs["edge"], weir_pb, arguments[1:])
    elif arguments[0] == "runtime":
        bench_runtime(build, weir_pb, arguments[1:])
    else:
        for name in arguments:
            if name not in programs:
                fail(f"no bench '{name}'; there are: runtime {' '.join([*SCRIPTS, *programs])}")
            sys.stdout.flush()
            if subprocess.run([programs[name]], check=False).returncode != 0:
                fail(f"{name} failed")


main()
