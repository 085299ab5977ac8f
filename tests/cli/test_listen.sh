#!/bin/sh
# test_listen.sh - records that others send: connections, datagrams, framings, limits, an end in good order.
. "$(dirname "$0")/pipeline_rig.sh"
want 2 "$weir" check /dev/stdin <<'END'
listen "tcp://here:99" | print
END
says "it wants a number and a port behind the scheme"
want 2 run 'listen "514" | print'
says "an address is such as tcp://127.0.0.1:514"
: >taken
want 1 run "listen \"unix:$dir/taken\" | print"
says "there is a file of that name, which is no socket"
python3 -c 'import socket, subprocess' 2>/dev/null || { echo "$checks checks; no python3 here to send"; exit 0; }
cat >peer.py <<'END'
import json, os, re, signal, socket, subprocess, sys, threading, time
weir, io = sys.argv[1:3]
checks = 0

def ok(condition, words):
    global checks
    checks += 1
    assert condition, words

class Run:
    def __init__(self, text, *more):
        self.process = subprocess.Popen([weir, "run", "--io=" + io, text, *more], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.port = None
        while ":0\"" in text and self.port is None:
            line = self.process.stderr.readline()
            assert line, "no port"
            found = re.search(rb"listen: \S+:(\d+)\n", line)
            self.port = found and int(found.group(1))
    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))
    def line(self):
        return self.process.stdout.readline()
    def end(self):
        self.process.terminate()
        out, err = self.process.communicate()
        return out, err.decode(), self.process.returncode

def record(line, **more):
    return (json.dumps(dict({"line": line}, **more), separators=(",", ":"), ensure_ascii=False) + "\n").encode()

# A line goes on as soon as it is whole, without one behind it; the last needs no newline.
run = Run('listen "tcp://127.0.0.1:0" peer=.from | print')
peer = run.connect()
name = "127.0.0.1:%d" % peer.getsockname()[1]
peer.sendall(b"one\ntwo\r\npart")
ok(run.line() == record("one", **{"from": name}), "one")
ok(run.line() == record("two", **{"from": name}), "two")
peer.sendall(b"ly\n\nlast")
ok(run.line() == record("partly", **{"from": name}), "partly")
ok(run.line() == record("", **{"from": name}), "an empty one")
peer.close()
ok(run.line() == record("last", **{"from": name}), "last")
ok(run.end() == (b"", "weir: ended by SIGTERM: what had come in by then is done\n", 0), "a stop")

# Many at once, each in its order; what was sent before the signal is read.
run = Run('listen "tcp://127.0.0.1:0" connections=8 | to raw | write "all"')
count, lines = 24, 3000
if os.fork() == 0:
    for half in range(count // 8):
        peers = [run.connect() for _ in range(8)]
        for n in range(lines):
            for i, peer in enumerate(peers):
                peer.sendall(b"%d %d %s\n" % (half * 8 + i, n, b"x" * (n % 300)))
        for peer in peers:
            peer.close()
    os._exit(0)
ok(os.wait()[1] == 0, "the senders")
peer = run.connect()
peer.sendall(b"end")
peer.close()
out, err, code = run.end()
ok(code == 0, err)
seen = {}
for text in open("all").read().splitlines():
    if text == "end":
        continue
    who, n, rest = (text.split(" ") + [""])[:3]
    ok(int(n) == seen.get(who, 0) and len(rest) == int(n) % 300, text)
    seen[who] = int(n) + 1
ok(len(seen) == count and set(seen.values()) == {lines}, seen)

# Octet counting, both ways at once, and what is no frame.
run = Run('listen "tcp://127.0.0.1:0" framing=syslog max=64 @onerror=dead(bad) | print dead bad -> print')
peer = run.connect()
peer.sendall(b"10 <13>a\nnul\0" + b"<14>plain\n" + b"5 <1>ab\n3 xyz" + b"70 " + b"y" * 70 + b"2 ok")
lines = [run.line() for _ in range(6)] # each stream has its order; which of the two prints first isn't said
dead = [line for line in lines if b"longer than max=64" in line]
ok(len(dead) == 1, lines)
lines.remove(dead[0])
ok(lines == [record(text) for text in ("<13>a\nnul\0", "<14>plain", "<1>ab", "xyz", "ok")], lines)
bad = run.connect()
bad.sendall(b"12x4 what")
ok(bad.recv(10) == b"", "it isn't closed")
out, err, code = run.end()
ok("no octet count where a message should begin (RFC 6587)" in err and code == 1, err)

# Whoever says nothing whole for long is closed; others aren't.
run = Run('listen "tcp://127.0.0.1:0" idle=300ms max=10 | print')
slow, good = run.connect(), run.connect()
slow.sendall(b"hal")
ok(slow.recv(1) == b"", "it isn't closed")
good.close()
good = run.connect()
good.sendall(b"0123456789\n0123456789a\nok\n")
ok(run.line() == record("0123456789") and run.line() == record("ok"), "long lines")
out, err, code = run.end()
ok("no whole record for as long as idle= says" in err, err)
ok("a record longer than max= was left out" in err or "more such troubles" in err, err)

# One connection at once: the other waits its turn, and is served then.
run = Run('listen "tcp://127.0.0.1:0" connections=1 | print')
first, second = run.connect(), run.connect()
second.sendall(b"second\n")
first.sendall(b"first\n")
ok(run.line() == record("first"), "first")
first.close()
ok(run.line() == record("second"), "second")
ok(run.end()[2] == 0, "the end")

# Unix sockets: one that was left behind is replaced, one in use is not; the file goes at the end.
left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
left.bind("sock")
left.close()
run = Run('listen "unix:sock" | head 2 | print')
peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
while True:
    try:
        peer.connect("sock")
        break
    except (ConnectionRefusedError, FileNotFoundError):
        pass
twice = subprocess.run([weir, "run", 'listen "unix:sock" | print'], capture_output=True)
ok(twice.returncode == 1 and b"Address already in use" in twice.stderr, twice)
peer.sendall(b"a\nb\nc\n")
ok(run.line() == record("a") and run.line() == record("b"), "unix")
ok(run.process.wait() == 0 and not os.path.exists("sock"), "head ends it")

# A run that fails ends while other workers are at its connections: what these share stays until the last of them.
def flood(port, fails):
    try:
        with socket.create_connection(("127.0.0.1", port)) as peer:
            for i in range(10000):
                peer.sendall(b'{"a":1}\n' * 20)
                if fails and i == 30:
                    peer.sendall(b"no JSON\n")
    except OSError:
        pass # it is gone

for _ in range(4):
    run = Run('listen "tcp://127.0.0.1:0" | json | null', "--workers=4")
    peers = [threading.Thread(target=flood, args=(run.port, i == 0)) for i in range(8)]
    for peer in peers:
        peer.start()
    for peer in peers:
        peer.join()
    err = run.process.communicate()[1]
    ok(run.process.returncode == 1 and b"weir: json: " in err and b"Sanitizer" not in err, err)

# Datagrams.
for framing, wanted in (("lines", ["one", "two", "three"]), ("syslog", ["one\ntwo", "three"])):
    run = Run('listen "udp://127.0.0.1:0" peer=.p framing=%s | print' % framing)
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("127.0.0.1", 0))
    for text in (b"one\ntwo\n", b"three"):
        peer.sendto(text, ("127.0.0.1", run.port))
    for text in wanted:
        ok(run.line() == record(text, p="127.0.0.1:%d" % peer.getsockname()[1]), text)
    ok(run.end()[2] == 0, "the end")
run = Run('listen "unixgram:log" | print')
peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
while True:
    try:
        peer.sendto(b"<30>hi", "log")
        break
    except (ConnectionRefusedError, FileNotFoundError):
        pass
ok(run.line() == record("<30>hi"), "unixgram")
ok(run.end()[2] == 0 and not os.path.exists("log"), "the end")
# With a journal what stages have seen and what is written outlives a kill; what came since the last checkpoint doesn't.
def tcp(port, data):
    socket.create_connection(("127.0.0.1", port)).sendall(data)

def udp(port, data):
    socket.socket(type=socket.SOCK_DGRAM).sendto(data, ("127.0.0.1", port))

end = time.monotonic() + 60
for send in tcp, udp:
    out, state = "kept_" + send.__name__, "state_" + send.__name__
    text = 'listen "%s://127.0.0.1:0" | dedupe | to raw | write "%s" append' % (send.__name__, out)
    for data, size in (b"one\ntwo\n", 8), (b"two\nsix\n", 12):
        run = Run(text, "--state", state)
        send(run.port, data)
        listed = ""
        while not re.search(r"%s\D+%d\b" % (out, size), listed):
            assert time.monotonic() < end, listed
            listed = subprocess.run([weir, "state", "ls", state], capture_output=True, text=True).stdout
        run.process.kill()
        run.process.communicate()
        with open(out, "ab") as file: # as if more had been written behind the checkpoint
            file.write(b"torn")
    run = Run(text, "--state", state)
    ok(run.end()[2] == 0 and open(out).read() == "one\ntwo\nsix\n", out)
print(checks, "checks")
END
want 0 python3 peer.py "$weir" "$io"
tail -n 1 out
echo "$checks checks more"
