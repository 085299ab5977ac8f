/* peer.h - the weir that a command is about: chosen by its process, asked, and errors in words. */
#ifndef PEER_H
#define PEER_H

#include <stdio.h>
#include <sys/types.h>

/* The only operand, or the only weir that runs. 0; else what is wrong was said, and the exit code. */
int peer_choose(const char *command, int operands, char **argv, pid_t *ret_pid);
/* As control_ask(), in words. */
int peer_ask(const char *command, pid_t pid, const char *request, FILE **ret_answer);
/* The number of a process that the word is; 0: none. */
pid_t peer_parse(const char *word);

/* A line for each that runs. */
void peer_list(FILE *out);

#endif
