#!/bin/sh
# test_hash_top.sh - weir hash seen from outside: weir top, weir tasks; the block on its own terminal; --trace.
here=$(dirname "$(realpath "$0")")
. "$here/hash_rig.sh"
says() { checks=$((checks + 1)); grep -qF -- "$1" err || fail "not said: $1"; }
mkdir -p t/a t/b
for i in 1 2 3 4 5; do head -c ${i}000 /dev/zero >t/a/$i; done
head -c 150000 /dev/zero >t/b/larger
cp t/a/1 t/b/one
hash t >plain

# It waits for its standard input, behind a tree it is done with.
mkfifo in
"$weir" hash --io="$io" t - <in >running 2>err.run &
pid=$!
exec 9>in
printf x >&9
done_with_tree() { "$weir" top --json -n 1 -d 50 $pid 2>err | grep -q '"files_done":7,"files_found":8,'; }
tries=0
until done_with_tree; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "the files don't show: $("$weir" top --json -n 1 -d 50 $pid 2>&1)"
done
COLUMNS=80 want 0 "$weir" top -d 50 $pid
grep -q "^$pid  " out || fail "no head"
grep -q '^00:[0-9]*  7 of 8+* files, 166 kB read' out || fail "no totals: $(cat out)"
for stage in files read hash write; do
    grep -q "^$stage  *" out || fail "no line for $stage: $(cat out)"
    checks=$((checks + 1))
done
[ "$(awk 'length > 80' out)" = "" ] || fail "wider than 80 columns: $(cat out)"
want 0 "$weir" tasks $pid
grep -q hash_emit out || fail "no chain of a task: $(cat out)"
want 1 "$weir" tap $pid hash; says 'a hashing job has no records to show'
want 1 "$weir" reload $pid; says "process $pid is no weir run with a --state"
exec 9>&-
wait $pid || fail "the run: $(cat err.run)"
head -n 7 running | cmp - plain || fail "what was looked at changed"
[ ! -s err.run ] || fail "words where stderr is no terminal: $(cat err.run)"
want 1 "$weir" top $pid; says "process $pid is no weir that runs a pipeline"

# What each part did: all rows, the bytes, and the sentence.
want 0 hash --report t
for row in 'files  *0.0  *0.0' 'read  *0.0' 'hash  *[0-9.]*  *0.0' 'write  *0.0' 'hashed  *6 inline, 1 offloaded'; do
    grep -q "^$row" err || fail "no row '$row': $(cat err)"
    checks=$((checks + 1))
done
grep -Eq 'limit|no stage' err || fail "no sentence: $(cat err)"
hash t >listed
for last in 'check -c listed' 'audit --audit listed t' 'tree --tree t' 'dups --duplicates t'; do
    want 0 hash --report ${last#* }
    grep -q "^${last%% *}  " err || fail "no row for ${last%% *}: $(cat err)"
done

# The trace has its stages, and is whole or not there.
want 0 hash --trace t.json t
[ ! -s err ] || fail "words"
want 2 hash --trace nowhere/t.json t; says 'weir hash: --trace nowhere/t.json: No such file or directory'
command -v python3 >/dev/null 2>&1 || { echo "$checks checks; no python3 here to make a terminal"; exit 0; }
checks=$((checks + 1))
[ "$(python3 "$here/trace_check.py" t.json files read hash write)" = write ] || fail "the trace"

# The block on a terminal: drawn after a while, off for other text, off at the end, when the table is there.
cat >block.py <<'END'
import re, subprocess, sys
from pty_rig import *
feed, code, *command = sys.argv[1:]
master, slave = pty.openpty()
hash = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=slave, stderr=slave, env=ENVIRONMENT)
os.close(slave)
hash.stdin.write(open(feed, "rb").read())
hash.stdin.flush()
shown = b""
while b"starved" not in shown:                  # the head of the block's table
    shown += os.read(master, 65536)
hash.stdin.close()
shown += rest_of(master)
assert hash.wait() == int(code)
block, _, rest = shown.rpartition(b"\x1b[J")    # the last time it was taken off
# What of a head doesn't fit into 80 columns is left out from its end: nothing else may be missing there.
heads = re.findall(rb"\d\d:\d\d  [^\r\n]*", block)
assert heads and all(b"memory" in head or len(head) > 79 - len(b", cpu 100 %, memory 999.9 MB") for head in heads), shown
assert b"MB/s in" in rest and b"\x1b" not in rest, shown
widest = max(len(line) for line in block[block.index(b"stage "):].replace(b"\x1b", b"\n").split(b"\n"))
assert widest <= 80, widest
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
END
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here python3 block.py t/a/1 0 "$weir" hash --io="$io" t - -o m >shown || fail "the block"
grep -q '^00:[0-9]*  7 of 8+* files' shown || fail "no totals in the block"
sed '/b.larger/s/^................/0123456789abcdef/' listed >bad
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here python3 block.py bad 1 "$weir" hash --io="$io" -c - --quiet >shown || fail "the block of a check"
printf '\033[Jt/b/larger: FAILED\n' >line
grep -qF "$(cat line)" shown || fail "a line within the block: $(cat shown)"
checks=$((checks + 8))
# Lines that come all along are not drawn over.
cat >lines.py <<'END'
import os, pty, subprocess, sys
master, slave = pty.openpty()
subprocess.run(sys.argv[1:], stdout=slave, stderr=slave, check=True)
os.close(slave)
shown = os.read(master, 65536)
assert shown.count(b"\n") == 7 and b"\x1b" not in shown, shown
END
python3 lines.py "$weir" hash --io="$io" t || fail "lines on a terminal"
echo "$((checks + 1)) checks"
