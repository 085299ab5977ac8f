#!/bin/sh
# test_send_acked.sh - send ack=true to listen ack=true: each record once over kills of either side, a full spool and a
# connection that is cut at any byte of the greeting, by TCP and TLS; and what strangers may try.
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/pipeline_rig.sh"
want 1 run 'stdin | send "tcp://127.0.0.1:1" ack=true' </dev/null
says 'ack=true is for records, which can be sent again: lines | send'
want 1 run 'stdin | lines | send "tcp://127.0.0.1:1" ack=true framing=lines' </dev/null
says 'with ack=true records are counted, so framing= is octets'
want 1 run 'listen "tcp://127.0.0.1:0" ack=true framing=syslog | null'
says 'with ack=true records are counted, so framing= is octets'
want 1 run 'listen "udp://127.0.0.1:0" ack=true | null'
says 'ack=true is of streams'
want 1 run 'listen "tcp://127.0.0.1:0" sessions=3 | null'
says 'sessions= is that of ack=true'
promises() { # WORDS TEXT
    "$weir" explain "$2" | tr -s ' \n' '  ' >out
    grep -qF -e "$1" out || fail "explain $2 lacks: $1"
    checks=$((checks + 1))
}
promises 'with --state: exactly once to a listen that has ack=true' 'tail "log" | send "tcp://h:1" ack=true spool="sp"'
promises 'at least once to a listen that has ack=true and --state' 'tail "log" | send "tcp://h:1" ack=true'
promises 'without --state what a killed run had in hand is lost' 'listen "tcp://:1" ack=true | null'
python3 -c 'import socket, ssl, subprocess' 2>/dev/null || { echo "skipped: no python3 here to listen"; exit 77; }
tls=no
sh "$here/../support/tls_certs.sh" "$dir" && tls=yes
cat >peer.py <<'END_OF_PEER'
import pathlib, random
from send_rig import *
tls = sys.argv[3] == "yes"
faulthandler.dump_traceback_later(240, exit=True)
seed = int(os.environ.get("SEED", "1"))
kills = int(os.environ.get("KILLS", "6"))
random.seed(seed)
print("seed %d, %d kills" % (seed, kills), file=sys.stderr)

def connect(port):
    peer = socket.create_connection(("127.0.0.1", port))
    peer.settimeout(60)
    return peer
def hear(peer, wanted):
    got = b""
    while len(got) < len(wanted):
        part = peer.recv(len(wanted) - len(got))
        if not part:
            break
        got += part
    ok(got == wanted, (got, wanted))
def all_of(peer): # until it ends the connection
    got = b""
    try:
        while part := peer.recv(1000):
            got += part
    except ConnectionResetError:
        pass
    return got
def lines_of(path):
    return open(path, "rb").read().split(b"\n")[:-1] if os.path.exists(path) else []
def frames(first, count):
    return b"".join(b"%d %s" % (len(text), text) for text in (b"record %d" % i for i in range(first, first + count)))

# --- what a listener says to whoever comes -----------------------------------------------------------------------
me, you = b"0123456789abcdef" * 2, b"f" * 32
run = Run('listen "tcp://127.0.0.1:0" ack=true idle=1s sessions=2 | to raw | write "/dev/stdout"')
port = run.port()
told = []
threading.Thread(target=lambda: told.extend(iter(run.process.stderr.readline, b"")), daemon=True).start()
def provoke(words, what): # until it is told: that is no more than ten times a second
    del told[:]
    end = time.monotonic() + 60
    while not any(words.encode() in line for line in told):
        assert time.monotonic() < end, (words, told)
        what()
    ok(True, words)
def greeted(greeting):
    peer = connect(port)
    try:
        peer.sendall(greeting)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return all_of(peer)
peer = connect(port)
hear(peer, b"weir-ack 1\n")
peer.sendall(b"session " + me + b"\n")
hear(peer, b"have 0\n")
peer.sendall(b"from 1\n" + b"3 one0 5 th")
hear(peer, b"ack 2\n") # an empty record is one, half a record none
peer.sendall(b"ree")
hear(peer, b"ack 3\n")
ok([run.process.stdout.readline() for i in range(3)] == [b"one\n", b"\n", b"three\n"], "records")
# Another one of the same session ends the first, and comes when that is gone.
ok(b"no another connection has this session" in greeted(b"session " + me + b"\n"), "busy")
ok(all_of(peer) == b"", "ended")
def begin_anew(): # there may be room only in a moment
    return greeted(b"session " + me + b"\nfrom 3\n")
while b"have 3\n" not in begin_anew():
    pass
provoke("it begins with a record that it was told is here", begin_anew)
for greeting, why in (
    (b"hello\n", "no greeting of a send with ack=true"),
    (b"<13>Oct 11 22:14:15 host app: a log\n" * 10, "no greeting of a send with ack=true"),
    (b"\x16\x03\x01\x02\x00" + b"\x00" * 200, "no greeting of a send with ack=true"),
    (b"from 1\n", "a greeting out of its order"),
    (b"session " + b"F" * 32 + b"\n", "no greeting of a send with ack=true"),
    (b"session " + you + b"\nfrom 0\n", "it begins with a record that it was told is here"),
    (b"session " + you + b"\nfrom 01\n", "no greeting of a send with ack=true"),
    (b"session " + you + b"\nfrom -1\n", "no greeting of a send with ack=true"),
    (b"session " + you + b"\nfrom 9223372036854775808\n", "no greeting of a send with ack=true"),
    (b"session " + you + b"\nfrom 99999999999999999999999\n", "no greeting of a send with ack=true"),
    (b"session " + you + b"\nfrom 1\nhello", "no octet count where a message should begin"),
    (b"session " + you + b"\nack 1\n", "a greeting out of its order"),
):
    provoke(why, lambda: greeted(greeting))
def dawdle(): # a byte now and then
    slow = connect(port)
    slow.sendall(b"sess")
    ok(all_of(slow) == b"weir-ack 1\n", "slow")
provoke("the greeting took too long", dawdle)
second = connect(port) # it gives a record, so it is remembered, and there is no room for a third one
second.sendall(b"session " + you + b"\nfrom 1\n1 x")
hear(second, b"weir-ack 1\nhave 0\nack 1\n")
ok(run.process.stdout.readline() == b"x\n", "a second session")
third = connect(port)
third.sendall(b"session " + b"a" * 32 + b"\n")
answer = all_of(third)
ok(b"no there are as many sessions as sessions= allows" in answer, answer)
second.sendall(b"1 y1 z")
second.shutdown(socket.SHUT_WR)
ok(all_of(second).endswith(b"ack 3\n"), "an end is no hurry")
run.process.terminate()
ok(run.process.stdout.read() == b"y\nz\n" and run.process.wait() == 1, "what was there comes")

# --- what a sender says to whoever listens ---------------------------------------------------------------------------
server = Server()
text = 'stdin | lines | send "tcp://127.0.0.1:%d" ack=true ' % server.port
def greet(session=None, have=b"have 0\n"):
    peer = server.accept()
    peer.settimeout(60)
    peer.sendall(b"weir-ack 1\n")
    line = peer.recv(41)
    ok(re.fullmatch(rb"session [0-9a-f]{32}\n", line) and (session is None or line == session), line)
    peer.sendall(have)
    return line
run = Run(text)
run.feed(b"record 0\nrecord 1\nrecord 2\n")
session = greet()
hear(server.peer, b"from 1\n" + frames(0, 3))
server.peer.sendall(b"ack 1\nac")
server.peer.close()
ok("it is tried again" in run.trouble(), "an outage")
greet(session, b"have 2\nack 2\n")
ok("there again" in run.trouble(), "its end")
hear(server.peer, b"from 3\n" + frames(2, 1))
for wrong, why in (
    (b"ack 4\n", "it acknowledged what it wasn't sent"),
    (b"nack 3\n", "it acknowledged what it wasn't sent"),
    (b"ack 3" + b"0" * 200, "it acknowledged what it wasn't sent"),
):
    server.peer.sendall(wrong)
    ok(why in run.trouble(), wrong)
    all_of(server.peer)
    greet(session, b"have 2\n")
    run.trouble()
    hear(server.peer, b"from 3\n" + frames(2, 1))
run.process.kill()
run.end()
server.close()
def answer(server, hello, have): # whoever comes, as often as he comes
    peers = []
    try:
        while True:
            peers.append(server.socket.accept()[0])
            peers[-1].sendall(hello)
            if have and peers[-1].recv(41):
                peers[-1].sendall(have)
    except OSError:
        pass
for hello, have, why in (
    (b"weir-ack 1\n", b"have 4\n", "it says that it has 4 records of a session of"),
    (b"weir-ack 1\n", b"no not you\n", "it says no: not you"),
    (b"weir-ack 1\n", b"ack 3\n", "doesn't speak weir-ack"),
    (b"weir-ack 2\n", b"", "another version of weir-ack"),
    (b"220 mail.example ESMTP\r\n", b"", "doesn't speak weir-ack"),
    (b"", b"", "is it a listen with ack=true? No greeting within timeout="),
):
    server = Server()
    threading.Thread(target=answer, args=(server, hello, have), daemon=True).start()
    run = Run('stdin | lines | send "tcp://127.0.0.1:%d" ack=true giveup=1ms timeout=300ms' % server.port)
    run.feed(b"a\nb\nc\n")
    run.done()
    out, err, code = run.end()
    ok(code == 1 and why in err, err)
plain = Run('listen "tcp://127.0.0.1:0" | to raw | write "/dev/stdout"')
run = Run('stdin | lines | send "tcp://127.0.0.1:%d" ack=true giveup=1ms timeout=300ms' % plain.port())
run.feed(b"a\n")
run.done()
ok("No greeting within timeout=" in run.end()[1] and plain.end(signal.SIGTERM)[0] == b"", "nothing lands in a plain listener")

# --- a connection that is cut behind any byte of what either side says first -------------------------------------------
class Proxy(threading.Thread):
    """The first connection is cut behind `cut` bytes of one direction; later ones pass."""
    def __init__(self, to, cut, from_listener):
        super().__init__(daemon=True)
        self.to, self.cut, self.from_listener = to, cut, from_listener
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()
    def pump(self, source, sink, left):
        try:
            while part := source.recv(65536 if left is None else max(1, min(left, 65536))):
                if left == 0:
                    break
                sink.sendall(part)
                left = None if left is None else left - len(part)
                if left == 0:
                    break
        except OSError:
            pass
        for end in source, sink:
            try:
                end.shutdown(socket.SHUT_RDWR if left == 0 else socket.SHUT_WR)
            except OSError:
                pass
    def run(self):
        first = True
        while True:
            peer = self.socket.accept()[0]
            onward = socket.create_connection(("127.0.0.1", self.to))
            for source, sink, is_listener in (peer, onward, False), (onward, peer, True):
                left = self.cut if first and is_listener == self.from_listener else None
                threading.Thread(target=self.pump, args=(source, sink, left), daemon=True).start()
            first = False

listen = Run('listen "tcp://127.0.0.1:0" ack=true | to raw | write "cut"', "--state", "cut.state", "--checkpoint", "20")
port = listen.port()
cuts = [(cut, True) for cut in range(len("weir-ack 1\nhave 0\nack 3\n"))]
cuts += [(cut, False) for cut in range(0, len("session \nfrom 1\n") + 32 + 24, 3)]
for at in range(0, len(cuts), 8):
    runs = []
    for cut, from_listener in cuts[at:at + 8]:
        proxy = Proxy(port, cut, from_listener)
        run = Run('stdin | lines | send "tcp://127.0.0.1:%d" ack=true' % proxy.port)
        run.feed(b"".join(b"%d %d %d\n" % (cut, from_listener, i) for i in range(3)))
        run.done()
        runs.append(run)
    for run in runs:
        out, err, code = run.end()
        ok(code == 0, err)
listen.end(signal.SIGTERM)
wanted = sorted(b"%d %d %d" % (cut, side, i) for cut, side in cuts for i in range(3))
ok(sorted(lines_of("cut")) == wanted, "each of them once")

# --- a listener is stopped while a connection waits for its node: the connection may go after it ----------------------
open("much", "wb").write(numbers(0, 3000000))
for i in range(12):
    listen = Run('listen "tcp://127.0.0.1:0" ack=true | to raw | write "full%d"' % i, "--state", "full%d.state" % i)
    run = Run('read "much" | lines | send "tcp://127.0.0.1:%d" ack=true' % listen.port(), stdin=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists("full%d" % i) and os.path.getsize("full%d" % i) > 0, "the first of them")
    listen.end(signal.SIGTERM)
    run.end(signal.SIGKILL)
    have = open("full%d" % i, "rb").read()
    ok(open("much", "rb").read(len(have)) == have, "a beginning of it, each record once")

# --- a sender whose hands are full isn't left waiting for a checkpoint that comes in an hour -----------------------------
listen = Run('listen "tcp://127.0.0.1:0" ack=true | to raw | write "full"', "--state", "full.state", "--checkpoint", "3600000")
port = listen.port()
run = Run('read "much" | lines | send "tcp://127.0.0.1:%d" ack=true' % port, stdin=subprocess.DEVNULL)
wait_for(lambda: os.path.exists("full") and os.path.getsize("full") > os.path.getsize("much") - (4 << 20), "all but the last")
listen.end(signal.SIGTERM)
listen = Run('listen "tcp://127.0.0.1:%d" ack=true | to raw | write "full"' % port, "--state", "full.state", "--checkpoint", "30")
out, err, code = run.end()
ok(code == 0, err)
listen.end(signal.SIGTERM)
ok(open("full", "rb").read() == open("much", "rb").read(), "each record once, in its order")

# --- either side is killed at any moment --------------------------------------------------------------------------------
def chaos(name, scheme, theirs, ours, target):
    """A log grows; the sender, the listener or both are killed and started again; a small spool is full in between."""
    log, got = name + ".log", name + ".got"
    count = 0
    def grow(lines):
        nonlocal count
        with open(log, "ab") as file:
            file.write(numbers(count, lines))
        count += lines
    def start_listener(port):
        text = 'listen "%s://127.0.0.1:%d" ack=true %s | to raw | write "%s"' % (scheme, port, theirs, got)
        return Run(text, "--state", name + ".theirs", "--checkpoint", "30", stdin=subprocess.DEVNULL)
    def start_sender(port):
        text = 'tail "%s" | send "%s://%s:%d" ack=true room=128KiB spool="%s.spool" timeout=3s %s' % (
            log, scheme, target, port, name, ours)
        return Run(text, "--state", name + ".ours", "--checkpoint", "30", stdin=subprocess.DEVNULL)
    def kill(run):
        run.process.kill()
        run.end()
    def spooled(folder): # a sender that was just started may not have made it yet
        return sum(file.stat().st_size for file in pathlib.Path(folder).glob("*.spool") if file.exists())
    grow(5000)
    listener = start_listener(0)
    port = listener.port()
    sender = start_sender(port)
    for turn in range(kills):
        seen = os.path.getsize(got) if os.path.exists(got) else 0
        grow(random.choice((10, 3000, 20000)))
        end = time.monotonic() + random.random() * 0.3
        while time.monotonic() < end and os.path.getsize(log) > (os.path.getsize(got) if os.path.exists(got) else 0):
            time.sleep(0.001)
        whom = random.choice(("sender", "listener", "both"))
        if whom != "sender":
            kill(listener)
        if whom != "listener":
            kill(sender)
            sender = start_sender(port)
        if whom != "sender":
            if random.random() < 0.3: # long enough for the spool to be full
                grow(20000)
                wait_for(lambda: spooled(name + ".spool") > 90 << 10, "a full spool")
            listener = start_listener(port)
    grow(10)
    try:
        wait_for(lambda: os.path.exists(got) and os.path.getsize(got) >= os.path.getsize(log), name + ": all of it")
    except AssertionError:
        for run in sender, listener:
            print(run.process.poll(), run.end(signal.SIGQUIT)[1], file=sys.stderr)
        raise
    for run in sender, listener:
        out, err, code = run.end(signal.SIGTERM)
        ok(code == 0, (code, err))
    ok(open(got, "rb").read() == open(log, "rb").read(), name + ": each record once, in its order")

chaos("tcp", "tcp", "", "", "127.0.0.1")
if tls:
    chaos("tls", "tls", 'cert="server.pem" key="server.key" ca="ca.pem"', 'ca="ca.pem" cert="client.pem" key="client.key"',
          "localhost")

# --- what has an end ends; what stages give at their end comes, too ----------------------------------------------------
listen = Run('listen "unix:sock" ack=true | to raw | write "ends"', "--state", "ends.state", "--checkpoint", "30")
wait_for(lambda: os.path.exists("sock"), "a socket")
open("some", "wb").write(numbers(0, 3000))
for more, wanted in (("", 3000), ("", 3000), ("more", 3005)):
    if more:
        with open("some", "ab") as file:
            file.write(numbers(3000, 5))
    run = Run('read "some" | lines | send "unix:sock" ack=true spool="ends.spool"', "--state", "ends.ours",
              "--checkpoint", "60000", stdin=subprocess.DEVNULL)
    out, err, code = run.end()
    ok(code == 0 and "wait" not in err, err)
    ok(lines_of("ends") == numbers(0, wanted).split(b"\n")[:-1], wanted)
run = Run('read "some" | lines | count every 1h | to raw | lines | send "unix:sock" ack=true spool="count.spool"', "--state",
          "count.ours", stdin=subprocess.DEVNULL)
out, err, code = run.end()
ok(code == 0 and "wait" not in err, err)
ok(len(lines_of("ends")) == 3006, "a window that the end closes")

# --- a spool and a journal that don't belong together --------------------------------------------------------------------
subprocess.run(["rm", "-r", "ends.spool"])
run = Run('read "some" | lines | send "unix:sock" ack=true spool="ends.spool"', "--state", "ends.ours", stdin=subprocess.DEVNULL)
out, err, code = run.end()
ok(code == 1 and "the journal counts on record 3005" in err and "the two don't belong together" in err, err)
listen.end(signal.SIGTERM)
report()
END_OF_PEER
n=$(PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here python3 peer.py "$weir" "$io" $tls) || fail "peer.py"
echo "$((checks + n)) checks$([ $tls = yes ] || echo "; no openssl here for certificates: not by TLS")"
