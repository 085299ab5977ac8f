"""trace_check.py TRACE STAGE...: is it what Perfetto's importer of Chrome's trace event format takes, and whole?"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    trace = json.load(file)
events = trace["traceEvents"]
assert trace["otherData"]["dropped"] == 0, trace["otherData"]

rows, waits, names, threads, stages = {}, {}, set(), set(), set()
for event in events:
    phase, pid, tid = event["ph"], event["pid"], event["tid"]
    if phase == "M":
        if event["name"] == "thread_name":
            (threads if pid == 1 else stages).add((tid, event["args"]["name"]))
        continue
    assert isinstance(event["cat"], str) and event["ts"] >= 0, event
    if phase == "X":
        began = round(event["ts"] * 1000)
        rows.setdefault((pid, tid), []).append((began, -(began + round(event["dur"] * 1000)), event["cat"]))
        if event["cat"] in ("poll", "step", "job"):
            names.add(event["name"])
    elif phase in "be":
        waits.setdefault((event["cat"], event["id"]), []).append(event)
    else:
        assert phase == "i" and event["s"] == "t", event

# On a row a span lies in another one or beside it; a step in a poll or in a job, unless that was cut off by the end.
for row, spans in rows.items():
    inside = []
    last = max((-ended for _, ended, category in spans if category in ("poll", "job")), default=0)
    for began, ended, category in sorted(spans):
        while inside and -inside[-1][0] <= began:
            inside.pop()
        assert not inside or ended >= inside[-1][0], (row, began, inside[-1])
        assert category != "step" or began >= last or inside and inside[0][1] in ("poll", "job"), (row, began)
        inside.append((ended, category))
    assert row[0] == 2 or any(tid == row[1] for tid, _ in threads), f"row {row} has no name"

# Waits of one who waits come one after the other, each with its end.
for who, ends in waits.items():
    assert [event["ph"] for event in ends] == ["b", "e"] * (len(ends) // 2), who
    assert all(a["ts"] <= b["ts"] and a["name"] == b["name"] for a, b in zip(ends[::2], ends[1::2])), who

wanted = sys.argv[2:]
assert [name for _, name in sorted(stages)] == wanted, (sorted(stages), wanted)
print(" ".join(name for name in wanted if name not in names))
