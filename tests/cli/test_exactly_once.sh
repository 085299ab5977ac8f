#!/bin/sh
# test_exactly_once.sh - a log is written and rotated, by rename and by copytruncate, while weir that follows it is killed
# with -9: the file it writes has each line exactly once. What copytruncate itself loses is none of it: the generator
# writes nothing between copy and truncate.
# SECONDS_EACH (2) and RATE (20, in MB/s) in the environment: for how long, and how fast. CHECKPOINT (100): ms.
. "${0%/*}/pipeline_rig.sh"
command -v python3 >/dev/null 2>&1 || { echo "skipped: no python3 here"; exit 77; }
"$weir" stages tail >/dev/null 2>&1 || { echo "skipped: no tail in weir"; exit 77; }
seconds=${SECONDS_EACH:-2}
rate=${RATE:-20}

cat >generate.py <<'PY'
import os, shutil, sys, time
mode, seconds, rate = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]) * 1e6
tail = b" some words of a line of a log, as long as they are\n"
log, lines, size, begun, limit = open("log", "ab", buffering=0), 0, 0, time.time(), max(2e6, rate / 2)
keep = 30
while time.time() - begun < seconds:
    block = b"".join(b"%012d" % i + tail for i in range(lines, lines + 4000))
    log.write(block)
    while lines == 0 and not os.path.exists("known"): # what is rotated away before anybody has seen it was never asked for
        time.sleep(0.01)
        begun = time.time()
    lines += 4000
    size += len(block)
    if size >= limit:
        for k in range(keep, 0, -1):
            if os.path.exists("log.%d" % k):
                os.rename("log.%d" % k, "log.%d" % (k + 1))
        if mode == "rename":
            os.rename("log", "log.1")
            log = open("log", "ab", buffering=0)
        else:
            shutil.copyfile("log", "log.1")
            os.truncate("log", 0)
        size = 0
    ahead = lines * (12 + len(tail)) / rate - (time.time() - begun)
    if ahead > 0:
        time.sleep(ahead)
with open("done.new", "w") as done:
    done.write(str(lines))
os.rename("done.new", "done")
PY
cat >count.py <<'PY'
import sys
lines, tail = int(sys.argv[1]), b" some words of a line of a log, as long as they are\n"
seen, twice, odd = bytearray(lines), 0, 0
for line in open("got", "rb"):
    if len(line) != 12 + len(tail) or line[12:] != tail or not line[:12].isdigit() or int(line[:12]) >= lines:
        odd += 1
        continue
    twice += seen[int(line[:12])]
    seen[int(line[:12])] = 1
missing = lines - sum(seen)
if missing > 0:
    first = seen.find(0)
    print(f"the first that are missing: {first} to {(seen + bytes([1])).find(1, first) - 1}", file=sys.stderr)
print(f"{lines} lines: {missing} missing, {twice} twice, {odd} odd")
sys.exit(missing > 0 or twice > 0 or odd > 0)
PY

follow='tail "log" start=checkpoint | to raw | write "got"'
for mode in rename copytruncate; do
    rm -rf st got log log.* done known
    : >log
    python3 generate.py $mode "$seconds" "$rate" &
    generator=$!
    "$weir" run --io="$io" --state st "$follow" 2>err.run &
    pid=$!
    until_true "the first lines" lines got 1
    kill -TERM $pid
    wait $pid 2>/dev/null
    : >known
    killed=0
    while [ ! -f done ]; do
        "$weir" run --io="$io" --state st --checkpoint "${CHECKPOINT:-100}" "$follow" 2>>err.all &
        pid=$!
        random=$(od -An -N1 -tu1 /dev/urandom)
        if [ "$seconds" -gt 20 ]; then sleep $((2 + random % 4)); else sleep 0.$((100 + random * 2)); fi
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        killed=$((killed + 1))
    done
    wait $generator
    wanted=$(($(cat done) * 64))
    "$weir" run --io="$io" --state st "$follow" 2>err &
    pid=$!
    tries=0
    until [ "$(wc -c <got)" -ge "$wanted" ] || [ $tries -ge 1500 ]; do tries=$((tries + 1)); sleep 0.02; done
    kill -TERM $pid
    wait $pid 2>/dev/null
    echo "$mode: killed $killed times; $(python3 count.py "$(cat done)")" >verdict
    cat verdict
    python3 count.py "$(cat done)" >/dev/null 2>>err || { cat err err.all >&2; fail "$mode: $(cat verdict)"; }
    checks=$((checks + 1))
done
echo "$checks checks"
