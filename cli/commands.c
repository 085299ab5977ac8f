/* commands.c - the table of commands. */
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
