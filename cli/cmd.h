/* cmd.h - the subcommands: each has a table of options, gets its own words and returns the exit code. */
#ifndef CMD_H
#define CMD_H

#include <stddef.h>

/* 0: done. 1: the data said no. 2: the user's mistake. 130, 143: interrupted. */
#define EXIT_DATA 1
#define EXIT_USAGE 2

struct args;

/* THE list: `weir NAME` is cmd_NAME() with NAME_args, in cmd_NAME.c. In the order of the help. */
/* clang-format off */
#define COMMANDS(C) \
    C(hash) C(run) C(bench) C(check) C(explain) C(graph) C(test) C(fmt) C(stages) C(top) C(tap) C(tasks) C(state) \
    C(reload) C(complete)
/* clang-format on */

#define COMMAND_DECLARE(name)             \
    extern const struct args name##_args; \
    int cmd_##name(int argc, char **argv);
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

struct command {
    const struct args *args;
    int (*run)(int argc, char **argv);
};

/* NULL past the end. */
const struct command *command_at(size_t index);
/* NULL: there is none. */
const struct command *command_find(const char *name);
/* Without the "weir " that its options are told with. */
const char *command_name(const struct command *command);

/* Says why weir_runtime_create() failed, which for a command can be a mistake in its environment, too. */
void command_no_runtime(const char *who, int error);

#endif
