/* plugin_probe.c - a stage that was taken over: it tries what no stage may, and fails with what the kernel said. */
#include <weir/stage.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const tries[] = { "read",     "write",         "append",    "link",       "unlink", "rename",
                                     "mkdir",    "exec",          "fork",      "tcp",        "udp",    "unix",
                                     "ring",     "input",         "trace",     "kill",       "chmod",  "mount",
                                     "newer",    "nothing",       "truncate",  "ftruncate",  "creat",  "trunc",
                                     "trunc_at", "trunc_neither", "trunc_at2", "trunc_ring", NULL };
enum try {
    READ,
    WRITE,
    APPEND,
    LINK,
    UNLINK,
    RENAME,
    MKDIR,
    EXEC,
    FORK,
    TCP,
    UDP,
    UNIX,
    RING,
    INPUT,
    TRACE,
    KILL,
    CHMOD,
    MOUNT,
    NEWER,
    NOTHING,
    TRUNCATE,
    FTRUNCATE,
    CREAT,
    TRUNC,
    TRUNC_AT,
    TRUNC_NEITHER,
    TRUNC_AT2,
    TRUNC_RING
};

struct probe {
    int64_t what;
    const char *path;
    bool done;
};

static const weir_opt probe_opts[] = {
    { "what", "is tried", WEIR_OPT_CHOICE, offsetof(struct probe, what), .choices = tries, .positional = true,
      .required = true },
    { "path", "of what", WEIR_OPT_STRING, offsetof(struct probe, path), .def_text = "/etc/passwd" },
    { 0 },
};

static int try_socket(int family, int type)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
    const int fd = socket(family, type, 0);
    if (fd < 0)
        return -1;
    if (type == SOCK_DGRAM)
        return (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&in, sizeof in);
    return family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof in)
                             : connect(fd, (struct sockaddr *)&un, sizeof un);
}

static int try_fork(void)
{
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid;
}

/* --- a file is cut off though it is opened to be read, or to be neither read nor written ------------------------ */

#define MODE_NEITHER 3

static const struct open_how cut_off = { .flags = O_RDONLY | O_TRUNC };

/* Made when the plugin was loaded, before there was a sandbox: without the restrictions that weir's rings have. */
static struct {
    int fd;
    uint8_t *rings;
    struct io_uring_sqe *entries;
    struct io_uring_params params;
} ring;

__attribute__((constructor)) static void make_ring(void)
{
    ring.fd = (int)syscall(__NR_io_uring_setup, 4, &ring.params);
    if (ring.fd < 0)
        return;
    const size_t size = ring.params.sq_off.array + ring.params.sq_entries * sizeof(uint32_t);
    const size_t all = ring.params.cq_off.cqes + ring.params.cq_entries * sizeof(struct io_uring_cqe);
    ring.rings = mmap(NULL, all > size ? all : size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
                      IORING_OFF_SQ_RING);
    ring.entries = mmap(NULL, ring.params.sq_entries * sizeof *ring.entries, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
}

static int try_ring(const char *path)
{
    if (ring.fd < 0) {
        errno = ENOTSUP;
        return -1;
    }
    ring.entries[0] = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2,
                                             .fd = AT_FDCWD,
                                             .len = sizeof cut_off,
                                             .addr = (uintptr_t)path,
                                             .off = (uintptr_t)&cut_off };
    ((uint32_t *)(void *)(ring.rings + ring.params.sq_off.array))[0] = 0;
    __atomic_store_n((uint32_t *)(void *)(ring.rings + ring.params.sq_off.tail), 1, __ATOMIC_RELEASE);
    if (syscall(__NR_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0) < 0)
        return -1;
    /* A wait may end early, for a signal. */
    while (__atomic_load_n((uint32_t *)(void *)(ring.rings + ring.params.cq_off.tail), __ATOMIC_ACQUIRE) == 0)
        if (syscall(__NR_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
            return -1;
    const int result = ((const struct io_uring_cqe *)(const void *)(ring.rings + ring.params.cq_off.cqes))->res;
    errno = result < 0 ? -result : 0;
    return result < 0 ? -1 : result;
}

static int try_ftruncate(const char *path)
{
    const int fd = open(path, O_RDWR);
    return fd < 0 ? -1 : ftruncate(fd, 0);
}

static int try_it(const struct probe *self)
{
    struct io_uring_params params = { 0 };
    char *const words[] = { (char *)(uintptr_t) "/bin/true", NULL };
    switch ((enum try)self->what) {
    case READ:
        return open(self->path, O_RDONLY);
    case WRITE:
        return open(self->path, O_WRONLY | O_CREAT, 0600);
    case APPEND:
        return open(self->path, O_WRONLY | O_APPEND);
    case LINK:
        return link(self->path, "another");
    case UNLINK:
        return unlink(self->path);
    case RENAME:
        return rename(self->path, "another");
    case MKDIR:
        return mkdirat(AT_FDCWD, self->path, 0700);
    case EXEC:
        return execve(words[0], words, words + 1);
    case FORK:
        return try_fork();
    case TCP:
        return try_socket(AF_INET, SOCK_STREAM);
    case UDP:
        return try_socket(AF_INET, SOCK_DGRAM);
    case UNIX:
        return try_socket(AF_UNIX, SOCK_STREAM);
    case RING:
        return (int)syscall(__NR_io_uring_setup, 4, &params);
    case INPUT: /* characters into the terminal's input */
        return ioctl(STDERR_FILENO, TIOCSTI, "x");
    case TRACE:
        return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    case KILL:
        return kill(getppid(), 0);
    case CHMOD:
        return (int)syscall(__NR_fchmodat, AT_FDCWD, self->path, 0777);
    case MOUNT:
        return (int)syscall(__NR_mount, "none", "/mnt", "tmpfs", 0, NULL);
    case NEWER: /* a call that nobody has yet */
        return (int)syscall(999, 0);
    case NOTHING:
        return 0;
    case TRUNCATE:
        return truncate(self->path, 0);
    case FTRUNCATE:
        return try_ftruncate(self->path);
    case CREAT:
        return creat(self->path, 0600);
    case TRUNC:
#ifdef __NR_open
        return (int)syscall(__NR_open, self->path, O_RDONLY | O_TRUNC);
#endif /* else openat is what there is */
    case TRUNC_AT:
        return openat(AT_FDCWD, self->path, O_RDONLY | O_TRUNC);
    case TRUNC_NEITHER:
        return openat(AT_FDCWD, self->path, MODE_NEITHER | O_TRUNC);
    case TRUNC_AT2:
        return (int)syscall(__NR_openat2, AT_FDCWD, self->path, &cut_off, sizeof cut_off);
    case TRUNC_RING:
        return try_ring(self->path);
    }
    return 0;
}

static int probe_step(void *state, weir_flow *flow)
{
    struct probe *self = state;
    flow->in_pos = flow->in_size;
    if (!self->done && try_it(self) < 0)
        return weir_flow_fail(flow, -errno, "%s: %s", tries[self->what], strerror(errno));
    self->done = true;
    return flow->in_last ? WEIR_WANT_NOTHING : WEIR_WANT_INPUT;
}

static const weir_stage probe = {
    .name = "probe",
    .summary = "tries what it may not",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_LIGHT,
    .state_size = sizeof(struct probe),
    .opts = probe_opts,
    .step = probe_step,
};

static const weir_stage *const stages[] = { &probe, NULL };
WEIR_PLUGIN(stages);
