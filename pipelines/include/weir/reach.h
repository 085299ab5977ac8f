/*
 * reach.h - what a pipeline reaches beside what flows in it, known from its plan: whoever runs it may forbid the rest.
 */
#ifndef WEIR_REACH_H
#define WEIR_REACH_H

#include <weir/pipeline.h>

#pragma GCC visibility push(default)

typedef enum weir_reach_kind {
    WEIR_REACH_READ,  /* a file; or a directory, and all below it */
    WEIR_REACH_WRITE, /* names in a directory and below it are made, changed, read and removed; or a device, a FIFO */
    WEIR_REACH_MOVE,  /* that, and a file gets a name in another directory */
    WEIR_REACH_TEMPORARY, /* a directory in which files without names are made */
    WEIR_REACH_LISTEN,    /* a socket of the network; what is a Unix socket's is a WRITE, too */
    WEIR_REACH_CONNECT,   /* a connection to somebody else */
    WEIR_REACH_UNKNOWN,   /* the stage doesn't say */
} weir_reach_kind;

typedef struct weir_reach {
    weir_reach_kind kind;
    const char *path;  /* as in the text, or its directory; "/": the data says where. NULL of the last three kinds */
    const char *shown; /* the option as in the text, where that has ${...} in it: it may be a secret; or NULL */
    const char *stage; /* whose it is: its name in the pipeline; "--state" */
    const char *why;   /* half a sentence, where the text alone doesn't say it; or NULL */
    int port;          /* of LISTEN and CONNECT over TCP; negative: UDP, or a Unix socket */
    bool datagrams;    /* of those two: of the network, too: UDP, or a name is looked up */
} weir_reach;

/*
 * weir_pipeline_reach() - tells `hook` all that a run of the pipeline reaches, one by one; some of it more than once.
 * Standard streams aren't told of, nor what libraries read: see weir_pipeline_warm_up(). What is reached is what is
 * told and no more, whatever is in the data.
 *
 * Returns 0, -ENOMEM, or the first that `hook` returns that isn't 0. What the hook is given is there during the call.
 */
WEIR_MUST_USE int weir_pipeline_reach(const weir_pipeline *pipeline, int (*hook)(void *arg, const weir_reach *reach),
                                      void *arg);

/* Loads what its stages would load at their first use: libraries, the time zone. They open no more files for it then.
 */
void weir_pipeline_warm_up(const weir_pipeline *pipeline);

#pragma GCC visibility pop

#endif
