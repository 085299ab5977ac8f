#!/bin/sh
# test_service.sh - what a service manager is told: ready, alive, ending.
. "$(dirname "$0")/pipeline_rig.sh"
python3 -c 'import socket, subprocess' 2>/dev/null || { echo "skipped: no python3 here to listen"; exit 77; }
cat >manager.py <<'END'
import os, socket, subprocess, sys
weir, io = sys.argv[1:3]
def listen(name):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(name)
    manager.settimeout(30)
    return manager
def start(**env):
    return subprocess.Popen([weir, "run", "--io=" + io, "stdin | lines | null"], stdin=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, env=dict(os.environ, **env))
manager = listen("notify")
run = start(NOTIFY_SOCKET=os.path.abspath("notify"), WATCHDOG_USEC="100000")
assert manager.recv(100) == b"READY=1"
for _ in range(5):
    assert manager.recv(100) == b"WATCHDOG=1"
run.terminate()
last = manager.recv(100)
while last == b"WATCHDOG=1":
    last = manager.recv(100)
assert last == b"STOPPING=1", last
assert run.wait() == 0
# An abstract name; no sign of life is asked for, or of another process.
manager = listen("\0weir-test-%d" % os.getpid())
for more in ({}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}):
    run = start(NOTIFY_SOCKET="@weir-test-%d" % os.getpid(), **more)
    assert manager.recv(100) == b"READY=1"
    run.stdin.close()
    assert run.wait() == 0
    manager.setblocking(False)
    try:
        assert False, manager.recv(100)
    except BlockingIOError:
        pass
    manager.settimeout(30)
# Nobody listens, or it is no address: it runs all the same.
for name in ("/nowhere", "relative", "@" + "x" * 200):
    run = start(NOTIFY_SOCKET=name)
    run.stdin.close()
    assert run.wait() == 0
END
want 0 python3 manager.py "$weir" "$io"
echo "15 checks"
