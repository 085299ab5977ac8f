/*
 * control.h - the control socket: how another process of the same user looks at a weir that runs.
 *
 * It is a Unix socket with the abstract name "weir-UID-PID" (unix(7)): no file that would stay behind, and gone with
 * the process. Whoever connects must be its user, or root; the other way round, who connects looks whether the one who
 * listens is. A request is a line: a word, and arguments behind blanks; the answer is text to the end of the stream.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdio.h>
#include <sys/types.h>

struct control_request {
    const char *name;
    const char *what; /* half a line */
    void (*answer)(void *arg, const char *argument, FILE *out);
};

/* Listens; a descriptor, or a negative errno: -EADDRINUSE, somebody took the name. */
int control_listen(void);
/* Takes one connection, and answers by the table, which ends with a row without name. Never longer than some seconds.
 */
void control_serve(int listener, const struct control_request *requests, void *arg);

/* Asks the weir `pid`. 0 and a stream to close; or a negative errno: -ESRCH, there is none. */
int control_ask(pid_t pid, const char *request, FILE **ret_answer);

/* Those that run and may be asked, in the order of their numbers: so many. */
size_t control_list(pid_t *pids, size_t max);
/* The command line of a process, tamed for terminals; "?": it can't be known. */
const char *control_command(pid_t pid, char *buffer, size_t size);

#endif
