/*
 * sandbox.h - what `weir run` may do is what its pipeline says, and the kernel sees to it: files by Landlock, system
 * calls by seccomp, rings by what io/uring_create.c lets them take.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdio.h>

#include <weir/reach.h>

#include "pipeline_text.h"

enum sandbox_mode { SANDBOX_AUTO, SANDBOX_ON, SANDBOX_OFF };

struct sandbox_rule {
    weir_reach_kind kind;
    char *path;        /* real, of what is there; NULL of sockets */
    char *shown;       /* what to say in its place, or NULL */
    char *stage, *why; /* why: or NULL */
    int port;          /* negative: no TCP */
    bool datagrams;    /* of the network, too */
    bool runs;         /* it may be started, too */
};

/* Zero it; then sandbox_plan(). */
struct sandbox {
    enum sandbox_mode mode;
    struct sandbox_rule *rules;
    size_t count, room;
    char *unconfined; /* why it isn't confined, a sentence; NULL: it is */
    bool sockets;     /* the pipeline has some of its own, */
    bool datagrams;   /* also those that need no connection */
    bool anew;        /* the process may begin anew: see reload.h */
    bool serves;      /* a page or metrics */
    bool held;        /* it was confined before it began anew */
    int abi;          /* of Landlock, or a negative errno */
    int calls_error;  /* of seccomp; 1: not tried */
};

struct sandbox_options {
    const struct pipeline_choice *choice;
    const char *operand;
    const struct arg_strings *reads; /* --sandbox-read */
    const char *metrics, *ui;        /* addresses, or NULL */
    const char *trace;               /* a file that is written, or NULL */
};

/* What the pipeline may reach. 0; else what is wrong was said, and the exit code. */
int sandbox_plan(struct sandbox *sandbox, const weir_pipeline *pipeline, const struct sandbox_options *options);
/* What a pipeline that is run without any options may reach, in words. */
int sandbox_explain(FILE *out, const weir_pipeline *pipeline);
/* Files: for this thread and what it starts, so before any other thread is there. 0; else it was said: exit code. */
int sandbox_close_files(struct sandbox *sandbox, const weir_pipeline *pipeline);
/* System calls: in all threads, once all that a run opens by itself is open. 0; else it was said: exit code. */
int sandbox_close_calls(struct sandbox *sandbox);
/* A line: what holds. */
void sandbox_report(FILE *out, const struct sandbox *sandbox);
/* Does what this one reaches lie within what that one does? If not it was said what doesn't. A sandbox has no way out.
 */
bool sandbox_covers(const struct sandbox *sandbox, const weir_pipeline *pipeline);
/* The way out for who was refused something. */
void sandbox_hint(FILE *out, const struct sandbox *sandbox);
/* The next program of this process is told that it is confined. */
void sandbox_hand_on(const struct sandbox *sandbox);
void sandbox_fini(struct sandbox *sandbox);

#endif
