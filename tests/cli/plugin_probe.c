/* plugin_probe.c - a stage that was taken over: it tries what no stage may, and fails with what the kernel said. */
#include <weir/stage.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const tries[] = { "read",  "write", "append", "link",  "unlink", "rename",  "mkdir",
                                     "exec",  "fork",  "tcp",    "udp",   "unix",   "ring",    "input",
                                     "trace", "kill",  "chmod",  "mount", "newer",  "nothing", NULL };
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
    NOTHING
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
