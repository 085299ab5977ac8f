/*
 * cut_lines.c - stage "lines": bytes into records, one a line.
 *
 * A record's line lies in the chunk that it came in, which its batch holds; only
 * one that crosses chunks is put together, in the batch's arena. A batch never
 * spans two chunks.
 *
 * Where the filter behind it lets only lines with some text pass, or (with `json`
 * between) with some number, it looks for that in the whole chunk and cuts a line only
 * around what it finds. Such lines are few: they are copied, so that a batch takes
 * those of many chunks and holds none of them.
 *
 * With `csv` behind it a newline within quotes ends no line.
 */
#include <stdlib.h>
#include <string.h>
#include <weir/time.h>

#include "line/csv_quotes.h"
#include "nodes/line_seeker.h"
#include "nodes/node.h"
#include "journal/words.h"
#include "run/batch.h"
#include "run/checkpoint.h"
#include "run/reject.h"

static const weir_opt lines_opts[] = {
    { "max", "the longest line", WEIR_OPT_SIZE, 0, .def = 1 << 20, .min = 1, .max = 1 << 30 },
    { 0 },
};

/*
 * Blocks of a large file that were looked through while they were read, whose lines may wait for each other: they come
 * fast, and a batch of few lines costs every stage behind as much as one of many.
 */
#define BLOCKS_WAIT 16

struct line_cutter {
    struct run_node *node;
    size_t max;
    bool skips;      /* in the middle of such a line */
    uint64_t line;   /* lines before this one, as far as they were counted: unless it seeks */
    uint64_t offset; /* of the chunk in the input */
    bool seeks;      /* not every line is a record: the others can't pass the filter behind */
    struct line_seeker seeker;
    struct line_hits *hits; /* of the chunk, if who read it has looked; or NULL */
    unsigned waiting;       /* such blocks, since a batch went on; 0: this one isn't such */
    struct csv_quotes quotes;
    uint64_t inner;  /* newlines within the line */
    weir_text begun; /* what earlier chunks hold of this line */
    weir_chunk *chunk;
    size_t at;           /* of it */
    struct batch *batch; /* that is being filled */
    size_t copied;       /* bytes of its lines */
};

/* Left out, if that is what shall be: as much of it as a line may have is known, here and in what was begun. */
static int leave_out(struct line_cutter *self, size_t at)
{
    const size_t begun = self->begun.size, more = begun < self->max ? self->max - begun : 0;
    const size_t here = self->chunk != NULL ? self->chunk->size - at : 0, size = here < more ? here : more;
    if (size > 0 && weir_text_append(&self->begun, (const char *)self->chunk->data + at, size) < 0)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    const size_t shown = self->begun.size < self->max ? self->begun.size : self->max;
    return wp_reject(self->node, self->begun.data, shown, "longer than max=%zu", self->max);
}

/* It begins at byte `at` of the chunk. */
static int too_long(struct line_cutter *self, size_t at)
{
    const uint64_t offset = self->offset + at - self->begun.size;
    const int left_out = leave_out(self, at);
    self->skips = true;
    wp_csv_quotes_reset(&self->quotes);
    self->begun.size = 0;
    if (left_out != 0)
        return left_out < 0 ? left_out : 0;
    if (self->seeks)
        return wp_reject_failed(
            self->node, -EMSGSIZE,
            "the line at byte %lu is longer than max=%zu: a larger max= takes it, @onerror=drop leaves "
            "it out",
            (unsigned long)offset + 1, self->max);
    return wp_reject_failed(self->node, -EMSGSIZE,
                            "line %lu is longer than max=%zu: a larger max= takes it, @onerror=drop leaves it out",
                            (unsigned long)self->line + 1, self->max);
}

/*
 * Of a line that was begun in another chunk, which nobody has judged yet. Before `json` it isn't asked: there a look
 * costs more than the line.
 */
static bool can_pass(const struct line_cutter *self, const char *text, size_t size)
{
    return !self->seeks || self->seeker.count == 0 || wp_line_seeker_find(&self->seeker, text, size) != NULL;
}

/* The line is complete: `size` bytes here and what was begun. A CR at its end belongs to the newline. */
static int add_line(struct line_cutter *self, struct batch *batch, const char *text, size_t size, bool has_newline)
{
    if (self->begun.size > 0) {
        if (weir_text_append(&self->begun, text, size) < 0)
            return wp_run_fail(self->node, -ENOMEM, "no memory");
        size = self->begun.size;
        self->begun.size = 0;
        if (!can_pass(self, self->begun.data, size))
            return 0;
        text = wp_arena_copy(&batch->arena, self->begun.data, size);
    } else if (self->seeks) {
        text = wp_arena_copy(&batch->arena, text, size);
        self->copied += size;
    }
    if (text == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    (void)wp_batch_add_record(batch, text, has_newline && size > 0 && text[size - 1] == '\r' ? size - 1 : size);
    return 0;
}

/* What is left of the chunk is the beginning of a line. */
static int begin_line(struct line_cutter *self, const char *text, size_t size)
{
    if (self->skips || size == 0)
        return 0;
    if (self->begun.size + size > self->max + 1) /* it may end in a CR */
        return too_long(self, (size_t)(text - (const char *)self->chunk->data));
    return weir_text_append(&self->begun, text, size) < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static int take_line(struct line_cutter *self, struct batch *batch, const char *text, size_t size)
{
    int error = 0;
    const size_t whole = self->begun.size + size;
    const bool cr = size > 0 ? text[size - 1] == '\r' : whole > 0 && self->begun.data[whole - 1] == '\r';
    if (!self->skips && whole - cr > self->max)
        error = too_long(self, (size_t)(text - (const char *)self->chunk->data));
    if (error == 0 && !self->skips)
        error = add_line(self, batch, text, size, true);
    self->skips = false;
    self->line += 1 + self->inner;
    self->inner = 0;
    wp_csv_quotes_reset(&self->quotes);
    return error;
}

/*
 * The newline that ends the line which goes on at `from`; NULL: it isn't here. One that is too long ends at a newline
 * of its own, too: nothing says that its quotes will ever be closed.
 */
static const char *find_newline(struct line_cutter *self, const char *from, const char *end)
{
    const char *newline = memchr(from, '\n', (size_t)(end - from));
    if (self->quotes.delimiter == '\0' || self->skips)
        return newline;
    for (const char *at = from;
         wp_csv_quotes_are_open(&self->quotes, at, (size_t)((newline != NULL ? newline : end) - at)) &&
         newline != NULL && self->begun.size + (size_t)(newline - from) <= self->max;
         newline = memchr(at, '\n', (size_t)(end - at))) {
        self->inner++;
        at = newline + 1;
    }
    return newline;
}

/* --- looking for what may pass ------------------------------------------------------------------------- */

/* The next byte from `from` on of a line that may pass: known already, as far as the chunk was looked through. */
static const char *seek(struct line_cutter *self, const char *from, const char *end)
{
    const char *text = (const char *)self->chunk->data;
    struct line_hits *hits = self->hits;
    if (hits == NULL)
        return wp_line_seeker_find(&self->seeker, from, (size_t)(end - from));
    while (hits->next < hits->count && text + hits->at[hits->next] < from)
        hits->next++;
    if (hits->next < hits->count)
        return text + hits->at[hits->next];
    const char *rest = from > text + hits->end ? from : text + hits->end;
    return rest < end ? wp_line_seeker_find(&self->seeker, rest, (size_t)(end - rest)) : NULL;
}

/* The end of the line that begins at `from`, if it is too long; NULL: it isn't. */
static const char *long_line_end(const struct line_cutter *self, const char *from, const char *to)
{
    const char *newline = memchr(from, '\n', (size_t)(to - from));
    const size_t size = (size_t)(newline - from);
    return size - (size > 0 && newline[-1] == '\r') > self->max ? newline + 1 : NULL;
}

/* Whole lines that can't pass: nothing of them is needed, but none may be too long. */
static int pass_over(struct line_cutter *self, const char *from, const char *to)
{
    int error = 0;
    while (error == 0 && (size_t)(to - from) > self->max + 1) {
        /* A newline as far behind as it may be: the lines before it need no look, unless it is the first. */
        const char *newline = memrchr(from, '\n', self->max + 1), *behind = newline != NULL ? newline + 1 : NULL;
        if (behind == NULL && (behind = long_line_end(self, from, to)) != NULL)
            error = too_long(self, (size_t)(from - (const char *)self->chunk->data));
        self->skips = false;
        from = behind != NULL ? behind : (const char *)memchr(from, '\n', (size_t)(to - from)) + 1;
    }
    return error;
}

/* Up to and with the next line that may pass, or the chunk's end. */
static int cut_around(struct line_cutter *self, struct batch *batch, const char *from, const char *end)
{
    const char *hit = seek(self, from, end);
    const char *seen = hit != NULL ? hit : end; /* the line that begins before it is of interest */
    const char *newline = seen > from ? memrchr(from, '\n', (size_t)(seen - from)) : NULL;
    const char *line = newline != NULL ? newline + 1 : from;
    const char *line_end = hit != NULL ? memchr(hit, '\n', (size_t)(end - hit)) : NULL;
    int error = pass_over(self, from, line);
    if (error == 0)
        error = line_end != NULL ? take_line(self, batch, line, (size_t)(line_end - line))
                                 : begin_line(self, line, (size_t)(end - line));
    self->at = (size_t)((line_end != NULL ? line_end + 1 : end) - (const char *)self->chunk->data);
    return error;
}

/* --- batches ------------------------------------------------------------------------------------------- */

static bool is_full(const struct line_cutter *self)
{
    return self->batch->count == BATCH_ROWS || self->copied >= RUN_CHUNK_BYTES;
}

/* Fills a batch from the chunk; the chunk is put when it has been read to its end. */
static int cut(struct line_cutter *self, struct batch *batch)
{
    const char *text = (const char *)self->chunk->data;
    int error = 0;
    if (!self->seeks)
        batch->chunk = weir_chunk_hold(self->chunk);
    while (error == 0 && !is_full(self) && self->at < self->chunk->size) {
        const size_t left = self->chunk->size - self->at;
        const char *from = text + self->at;
        if (self->seeks && self->begun.size == 0 && !self->skips) {
            error = cut_around(self, batch, from, from + left);
            continue;
        }
        const char *end = find_newline(self, from, from + left);
        error = end != NULL ? take_line(self, batch, from, (size_t)(end - from)) : begin_line(self, from, left);
        self->at = end != NULL ? (size_t)(end - text) + 1 : self->chunk->size;
    }
    if (self->at < self->chunk->size)
        return error;
    self->offset += self->chunk->size;
    weir_chunk_put(self->chunk);
    free(self->hits);
    self->chunk = NULL;
    self->hits = NULL;
    return error;
}

/* The input has ended: the last line may have no newline. */
static int finish(struct line_cutter *self, struct batch *batch)
{
    if (self->begun.size == 0)
        return 0;
    return self->begun.size > self->max ? too_long(self, 0) : add_line(self, batch, "", 0, false);
}

/* Puts lines of the chunk into the batch, or (NULL) what is left. There is none after it, if there is nothing in it. */
static int fill_batch(struct line_cutter *self)
{
    const int64_t began_ns = weir_now_ns();
    if (self->batch == NULL) {
        self->batch = wp_batch_create();
        self->copied = 0;
    }
    if (self->batch == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    const int error = self->chunk != NULL ? cut(self, self->batch) : finish(self, self->batch);
    wp_node_worked(self->node, began_ns);
    if (self->batch->count == 0 && !self->seeks) { /* it would hold its chunk */
        wp_batch_free(self->batch);
        self->batch = NULL;
    }
    return error;
}

/* A batch of one chunk goes on at once; one of what was found in many when it is full, or there is nothing to do. */
static bool is_ready(const struct line_cutter *self, bool ended)
{
    if (self->batch == NULL || self->batch->count == 0)
        return false;
    const bool may_wait = self->waiting > 0 && self->waiting < BLOCKS_WAIT;
    return !self->seeks || ended || is_full(self) || (!may_wait && weir_mpsc_len(self->node->from) == 0);
}

static struct line_cutter *create(struct run_node *node)
{
    struct line_cutter *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->node = node;
    self->max = (size_t)wp_plan_number(node->plan, "max");
    const struct plan_node *csv = wp_push_quotes(node->plan);
    self->quotes.delimiter = csv != NULL ? wp_plan_text(csv, "delimiter")[0] : '\0';
    self->seeks = wp_line_seeker_init(&self->seeker, node->plan);
    return self;
}

static void destroy(struct line_cutter *self)
{
    if (self == NULL)
        return;
    weir_text_fini(&self->begun);
    free(self->hits);
    weir_chunk_put(self->chunk);
    wp_batch_free(self->batch);
    free(self);
}

static void take_chunk(struct line_cutter *self, struct parcel *parcel)
{
    self->chunk = parcel->chunk;
    self->hits = parcel->hits;
    self->waiting = parcel->hits != NULL ? self->waiting + 1 : 0;
    self->at = 0;
    parcel->chunk = NULL;
    parcel->hits = NULL;
    if (self->seeks && self->chunk != NULL && self->hits == NULL)
        wp_line_seeker_learn(&self->seeker, (const char *)self->chunk->data, self->chunk->size);
}

/* Without lines nothing but what was rejected. */
static struct wp_edge_send send_batch(struct line_cutter *self)
{
    struct batch *batch = self->batch != NULL && self->batch->count > 0 ? self->batch : NULL;
    self->batch = batch != NULL ? NULL : self->batch;
    self->waiting = 0;
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .batch = batch });
}

/* --- what outlives the run: the line that is begun ------------------------------------------------------- */

/* A byte, two numbers, and a byte that older ones lack. */
#define LINES_KEPT 18

static int save(void *arg, struct wp_save *save)
{
    const struct line_cutter *self = arg;
    char head[LINES_KEPT] = { (char)self->skips, [LINES_KEPT - 1] = (char)self->quotes.place };
    (void)wp_put_u64(wp_put_u64(head + 1, self->line), self->offset);
    if (wp_save_bytes(save, head, sizeof head) < 0 || wp_save_bytes(save, self->begun.data, self->begun.size) < 0)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    return 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct line_cutter *self = arg;
    const void *head, *begun;
    size_t size, head_size;
    if (wp_load_bytes(load, &head, &head_size) != 1 || head_size < LINES_KEPT - 1 ||
        wp_load_bytes(load, &begun, &size) != 1)
        return 0;
    self->skips = *(const char *)head != 0;
    self->line = wp_get_u64((const char *)head + 1);
    self->offset = wp_get_u64((const char *)head + 9);
    self->quotes.place = head_size == LINES_KEPT ? ((const uint8_t *)head)[LINES_KEPT - 1] : 0;
    return weir_text_append(&self->begun, begun, size) < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static const struct wp_kept kept = { save, load };

WEIR_ASYNC(lines_run, int, struct run_node *node; struct line_cutter *cutter; struct parcel parcel; bool ended;
           struct wp_edge_recv recv; struct wp_edge_send send; struct wp_mark_hand_on mark;)
{
    WEIR_BEGIN
    self->cutter = create(self->node);
    if (self->cutter == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    self->node->takes_marks = true; /* a batch of what was found in many chunks may wait for more */
    self->output = wp_checkpoint_keep(self->node, &kept, self->cutter);
    if (self->output < 0)
        RETURN(self->output);
    while (!self->ended) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.mark != NULL) {
            AWAIT(self->send, send_batch(self->cutter));
            AWAIT(self->mark, wp_checkpoint_hand_on(self->node, &self->parcel));
            if (self->mark.output < 0)
                RETURN(self->mark.output);
            continue;
        }
        self->ended = self->parcel.last;
        take_chunk(self->cutter, &self->parcel);
        do {
            self->output = fill_batch(self->cutter);
            if (self->output < 0)
                RETURN(self->output);
            if (!is_ready(self->cutter, self->ended) && !wp_reject_waits(self->node))
                continue;
            AWAIT(self->send, send_batch(self->cutter));
            if (self->send.output < 0)
                RETURN(0);
        } while (self->cutter->chunk != NULL);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    destroy(self->cutter);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(lines_run, .node = node));
}

const struct node_type wp_node_lines = {
    .stage = { .name = "lines",
               .summary = "a record for each line; a CR before the newline is not part of it",
               .in = WEIR_BYTES,
               .out = WEIR_RECORDS,
               .opts = lines_opts },
    .runs = "looks for newlines inline: it is cheap",
    .spawn = spawn,
    .keeps = KEEPS_STATE,
    .bare = true,
    .drops = true,
    .rejects = true,
};
