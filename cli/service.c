/* service.c - a service manager is told how it goes. */
#include "service.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Where the manager asks for no sign of life. */
#define NEVER_NS WEIR_SEC(3600)

void service_tell(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@') /* an abstract name */
        address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address, size);
    (void)close(fd);
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
