/* cmd_tasks.c - weir tasks: what every task of a weir that runs is doing. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "control.h"
#include "peer.h"

struct values {
    bool all;
};

static const struct arg_opt tasks_opts[] = {
    { .kind = ARG_FLAG,
      .name = "all",
      .offset = offsetof(struct values, all),
      .help = "an entry a task, also where many stand at the same place" },
    { .name = NULL },
};

const struct args tasks_args = {
    .command = "weir tasks",
    .brief = "what each task of a running weir waits for",
    .usage = "[--all] [PID]",
    .operands = ARGS_PEERS,
    .summary = "Prints every task of a weir that runs: its chain of awaits with file and line,\n"
               "what it waits for and since when, who has that, and who waits for whom in a\n"
               "circle. Without PID, of the only one that runs.\n",
    .opts = tasks_opts,
};

int cmd_tasks(int argc, char **argv)
{
    static struct values values;
    int operands, status;
    FILE *answer;
    pid_t pid;
    const int parsed = args_parse(&tasks_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    status = peer_choose("weir tasks", operands, argv, &pid);
    if (status == 0)
        status = peer_ask("weir tasks", pid, values.all ? "tasks all" : "tasks", &answer);
    if (status != 0)
        return status;
    char block[4096];
    for (size_t got; (got = fread(block, 1, sizeof block, answer)) > 0;)
        (void)fwrite(block, 1, got, stdout);
    (void)fclose(answer);
    return 0;
}
