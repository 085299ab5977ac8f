/* sending.c - what a `send` does between two waits. */
#include "send/sending.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <weir/time.h>

#include "listen/tls_files.h"
#include "run/checkpoint.h"
#include "send/acks.h"

/* Beyond that what feeds the node waits. */
#define OUTBOX_BYTES ((size_t)4 << 20)
/* Between two attempts: at first, and at most; a half of it is left to chance, so that many don't come at once. */
#define BACKOFF_FIRST_NS WEIR_MS(100)
#define BACKOFF_MOST_NS WEIR_SEC(10)
#define BACKOFF_DOUBLINGS 7
/* What the other side's kernel has is asked for so often, at first and when nothing comes of it. */
#define LOOK_FIRST_NS WEIR_MS(1)
#define LOOK_MOST_NS WEIR_MS(100)

static int no_memory(struct sending *self)
{
    return wp_run_fail(self->node, -ENOMEM, "no memory");
}

/* What is no trouble, since nothing is lost by it: a line for whoever looks. */
WEIR_PRINTF(2, 3) static void say(const struct sending *self, const char *format, ...)
{
    char text[WEIR_TLS_FAULT_MAX + 128];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)dprintf(STDERR_FILENO, "weir: send: %s: %s\n", self->address, text);
}

/* --- options ------------------------------------------------------------------------------------------------- */

static int set_up_tls(struct sending *self)
{
    const struct plan_node *plan = self->node->plan;
    weir_tls_options options = weir_tls_client();
    options.cert_file = wp_plan_text(plan, "cert");
    options.key_file = wp_plan_text(plan, "key");
    options.ca_file = wp_plan_text(plan, "ca");
    options.verify = wp_plan_number(plan, "verify") != 0;
    self->target.name = wp_plan_text(plan, "name");
    const bool any = options.cert_file != NULL || options.key_file != NULL || options.ca_file != NULL ||
                     self->target.name != NULL || !options.verify;
    if (self->target.scheme != ADDRESS_TLS)
        return any ? wp_run_fail(self->node, -EINVAL, "cert=, key=, ca=, name= and verify= are of tls://HOST:PORT") : 0;
    if (!options.verify && (options.ca_file != NULL || self->target.name != NULL))
        return wp_run_fail(self->node, -EINVAL, "verify=false leaves nothing for ca= and name= to say");
    return wp_tls_context(self->node, &options, &self->target.tls);
}

struct opening {
    const char *dir;
    uint64_t bytes_max;
    struct spool *spool;
    char fault[SPOOL_FAULT_MAX];
};

static int64_t open_files(void *arg)
{
    struct opening *self = arg;
    return wp_spool_open(self->dir, self->bytes_max, &self->spool, self->fault);
}

static int open_spool(struct sending *self)
{
    const char *dir = wp_plan_text(self->node->plan, "spool");
    struct opening opening = { .dir = dir, .bytes_max = (uint64_t)wp_plan_number(self->node->plan, "room") };
    if (dir == NULL)
        return wp_plan_setting(self->node->plan, "room") != NULL
                   ? wp_run_fail(self->node, -EINVAL, "room= is that of spool=DIR")
                   : 0;
    if (self->node->plan->in == WEIR_BYTES)
        return wp_run_fail(self->node, -EINVAL, "spool= is for records, which can be sent again: lines | send");
    const int error = (int)weir_block_in_place(open_files, &opening);
    if (error < 0)
        return wp_run_fail(self->node, error, "%s", opening.fault);
    self->spool = opening.spool;
    self->spool->syncs = wp_checkpoint_is_on(self->node);
    if (self->spool->appended > self->spool->acked)
        say(self, "%lu records wait in %s", (unsigned long)(self->spool->appended - self->spool->acked), dir);
    return 0;
}

int wp_sending_create(struct run_node *node, struct sending **ret_sending)
{
    struct sending *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_sending = self;
    self->node = node;
    self->address = wp_plan_text(node->plan, "address");
    self->form = (struct packet_form){ .framing = (enum framing_kind)wp_plan_number(node->plan, "framing"),
                                       .format = (unsigned)wp_plan_number(node->plan, "format") };
    self->timeout_ns = wp_plan_number(node->plan, "timeout");
    self->giveup_ns = wp_plan_number(node->plan, "giveup");
    self->progress_ns = weir_now_ns();
    const char *wrong = wp_target_parse(self->address, &self->target);
    int error = wrong != NULL ? wp_run_fail(node, -EINVAL, "%s", wrong) : set_up_tls(self);
    if (error == 0)
        error = open_spool(self);
    wp_outbox_init(&self->outbox, self->spool != NULL ? self->spool->acked : 0);
    return error == 0 && wp_plan_number(node->plan, "ack") != 0 ? wp_sending_set_up_acks(self) : error;
}

void wp_sending_destroy(struct sending *self)
{
    if (self == NULL)
        return;
    wp_parcel_put(&self->parcel);
    wp_packet_free(self->fresh);
    wp_spool_unref(self->spool);
    free(self->greeting);
    wp_outbox_fini(&self->outbox);
    weir_stream_put(self->stream);
    weir_tls_context_put(self->target.tls);
    free(self);
}

static bool is_exact(const struct sending *self)
{
    return self->greeting != NULL && self->greeting->is_exact;
}

/* --- input --------------------------------------------------------------------------------------------------- */

static bool has_outbox_room(const struct sending *self)
{
    return self->outbox.bytes < OUTBOX_BYTES;
}

bool wp_sending_has_room(const struct sending *self)
{
    return !self->ended && !self->has_mark &&
           (self->spool != NULL ? self->fresh == NULL && !self->is_full : has_outbox_room(self));
}

static void give(struct sending *self, struct packet *packet)
{
    if (self->outbox.oldest == NULL) /* who had nothing to send has not been waiting */
        self->progress_ns = weir_now_ns();
    wp_outbox_add(&self->outbox, packet);
}

int wp_sending_take(struct sending *self)
{
    struct packet *packet = NULL;
    uint32_t split = 0;
    if (self->parcel.mark != NULL) {
        self->has_mark = true;
        self->is_synced = false;
        return 0;
    }
    self->ended = self->parcel.last;
    if (self->ended)
        self->retry_ns = 0;
    if (self->ended && is_exact(self))
        wp_checkpoint_hurry(self->node);
    if (self->parcel.batch != NULL && self->parcel.batch->count > 0)
        packet = wp_packet_of_rows(&self->form, self->parcel.batch, &split);
    else if (self->parcel.chunk != NULL)
        packet = wp_packet_of_bytes(self->parcel.chunk->data, self->parcel.chunk->size);
    else
        return wp_parcel_put(&self->parcel), 0;
    wp_parcel_put(&self->parcel);
    if (packet == NULL)
        return no_memory(self);
    if (split > 0 && !self->told_split) {
        self->told_split = true;
        wp_run_trouble(self->node, "send: a record with a newline in it goes out as several lines: %s",
                       "framing=octets keeps such records whole");
    }
    if (self->spool != NULL)
        self->fresh = packet;
    else
        give(self, packet);
    return 0;
}

/* --- the spool ------------------------------------------------------------------------------------------------- */

/*
 * A spool that is full waits until some of it is acknowledged. What may not be sent yet is never, and the mark that
 * lets it is behind what comes: so all that is under way to us comes in, and the mark soon.
 */
static bool has_room_for(struct sending *self, const struct packet *packet)
{
    if (wp_spool_has_room(self->spool, packet->count, packet->size))
        return true;
    const bool is_held = is_exact(self) && self->outbox.limit < self->spool->appended;
    if (is_held)
        wp_checkpoint_hurry(self->node);
    return is_held;
}

/* What the journal will count on when the run has ended. */
static bool is_unsynced_end(const struct sending *self)
{
    return self->ended && is_exact(self) && self->spool->synced < self->spool->appended;
}

bool wp_sending_has_work(struct sending *self)
{
    struct spool *spool = self->spool;
    if (spool == NULL || self->works)
        return false;
    if (spool->read < self->outbox.acked) /* the other side had them already */
        spool->read = self->outbox.acked;
    spool->wants_out = spool->read < spool->appended && has_outbox_room(self);
    spool->wants_sync = self->fresh == NULL && ((self->has_mark && !self->is_synced) || is_unsynced_end(self));
    spool->wants_commit = spool->is_begun && is_exact(self) && self->greeting->is_kept;
    spool->ack = self->outbox.acked;
    self->is_full = self->fresh != NULL && !has_room_for(self, self->fresh);
    if (self->fresh != NULL && !self->is_full) {
        spool->in = self->fresh;
        self->fresh = NULL;
    }
    self->works =
        spool->in != NULL || spool->wants_out || spool->wants_sync || spool->wants_commit || spool->ack > spool->acked;
    return self->works;
}

int wp_sending_worked(struct sending *self, int64_t result)
{
    struct spool *spool = self->spool;
    self->works = false;
    if (result < 0)
        return wp_run_fail(self->node, (int)result, "spool: %s", spool->fault);
    if (spool->out != NULL)
        give(self, spool->out);
    spool->out = NULL;
    self->is_synced |= spool->wants_sync;
    struct packet *in = spool->in;
    spool->in = NULL;
    if (in == NULL)
        return 0;
    if (spool->read != in->first - 1 || !has_outbox_room(self)) {
        wp_packet_free(in); /* it is read when its turn comes */
        return 0;
    }
    spool->read = spool->appended;
    give(self, in);
    return 0;
}

bool wp_sending_is_safe(const struct sending *self)
{
    return self->spool != NULL ? self->is_synced : self->outbox.oldest == NULL;
}

bool wp_sending_is_done(const struct sending *self)
{
    const struct spool *spool = self->spool;
    if (!self->ended || self->fresh != NULL || self->works || is_unsynced_end(self))
        return false;
    if (spool == NULL || (self->outbox.oldest == NULL && spool->read == spool->appended))
        return self->outbox.oldest == NULL && (spool == NULL || spool->acked == self->outbox.acked);
    return self->stream == NULL ? self->tried_at_end : weir_now_ns() - self->progress_ns >= self->timeout_ns;
}

void wp_sending_leave(const struct sending *self)
{
    if (self->spool != NULL && self->spool->appended > self->outbox.acked)
        say(self, "%lu records wait in %s for the next start",
            (unsigned long)(self->spool->appended - self->outbox.acked), self->spool->dir);
}

/* --- connections ------------------------------------------------------------------------------------------------ */

static int64_t backoff_ns(unsigned failures)
{
    const unsigned doublings = failures - 1 < BACKOFF_DOUBLINGS ? failures - 1 : BACKOFF_DOUBLINGS;
    int64_t nap_ns = BACKOFF_FIRST_NS << doublings;
    uint32_t random = 0;
    (void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
    nap_ns = nap_ns < BACKOFF_MOST_NS ? nap_ns : BACKOFF_MOST_NS;
    return nap_ns / 2 + (int64_t)((uint64_t)(nap_ns / 2) * random >> 32);
}

/* Nobody is there: later, perhaps, unless that was long enough. */
static int try_again(struct sending *self, const char *why)
{
    const int64_t now_ns = weir_now_ns();
    self->failures++;
    self->tried_at_end = self->ended;
    self->retry_ns = now_ns + backoff_ns(self->failures);
    if (self->giveup_ns > 0 && now_ns - self->progress_ns >= self->giveup_ns)
        return wp_run_fail(self->node, -ETIMEDOUT,
                           "%s: %s: given up, as giveup= says; %lu records weren't acknowledged", self->address, why,
                           (unsigned long)wp_outbox_waiting(&self->outbox));
    if (!self->told_outage)
        say(self, "%s: it is tried again and again%s", why, self->giveup_ns > 0 ? ", for as long as giveup= says" : "");
    self->told_outage = true;
    return 0;
}

int wp_sending_connected(struct sending *self, int64_t result)
{
    if (result < 0)
        return try_again(self, self->fault);
    if (self->told_outage)
        say(self, "there again; %lu records waited", (unsigned long)wp_outbox_waiting(&self->outbox));
    self->told_outage = false;
    self->is_new = true;
    self->written = 0;
    self->look_every_ns = self->greeting != NULL ? self->timeout_ns / 3 : LOOK_FIRST_NS;
    wp_outbox_rewind(&self->outbox, self->greeting != NULL ? self->greeting->have : 0);
    return 0;
}

static void went_on(struct sending *self)
{
    self->progress_ns = weir_now_ns();
    self->is_new = false;
    self->failures = 0;
}

/* What the other side's kernel has is acknowledged. */
static void ask_kernel(struct sending *self)
{
    if (self->greeting != NULL) { /* it says so itself */
        self->look_ns = weir_now_ns() + self->look_every_ns;
        return;
    }
    const uint64_t reached = wp_target_reached(self->stream, self->written);
    const bool any = wp_outbox_ack(&self->outbox, wp_outbox_reached(&self->outbox, reached, self->target.tls == NULL));
    const int64_t now_ns = weir_now_ns();
    self->look_every_ns = any ? LOOK_FIRST_NS : 2 * self->look_every_ns;
    if (self->look_every_ns > LOOK_MOST_NS)
        self->look_every_ns = LOOK_MOST_NS;
    self->look_ns = now_ns + self->look_every_ns;
    if (any)
        went_on(self);
}

int wp_sending_heard(struct sending *self, size_t bytes)
{
    struct greeting *greeting = self->greeting;
    uint64_t number = 0;
    int heard;
    if (greeting == NULL) /* what it says is nothing to us */
        return 0;
    greeting->size += bytes;
    while ((heard = wp_greeting_heard(greeting, &number)) == 1) {
        if (number > wp_outbox_reached(&self->outbox, self->written, true))
            return 1;
        if (wp_outbox_ack(&self->outbox, number))
            went_on(self);
    }
    return heard < 0;
}

uint64_t wp_sending_last(const struct sending *self)
{
    const uint64_t last = self->spool != NULL ? self->spool->appended : self->outbox.next - 1;
    return last < self->outbox.limit ? last : self->outbox.limit;
}

bool wp_sending_turns(struct sending *self)
{
    struct greeting *greeting = self->greeting;
    if (!is_exact(self) || greeting->is_tail)
        return false;
    if (greeting->marked_at != 0 && wp_checkpoint_named(self->node) >= greeting->marked_at) {
        self->outbox.limit = greeting->marked;
        greeting->marked_at = 0;
        greeting->is_kept = true;
    }
    /* What stages give at their end lies behind the last mark: a run that is killed now gives it again, and perhaps
     * something else. */
    return self->ended && self->fresh == NULL && !self->works && greeting->marked_at == 0 &&
           self->outbox.acked >= greeting->marked && self->spool->appended > greeting->marked;
}

void wp_sending_turn(struct sending *self)
{
    self->greeting->is_tail = true;
    wp_greeting_begin_session(self->greeting);
    self->outbox.limit = UINT64_MAX;
    weir_stream_put(self->stream);
    self->stream = NULL;
    self->retry_ns = self->limit_ns = 0;
}

int wp_sending_broke(struct sending *self, const char *why)
{
    const bool is_bytes = self->node->plan->in == WEIR_BYTES && self->written > 0;
    ask_kernel(self);
    weir_stream_put(self->stream);
    self->stream = NULL;
    if (is_bytes && (self->outbox.oldest != NULL || !self->ended))
        return wp_run_fail(self->node, -ECONNABORTED,
                           "%s: %s: a stream of bytes can't be taken up in the middle; records can: lines | send",
                           self->address, why);
    return try_again(self, why);
}

void wp_sending_wrote(struct sending *self, size_t bytes)
{
    const int64_t now_ns = weir_now_ns();
    self->written += bytes;
    const bool by_bytes = self->greeting != NULL; /* and not by what TLS makes of them */
    wp_outbox_wrote(&self->outbox, bytes, by_bytes ? self->written : wp_target_wire(self->stream, self->written));
    if (self->look_ns < now_ns || self->look_ns - now_ns > self->look_every_ns)
        self->look_ns = now_ns + self->look_every_ns;
}

/* --- deadlines ------------------------------------------------------------------------------------------------------
 */

static bool stops(const struct sending *self)
{
    const struct run *run = self->node->run;
    return run->stop != NULL && weir_cancel_is_cancelled(run->stop);
}

/* The run is to stop, and waits for somebody who isn't there: so long and no longer. */
static bool is_stuck(const struct sending *self, int64_t now_ns)
{
    return stops(self) && self->spool == NULL && (self->ended || self->has_mark) && self->outbox.oldest != NULL &&
           now_ns - self->progress_ns >= self->timeout_ns;
}

/* Who has all and is slow to say so is asked by the kernel now and then, which is no faster than once a second. */
static int64_t silence_ns(const struct sending *self)
{
    const int64_t probes_ns = WEIR_SEC(3) * self->target.probe_seconds;
    return self->timeout_ns > probes_ns ? self->timeout_ns : probes_ns;
}

int wp_sending_look(struct sending *self)
{
    if (self->stream != NULL && self->outbox.oldest != NULL && weir_now_ns() >= self->look_ns)
        ask_kernel(self);
    if (is_stuck(self, weir_now_ns()))
        return wp_run_fail(self->node, -ETIMEDOUT, "%s: the run is to stop, and %lu records weren't acknowledged%s",
                           self->address, (unsigned long)wp_outbox_waiting(&self->outbox),
                           self->has_mark ? ": the next start sends them" : "");
    return self->stream != NULL && self->outbox.oldest != NULL &&
           weir_now_ns() - self->progress_ns >= self->timeout_ns &&
           wp_target_silence_ns(self->stream) >= silence_ns(self);
}

static void earlier(int64_t *due_ns, int64_t when_ns)
{
    *due_ns = when_ns < *due_ns ? when_ns : *due_ns;
}

int64_t wp_sending_due_ns(const struct sending *self)
{
    int64_t due_ns = INT64_MAX;
    if (self->stream == NULL)
        earlier(&due_ns, self->limit_ns != 0 ? self->limit_ns : self->retry_ns);
    else if (self->outbox.oldest != NULL)
        earlier(&due_ns, self->look_ns);
    const bool leaves = self->spool != NULL ? self->ended : stops(self) && (self->ended || self->has_mark);
    if (leaves && self->outbox.oldest != NULL)
        earlier(&due_ns, self->progress_ns + self->timeout_ns);
    return due_ns;
}
