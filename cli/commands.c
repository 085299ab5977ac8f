/* commands.c - the table of commands, and what all of them say alike. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cmd.h"

#define ROW(name) { &name##_args, cmd_##name },
static const struct command commands[] = { COMMANDS(ROW) };

const struct command *command_at(size_t index)
{
    return index < sizeof commands / sizeof commands[0] ? &commands[index] : NULL;
}

const char *command_name(const struct command *command)
{
    return command->args->command + strlen("weir ");
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; command_at(i) != NULL; i++)
        if (strcmp(command_name(command_at(i)), name) == 0)
            return command_at(i);
    return NULL;
}

void command_no_runtime(const char *who, int error)
{
    const char *hint = error == -EINVAL ? " (WEIR_WORKERS or WEIR_WATCHDOG in the environment? They are numbers)" : "";
    fprintf(stderr, "%s: the runtime could not start: %s%s\n", who, strerror(-error), hint);
}
