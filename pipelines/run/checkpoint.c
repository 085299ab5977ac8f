/* checkpoint.c - what nodes keep, and how they pass a checkpoint. */
#include "run/checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/journal.h"
#include "journal/state_files.h"
#include "plan/node_name.h"
#include "run/checkpoints.h"

struct wp_save {
    weir_text bytes;
    struct unsynced *files;
};

struct wp_load {
    struct item_reader all; /* from the first item on */
    struct item_reader at[ITEM_SPILLED + 1];
    weir_text path, more; /* of the last one, with a NUL */
};

bool wp_checkpoint_is_on(const struct run_node *node)
{
    return node->run->checkpoints != NULL;
}

void wp_checkpoint_close(struct run_node *node)
{
    if (node->run->checkpoints != NULL)
        __atomic_store_n(&node->run->checkpoints->is_closed, true, __ATOMIC_RELEASE);
}

uint64_t wp_checkpoint_number(const struct run_node *node)
{
    return node->seat.due != NULL ? node->seat.due->number : 0;
}

uint64_t wp_checkpoint_named(const struct run_node *node)
{
    return __atomic_load_n(&node->run->checkpoints->named, __ATOMIC_ACQUIRE);
}

/* --- save ------------------------------------------------------------------------------------------------------ */

void wp_unsynced_put(struct unsynced *files)
{
    while (files != NULL) {
        struct unsynced *next = files->next;
        (void)close(files->fd);
        free(files);
        files = next;
    }
}

static struct item_name name_of(const char *text)
{
    return (struct item_name){ text, text != NULL ? strlen(text) : 0 };
}

int wp_save_bytes(struct wp_save *save, const void *data, size_t size)
{
    const struct item item = { .kind = ITEM_STATE, .more = { data, size } };
    return wp_item_append(&save->bytes, &item);
}

int wp_save_position(struct wp_save *save, const struct wp_position *position)
{
    const struct item item = { .kind = ITEM_POSITION,
                               .number = position->offset,
                               .path = name_of(position->path),
                               .more = { position->identity, position->identity_size } };
    return wp_item_append(&save->bytes, &item);
}

char *wp_checkpoint_path(const char *path)
{
    char *dir = path[0] == '/' ? strdup("") : getcwd(NULL, 0), *joined = NULL;
    if (dir != NULL && asprintf(&joined, "%s%s%s", dir, dir[0] != '\0' ? "/" : "", path) < 0)
        joined = NULL;
    free(dir);
    return joined;
}

/* An item of a file that is synced before the record is written. */
static int save_file(struct wp_save *save, int fd, const struct item *item)
{
    struct unsynced *unsynced = malloc(sizeof *unsynced);
    if (unsynced == NULL)
        return -ENOMEM;
    unsynced->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (unsynced->fd < 0) {
        const int error = -errno;
        free(unsynced);
        return error;
    }
    unsynced->next = save->files;
    save->files = unsynced;
    return wp_item_append(&save->bytes, item);
}

int wp_save_written(struct wp_save *save, const struct wp_written *file)
{
    char *path = wp_checkpoint_path(file->path), *rename_to = NULL;
    if (file->rename_to != NULL)
        rename_to = wp_checkpoint_path(file->rename_to);
    int error = path == NULL || (file->rename_to != NULL && rename_to == NULL) ? -ENOMEM : 0;
    if (error == 0) {
        const struct item item = { .kind = ITEM_FILE,
                                   .number = file->size,
                                   .complete = file->complete,
                                   .path = name_of(path),
                                   .more = name_of(rename_to) };
        error = save_file(save, file->fd, &item);
    }
    free(path);
    free(rename_to);
    return error;
}

int wp_save_spilled(struct wp_save *save, uint64_t number, int fd, uint64_t size)
{
    char name[STATE_FILE_NAME_BYTES];
    wp_state_file_name(number, name);
    const struct item item = { .kind = ITEM_SPILLED, .number = size, .path = name_of(name) };
    return save_file(save, fd, &item);
}

static int save_to(struct kept *kept, struct saved *saved)
{
    struct wp_save save = { 0 };
    const int error = kept->ops->save(kept->arg, &save);
    if (error < 0) {
        wp_unsynced_put(save.files);
        weir_text_fini(&save.bytes);
        return error;
    }
    wp_saved_fini(saved);
    *saved = (struct saved){ .bytes = save.bytes, .files = save.files };
    return 0;
}

void wp_saved_fini(struct saved *saved)
{
    wp_unsynced_put(saved->files);
    weir_text_fini(&saved->bytes);
    saved->files = NULL;
}

int wp_checkpoints_save(struct run_node *node)
{
    struct kept *kept = node->seat.kept;
    return kept != NULL && kept->arg != NULL ? save_to(kept, &kept->saved) : 0;
}

int wp_checkpoint_ended(struct run_node *node)
{
    struct kept *kept = node->seat.kept;
    int error = 0;
    if (kept != NULL && kept->arg != NULL) {
        error = save_to(kept, &kept->last);
        kept->arg = NULL;
    }
    wp_mark_leave(node);
    return error;
}

/* --- load ------------------------------------------------------------------------------------------------------ */

/* The next of this kind. 1; 0: none; or -EBADMSG, which nothing that was read from a journal is. */
static int next_item(struct wp_load *load, enum item_kind kind, struct item *ret_item)
{
    int more;
    do
        more = wp_item_next(&load->at[kind], ret_item);
    while (more > 0 && ret_item->kind != kind);
    return more > 0;
}

static const char *terminate(weir_text *text, struct item_name name)
{
    text->size = 0;
    if (name.data == NULL || weir_text_append(text, name.data, name.size) < 0 || weir_text_append(text, "", 1) < 0)
        return NULL;
    return text->data;
}

int wp_load_bytes(struct wp_load *load, const void **ret_data, size_t *ret_size)
{
    struct item item;
    if (next_item(load, ITEM_STATE, &item) == 0)
        return 0;
    *ret_data = item.more.data;
    *ret_size = item.more.size;
    return 1;
}

int wp_load_position(struct wp_load *load, struct wp_position *ret_position)
{
    struct item item;
    if (next_item(load, ITEM_POSITION, &item) == 0)
        return 0;
    *ret_position = (struct wp_position){ .path = terminate(&load->path, item.path),
                                          .offset = item.number,
                                          .identity = item.more.size > 0 ? item.more.data : NULL,
                                          .identity_size = item.more.size };
    return ret_position->path != NULL ? 1 : -ENOMEM;
}

int wp_load_written(struct wp_load *load, struct wp_written *ret_file)
{
    struct item item;
    do
        if (next_item(load, ITEM_FILE, &item) == 0)
            return 0;
    while (item.complete);
    *ret_file = (struct wp_written){ .path = terminate(&load->path, item.path),
                                     .size = item.number,
                                     .fd = -1,
                                     .rename_to = terminate(&load->more, item.more) };
    return ret_file->path != NULL && (item.more.data == NULL || ret_file->rename_to != NULL) ? 1 : -ENOMEM;
}

int wp_load_spilled(struct wp_load *load, uint64_t *ret_number, uint64_t *ret_size)
{
    struct item item;
    if (next_item(load, ITEM_SPILLED, &item) == 0)
        return 0;
    *ret_number = wp_state_file_number(item.path);
    *ret_size = item.number;
    return 1;
}

static int load_from(struct kept *kept, const struct record_entry *entry)
{
    struct wp_load load = { 0 };
    for (unsigned kind = 0; kind <= ITEM_SPILLED; kind++)
        load.at[kind] = entry->items;
    const int error = kept->ops->load(kept->arg, &load);
    weir_text_fini(&load.path);
    weir_text_fini(&load.more);
    return error < 0 ? error : 1;
}

/* --- what is kept ---------------------------------------------------------------------------------------------- */

int wp_checkpoint_keep(struct run_node *node, const struct wp_kept *ops, void *arg)
{
    struct checkpoints *checkpoints = node->run->checkpoints;
    if (checkpoints == NULL)
        return 0;
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *kept = (struct kept){ .node = node, .name = wp_node_name(checkpoints->plan, node->plan), .ops = ops, .arg = arg };
    if (kept->name == NULL) {
        free(kept);
        return wp_run_fail(node, -ENOMEM, "no memory");
    }
    node->seat.kept = kept;
    (void)pthread_mutex_lock(&checkpoints->lock);
    kept->next = checkpoints->kept;
    checkpoints->kept = kept;
    (void)pthread_mutex_unlock(&checkpoints->lock);
    struct record_entry entry;
    const int found = wp_checkpoints_entry(checkpoints, kept, &entry);
    if (found < 0)
        return wp_run_fail(node, found, "no memory");
    return found > 0 ? load_from(kept, &entry) : 0;
}

int wp_checkpoint_spill(const struct run_node *node, uint64_t *number)
{
    struct journal *journal = node->run->checkpoints->journal;
    if (journal == NULL)
        return -ENOSYS;
    return *number > 0 ? wp_state_file_open(journal, *number) : wp_state_file_create(journal, number);
}

int wp_checkpoint_opening(struct run_node *node, const char *path, uint64_t size, bool is_new)
{
    struct checkpoints *checkpoints = node->run->checkpoints;
    weir_text text = { 0 };
    if (checkpoints == NULL || checkpoints->journal == NULL)
        return 0;
    char *absolute = wp_checkpoint_path(path);
    const struct mark *passed = node->seat.passed;
    int error = absolute == NULL ? -ENOMEM : wp_record_begin(&text, RECORD_OPENING);
    if (error == 0) {
        const struct record opening = { .checkpoint = passed != NULL ? passed->number : checkpoints->began_at,
                                        .is_new = is_new,
                                        .size = size,
                                        .path = name_of(absolute),
                                        .name = name_of(node->seat.kept->name) };
        error = wp_record_put_opening(&text, &opening);
    }
    if (error == 0)
        error = wp_journal_append(checkpoints->journal, &text);
    weir_text_fini(&text);
    free(absolute);
    return error;
}

weir_notify_wait_future wp_checkpoint_came(const struct run_node *node)
{
    struct checkpoints *checkpoints = node->run->checkpoints;
    return checkpoints != NULL ? weir_notify_wait(&checkpoints->came) : (weir_notify_wait_future){ 0 };
}

void wp_checkpoint_hurry(const struct run_node *node)
{
    struct checkpoints *checkpoints = node->run->checkpoints;
    if (node->seat.passed != NULL) /* a source that ends hands on a mark before its turn */
        weir_cancel(node->seat.passed->full);
    (void)pthread_mutex_lock(&checkpoints->lock);
    struct mark *now = wp_mark_hold(checkpoints->now);
    (void)pthread_mutex_unlock(&checkpoints->lock);
    weir_cancel(now->full);
    wp_mark_unhold(now);
}

/* --- passing --------------------------------------------------------------------------------------------------- */

bool wp_checkpoint_is_wanted(const struct run_node *node)
{
    return node->seat.next != NULL && weir_cancel_is_cancelled(node->seat.next->wanted);
}

weir_cancelled_future wp_checkpoint_wait(const struct run_node *node)
{
    if (node->seat.next == NULL)
        return (weir_cancelled_future){ 0 }; /* a branch that select leaves out */
    return weir_cancelled(node->seat.next->wanted);
}

bool wp_checkpoint_holds(const struct run_node *node)
{
    return node->seat.passed != NULL && !weir_cancel_is_cancelled(node->seat.passed->settled);
}

weir_cancelled_future wp_checkpoint_settled(const struct run_node *node)
{
    return wp_checkpoint_holds(node) ? weir_cancelled(node->seat.passed->settled) : (weir_cancelled_future){ 0 };
}

/* The source's mark is the one that it hands on now; in exchange it has the next. */
static void begin_pass(struct run_node *node)
{
    struct checkpoints *checkpoints = node->run->checkpoints;
    struct mark *mark = node->seat.next;
    (void)pthread_mutex_lock(&checkpoints->lock);
    node->seat.next = wp_mark_ref(checkpoints->next);
    node->seat.given = 0;
    (void)pthread_mutex_unlock(&checkpoints->lock);
    wp_mark_begin(node, mark);
}

WEIR_ASYNC_DEFINE(wp_checkpoint_pass)
{
    WEIR_BEGIN
    if (self->node->seat.due == NULL && wp_checkpoint_is_wanted(self->node))
        begin_pass(self->node);
    if (self->node->seat.due != NULL) {
        AWAIT(self->mark, WEIR_CALL(wp_mark_hand_on, .node = self->node));
        if (self->mark.output < 0)
            RETURN(self->mark.output);
    }
    /* It may be settled from here on, and wp_checkpoint_settled() so no future. */
    if (wp_checkpoint_holds(self->node))
        AWAIT(self->settled, weir_cancelled(self->node->seat.passed->settled));
    WEIR_FINALLY
    WEIR_END
}

struct wp_mark_hand_on wp_checkpoint_hand_on(struct run_node *node, struct parcel *parcel)
{
    wp_mark_begin(node, parcel->mark);
    parcel->mark = NULL;
    return WEIR_CALL(wp_mark_hand_on, .node = node);
}
