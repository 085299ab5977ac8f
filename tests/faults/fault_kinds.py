"""What can fail, and with which errno: THE lists of the sweep.

Calls that only wait (futex, epoll_wait, io_uring_enter's sleep) have no error to handle but EINTR; close(2) fails when
the descriptor is gone all the same; what libc does before main() isn't ours.
"""
import errno
import os
import platform
import re
import signal

OPEN = ["EACCES", "EMFILE", "ENFILE", "ENOENT", "EIO", "EINTR", "ENOMEM", "ELOOP"]
LOOK = ["EIO", "ENOMEM", "EACCES", "ENOENT"]
READ = ["EIO", "EINTR", "ENOMEM", "ESTALE"]
WRITE = ["EIO", "ENOSPC", "EDQUOT", "EINTR", "EFBIG"]
SYNC = ["EIO", "ENOSPC", "EDQUOT"]
NAME = ["EACCES", "EIO", "ENOSPC", "EROFS", "ENOENT"]
GONE = ["EACCES", "EIO", "EROFS"]  # what is there isn't not there
MAKE = ["EMFILE", "ENOMEM", "ENOSYS", "EPERM"]

# x86-64's numbers; arm64 has others, and not all of them.
NUMBERS_X86 = {
    "read": 0, "write": 1, "fstat": 5, "lseek": 8, "pread64": 17, "pwrite64": 18, "readv": 19, "writev": 20,
    "madvise": 28, "socket": 41, "bind": 49, "listen": 50, "flock": 73, "fsync": 74, "fdatasync": 75,
    "ftruncate": 77, "getcwd": 79, "rename": 82, "mkdir": 83, "unlink": 87, "fchmod": 91, "fchown": 93, "statfs": 137,
    "fstatfs": 138, "getdents64": 217, "fadvise64": 221, "inotify_add_watch": 254, "openat": 257, "mkdirat": 258,
    "newfstatat": 262, "unlinkat": 263, "renameat": 264, "linkat": 265, "readlinkat": 267, "utimensat": 280,
    "fallocate": 285, "eventfd2": 290, "epoll_create1": 291, "dup3": 292, "pipe2": 293, "inotify_init1": 294,
    "preadv": 295, "pwritev": 296, "epoll_ctl": 233, "name_to_handle_at": 303, "renameat2": 316, "getrandom": 318,
    "memfd_create": 319, "copy_file_range": 326, "preadv2": 327, "pwritev2": 328, "statx": 332, "io_uring_setup": 425,
    "io_uring_enter": 426, "io_uring_register": 427, "pidfd_open": 434, "openat2": 437, "clone3": 435,
    "sched_getaffinity": 204, "getxattr": 191, "ioctl": 16,
}
ERRNOS = {
    "read": READ, "pread64": READ, "readv": READ, "preadv": READ, "preadv2": READ + ["EOPNOTSUPP"],
    "write": WRITE, "pwrite64": WRITE, "writev": WRITE, "pwritev": WRITE, "pwritev2": WRITE,
    "openat": OPEN, "openat2": OPEN, "fstat": LOOK, "newfstatat": LOOK, "statx": LOOK, "statfs": LOOK, "fstatfs": LOOK,
    "getdents64": READ, "lseek": ["EINVAL", "EIO"], "fsync": SYNC, "fdatasync": SYNC, "ftruncate": ["EIO", "EINTR"],
    "fallocate": ["ENOSPC", "EOPNOTSUPP", "EIO", "EINTR"], "flock": ["EINTR", "ENOLCK", "EWOULDBLOCK"],
    "rename": NAME, "renameat": NAME, "renameat2": NAME, "linkat": NAME, "unlink": GONE, "unlinkat": GONE,
    "mkdir": NAME, "mkdirat": NAME, "fchmod": ["EPERM", "EIO"], "fchown": ["EPERM", "EIO"], "utimensat": ["EPERM", "EIO"],
    "readlinkat": LOOK, "getcwd": ["ENOENT"], "madvise": ["EINVAL"], "fadvise64": ["EINVAL"],
    "eventfd2": MAKE, "epoll_create1": MAKE, "epoll_ctl": ["ENOMEM", "ENOSPC"], "dup3": ["EMFILE"], "pipe2": MAKE,
    "inotify_init1": MAKE, "inotify_add_watch": ["ENOSPC", "ENOMEM", "EACCES", "ENOENT"], "memfd_create": MAKE,
    "name_to_handle_at": ["EOPNOTSUPP", "EIO"], "io_uring_setup": MAKE, "io_uring_register": ["ENOMEM", "EINVAL"],
    "io_uring_enter": ["EAGAIN", "EBUSY", "EINTR"], "pidfd_open": MAKE, "clone3": ["EAGAIN", "ENOMEM", "ENOSYS"],
    "copy_file_range": WRITE + ["EXDEV", "EOPNOTSUPP"], "socket": MAKE, "bind": ["EADDRINUSE", "EACCES"],
    "listen": ["EADDRINUSE"], "getrandom": ["ENOSYS"], "sched_getaffinity": ["EINVAL"], "getxattr": ["EOPNOTSUPP"],
    "ioctl": ["ENOTTY", "EIO"],
}
CALLS = [(name, number, ERRNOS[name]) for name, number in sorted(NUMBERS_X86.items())
         if platform.machine() == "x86_64"]

# As enum op_kind has them; "short": half of what it could.


def op_numbers():
    """The kinds of operations by the name that io/op.h has for them: whoever adds one moves those behind it."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../io/op.h"), encoding="utf-8") as file:
        kinds = re.search(r"enum op_kind \{(.*?)\n\};", file.read(), re.DOTALL)
    return {name: i for i, name in enumerate(re.findall(r"^    OP_(\w+),", kinds.group(1), re.MULTILINE))}


OPS = op_numbers()
RING_KINDS = [(f"ring {name.lower()}", OPS[name], errnos) for name, errnos in [
    ("OPEN", ["EACCES", "EMFILE", "ENOENT", "EIO", "ENOMEM"]),
    ("READ", ["EIO", "ENOMEM", "ESTALE", "short"]),
    ("WRITE", ["EIO", "ENOSPC", "EDQUOT", "short"]),
    ("FSYNC", SYNC),
    ("STATX", LOOK),
    ("RENAME", NAME),
    ("UNLINK", GONE),
    ("MKDIR", NAME),
    ("LINK", NAME),
    ("SYMLINK", NAME),
    ("TRUNCATE", ["EIO", "ENOSPC"]),
    ("POLL", ["EIO", "ENOMEM"]),
    ("SLURP", ["EACCES", "EMFILE", "ENOENT", "EIO", "ENOMEM", "ESTALE"]),
]]
ALLOCS = [("memory, once", 0), ("memory, from then on", 1)]
SIGNALS = [("SIGTERM", signal.SIGTERM), ("SIGINT twice", 100 + signal.SIGINT), ("kill -9", signal.SIGKILL)]
CLOCKS = [("the clock, a day back", -86400), ("the clock, a day on", 86400)]


def errno_of(name):
    return 0 if name == "short" else getattr(errno, name)
