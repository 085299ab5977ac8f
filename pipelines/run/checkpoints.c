/* checkpoints.c - what a run has saved, the marks that its sources hold, and what of a journal is this plan's. */
#include "run/checkpoints.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explain/plan_words.h"
#include "journal/journal.h"
#include "nodes/node.h"
#include "plan/node_name.h"

#define EVERY_NS WEIR_SEC(1)
#define BYTES_MAX ((uint64_t)256 << 20)

int wp_checkpoints_create(struct run *run, const struct plan *plan, struct journal *journal)
{
    struct checkpoints *checkpoints = calloc(1, sizeof *checkpoints);
    const uint64_t last = journal != NULL ? journal->checkpoint : 0;
    if (checkpoints == NULL)
        return -ENOMEM;
    (void)pthread_mutex_init(&checkpoints->lock, NULL);
    checkpoints->plan = plan;
    checkpoints->journal = journal;
    checkpoints->every_ns = EVERY_NS;
    checkpoints->bytes_max = BYTES_MAX;
    checkpoints->began_at = checkpoints->named = last;
    weir_notify_init(&checkpoints->came);
    run->checkpoints = checkpoints;
    checkpoints->now = wp_mark_create(last + 1);
    checkpoints->next = wp_mark_create(last + 2);
    if (checkpoints->now == NULL || checkpoints->next == NULL)
        return -ENOMEM;
    return weir_cancel_create(&checkpoints->over);
}

static void put_mark(struct mark *mark)
{
    if (mark != NULL && !weir_cancel_is_cancelled(mark->wanted))
        wp_mark_put(mark);
    wp_mark_unhold(mark);
}

void wp_checkpoints_destroy(struct run *run)
{
    struct checkpoints *checkpoints = run->checkpoints;
    if (checkpoints == NULL)
        return;
    put_mark(checkpoints->now);
    put_mark(checkpoints->next);
    while (checkpoints->kept != NULL) {
        struct kept *kept = checkpoints->kept;
        checkpoints->kept = kept->next;
        wp_saved_fini(&kept->saved);
        wp_saved_fini(&kept->last);
        free(kept->name);
        free(kept);
    }
    weir_cancel_unref(checkpoints->over);
    (void)pthread_mutex_destroy(&checkpoints->lock);
    free(checkpoints);
    run->checkpoints = NULL;
}

void wp_checkpoints_seat(struct run *run)
{
    for (unsigned i = 0; run->checkpoints != NULL && i < run->count; i++)
        if (run->nodes[i].is_source && !run->nodes[i].inner)
            run->nodes[i].seat.next = wp_mark_ref(run->checkpoints->now);
}

/* --- one plan and another ----------------------------------------------------------------------------------------- */

static int add_text(weir_text *text, const char *data)
{
    return data != NULL ? weir_text_append(text, data, strlen(data) + 1) : weir_text_append(text, "", 1);
}

static int add_setting(weir_text *text, const struct plan *plan, const struct setting *setting)
{
    char *value = wp_explain_value(plan, setting);
    int error = value == NULL ? -ENOMEM : add_text(text, setting->opt->name);
    if (error == 0)
        error = add_text(text, value);
    if (error == 0)
        error = add_text(text, setting->text);
    if (error == 0)
        error = weir_text_append(text, &setting->number, sizeof setting->number);
    for (const struct piece *piece = setting->pieces; error == 0 && piece != NULL; piece = piece->next)
        error = add_text(text, piece->text);
    free(value);
    return error;
}

/* What the stage was told. 0 or -ENOMEM. */
static int digest_options(const struct plan *plan, const struct plan_node *node, struct record_digest *ret_digest)
{
    weir_text text = { 0 };
    int error = 0;
    for (const struct setting *setting = node->settings; error == 0 && setting != NULL; setting = setting->next)
        error = add_setting(&text, plan, setting);
    *ret_digest = wp_record_digest(text.data, text.size);
    weir_text_fini(&text);
    return error;
}

static enum record_keeps keeps_of(const struct plan_node *node)
{
    const enum node_keeps keeps = wp_node_keeps(node);
    return keeps == KEEPS_POSITION ? RECORD_POSITION : keeps == KEEPS_OUTPUT ? RECORD_OUTPUT : RECORD_STATE;
}

static struct item_name name_of(const char *text)
{
    return (struct item_name){ text, strlen(text) };
}

static int put_entry(const struct checkpoints *checkpoints, const struct kept *kept, bool last, weir_text *record)
{
    const struct plan_node *plan = kept->node->plan;
    const struct saved *saved = last && kept->last.bytes.data != NULL ? &kept->last : &kept->saved;
    struct record_entry entry = { .keeps = keeps_of(plan),
                                  .name = name_of(kept->name),
                                  .stage = name_of(plan->stage->name),
                                  .items = { (const unsigned char *)saved->bytes.data,
                                             (const unsigned char *)saved->bytes.data + saved->bytes.size } };
    const int error = digest_options(checkpoints->plan, plan, &entry.options);
    return error == 0 ? wp_record_put_entry(record, &entry) : error;
}

/* What was given at the end has nothing left to keep. */
static bool goes_in(const struct kept *kept, bool last)
{
    return !last || keeps_of(kept->node->plan) != RECORD_STATE;
}

int wp_checkpoints_record(struct checkpoints *checkpoints, uint64_t number, bool last, weir_text *ret_record)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct record_head head = { .checkpoint = number,
                                .time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
                                .ended = last };
    int error = wp_record_begin(ret_record, RECORD_CHECKPOINT);
    (void)pthread_mutex_lock(&checkpoints->lock);
    for (const struct kept *kept = checkpoints->kept; kept != NULL; kept = kept->next)
        head.entries += goes_in(kept, last);
    if (error == 0)
        error = wp_record_put_head(ret_record, &head);
    for (const struct kept *kept = checkpoints->kept; error == 0 && kept != NULL; kept = kept->next)
        if (goes_in(kept, last))
            error = put_entry(checkpoints, kept, last, ret_record);
    (void)pthread_mutex_unlock(&checkpoints->lock);
    return error;
}

/* The entry of this name; false: there is none. */
static bool find_entry(const struct record *last, const char *name, struct record_entry *ret_entry)
{
    struct item_reader rest = last->rest;
    while (wp_record_entry(&rest, ret_entry) == 1)
        if (ret_entry->name.size == strlen(name) && memcmp(ret_entry->name.data, name, ret_entry->name.size) == 0)
            return true;
    return false;
}

static bool is_stage(const struct record_entry *entry, const struct plan_node *node)
{
    return entry->stage.size == strlen(node->stage->name) &&
           memcmp(entry->stage.data, node->stage->name, entry->stage.size) == 0 && entry->keeps == keeps_of(node);
}

/* Where a source was is by the names of files: it may be told to follow others, too. */
static bool has_same_options(const struct record_entry *entry, const struct record_digest *options)
{
    return entry->keeps == RECORD_POSITION || memcmp(&entry->options, options, sizeof *options) == 0;
}

int wp_checkpoints_entry(const struct checkpoints *checkpoints, const struct kept *kept, struct record_entry *ret_entry)
{
    const struct plan_node *node = kept->node->plan;
    struct record last;
    struct record_digest options;
    if (checkpoints->journal == NULL || !wp_journal_last(checkpoints->journal, &last) ||
        !find_entry(&last, kept->name, ret_entry) || !is_stage(ret_entry, node))
        return 0;
    const int error = digest_options(checkpoints->plan, node, &options);
    return error < 0 ? error : has_same_options(ret_entry, &options);
}

/* --- checking ------------------------------------------------------------------------------------------------------
 */

struct checking {
    const struct checkpoints *checkpoints;
    const struct record *last; /* NULL: there is none */
    struct diags diags;        /* what can't be kept */
    weir_text *errors, *notes;
    bool differs, failed;
};

WEIR_PRINTF(3, 4) static void say(struct checking *self, weir_text *to, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    va_start(args, format);
    const int size = vasprintf(&line, format, args);
    va_end(args);
    self->failed |= size < 0 || weir_text_append(to, line, (size_t)size) < 0;
    free(size < 0 ? NULL : line);
}

/* How the journal differs from the plan. */
static void check_entry(struct checking *self, const struct plan_node *node, const char *name)
{
    weir_text *to = self->checkpoints->adapts ? self->notes : self->errors;
    struct record_entry entry;
    struct record_digest options;
    const bool is_there = find_entry(self->last, name, &entry) && is_stage(&entry, node);
    if (!is_there && self->last->ended && keeps_of(node) == RECORD_STATE)
        return;
    if (is_there && digest_options(self->checkpoints->plan, node, &options) < 0)
        self->failed = true;
    else if (is_there && has_same_options(&entry, &options))
        return;
    self->differs = true;
    say(self, to, is_there ? "%s: had other options when the journal was written%s\n" : "%s: isn't in the journal%s\n",
        name, self->checkpoints->adapts ? ": it begins anew" : "");
}

static void check_node(struct checking *self, const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    const enum node_keeps keeps = wp_node_keeps(node);
    const char *why = type != NULL && type->unkept != NULL ? type->unkept(node) : NULL;
    if (why == NULL && keeps == KEEPS_UNKNOWN)
        why = "can't save what it has at a checkpoint";
    if (why == NULL && type == NULL && weir_opt_find(node->stage, "seekable") != NULL &&
        wp_plan_number(node, "seekable") > 0)
        why = "seekable= has a table at the end of the whole, and there is none";
    if (why != NULL) {
        wp_diag(&self->diags, node->span, "%s %s: no --state with it", node->stage->name, why);
        return;
    }
    if (self->last == NULL || keeps == KEEPS_NOTHING || keeps == KEEPS_NO_POSITION || keeps == KEEPS_NO_OUTPUT)
        return;
    char *name = wp_node_name(self->checkpoints->plan, node);
    if (name != NULL)
        check_entry(self, node, name);
    self->failed |= name == NULL;
    free(name);
}

static void check_chain(struct checking *self, const struct plan_chain *chain)
{
    const struct plan_chain *block;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        check_node(self, node);
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            check_chain(self, block);
    }
}

/* Whether an entry is nobody's: only its name is known. */
static bool is_somebodys(const struct checkpoints *checkpoints, const struct plan_chain *chains,
                         const struct record_entry *entry)
{
    const struct plan_chain *block;
    for (const struct plan_chain *chain = chains; chain != NULL; chain = chain->next)
        for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
            char *name = wp_node_name(checkpoints->plan, node);
            const bool is_its = name != NULL && entry->name.size == strlen(name) &&
                                memcmp(entry->name.data, name, entry->name.size) == 0 && is_stage(entry, node);
            free(name);
            if (is_its)
                return true;
            for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
                if (is_somebodys(checkpoints, block, entry))
                    return true;
        }
    return false;
}

static void check_left(struct checking *self)
{
    const struct plan *plan = self->checkpoints->plan;
    weir_text *to = self->checkpoints->adapts ? self->notes : self->errors;
    struct item_reader rest = self->last->rest;
    struct record_entry entry;
    while (wp_record_entry(&rest, &entry) == 1) {
        if (is_somebodys(self->checkpoints, plan->pipelines, &entry) ||
            is_somebodys(self->checkpoints, plan->deads, &entry))
            continue;
        self->differs = true;
        say(self, to, "%.*s: is in the journal, and not in the pipeline%s\n", (int)entry.name.size, entry.name.data,
            self->checkpoints->adapts ? ": what it had is dropped" : "");
    }
}

int wp_checkpoints_check(const struct checkpoints *checkpoints, weir_text *errors, weir_text *notes)
{
    struct record last;
    struct checking self = { .checkpoints = checkpoints,
                             .last = wp_journal_last(checkpoints->journal, &last) ? &last : NULL,
                             .diags = { .source = &checkpoints->plan->syntax->source },
                             .errors = errors,
                             .notes = notes };
    for (const struct plan_chain *chain = checkpoints->plan->pipelines; chain != NULL; chain = chain->next)
        check_chain(&self, chain);
    for (const struct plan_chain *dead = checkpoints->plan->deads; dead != NULL; dead = dead->next)
        check_chain(&self, dead);
    if (self.last != NULL)
        check_left(&self);
    if (self.differs && !checkpoints->adapts)
        say(&self, errors,
            "%s: is the state of another pipeline: --adapt goes on with what both have, another --state begins anew\n",
            checkpoints->journal->dir);
    const bool refused = wp_diag_any(&self.diags);
    if (refused && wp_diag_render(&self.diags, errors) < 0)
        self.failed = true;
    wp_diag_fini(&self.diags);
    return self.failed ? -ENOMEM : refused || (self.differs && !checkpoints->adapts) ? -EINVAL : 0;
}
