/*
 * view.h - the thread that shows a pipeline, or a hashing job, while it runs: the block on stderr, or a plain line
 * every ten seconds, and the answers on the control socket. It sleeps unless there is something to show.
 */
#ifndef VIEW_H
#define VIEW_H

#include <pthread.h>

#include <weir/pipeline.h>
#include <weir/runtime.h>

#include "live_block.h"
#include "progress.h"

struct view {
    struct live_of of;
    weir_runtime *runtime;
    enum progress_mode mode; /* resolved: ALWAYS (a block that is redrawn), PLAIN or NEVER */
    uint64_t began_ns, input_bytes;
    struct live live;
    struct live_block block;
    pthread_mutex_t lock; /* of what is on the screen */
    unsigned lines;       /* of the block, there */
    bool shown;           /* it was drawn at least once */
    unsigned held;        /* so many write to the screen: it isn't drawn */
    int listener;         /* -1: nobody can ask */
    int end_fd;           /* an eventfd: it is over */
    pthread_t thread;
};

/* `prints`: all along it writes to standard output; AUTO is NEVER if that is a terminal. 0 or a negative errno. */
int view_start(struct view *view, enum progress_mode mode, bool prints, const struct live_of *of,
               weir_runtime *runtime);
/* Takes the block off the screen, for other text; it is drawn again in its time. Any thread. */
void view_hide(struct view *view);
/* As view_hide(), and it isn't drawn before the release. */
void view_hold(struct view *view);
void view_release(struct view *view);
/* Ends the thread; the block is off the screen. Tasks that were told to end may hide it still, until their runtime has
 * shut down: the lock stays. */
void view_stop(struct view *view);

#endif
