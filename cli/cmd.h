/* cmd.h - the subcommands. Each gets its own words and returns the exit code. */
#ifndef CMD_H
#define CMD_H

/* 0: done. 1: the data said no. 2: the user's mistake. 130, 143: interrupted. */
#define EXIT_DATA 1
#define EXIT_USAGE 2

int cmd_hash(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_graph(int argc, char **argv);
int cmd_fmt(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_stages(int argc, char **argv);

#endif
