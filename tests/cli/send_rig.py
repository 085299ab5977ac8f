"""send_rig.py - what tests of `send` have in common: runs of weir, and somebody they send to."""
import faulthandler, os, re, signal, socket, struct, subprocess, sys, threading, time
faulthandler.dump_traceback_later(100, exit=True)
weir, io = sys.argv[1:3]
checks = 0

def ok(condition, words):
    global checks
    checks += 1
    assert condition, words

class Run:
    def __init__(self, text, *more, stdin=subprocess.PIPE):
        self.process = subprocess.Popen([weir, "run", "--io=" + io, *more, text], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.stdin = self.process.stdin
    def feed(self, data):
        self.stdin.write(data)
        self.stdin.flush()
    def done(self):
        self.stdin.close()
        self.stdin = self.process.stdin = None
    def port(self):
        line = self.process.stderr.readline()
        where = re.search(rb"listen: \S+:(\d+)\n", line)
        assert where, line + (self.process.stderr.read() if self.process.poll() is not None else b"")
        return int(where.group(1))
    def trouble(self):
        return self.process.stderr.readline().decode()
    def end(self, stop=None):
        if stop:
            self.process.send_signal(stop)
        out, err = self.process.communicate()
        return out, err.decode(), self.process.returncode

class Server:
    def __init__(self, path=None, port=0):
        if path:
            if os.path.exists(path):
                os.unlink(path)
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind(path)
        else:
            self.socket = socket.socket()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(("127.0.0.1", port))
            self.port = self.socket.getsockname()[1]
        self.socket.listen()
    def accept(self):
        self.peer = self.socket.accept()[0]
        return self.peer
    def all(self):
        data = b""
        while part := self.peer.recv(1 << 20):
            data += part
        self.peer.close()
        return data
    def lines(self, count):
        data = b""
        while data.count(b"\n") < count:
            part = self.peer.recv(1 << 20)
            assert part, data
            data += part
        return data
    def until(self, last): # some of it may be there twice
        data = b""
        while not data.endswith(last):
            part = self.peer.recv(1 << 20)
            assert part, data
            data += part
        return data
    def reset(self): # as the kernel does for a process that was killed with something unread
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()
    def close(self):
        self.socket.close()

def numbers(first, count):
    return b"".join(b"record %d\n" % i for i in range(first, first + count))

def wait_for(condition, words):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, words
        time.sleep(0.01)

def report():
    print(checks)
