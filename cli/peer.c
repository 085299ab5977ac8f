/* peer.c - the weir that a command is about. */
#include "peer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "control.h"

#define PEERS_MAX 256

pid_t peer_parse(const char *word)
{
    char *end;
    const long pid = strtol(word, &end, 10);
    return *word >= '1' && *word <= '9' && *end == '\0' && pid <= 0x7fffffff ? (pid_t)pid : 0;
}

void peer_list(FILE *out)
{
    pid_t pids[PEERS_MAX];
    const size_t count = control_list(pids, PEERS_MAX);
    for (size_t i = 0; i < count; i++) {
        char command[200];
        fprintf(out, "%7d  %s\n", (int)pids[i], control_command(pids[i], command, sizeof command));
    }
}

int peer_choose(const char *command, int operands, char **argv, pid_t *ret_pid)
{
    pid_t pids[PEERS_MAX];
    if (operands > 1) {
        fprintf(stderr, "%s: one PID, not %d\n", command, operands);
        return EXIT_USAGE;
    }
    if (operands == 1) {
        *ret_pid = peer_parse(argv[0]);
        if (*ret_pid > 0)
            return 0;
        fprintf(stderr, "%s: '%s' is no PID\n", command, argv[0]);
        return EXIT_USAGE;
    }
    const size_t count = control_list(pids, PEERS_MAX);
    if (count == 1) {
        *ret_pid = pids[0];
        return 0;
    }
    if (count == 0) {
        fprintf(stderr, "%s: no weir of yours runs a pipeline\n", command);
        return EXIT_DATA;
    }
    fprintf(stderr, "%s: which of these?\n", command);
    peer_list(stderr);
    return EXIT_USAGE;
}

int peer_ask(const char *command, pid_t pid, const char *request, FILE **ret_answer)
{
    (void)signal(SIGPIPE, SIG_IGN); /* it may end while it is asked */
    const int error = control_ask(pid, request, ret_answer);
    if (error == 0)
        return 0;
    if (error == -ESRCH)
        fprintf(stderr, "%s: process %d is no weir that runs a pipeline\n", command, (int)pid);
    else if (error == -EPERM || error == -EACCES)
        fprintf(stderr, "%s: process %d is another user's\n", command, (int)pid);
    else
        fprintf(stderr, "%s: process %d: %s\n", command, (int)pid, strerror(-error));
    return EXIT_DATA;
}
