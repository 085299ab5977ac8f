#!/bin/sh
# test_send_spool.sh - send spool=DIR: what waits there while nobody is, across ends and kills, within its bounds.
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/pipeline_rig.sh"
want 1 run 'stdin | lines | send "tcp://127.0.0.1:1" room=1MiB' </dev/null
says 'room= is that of spool=DIR'
want 1 run 'stdin | send "tcp://127.0.0.1:1" spool="sp"' </dev/null
says 'spool= is for records'
want 1 run 'stdin | lines | send "tcp://127.0.0.1:1" spool="no/such/dir"' </dev/null
says 'no/such/dir: No such file or directory'
python3 -c 'import socket, subprocess' 2>/dev/null || { echo "$checks checks; no python3 here to listen"; exit 0; }
cat >peer.py <<'END'
from send_rig import *

def spooled():
    return sum(os.path.getsize("sp/" + name) for name in os.listdir("sp") if name.endswith(".spool"))

# Nobody is there: the run ends, and what it took waits; the next one sends it, before what it takes itself.
text = 'stdin | lines | send "unix:sock" spool="sp"'
run = Run(text)
run.feed(numbers(0, 1000))
run.done()
out, err, code = run.end()
ok(code == 0 and "1000 records wait in sp for the next start" in err, err)
run = Run(text)
ok("1000 records wait in sp" in run.trouble(), "they are told of")
two = Run(text)
two.done()
out, err, code = two.end()
ok(code == 1 and "another process has this spool" in err, err)
server = Server(path="sock")
run.feed(numbers(1000, 10))
run.done()
server.accept()
ok(server.all() == numbers(0, 1010), "in their order")
out, err, code = run.end()
ok(code == 0 and "wait" not in err.replace("records waited", ""), err)
ok(spooled() == 0, "nothing is left")

# Full: what feeds it waits, and the files are as large as they may be; then all of it comes.
server.close()
os.unlink("sock")
run = Run('stdin @queue=256KiB | lines @queue=256KiB | send "unix:sock" spool="sp" room=128KiB')
fed = numbers(0, 400000)
feeder = threading.Thread(target=lambda: (run.feed(fed), run.done()))
feeder.start()
wait_for(lambda: spooled() > 110 << 10, "it fills")
ok(spooled() <= 128 << 10 and feeder.is_alive(), "and no further")
server = Server(path="sock")
server.accept()
ok(server.all() == fed, "all of it")
feeder.join()
ok(run.end()[2] == 0 and spooled() == 0, "to the end")

# Killed again and again, while nobody is there and while somebody is: with a journal nothing is lost, and a checkpoint
# doesn't wait for the other side.
open("log", "wb").write(numbers(0, 20000))
size = os.path.getsize("log")
server.close()
os.unlink("sock")
text = 'tail "log" | send "unix:sock" spool="sp"'

def position():
    listed = subprocess.run([weir, "state", "ls", "state"], capture_output=True, text=True).stdout
    found = re.search(r"log\D+(\d+)", listed)
    return int(found.group(1)) if found else 0

run = Run(text, "--state", "state", stdin=subprocess.DEVNULL)
wait_for(lambda: position() == size, "a checkpoint")
run.process.kill()
run.end()
got, kills = [], 0
while True:
    with open("log", "ab") as log:
        log.write(numbers(20000 + 5000 * kills, 5000))
    server = Server(path="sock")
    run = Run(text, "--state", "state", stdin=subprocess.DEVNULL)
    server.accept()
    data = b""
    while kills < 4 and len(data) < 40000:
        data += server.peer.recv(3000)
    if kills == 4:
        data = server.until(b"record 44999\n")
        got += data.split(b"\n")[:-1]
        ok(run.end(signal.SIGTERM)[2] == 0, "a stop")
        break
    run.process.kill()
    while part := server.peer.recv(1 << 20):
        data += part
    run.end()
    got += data[:data.rindex(b"\n")].split(b"\n")
    server.peer.close()
    server.close()
    kills += 1
last = -1
for line in got:
    number = int(line.split()[1])
    assert number <= last + 1, ("a hole", last, number)
    last = max(last, number)
ok(last == 44999 and set(got) == set(numbers(0, 45000).split(b"\n")[:-1]), "all of them, and nothing else")
report()
END
n=$(PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here python3 peer.py "$weir" "$io") || fail "peer.py"
echo "$((checks + n)) checks"
