#!/bin/sh
# test_top.sh - a running pipeline seen from outside: weir top, weir tasks; and the block on its own terminal.
here=$(dirname "$(realpath "$0")")
. "$(dirname "$0")/pipeline_rig.sh"
mkfifo in
"$weir" run --io="$io" 'stdin | lines | json | where .n >= 5 | to json | write "out.json"' <in 2>err.run &
pid=$!
exec 9>in
printf '{"n":%d}\n' 1 2 3 4 5 6 7 >&9

# until it has taken the rows: they are counted where the figures are read
taken() { "$weir" top --json -n 1 -d 50 $pid 2>err | grep -q '"name":"json".*"in_rows":7'; }
tries=0
until taken; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "the rows don't show: $(cat err)"
done
COLUMNS=80 want 0 "$weir" top -d 50 $pid
grep -q "^$pid  " out || fail "no head: $(cat out)"
for stage in stdin lines json where to write; do
    grep -q "^$stage  *" out || fail "no line for $stage: $(cat out)"
    checks=$((checks + 1))
done
[ "$(awk 'length > 80' out)" = "" ] || fail "wider than 80 columns: $(cat out)"
want 0 "$weir" top --json -n 2 -d 50 $pid
[ "$(wc -l <out)" = 2 ] || fail "not two lines: $(cat out)"
if command -v python3 >/dev/null 2>&1; then
    python3 - <<'END' || fail "top --json isn't right: $(cat out)"
import json
looks = [json.loads(line) for line in open("out")]
stages = {stage["name"]: stage for stage in looks[-1]["stages"]}
assert list(stages) == ["stdin", "lines", "json", "where", "to", "write"], stages
assert stages["where"]["in_rows"] == 7 and stages["where"]["out_rows"] == 3, stages["where"]
assert stages["stdin"]["out_bytes"] == 7 * 8, stages["stdin"]
assert stages["json"]["queue_max"] > 0 and stages["json"]["queued"] == 0, stages["json"]
assert looks[0]["now_ns"] < looks[1]["now_ns"] and looks[0]["began_ns"] < looks[0]["now_ns"]
assert looks[0]["paused"] is False and stages["json"]["first"] is False
END
    checks=$((checks + 5))
fi
want 0 "$weir" tasks $pid
grep -q "stdin_run\|source_run\|wp_" out || fail "no chain of a task: $(cat out)"
grep -q "weir: [0-9]* tasks: " out || fail "no count of tasks: $(cat out)"
want 0 "$weir" tasks --all $pid
"$weir" complete -- weir top "$pid" | grep -q "^$pid" || fail "completion doesn't know $pid"
exec 9>&-
wait $pid || fail "the run: $(cat err.run)"
printf '{"n":%d}\n' 5 6 7 | cmp - out.json || fail "what was looked at changed"

# it has ended, and others
want 1 "$weir" top $pid
says "process $pid is no weir that runs a pipeline"
want 1 "$weir" tasks $$
says "process $$ is no weir that runs a pipeline"
want 2 "$weir" top 12x
says "'12x' is no PID"
want 2 "$weir" tasks 1 2
says "one PID, not 2"
want 2 "$weir" top --interval 1
says "--interval must be 50 to 3600000"

# The block on a terminal: drawn after a while, taken off at the end, when the table is there.
command -v python3 >/dev/null 2>&1 || { echo "$checks checks; no python3 here to make a terminal"; exit 0; }
cat >block.py <<'END'
import subprocess, sys
from pty_rig import *
weir, io = sys.argv[1:3]
master, slave = pty.openpty()
feed = subprocess.Popen([weir, "run", "--io=" + io, "stdin | lines | json | null"], stdin=subprocess.PIPE,
                        stderr=slave, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
os.close(slave)
shown = b""
while b"starved" not in shown:                  # the head of the block's table
    feed.stdin.write(b'{"a":1}\n')
    feed.stdin.flush()
    shown += os.read(master, 65536)
feed.stdin.close()
shown += rest_of(master)
assert feed.wait() == 0
block, _, rest = shown.rpartition(b"\x1b[J")    # the last time it was taken off
assert b"null" in block and b"memory" in block, shown
assert b"MB/s in" in rest and b"\x1b" not in rest, shown
widest = max(len(line) for line in block.replace(b"\x1b", b"\n").split(b"\n"))
assert widest <= 80, widest
END
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here python3 block.py "$weir" "$io" || fail "the block"
checks=$((checks + 4))
# Where stderr is no terminal nothing is shown.
printf '{"n":1}\n' >one
want 0 run 'stdin | lines | null' <one
[ ! -s err ] || fail "words: $(cat err)"
echo "$checks checks"
