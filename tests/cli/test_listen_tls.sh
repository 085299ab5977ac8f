#!/bin/sh
# test_listen_tls.sh - records over TLS: by openssl s_client, certificates both ways, who is refused, limits before the
# handshake is done.
certs=$(cd "$(dirname "$0")/../support" && pwd)/tls_certs.sh
. "$(dirname "$0")/pipeline_rig.sh"
sh "$certs" "$dir" || { echo "skipped: openssl makes no certificates here"; exit 77; }
python3 -c 'import socket, ssl, subprocess' 2>/dev/null || { echo "skipped: no python3 here to send"; exit 77; }
want 1 run 'listen "tls://127.0.0.1:0" | print'
says 'tls:// wants a certificate: cert=FILE, and key=FILE'
want 1 run 'listen "tcp://127.0.0.1:0" cert="server.pem" | print'
says 'cert=, key= and ca= are of tls://HOST:PORT'
want 1 run 'listen "tls://127.0.0.1:0" cert="nowhere.pem" | print'
says 'nowhere.pem: No such file or directory'
want 1 run 'listen "tls://127.0.0.1:0" cert="server.pem" key="client.key" | print'
says 'client.key: key values mismatch'
cat >peer.py <<'END'
import faulthandler, os, re, socket, ssl, subprocess, sys
weir, io = sys.argv[1:3]
checks = 0
faulthandler.dump_traceback_later(60, exit=True)

def ok(condition, words):
    global checks
    checks += 1
    assert condition, words

class Run:
    def __init__(self, options, rest="| to raw | write \"/dev/stdout\""):
        text = 'listen "tls://127.0.0.1:0" cert="server.pem" key="server.key" %s %s' % (options, rest)
        self.process = subprocess.Popen([weir, "run", "--io=" + io, text], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.port = int(re.search(rb"listen: \S+:(\d+)\n", self.process.stderr.readline()).group(1))
    def plain(self):
        return socket.create_connection(("127.0.0.1", self.port))
    def connect(self, ca="ca.pem", cert=None):
        context = ssl.create_default_context(cafile=ca)
        if cert:
            context.load_cert_chain(cert + ".pem", cert + ".key")
        return context.wrap_socket(self.plain(), server_hostname="localhost")
    def line(self):
        return self.process.stdout.readline()
    def trouble(self):
        return self.process.stderr.readline().decode()
    def end(self):
        self.process.terminate()
        out, err = self.process.communicate()
        return out, err.decode(), self.process.returncode

# What others have: OpenSSL's own client, with either version of the protocol; an older one is refused.
run = Run("")
for version in "-tls1_2", "-tls1_3":
    client = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % run.port, "-CAfile", "ca.pem", "-verify_return_error",
              "-quiet", "-no_ign_eof", "-servername", "localhost", version]
    done = subprocess.run(client, input=b"by s_client %s\n" % version.encode(), stderr=subprocess.DEVNULL, timeout=30)
    ok(run.line() == b"by s_client %s\n" % version.encode(), version)
old = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % run.port, "-tls1_1", "-cipher",
                      "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
ok(old.returncode != 0 and b"protocol version" in old.stderr, "TLS 1.1")
ok("TLS 1.2 or 1.3 is wanted" in run.trouble(), "told so")

# A megabyte, a record of 100,000 bytes, an end that is said; then half a line and a cut: that is no record.
peer = run.connect()
lines = b"".join(b"line %d\n" % i for i in range(60000)) + b"x" * 100000 + b"\n"
peer.sendall(lines)
got = b"".join(run.line() for i in range(60001))
ok(got == lines, "a megabyte")
peer.sendall(b"last")
peer.unwrap().close()
ok(run.line() == b"last\n", "the last line needs no newline behind it")
peer = run.connect()
peer.sendall(b"whole\nha")
ok(run.line() == b"whole\n", "before the cut")
peer.sendall(b"lf")
socket.socket(fileno=peer.detach()).close()
ok("the connection broke in the middle of a record" in run.trouble(), "a cut")
ok(run.end()[0] == b"", "no half line")

# Who doesn't speak TLS at all.
run = Run("")
peer = run.plain()
peer.sendall(b"<13>hello\n")
ok("what the other side says is no TLS" in run.trouble(), "plain")
while peer.recv(100): # an alert, then the end
    pass
peer = run.connect()
peer.sendall(b"and the next\n")
ok(run.line() == b"and the next\n", "it goes on")
out, err, code = run.end()
ok(code == 1 and out == b"", err)

# Certificates of clients: one of ours, none, one that nobody knows. The client hears why.
run = Run('ca="ca.pem"')
peer = run.connect(cert="client")
peer.sendall(b"mutual\n")
ok(run.line() == b"mutual\n", "mutual")
peer.unwrap().close()
ok(run.end() == (b"", "weir: ended by SIGTERM: what had come in by then is done\n", 0), "a stop")
for cert, why in (None, "clients must have one here"), ("stranger", "can't be trusted: self-signed certificate"):
    run = Run('ca="ca.pem"')
    try:
        peer = run.connect(cert=cert)
        peer.sendall(b"no\n")
        ok(peer.recv(1) == b"never", "a refused one")
    except (ssl.SSLError, ConnectionError) as error:
        ok("alert" in str(error).lower() or "reset" in str(error).lower(), str(error))
    out, err, code = run.end()
    ok(out == b"" and why in err, err)

# Silent before the handshake, or a byte now and then: closed when idle= has passed, and its place is free again.
run = Run("idle=300ms connections=2")
silent, slow = run.plain(), run.plain()
slow.sendall(b"\x16\x03\x01")
ok("the TLS handshake took too long" in run.trouble(), "slow")
for peer in silent, slow:
    try:
        ok(peer.recv(1) == b"", "closed")
    except ConnectionResetError:
        pass
while True: # on a busy machine a handshake of ours may be too slow, too
    try:
        peer = run.connect()
        peer.sendall(b"room\n")
        break
    except (ssl.SSLError, ConnectionError):
        pass
ok(run.line() == b"room\n", "room again")
# A stop doesn't wait for those who never shook hands.
silent = run.plain()
out, err, code = run.end()
ok(code == 1 and out == b"", err)
print(checks)
END
n=$(python3 peer.py "$weir" "$io") || fail "peer.py"
echo "$((checks + n)) checks"
