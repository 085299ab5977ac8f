/* cmd_reload.c - weir reload: a weir run that runs goes on with its pipeline's file as it is now. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "peer.h"

static const struct arg_opt reload_opts[] = { { .name = NULL } };

const struct args reload_args = {
    .command = "weir reload",
    .brief = "have a running weir read its pipeline again",
    .usage = "[PID]",
    .operands = ARGS_PEERS,
    .summary = "Has a 'weir run --state' read its pipeline's file again. If that checks, a last\n"
               "checkpoint is taken and the new pipeline goes on from there: stages that are in\n"
               "both keep what they have, others begin anew, and that is said. If it doesn't\n"
               "check, that is said there, and the old one goes on. No record is lost, and none\n"
               "comes twice. Without PID, of the only one that runs.\n",
    .opts = reload_opts,
};

/* Who has no state doesn't wait for SIGHUP, and would be ended by it. */
static bool waits_for_it(pid_t pid)
{
    char path[64], line[256];
    uint64_t blocked = 0;
    bool is_weir = false;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        is_weir |= strcmp(line, "Name:\tweir\n") == 0;
        (void)sscanf(line, "SigBlk: %" SCNx64, &blocked); /* NOLINT(cert-err34-c): 0 stays, if it is none */
    }
    if (status != NULL)
        (void)fclose(status);
    return is_weir && (blocked >> (SIGHUP - 1) & 1) != 0;
}

int cmd_reload(int argc, char **argv)
{
    static char no_values;
    int operands;
    pid_t pid;
    const int parsed = args_parse(&reload_args, argc, argv, &no_values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    const int status = peer_choose("weir reload", operands, argv, &pid);
    if (status != 0)
        return status;
    if (!waits_for_it(pid)) {
        fprintf(stderr, "weir reload: process %d is no weir run with a --state: it has nothing to go on from\n",
                (int)pid);
        return EXIT_DATA;
    }
    if (kill(pid, SIGHUP) == 0)
        return 0;
    fprintf(stderr, "weir reload: process %d: %s\n", (int)pid, strerror(errno));
    return EXIT_DATA;
}
