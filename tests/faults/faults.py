#!/usr/bin/env python3
"""What goes wrong, one thing at a time: ./dev faults [hash] [run] [tail].

  faults.py --weir weir_faulty [--write PAGE | --check PAGE] [--seconds N] [--seed N] [--most N] [--jobs N] [COMMAND...]

For each pipeline or manifest of scenarios.py: each system call and each operation on a ring fails in turn, with each
errno it can have; each request for memory, a mapping or a thread; before each poll of a task comes a signal. Whatever
it was, the run is right or ends with a reason, in time and by no crash; what it has written is whole, or not there, or
a beginning that its journal knows; and the same command, run again with nothing wrong, makes the whole of it.

Without --seconds all are tried (of calls of one kind --most, 40, spread evenly), and --write puts the table into PAGE.
With it, a choice by the seed, for about so long; --check looks whether the table of PAGE has rows for what is tried.
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

import scenarios
from fault_kinds import ALLOCS, CALLS, CLOCKS, RING_KINDS, SIGNALS, errno_of
from fault_table import Table


class Wrong(Exception):
    pass


class Trial:
    """A fault, in a scenario: what of it fails (`row`), the how manieth, and how."""

    def __init__(self, scenario, kind, what, nth, how, row, how_name):
        self.scenario, self.kind, self.what, self.nth, self.how = scenario, kind, what, nth, how
        self.row, self.how_name = row, how_name

    def __str__(self):
        return f"{self.scenario.name}: {self.row}, {self.how_name}, number {self.nth} (WEIR_FAULT={self.text()})"

    def text(self):
        return f"{self.kind}:{self.what}:{self.nth}:{self.how}"


class Outcome:
    def __init__(self, code, said, report):
        self.code, self.said = code, said
        self.seen, self.hit, self.site = report


def read_report(path):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        data = b""
    data = data.ljust(128, b"\0")
    number = [int.from_bytes(data[i:i + 8], "little") for i in (0, 8)]
    return number[0], number[1], data[16:].split(b"\0")[0].decode()


class Rig:
    def __init__(self, options, io, folder):
        self.weir, self.io, self.folder = os.path.abspath(options.weir), io, os.path.join(folder, io)
        self.sandbox, self.patience, self.slots = options.sandbox, options.patience, options.slots
        os.mkdir(self.folder)

    def command(self, scenario):
        words = scenario.command(self.io)
        return [self.weir, words[0], *([f"--sandbox={self.sandbox}"] if words[0] == "run" else []), *words[1:]]

    def run(self, scenario, fault):
        """One run in the scenario's folder, once there is a slot for it. A hang is Wrong, with a core's worth of words."""
        with self.slots:
            return self.run_now(scenario, fault)

    def run_now(self, scenario, fault):
        environment = dict(os.environ, LC_ALL="C", XDG_RUNTIME_DIR=self.folder)
        environment.pop("WEIR_FAULT", None)
        report = os.path.join(scenario.folder, "report")
        if os.path.exists(report):
            os.unlink(report)
        if fault is not None:
            environment.update(WEIR_FAULT=fault, WEIR_FAULT_REPORT=report)
        with open(os.path.join(scenario.folder, "err"), "w+b") as err:
            # pylint: disable=consider-using-with ; it may be killed and outlive this
            child = subprocess.Popen(self.command(scenario), cwd=scenario.folder, env=environment, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=err)
            hung = False
            try:
                code = scenario.wait(child, self.patience)
            except subprocess.TimeoutExpired:
                hung = True
                child.send_signal(signal.SIGQUIT)
                time.sleep(1)
                child.kill()
                code = child.wait()
            err.seek(0)
            said = err.read().decode(errors="replace")
        if hung:
            raise Wrong(f"it hangs\n{said[-6000:]}")
        return Outcome(code, said, read_report(report))


def has_reason(said):
    return any(line.startswith("weir") or ": " in line for line in said.splitlines())


def judge(rig, trial, outcome):
    """The column of the table that it belongs in."""
    code, scenario = outcome.code, trial.scenario
    if trial.kind == "await":
        number = trial.how % 100
        allowed = {0, 1, 128 + number} if number != signal.SIGKILL else {-signal.SIGKILL, 0}
        if code not in allowed:
            raise Wrong(f"exit {code}\n{outcome.said[-3000:]}")
        done = code == 0 and "ended by" not in outcome.said
        scenario.check(done, outcome.said)
        again(rig, scenario)
        return "right" if done else "ended"
    if code not in (0, 1, 2):
        raise Wrong(f"exit {code}: a crash, or no code of ours\n{outcome.said[-3000:]}")
    if code != 0 and not has_reason(outcome.said):
        raise Wrong(f"exit {code} without a reason: {outcome.said!r}")
    scenario.check(code == 0, outcome.said)
    if code != 0:
        again(rig, scenario)
    return "right" if code == 0 else "said"


def again(rig, scenario):
    if scenario.has_ended():
        scenario.check(True, "")
        return
    outcome = rig.run(scenario, None)
    if outcome.code != 0:
        raise Wrong(f"the run after it: exit {outcome.code}: {outcome.said[-3000:]}")
    scenario.check(True, outcome.said)


# --- which there are --------------------------------------------------------------------------------------------------


def count(rig, scenario, kind, what):
    scenario.begin()
    outcome = rig.run(scenario, f"{kind}:{what}:0:0")
    if outcome.code == 77:
        return None
    if outcome.code != 0:
        sys.exit(f"faults: {scenario.name} doesn't even run with nothing wrong: exit {outcome.code}: {outcome.said}")
    scenario.check(True, outcome.said)
    return outcome.seen


def spread(seen, most):
    """Of 1 to `seen`."""
    if seen <= most:
        return list(range(1, seen + 1))
    return sorted({1 + round((i + 0.5) * (seen - 1) / most) for i in range(most)})


def errnos_of(scenario, errnos):
    """Those that can be true of it."""
    return [error for error in errnos if error not in scenario.never] or errnos


def trials_of(rig, scenario, most):
    trials = []
    for name, number, errnos in CALLS:
        seen = count(rig, scenario, "call", number)
        if seen is None:
            print(f"skipped: {scenario.name}: system calls can't be made to fail here")
            break
        for error in errnos_of(scenario, errnos):
            trials += [Trial(scenario, "call", number, nth, errno_of(error), name, error) for nth in spread(seen, most)]
    for name, number, errnos in RING_KINDS:
        seen = count(rig, scenario, "ring", number)
        for error in errnos:
            trials += [Trial(scenario, "ring", number, nth, errno_of(error), name, error) for nth in spread(seen, most)]
    for name, how in ALLOCS:
        seen = count(rig, scenario, "alloc", 0)
        trials += [Trial(scenario, "alloc", 0, nth, how, name, "ENOMEM") for nth in spread(seen, 8 * most)]
    for name, how in SIGNALS:
        seen = count(rig, scenario, "await", 0)
        trials += [Trial(scenario, "await", 0, nth, how, name, name) for nth in spread(seen, 4 * most)]
    for name, how in CLOCKS:
        seen = count(rig, scenario, "clock", 0)
        trials += [Trial(scenario, "clock", 0, nth, how, name, name) for nth in spread(seen, most)]
    return trials


def choices(rig, scenario, seed):
    """Without end, one at a time: of each kind as often, whatever there is of it."""
    chance = random.Random(f"{seed} {scenario.name}")
    counted = {}
    while True:
        kind = chance.choice((*["call"] * 2 * bool(CALLS), "ring", "alloc", "await", "clock"))
        if kind == "call":
            row, what, errnos = chance.choice(CALLS)
            how_name = chance.choice(errnos_of(scenario, errnos))
            how = errno_of(how_name)
        elif kind == "ring":
            row, what, errnos = chance.choice(RING_KINDS)
            how_name = chance.choice(errnos)
            how = errno_of(how_name)
        else:
            (row, how), what = chance.choice({"alloc": ALLOCS, "await": SIGNALS, "clock": CLOCKS}[kind]), 0
            how_name = row
        if (kind, what) not in counted:
            counted[kind, what] = count(rig, scenario, kind, what)
        if counted[kind, what]:
            nth = chance.randint(1, counted[kind, what])
            yield Trial(scenario, kind, what, nth, how, row, how_name)
        else:
            yield None


# --- trying them -----------------------------------------------------------------------------------------------------


class Sweep:
    def __init__(self, rig, keep):
        self.rig, self.keep, self.failed, self.tried, self.missed = rig, keep, 0, 0, 0

    def try_one(self, trial):
        """The outcome's column; None: it didn't come to it, or it was wrong."""
        trial.scenario.begin()
        self.tried += 1
        try:
            outcome = self.rig.run(trial.scenario, trial.text())
            if outcome.code == 77:
                return None, ""
            column = judge(self.rig, trial, outcome)
        except (Wrong, scenarios.Unwhole) as error:
            self.failed += 1
            print(f"FAILED: {trial}\n  {error}", flush=True)
            if self.keep:
                shutil.copytree(trial.scenario.folder, f"{self.keep}/{self.failed}", symlinks=True, dirs_exist_ok=True)
            return None, ""
        if outcome.hit == 0:
            self.missed += 1
            return None, ""
        return column, outcome.site


def sweep_all(sweep, all_scenarios, table, most):
    """Scenarios side by side: a run mostly waits."""

    def sweep_one(scenario):
        begun, tried = time.monotonic(), 0
        try:
            for trial in trials_of(sweep.rig, scenario, most):
                column, site = sweep.try_one(trial)
                tried += 1
                if column is not None:
                    table.add(scenario.command_name, trial, column, site)
        except Wrong as error:  # a run that fails without a fault
            sweep.failed += 1
            print(f"FAILED: {scenario.name}, without a fault\n  {error}", flush=True)
        print(f"{scenario.name}: {tried} tried in {time.monotonic() - begun:.0f} s", flush=True)

    threads = [threading.Thread(target=sweep_one, args=(scenario,)) for scenario in all_scenarios]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sweep_some(sweep, all_scenarios, table, seconds, seed):
    until = time.monotonic() + seconds
    ways = [choices(sweep.rig, scenario, seed) for scenario in all_scenarios]
    while time.monotonic() < until:
        for way in ways:
            trial = next(way)
            column, _ = sweep.try_one(trial) if trial is not None else (None, "")
            if column is not None and table is not None and not table.has(trial.scenario.command_name, trial):
                print(f"not in the table of the docs, which ./dev faults makes anew: {trial.row} of {trial.scenario.name}")


def check_rows(table):
    """A row of what isn't tried any more says nothing that is true."""
    tried = {row[0] for rows in (CALLS, RING_KINDS, ALLOCS, SIGNALS, CLOCKS) for row in rows}
    stale = sorted(set(table.rows) - tried) if CALLS else []
    if stale or not table.rows:
        print(f"FAILED: the table of the docs has no rows, or some of what isn't tried: {', '.join(stale)}")
    return len(stale) + (not table.rows)


def main():
    parser = argparse.ArgumentParser(prog="faults", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weir", required=True)
    parser.add_argument("--io", default="uring,epoll")
    parser.add_argument("--sandbox", choices=["auto", "on", "off"], default="auto", help="of `weir run`")
    parser.add_argument("--write", metavar="PAGE")
    parser.add_argument("--check", metavar="PAGE")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="runs at once, most of which wait")
    parser.add_argument("--only", help="scenarios whose name has this in it")
    parser.add_argument("--patience", type=float, default=40, help="seconds after which a run hangs")
    parser.add_argument("--keep", help="a folder for what is left of a trial that failed")
    parser.add_argument("--fault", help="this one alone: WEIR_FAULT's text")
    parser.add_argument("commands", nargs="*", metavar="COMMAND")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell lets what runs behind it ignore
    options.slots = threading.BoundedSemaphore(options.jobs)
    commands = options.commands or ["hash", "run", "tail"]
    print(f"seed {options.seed}", flush=True)
    table = Table.read(options.check) if options.check else Table()
    failed = check_rows(table) if options.check else 0
    with tempfile.TemporaryDirectory(prefix="weir-faults-") as folder:
        sweeps, threads = [], []
        for io in options.io.split(","):
            rig = Rig(options, io, folder)
            if subprocess.run([rig.weir, "hash", f"--io={io}", "/dev/null"], capture_output=True, check=False).returncode:
                print(f"skipped: no io by {io} here")
                continue
            all_scenarios = [one for one in scenarios.make(rig.folder, rig.weir) if one.command_name in commands and
                             (options.only is None or options.only in one.name)]
            sweep = Sweep(rig, options.keep)
            sweeps.append(sweep)
            if options.fault:
                kind, what, nth, how = options.fault.split(":")
                for scenario in all_scenarios:
                    trial = Trial(scenario, kind, int(what), int(nth), int(how), "this one", how)
                    print(scenario.name, *sweep.try_one(trial))
            elif options.seconds is not None:
                share = options.seconds / len(options.io.split(","))
                sweep_some(sweep, all_scenarios, table if options.check else None, share, options.seed)
            else:
                threads.append(threading.Thread(target=sweep_all, args=(sweep, all_scenarios, table, options.most)))
                threads[-1].start()
        for thread in threads:
            thread.join()
        for sweep in sweeps:
            failed += sweep.failed
            print(f"{sweep.rig.io}: {sweep.tried} tried, {sweep.missed} of them had ended before, {sweep.failed} wrong")
    if options.write and failed == 0:
        table.write(options.write)
    sys.exit(1 if failed > 0 else 0)


main()
