/* service.c - a service manager is told how it goes. */
#include "service.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Where the manager asks for no sign of life. */
#define NEVER_NS WEIR_SEC(3600)

/* Handed on to a program that begins anew, which may open no such socket: see sandbox.h. */
#define HANDED_ON "WEIR_NOTIFY_FD"

static int notify_fd = -1;

static int connect_to_manager(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@') /* an abstract name */
        address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

void service_open(void)
{
    const char *handed_on = getenv(HANDED_ON);
    int type = 0;
    socklen_t size = sizeof type;
    const int fd = handed_on != NULL ? (int)strtol(handed_on, NULL, 10) : -1;
    (void)unsetenv(HANDED_ON);
    const bool is_ours = fd > STDERR_FILENO && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
                         type == SOCK_DGRAM && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
    notify_fd = is_ours ? fd : connect_to_manager();
}

void service_hand_on(void)
{
    char number[16];
    snprintf(number, sizeof number, "%d", notify_fd);
    if (notify_fd >= 0 && fcntl(notify_fd, F_SETFD, 0) == 0)
        (void)setenv(HANDED_ON, number, 1);
}

void service_tell(const char *state)
{
    if (notify_fd >= 0)
        (void)send(notify_fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* 0: no sign of life is asked for, or of another process. */
static int64_t asked_ns(void)
{
    const char *limit = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (limit == NULL || (pid != NULL && strtol(pid, NULL, 10) != getpid()))
        return 0;
    const long long us = strtoll(limit, NULL, 10);
    return us > 0 && us < 1000000000000 ? us * 1000 : 0;
}

WEIR_ASYNC_DEFINE(service_beat)
{
    WEIR_BEGIN
    self->pause_ns = asked_ns() / 2;
    for (;;) {
        if (self->pause_ns > 0)
            service_tell("WATCHDOG=1");
        AWAIT(self->nap, weir_sleep_for(self->pause_ns > 0 ? self->pause_ns : NEVER_NS));
    }
    WEIR_FINALLY
    WEIR_END
}
