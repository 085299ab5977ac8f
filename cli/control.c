/* control.c - the control socket: an abstract Unix socket that asks who is there. */
#include "control.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "screen.h"

/* How long one side waits for the other, which is a process that may be stopped. */
#define PATIENCE_S 2

static socklen_t name_of(pid_t pid, uid_t uid, struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    const int size =
        snprintf(ret_address->sun_path + 1, sizeof ret_address->sun_path - 1, "weir-%u-%d", (unsigned)uid, (int)pid);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

/* Who is at the other end is that user, or root. */
static bool is_of(int fd, uid_t uid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == uid || peer.uid == 0);
}

static void set_patience(int fd)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

int control_listen(void)
{
    struct sockaddr_un address;
    const socklen_t size = name_of(getpid(), geteuid(), &address);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 16) == 0)
        return fd;
    const int error = errno;
    (void)close(fd);
    return -error;
}

/* A line, without its newline; false: it is too long, or didn't come. */
static bool read_line(int fd, char *line, size_t size)
{
    for (size_t used = 0; used < size; used++) {
        if (read(fd, line + used, 1) != 1)
            return false;
        if (line[used] == '\n') {
            line[used] = '\0';
            return true;
        }
    }
    return false;
}

static void answer(FILE *out, char *line, const struct control_request *requests, void *arg)
{
    char *argument = line + strcspn(line, " ");
    if (*argument != '\0')
        *argument++ = '\0';
    for (const struct control_request *request = requests; request->name != NULL; request++)
        if (strcmp(request->name, line) == 0) {
            request->answer(arg, argument, out);
            return;
        }
    fputs("error unknown request; there are:", out);
    for (const struct control_request *request = requests; request->name != NULL; request++)
        fprintf(out, " %s", request->name);
    putc('\n', out);
}

void control_serve(int listener, const struct control_request *requests, void *arg)
{
    char line[256];
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    set_patience(fd);
    FILE *out = is_of(fd, geteuid()) && read_line(fd, line, sizeof line) ? fdopen(fd, "we") : NULL;
    if (out == NULL) {
        (void)close(fd);
        return;
    }
    answer(out, line, requests, arg);
    (void)fclose(out);
}

static int connect_to(int fd, pid_t pid)
{
    char path[64];
    struct stat st;
    struct sockaddr_un address;
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    if (stat(path, &st) < 0)
        return -ESRCH;
    const socklen_t size = name_of(pid, st.st_uid, &address);
    if (connect(fd, (struct sockaddr *)&address, size) < 0)
        return errno == ECONNREFUSED ? -ESRCH : -errno;
    return is_of(fd, st.st_uid) ? 0 : -EPERM;
}

int control_ask(pid_t pid, const char *request, FILE **ret_answer)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    set_patience(fd);
    int error = connect_to(fd, pid);
    if (error == 0 && dprintf(fd, "%s\n", request) < 0)
        error = -errno;
    FILE *stream = error == 0 ? fdopen(fd, "re") : NULL;
    if (stream == NULL) {
        error = error < 0 ? error : -errno;
        (void)close(fd);
        return error;
    }
    *ret_answer = stream;
    return 0;
}

static int compare_pids(const void *a, const void *b)
{
    return *(const pid_t *)a < *(const pid_t *)b ? -1 : 1;
}

size_t control_list(pid_t *pids, size_t max)
{
    char line[512], wanted[32];
    size_t count = 0;
    int size = snprintf(wanted, sizeof wanted, "@weir-%u-", (unsigned)geteuid());
    FILE *table = fopen("/proc/net/unix", "re");
    while (table != NULL && count < max && fgets(line, sizeof line, table) != NULL) {
        const char *name = strstr(line, wanted);
        if (name == NULL || strstr(line, " 00010000 ") == NULL) /* those that listen: __SO_ACCEPTCON */
            continue;
        pids[count++] = (pid_t)atoi(name + size);
    }
    if (table != NULL)
        (void)fclose(table);
    qsort(pids, count, sizeof *pids, compare_pids);
    return count;
}

const char *control_command(pid_t pid, char *buffer, size_t size)
{
    char path[64], words[1024];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *file = fopen(path, "re");
    const size_t got = file != NULL ? fread(words, 1, sizeof words - 1, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    for (size_t i = 0; i + 1 < got; i++)
        words[i] = words[i] != '\0' ? words[i] : ' ';
    return got > 1 ? screen_name(buffer, size, words, got - 1) : "?";
}
