#!/bin/sh
# test_send.sh - records to somebody else: framings, formats, connections that break or aren't there, TLS, an end in good
# order.
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/pipeline_rig.sh"
for text in 'send "127.0.0.1:1"' 'send "udp://127.0.0.1:1"' 'send "tcp://nowhere"' 'send "tcp://:514"'; do
    want 2 run "stdin | lines | $text"
done
says 'a host and a port are wanted behind the scheme'
want 1 run 'stdin | lines | send "tcp://127.0.0.1:1" ca="ca.pem"' </dev/null
says 'are of tls://HOST:PORT'
want 0 run 'stdin | lines | send "tcp://127.0.0.1:1"' </dev/null # nothing to say
want 2 "$weir" run --io="$io" --state state 'stdin | send "tcp://127.0.0.1:1"' </dev/null
says "can't be taken up in the middle"
sh "$here/../support/tls_certs.sh" "$dir" || { echo "skipped: openssl makes no certificates here"; exit 77; }
python3 -c 'import socket, ssl, subprocess' 2>/dev/null || { echo "skipped: no python3 here to listen"; exit 77; }
cat >peer.py <<'END'
from send_rig import *

# Framings and formats. The run ends when the other side's kernel has all.
server = Server()
text = 'stdin | lines %s | send "tcp://127.0.0.1:' + str(server.port) + '" %s'
for stages, options, given, wanted in (
    ("", "", b"one\n\nthree", b"one\n\nthree\n"),
    ("", "framing=octets", b"one\n\nthree", b"3 one0 5 three"),
    ("", "framing=syslog format=json", b"a\n", b'12 {"line":"a"}'.replace(b"12", b"%d" % len('{"line":"a"}'))),
    ("| json", "", b'{"a": 1}\n', b'{"a": 1}\n'),
    ("| json | set .b = 2", "", b'{"a": 1}\n', b'{"a":1,"b":2}\n'),
    ("| json | set .b = 2", "format=raw", b'{"a": 1}\n', b'{"a": 1}\n'),
    ("| json | set .b = 2", "format=logfmt", b'{"a": 1}\n', b'a=1 b=2\n'),
):
    run = Run(text % (stages, options))
    run.feed(given)
    run.stdin.close()
    server.accept()
    got = server.all()
    ok(got == wanted, (stages, options, got))
    run.stdin = run.process.stdin = None
    ok(run.end() == (b"", "", 0), options)

# Many, through a socket that is read slowly: what feeds it waits.
open("many", "wb").write(numbers(0, 200000))
run = Run('read "many" | lines | send "tcp://127.0.0.1:%d"' % server.port)
server.accept()
ok(server.all() == numbers(0, 200000), "many")
ok(run.end()[2] == 0, "many")

# It ends the connection between two records, then one is refused, then it is there again: nothing is lost or twice.
run = Run('stdin | lines | send "tcp://127.0.0.1:%d"' % server.port)
run.feed(numbers(0, 100))
server.accept()
ok(server.lines(100) == numbers(0, 100), "before")
server.close()
server.peer.close()
ok("it is tried again and again" in run.trouble(), "an outage is told")
run.feed(numbers(100, 100))
server = Server(port=server.port)
server.accept()
ok(server.lines(100) == numbers(100, 100), "behind it")
ok(re.search("there again; (0|100) records waited", run.trouble()), "and its end")
# Reset: what its kernel had not acknowledged comes again, from a record's beginning.
server.reset()
run.feed(numbers(200, 100))
server.accept()
got = server.until(b"record 299\n")
first = int(got.split(None, 2)[1])
ok(100 <= first <= 200 and got == numbers(first, 300 - first), "behind a reset")
run.done()
ok(server.all() == b"", "the end")
out, err, code = run.end()
ok(code == 0, err)

# A Unix socket says what was read, not what the kernel has: in the middle of a stream nothing is lost at all.
unix = Server(path="sock")
run = Run('read "many" | lines | send "unix:sock" framing=lines')
seen, breaks = 0, 0
while breaks < 5:
    unix.accept()
    data = b""
    while len(data) < 100000 * (breaks + 1):
        data += unix.peer.recv(7777)
    unix.reset()
    got = data[:data.rindex(b"\n") + 1].split(b"\n")[:-1]
    first = int(got[0].split()[1])
    ok(first <= seen, ("a hole", first, seen))
    ok(got == numbers(first, len(got)).split(b"\n")[:-1], "whole records in their order")
    seen = max(seen, first + len(got))
    breaks += 1
unix.accept()
data = unix.all()
first = int(data.split(None, 2)[1])
ok(first <= seen and data == numbers(first, 200000 - first), "the rest")
ok(run.end()[2] == 0, "breaks")

# Bytes are a stream: as they are, and not taken up in the middle.
run = Run('stdin | gzip | send "tcp://127.0.0.1:%d"' % server.port)
run.feed(numbers(0, 10))
run.done()
server.accept()
got = server.all()
ok(subprocess.run(["gzip", "-dc"], input=got, stdout=subprocess.PIPE).stdout == numbers(0, 10), "gzip")
ok(run.end()[2] == 0, "bytes")
server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096) # what its kernel doesn't take isn't acknowledged
run = Run('read "many" | send "tcp://127.0.0.1:%d"' % server.port)
server.accept().recv(1000)
server.reset()
out, err, code = run.end()
ok(code == 1 and "a stream of bytes can't be taken up in the middle" in err, err)

# A newline within a record.
run = Run('stdin | lines | json | set .x = "a\\nb" | send "tcp://127.0.0.1:%d" format=logfmt framing=lines' % server.port)
run.feed(b'{"a":"1"}\n')
run.done()
server.accept()
server.all()
run.end()

# Nobody there: for as long as giveup= says; at a stop for as long as timeout= does.
server.close()
gone = 'stdin | lines | send "tcp://127.0.0.1:%d" ' % server.port
run = Run(gone + "giveup=300ms")
run.feed(b"lost\n")
run.done()
out, err, code = run.end()
ok(code == 1 and "given up, as giveup= says; 1 records weren't acknowledged" in err, err)
run = Run(gone + "timeout=200ms")
run.feed(b"lost\n")
ok("Connection refused: it is tried" in run.trouble(), "refused")
out, err, code = run.end(signal.SIGTERM)
ok(code == 1 and "the run is to stop, and 1 records weren't acknowledged" in err, err)
run = Run('stdin | lines | send "tcp://no.such.host.invalid:99" giveup=100ms')
run.feed(b"lost\n")
run.done()
out, err, code = run.end()
ok(code == 1 and "given up" in err, err)

# TLS, to our own other end, certificates both ways; and who isn't trusted.
listen = Run('listen "tls://127.0.0.1:0" cert="server.pem" key="server.key" ca="ca.pem" | to raw | write "got"')
port = listen.port()
tls = 'stdin | lines | send "tls://localhost:%d" ' % port
run = Run(tls + 'ca="ca.pem" cert="client.pem" key="client.key"')
run.feed(numbers(0, 5000))
run.done()
out, err, code = run.end()
ok(code == 0, err)
out, err, code = listen.end(signal.SIGTERM)
ok(code == 0 and open("got", "rb").read() == numbers(0, 5000), err)
for cert, host, options, why in (
    ("server", "localhost", "", "unable to get local issuer certificate"),
    ("other", "localhost", 'ca="ca.pem"', "ostname mismatch"),
    ("server", "localhost", 'ca="ca.pem" name="elsewhere.example"', "ostname mismatch"),
    ("expired", "localhost", 'ca="ca.pem"', "certificate has expired"),
):
    listen = Run('listen "tls://127.0.0.1:0" cert="%s.pem" key="%s.key" | null' % (cert, cert))
    run = Run('stdin | lines | send "tls://%s:%d" giveup=100ms %s' % (host, listen.port(), options))
    run.feed(b"secret\n")
    run.done()
    out, err, code = run.end()
    ok(code == 1 and why in err, err)
    listen.end(signal.SIGTERM)
listen = Run('listen "tls://127.0.0.1:0" cert="other.pem" key="other.key" | to raw | write "/dev/stdout"')
port = listen.port()
for options in 'ca="ca.pem" name="elsewhere.example"', "verify=false":
    run = Run('stdin | lines | send "tls://localhost:%d" %s' % (port, options))
    run.feed(b"trusted\n")
    run.done()
    ok(run.end()[2] == 0 and listen.process.stdout.readline() == b"trusted\n", options)
listen.end(signal.SIGTERM)
plain = Run('listen "tcp://127.0.0.1:0" max=100 | null')
run = Run('stdin | lines | send "tls://localhost:%d" ca="ca.pem" giveup=100ms timeout=1s' % plain.port())
run.feed(b"secret\n")
run.done()
out, err, code = run.end()
ok(code == 1 and "no connection within timeout=" in err, err)
plain.end(signal.SIGTERM)

# With a journal a checkpoint waits until what lies before it is acknowledged: killed at any moment, nothing is lost.
server = Server(path="sock")
open("log", "wb").write(numbers(0, 50000))
got, kills = set(), 0
while len(got) < 50000:
    run = Run('tail "log" | send "unix:sock"', "--state", "state", stdin=subprocess.DEVNULL)
    server.accept()
    data = b""
    while kills < 4 and len(data) < 150000 or kills >= 4 and (b"record 49999\n" not in data):
        data += server.peer.recv(5000 if kills < 4 else 1 << 20)
    if kills < 4:
        run.process.kill()
        run.process.wait()
        while part := server.peer.recv(1 << 20):
            data += part
    got.update(data[:data.rindex(b"\n")].split(b"\n"))
    if kills >= 4:
        out, err, code = run.end(signal.SIGTERM)
        ok(code == 0, err)
        break
    kills += 1
    server.peer.close()
ok(got >= set(numbers(0, 50000).split(b"\n")[:-1]), "all of them")
report()
END
n=$(PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here python3 peer.py "$weir" "$io") || fail "peer.py"
echo "$((checks + n)) checks"
