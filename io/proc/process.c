/* process.c - starting a process, and letting it go. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process_child.h"
#include "stream/stream_fd.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* the same on every architecture */
#define SYS_pidfd_open 434
#endif

extern char **environ;

/* --- pipes -------------------------------------------------------------------------------- */

/* Descriptors of a start under way. Each is closed at its end, whoever took what. */
struct plumbing {
    int theirs[3]; /* what the child gets, or -1 */
    int ours[3];
    bool mine[3]; /* `theirs` was opened here */
};

static void close_plumbing(struct plumbing *self)
{
    for (int i = 0; i < 3; i++) {
        if (self->mine[i] && self->theirs[i] >= 0)
            close(self->theirs[i]);
        if (self->ours[i] >= 0)
            close(self->ours[i]);
    }
}

/* A number that is no standard stream's, or the child's dup2() calls would tread on each other. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int error = errno;
    close(fd);
    errno = error;
    return copy;
}

static int lay_pipe(struct plumbing *self, int i)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) < 0)
        return -errno;
    const int child_end = i == STDIN_FILENO ? 0 : 1;
    self->mine[i] = true;
    self->ours[i] = fd[1 - child_end];
    self->theirs[i] = above_standard(fd[child_end]);
    if (self->theirs[i] < 0)
        return -errno;
    const int flags = fcntl(self->ours[i], F_GETFL);
    return fcntl(self->ours[i], F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static int lay(struct plumbing *self, int i, int what)
{
    switch (what) {
    case WEIR_STDIO_INHERIT:
        return 0;
    case WEIR_STDIO_NULL:
        self->mine[i] = true;
        self->theirs[i] = above_standard(open("/dev/null", (i == STDIN_FILENO ? O_RDONLY : O_WRONLY) | O_CLOEXEC));
        return self->theirs[i] < 0 ? -errno : 0;
    case WEIR_STDIO_PIPE:
        return lay_pipe(self, i);
    default:
        if (what < WEIR_STDIO_FD)
            return -EINVAL;
        /* A copy, since it may be one of the three itself. */
        self->mine[i] = true;
        self->theirs[i] = fcntl(what - WEIR_STDIO_FD, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        return self->theirs[i] < 0 ? -errno : 0;
    }
}

static int lay_all(struct plumbing *self, const weir_command *command)
{
    const int what[3] = { command->in, command->out, command->err };
    int error = 0;
    for (int i = 0; i < 3; i++)
        self->theirs[i] = self->ours[i] = -1;
    for (int i = 0; i < 3 && error == 0; i++)
        error = lay(self, i, what[i]);
    return error;
}

/* --- the start ------------------------------------------------------------------------------ */

static int fill_actions(posix_spawn_file_actions_t *actions, const struct plumbing *plumbing, const char *cwd)
{
    int error = cwd == NULL ? 0 : posix_spawn_file_actions_addchdir_np(actions, cwd);
    for (int i = 0; i < 3 && error == 0; i++)
        if (plumbing->theirs[i] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, plumbing->theirs[i], i);
    return error;
}

static int fill_attributes(posix_spawnattr_t *attributes, const weir_command *command)
{
    sigset_t none, defaults;
    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE); /* we may ignore it, see pipe.h */
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (command->new_group)
        flags |= POSIX_SPAWN_SETPGROUP; /* 0: its own */
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

static int run_program(const weir_command *command, const struct plumbing *plumbing, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return -error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = fill_actions(&actions, plumbing, command->cwd);
        if (error == 0)
            error = fill_attributes(&attributes, command);
        if (error == 0)
            error = posix_spawnp(ret_pid, command->program == NULL ? command->argv[0] : command->program, &actions,
                                 &attributes, (char *const *)(uintptr_t)command->argv,
                                 command->env == NULL ? environ : (char *const *)(uintptr_t)command->env);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

static int take_streams(weir_child *self, struct plumbing *plumbing)
{
    for (int i = 0; i < 3; i++) {
        if (plumbing->ours[i] < 0)
            continue;
        const int fd = plumbing->ours[i];
        plumbing->ours[i] = -1;
        const int error = wi_stream_pipe(fd, &self->end[i]);
        if (error != 0)
            return error;
    }
    return 0;
}

static int start(weir_child *self, const weir_command *command, struct plumbing *plumbing)
{
    int error = take_streams(self, plumbing);
    if (error == 0)
        error = run_program(command, plumbing, &self->pid);
    if (error != 0)
        return error;
    /* It can't be somebody else's number: nobody has waited for it yet. */
    self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
    if (self->pidfd >= 0)
        return 0;
    error = -errno;
    (void)kill(self->pid, SIGKILL);
    (void)waitpid(self->pid, NULL, 0);
    self->reaped = true;
    return error;
}

int weir_child_start(const weir_command *command, weir_child **ret_child)
{
    if (command->argv == NULL || command->argv[0] == NULL)
        return -EINVAL;
    wi_child_reap_orphans();
    weir_child *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->pidfd = -1;
    struct plumbing plumbing = { .mine = { false } };
    int error = lay_all(&plumbing, command);
    if (error == 0)
        error = start(self, command, &plumbing);
    close_plumbing(&plumbing);
    if (error != 0) {
        self->reaped = true; /* there is none */
        weir_child_put(self);
        return error;
    }
    self->kill_on_drop = command->kill_on_drop;
    *ret_child = self;
    return 0;
}

/* --- ends ------------------------------------------------------------------------------------- */

static pthread_mutex_t orphans_lock = PTHREAD_MUTEX_INITIALIZER;
static weir_child *orphans;

static void free_child(weir_child *self)
{
    if (self->pidfd >= 0)
        close(self->pidfd);
    free(self);
}

void wi_child_reap_orphans(void)
{
    pthread_mutex_lock(&orphans_lock);
    for (weir_child **at = &orphans; *at != NULL;) {
        weir_child *self = *at;
        if (wi_child_reap(self) == -EAGAIN) {
            at = &self->next;
        } else {
            *at = self->next;
            free_child(self);
        }
    }
    pthread_mutex_unlock(&orphans_lock);
}

void weir_child_put(weir_child *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < 3; i++)
        weir_stream_put(self->end[i]);
    if (!self->reaped && self->kill_on_drop)
        (void)weir_child_kill(self, SIGKILL);
    if (self->reaped || wi_child_reap(self) != -EAGAIN) {
        free_child(self);
    } else {
        pthread_mutex_lock(&orphans_lock);
        self->next = orphans;
        orphans = self;
        pthread_mutex_unlock(&orphans_lock);
    }
    wi_child_reap_orphans();
}

int weir_child_kill(weir_child *self, int signo)
{
    if (self->reaped)
        return -ESRCH;
    return syscall(SYS_pidfd_send_signal, self->pidfd, signo, NULL, 0) < 0 ? -errno : 0;
}

pid_t weir_child_pid(const weir_child *self)
{
    return self->pid;
}

weir_stream *weir_child_in(const weir_child *self)
{
    return self->end[STDIN_FILENO];
}

weir_stream *weir_child_out(const weir_child *self)
{
    return self->end[STDOUT_FILENO];
}

weir_stream *weir_child_err(const weir_child *self)
{
    return self->end[STDERR_FILENO];
}

void weir_child_close_in(weir_child *self)
{
    weir_stream_put(self->end[STDIN_FILENO]);
    self->end[STDIN_FILENO] = NULL;
}
