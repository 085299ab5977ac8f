/*
 * fault_calls.c - system calls that fail: of the process itself, of its libraries, and of the threads of any of them.
 *
 * A seccomp filter stops each call of that number until a listener (seccomp_unotify(2)) says how it goes on. The
 * listener is a process of its own that the filter doesn't hold, and ends with the last thread that it does.
 */
#include "fault_plan.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);

/* 77: as a test that is skipped, with a reason. */
static _Noreturn void cannot(const char *what)
{
    fprintf(stderr, "weir_faulty: skipped: no faults of system calls here: %s: %s\n", what, strerror(errno));
    _exit(77);
}

static void send_fd(int socket, int fd)
{
    char byte = 0, room[CMSG_SPACE(sizeof fd)] = { 0 };
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    if (sendmsg(socket, &message, 0) != 1)
        cannot("sendmsg");
}

static int receive_fd(int socket)
{
    int fd = -1;
    char byte, room[CMSG_SPACE(sizeof fd)] = { 0 };
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
    if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

/* Of what is no file (an eventfd, inotify) reads and writes have no such errors. */
static bool counts(const struct seccomp_notif *call)
{
    char path[64], to[32];
    if (call->data.nr != SYS_read && call->data.nr != SYS_write)
        return true;
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)call->pid, (int)call->data.args[0]);
    const ssize_t size = readlink(path, to, sizeof to);
    return size < 0 || size < 11 || memcmp(to, "anon_inode:", 11) != 0;
}

static void answer_all(int listener)
{
    struct seccomp_notif call;
    struct pollfd poll_of = { .fd = listener, .events = POLLIN };
    while (poll(&poll_of, 1, -1) == 1 && (poll_of.revents & POLLIN) != 0) {
        memset(&call, 0, sizeof call);
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
            continue; /* who called was ended meanwhile */
        struct seccomp_notif_resp answer = { .id = call.id };
        if (counts(&call) && fault_is_due())
            answer.error = -fault_plan.how;
        else
            answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

/* A child of nobody: the program would wonder at one that it hasn't started. Nor does it hold its output open. */
static void start_listener(const int sockets[2], _Atomic int *ready)
{
    const pid_t between = fork();
    if (between < 0)
        cannot("fork");
    if (between > 0) {
        while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
            continue;
        return;
    }
    if (fork() != 0)
        _exit(0);
    (void)setsid();
    const int listener = receive_fd(sockets[1]);
    for (int fd = 0; fd < 64; fd++)
        if (fd != listener)
            (void)close(fd);
    *ready = 1;
    answer_all(listener);
    _exit(0);
}

void fault_calls_begin(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)fault_plan.what, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };
    _Atomic int *ready = __real_mmap(NULL, sizeof *ready, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int sockets[2];
    if (ready == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        cannot("socketpair");
    start_listener(sockets, ready);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        cannot("prctl");
    const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0)
        cannot("seccomp");
    send_fd(sockets[0], (int)listener);
    while (*ready == 0) /* no call that might be the one that is listened for */
        (void)sched_yield();
    /* Counted like the program's own, if that is the call. */
    (void)close((int)listener);
    (void)close(sockets[0]);
    (void)close(sockets[1]);
}
