/* inputs.c - the files that a node `read` is told to read. */
#include "run/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "run/file_walk.h"
#include "run/stop.h"

/* Counted, since a job outlives a node that was dropped. */
struct inputs {
    uint32_t refs;
    struct run_node *node;
    const struct setting *next; /* from here on */
    bool is_fed;                /* the file that the block is for comes next */
    const char *pattern;        /* of the walk */
    struct file_walk *walk;     /* or NULL */
    struct batch *batch;        /* what it has found, or NULL: it is to be asked */
    uint32_t at;                /* of the batch */
    bool any;                   /* the pattern has matched */
};

struct inputs *wp_inputs_create(struct run_node *node)
{
    struct inputs *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    *self = (struct inputs){ .refs = 1, .node = node, .next = node->plan->settings };
    self->is_fed = wp_plan_setting(node->plan, "path") == NULL;
    return self;
}

static void end_walk(struct inputs *self)
{
    wp_file_walk_destroy(self->walk);
    wp_batch_free(self->batch);
    self->walk = NULL;
    self->batch = NULL;
}

void wp_inputs_unref(void *arg)
{
    struct inputs *self = arg;
    if (self == NULL || __atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    end_walk(self);
    free(self);
}

/* The next argument: 1 and its path; 0: it is a pattern, whose walk begins; or a negative errno. */
static int take_argument(struct inputs *self, const char **ret_path)
{
    const char *path = self->next->text;
    self->next = self->next->next;
    if (!wp_is_glob(path)) {
        *ret_path = path;
        return 1;
    }
    self->pattern = path;
    self->any = false;
    return wp_file_walk_create_glob(self->node, path, &self->walk);
}

/* 1 and the next file of the batch; 0: there is none. */
static int take_file(struct inputs *self, const char **ret_path)
{
    if (self->batch == NULL)
        return 0;
    if (self->at < self->batch->count) {
        *ret_path = self->batch->rows[self->at++].path;
        return 1;
    }
    wp_batch_free(self->batch);
    self->batch = NULL;
    return 0;
}

/* The walk's next batch, or its end. 0 or a negative errno. */
static int64_t walk_on(void *arg, weir_job *job)
{
    struct inputs *self = arg;
    (void)job;
    self->at = 0;
    const int error = wp_file_walk_next(self->walk, &self->batch);
    if (error < 0)
        return error;
    self->any |= self->batch != NULL;
    if (self->batch == NULL)
        end_walk(self);
    if (self->any || wp_stop_is_asked(self->node))
        return 0;
    return wp_run_fail(self->node, -ENOENT, "%s: no file is called like this", self->pattern);
}

static bool is_path(const struct setting *setting)
{
    return strcmp(setting->opt->name, "path") == 0;
}

WEIR_ASYNC_DEFINE(wp_inputs_next)
{
    struct inputs *inputs = self->inputs;
    WEIR_BEGIN
    if (inputs->is_fed) {
        inputs->is_fed = false;
        *self->ret_path = inputs->node->file->path;
        RETURN(1);
    }
    for (;;) {
        if (take_file(inputs, self->ret_path) > 0)
            RETURN(1);
        if (inputs->walk != NULL) {
            (void)__atomic_fetch_add(&inputs->refs, 1, __ATOMIC_RELAXED);
            AWAIT(self->job, weir_offload(WEIR_LANE_IO, walk_on, inputs, wp_inputs_unref));
            if (self->job.output < 0)
                RETURN((int)self->job.output);
            if (wp_stop_is_asked(inputs->node))
                RETURN(-ECANCELED);
            continue;
        }
        while (inputs->next != NULL && !is_path(inputs->next))
            inputs->next = inputs->next->next;
        if (inputs->next == NULL)
            RETURN(0);
        self->output = take_argument(inputs, self->ret_path);
        if (self->output != 0)
            RETURN(self->output);
    }
    WEIR_FINALLY
    WEIR_END
}
