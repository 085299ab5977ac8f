/* emit.c - what the lanes found out becomes text, in the order of the walk, and goes out. */
#include "hash/emit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hash/sink.h"
#include "run/batch.h"
#include "run/say.h"

/* A write is worth its system call from here on. */
#define WRITE_BYTES (128u * 1024)
/* And what is ready goes out at least this often, for whoever reads along. */
#define WRITE_EVERY_NS 200000000

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The path up to and with the last '/' of everything in this node goes into job->path. */
static int set_prefix(struct job *job, const struct node *node)
{
    job->path.size = 0;
    job->path_of = node;
    if (node->list != NULL)
        return 0;
    /* Asked for a name of one byte, so that we needn't know when a '/' goes in between. */
    const size_t size = weir_walk_path(node->place, "x", 1, NULL, 0);
    if (weir_text_reserve(&job->path, size + 1) < 0)
        return -ENOMEM;
    (void)weir_walk_path(node->place, "x", 1, job->path.data, size + 1);
    job->path.size = size - 1;
    return 0;
}

static void tell_rotten(struct job *job, const char *path, size_t size)
{
    wp_count(&job->counters->errors, 1);
    if (job->options.on_error != NULL)
        job->options.on_error(job->options.hook_arg, path, size, -EBADE);
}

static int emit_file(struct job *job, const struct node *node, uint32_t entry)
{
    if (node->results[entry].is_left_out)
        return 0;
    if (job->path_of != node && set_prefix(job, node) < 0)
        return -ENOMEM;
    const size_t prefix = job->path.size;
    const char *name = wp_node_name(node, entry);
    const size_t name_size = strlen(name);
    if (weir_text_append(&job->path, name, name_size + 1) < 0)
        return -ENOMEM;
    if (node->results[entry].is_rotten)
        tell_rotten(job, job->path.data, prefix + name_size);
    const int error = job->sink->file(job->sink, node, entry, job->path.data, prefix + name_size, &job->out);
    job->path.size = prefix;
    return error;
}

static int emit_leave(struct job *job, const struct node *node)
{
    if (job->sink->leave == NULL)
        return 0;
    if (job->path_of != node && set_prefix(job, node) < 0)
        return -ENOMEM;
    /* Ended by a NUL, as the others are. */
    if (weir_text_reserve(&job->path, 1) < 0)
        return -ENOMEM;
    job->path.data[job->path.size] = '\0';
    return job->sink->leave(job->sink, node, job->path.data, job->path.size, &job->out);
}

static bool is_full(const struct job *job)
{
    return job->out.size >= WRITE_BYTES || (job->rows != NULL && job->rows->count == BATCH_ROWS);
}

/* As much text as a write wants, or as many rows as a batch has, or what there is. */
static int gather(struct hash_emit *self)
{
    struct job *job = self->job;
    self->more = true;
    while (!is_full(job)) {
        uint32_t entry;
        const struct node *node = wp_tree_emit_next(&job->tree, &entry, &self->end);
        if (node == NULL) {
            job->path_of = NULL; /* the node it was of may be gone */
            self->more = false;
            return self->end && job->sink->finish != NULL ? job->sink->finish(job->sink, &job->out) : 0;
        }
        const int error = entry == node->count ? emit_leave(job, node) : emit_file(job, node, entry);
        if (error < 0)
            return error;
    }
    job->path_of = NULL;
    return 0;
}

static bool is_time_to_write(struct job *job, bool end)
{
    if (job->out.size == 0 && job->rows == NULL)
        return false;
    const int64_t now = now_ns();
    if (!end && !is_full(job) && now - job->written_at_ns < WRITE_EVERY_NS)
        return false;
    job->written_at_ns = now;
    return true;
}

static void put_job(void *arg)
{
    wp_job_unref(arg);
}

/* The next piece of the text; the job, and so the text, stays until the kernel has let go of it. */
static weir_write start_write(struct hash_emit *self)
{
    struct job *job = self->job;
    wp_job_ref(job);
    return weir_write_at(job->output.fd, job->out.data + self->written, job->out.size - self->written,
                         job->output.offset, (weir_io_hold){ put_job, job });
}

static void wrote(struct hash_emit *self, size_t size)
{
    self->written += size;
    wp_count(&self->job->counters->out_bytes, size);
    if (self->job->output.offset != UINT64_MAX)
        self->job->output.offset += size;
}

static struct wp_edge_send send_rows(struct job *job)
{
    struct batch *rows = job->rows;
    job->rows = NULL;
    return WEIR_CALL(wp_edge_send, .node = job->options.edge, .parcel = { .batch = rows });
}

/* The next piece of the text, in the chunk that is at hand. */
static struct wp_edge_send start_send(struct hash_emit *self)
{
    weir_chunk *chunk = self->get.output;
    const weir_text *out = &self->job->out;
    const size_t left = out->size - self->written;
    self->get.output = NULL;
    chunk->size = left < chunk->capacity ? left : chunk->capacity;
    memcpy(chunk->data, out->data + self->written, chunk->size);
    self->written += chunk->size;
    return WEIR_CALL(wp_edge_send, .node = self->job->options.edge, .parcel = { .chunk = chunk });
}

static void look_ahead(struct hash_emit *self)
{
    weir_hash_counters *counters = self->job->counters;
    wp_count(&counters->ahead_sum, __atomic_load_n(&counters->ahead, __ATOMIC_RELAXED));
    wp_count(&counters->ahead_looks, 1);
}

/* Others' text on that terminal makes room meanwhile. */
static void tell_output(const struct job *job, bool begins)
{
    if (job->is_shown && job->options.on_output != NULL)
        job->options.on_output(job->options.hook_arg, begins);
}

WEIR_ASYNC_DEFINE(hash_emit)
{
    WEIR_BEGIN
    self->lap_ns = wp_lap_now();
    if (self->job->sink->head != NULL)
        self->error = self->job->sink->head(self->job->sink, &self->job->out);
    while (self->error == 0) {
        /* Constructed before the look: what becomes complete in between is not missed. */
        self->wait = weir_notify_wait(&self->job->tree.completed);
        self->error = gather(self);
        if (self->error == 0 && is_time_to_write(self->job, self->end)) {
            self->written = 0;
            if (self->job->is_shown)
                wp_say_tame_lines(self->job->out.data, self->job->out.size);
            if (self->job->rows != NULL) {
                AWAIT(self->send, send_rows(self->job));
                if (self->send.output < 0)
                    RETURN(self->send.output);
            }
            while (self->job->options.edge != NULL && self->written < self->job->out.size) {
                AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
                if (self->get.output == NULL)
                    RETURN(-ENOMEM);
                AWAIT(self->send, start_send(self));
                if (self->send.output < 0)
                    RETURN(self->send.output);
            }
            tell_output(self->job, true);
            while (self->written < self->job->out.size) {
                AWAIT(self->write, start_write(self));
                if (self->write.output <= 0) /* none of it: another try could go on for ever */
                    RETURN(self->write.output < 0 ? (int)self->write.output : -EIO);
                wrote(self, (size_t)self->write.output);
            }
            tell_output(self->job, false);
            self->job->out.size = 0;
        }
        if (self->end)
            break;
        if (!self->more && self->error == 0) {
            wp_count(&self->job->counters->emit_ns, wp_lap(&self->lap_ns));
            AWAIT_SLOT(self->wait);
            wp_lap_wait(&self->lap_ns, &self->job->counters->emit_starved_ns, "write", self, WEIR_TRACE_FOR_INPUT);
            look_ahead(self);
        }
    }
    wp_count(&self->job->counters->emit_ns, wp_lap(&self->lap_ns));
    RETURN(self->error);
    WEIR_FINALLY
    wp_job_unref(self->job);
    WEIR_END
}
