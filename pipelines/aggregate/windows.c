/* windows.c - open windows, the earliest first; each record goes to its own. */
#include "aggregate/windows.h"

#include <stdlib.h>
#include <string.h>
#include <weir/blocking.h>

#include "aggregate/window_files.h"
#include "run/checkpoint.h"
#include "run/record_time.h"

static void free_window(struct windows *windows, struct window *window)
{
    if (window == NULL)
        return;
    wp_window_forget(windows, window);
    wp_groups_fini(&window->groups);
    free(window);
}

static void end_due(struct windows *windows)
{
    free_window(windows, windows->due);
    free(windows->list);
    if (windows->due != NULL)
        wp_groups_fini(&windows->answers);
    windows->due = NULL;
    windows->list = NULL;
    windows->at = 0;
    windows->part = 0;
}

void wp_windows_fini(struct windows *windows)
{
    end_due(windows);
    while (windows->open != NULL) {
        struct window *window = windows->open;
        windows->open = window->next;
        free_window(windows, window);
    }
    wp_window_files_close(windows);
    free(windows->sorter.numbers);
    windows->sorter.numbers = NULL;
}

static int64_t begin_of(const struct windows *windows, int64_t time_ns)
{
    const int64_t rest = time_ns % windows->every_ns;
    return time_ns - (rest < 0 ? rest + windows->every_ns : rest);
}

struct window *wp_window_at(struct windows *windows, int64_t from_ns)
{
    struct window **link = &windows->open;
    while (*link != NULL && (*link)->from_ns < from_ns)
        link = &(*link)->next;
    if (*link != NULL && (*link)->from_ns == from_ns)
        return *link;
    struct window *window = calloc(1, sizeof *window);
    if (window == NULL)
        return NULL;
    wp_groups_init(&window->groups, windows->questions);
    window->from_ns = from_ns;
    window->next = *link;
    *link = window;
    return window;
}

int64_t wp_windows_watermark(const struct windows *windows)
{
    int64_t until_ns;
    if (!windows->seen || __builtin_sub_overflow(windows->seen_ns, windows->late_ns, &until_ns) ||
        __builtin_sub_overflow(until_ns, windows->every_ns - 1, &until_ns))
        return INT64_MIN;
    return until_ns;
}

/* Where the record's window begins; false: it has none, and is counted. */
static bool find_begin(struct windows *windows, const struct row *row, struct arena *arena, int64_t *ret_from_ns)
{
    int64_t time_ns;
    if (!wp_record_time(row, windows->time, arena, &time_ns)) {
        windows->timeless++;
        return false;
    }
    *ret_from_ns = begin_of(windows, time_ns);
    if (*ret_from_ns < wp_windows_watermark(windows)) {
        windows->too_late++;
        return false;
    }
    if (!windows->seen || time_ns > windows->seen_ns)
        windows->seen_ns = time_ns;
    windows->seen = true;
    return true;
}

/* Records that follow each other, of one window. */
static int add_rows(struct windows *windows, int64_t from_ns, const struct row *rows, uint32_t count,
                    struct arena *arena)
{
    if (count == 0)
        return 0;
    struct window *window = wp_window_at(windows, from_ns);
    const int error = window == NULL ? -ENOMEM : wp_groups_add(&window->groups, rows, count, windows->place, arena);
    windows->place += count;
    return error;
}

static int add_by_time(struct windows *windows, const struct batch *batch, struct arena *arena)
{
    uint32_t from = 0; /* of those that go together */
    int64_t from_ns = 0, begin_ns = 0;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < batch->count; i++) {
        const bool has_window = find_begin(windows, &batch->rows[i], arena, &begin_ns);
        if (has_window && (i == from || begin_ns == from_ns)) {
            from_ns = begin_ns;
            continue;
        }
        error = add_rows(windows, from_ns, batch->rows + from, i - from, arena);
        from = has_window ? i : i + 1;
        from_ns = begin_ns;
    }
    if (arena->failed) /* whose time could not be read isn't without one */
        return -ENOMEM;
    return error == 0 ? add_rows(windows, from_ns, batch->rows + from, batch->count - from, arena) : error;
}

static size_t bytes_of(const struct windows *windows)
{
    size_t bytes = 0;
    for (const struct window *window = windows->open; window != NULL; window = window->next)
        bytes += wp_groups_bytes(&window->groups) + window->partitions.room * sizeof *window->partitions.runs;
    return bytes;
}

static int64_t spill_all(void *arg)
{
    struct windows *windows = arg;
    struct spill_file *file = wp_window_files_open(windows);
    int error = file == NULL ? -ENOMEM : 0;
    for (struct window *window = windows->open; error == 0 && window != NULL; window = window->next)
        error = wp_window_spill(window, file);
    return error;
}

int wp_windows_add(struct windows *windows, const struct batch *batch, int64_t now_ns)
{
    struct arena arena = { 0 };
    int error = windows->time != NULL ? add_by_time(windows, batch, &arena)
                                      : add_rows(windows, now_ns, batch->rows, batch->count, &arena);
    wp_arena_fini(&arena);
    if (error < 0 || bytes_of(windows) <= windows->bytes_max / 2)
        return error;
    error = (int)weir_block_in_place(spill_all, windows);
    return error == 0 && bytes_of(windows) > windows->bytes_max / 4 ? -ENOBUFS : error;
}

/* --- what is due ------------------------------------------------------------------------------------- */

/* Of the answers those that have most records. */
static int keep_most(struct windows *windows)
{
    struct groups most;
    weir_text saved = { 0 };
    if (windows->answers.count <= windows->most)
        return 0;
    struct group_entry **list = wp_groups_by_count(&windows->answers);
    int error = list != NULL ? 0 : -ENOMEM;
    wp_groups_init(&most, windows->questions);
    for (uint32_t i = 0; error == 0 && i < windows->most; i++) {
        saved.size = 0;
        error = wp_group_save(&windows->answers, list[i], &saved);
        if (error == 0)
            error = wp_groups_load(&most, saved.data);
    }
    free(list);
    weir_text_fini(&saved);
    wp_groups_fini(&windows->answers);
    windows->answers = most;
    return error;
}

/* The next partition that has groups; with `most` all of them, one after the other. */
static int load_part(struct windows *windows)
{
    const size_t bytes_max = windows->bytes_max - windows->bytes_max / 2;
    int error = 0;
    if (windows->most == 0)
        wp_groups_fini(&windows->answers);
    while (error == 0 && windows->part < PARTITIONS && (windows->most > 0 || windows->answers.count == 0)) {
        error = wp_partitions_load(&windows->due->partitions, windows->part++, &windows->answers, bytes_max);
        if (error == 0 && windows->most > 0)
            error = keep_most(windows);
    }
    return error;
}

/* The first of the window that has just become due. */
static int64_t load_first(void *arg)
{
    struct windows *windows = arg;
    struct spill_file *file = wp_window_files_open(windows);
    const int error = file != NULL ? wp_window_spill(windows->due, file) : -ENOMEM;
    return error == 0 ? load_part(windows) : error;
}

static int64_t load_next(void *arg)
{
    return load_part(arg);
}

static int begin_due(struct windows *windows)
{
    struct window *due = windows->due = windows->open;
    windows->open = due->next;
    if (due->partitions.count > 0) {
        wp_groups_init(&windows->answers, windows->questions);
        return (int)weir_block_in_place(load_first, windows);
    }
    windows->answers = due->groups;
    wp_groups_init(&due->groups, windows->questions);
    windows->part = PARTITIONS;
    return windows->most > 0 ? keep_most(windows) : 0;
}

/* More answers, of the window that is due or the next one; windows->due is NULL if there are none. */
static int next_answers(struct windows *windows, int64_t until_ns)
{
    int error = 0;
    if (windows->due != NULL && windows->part < PARTITIONS) {
        error = (int)weir_block_in_place(load_next, windows);
    } else {
        end_due(windows);
        if (windows->open == NULL || (until_ns != INT64_MAX && windows->open->from_ns >= until_ns))
            return 0;
        error = begin_due(windows);
    }
    free(windows->list);
    windows->at = 0;
    windows->list = error < 0           ? NULL
                    : windows->most > 0 ? wp_groups_by_count(&windows->answers)
                                        : wp_groups_sorted(&windows->answers);
    return error == 0 && windows->list == NULL ? -ENOMEM : error;
}

/* In front of the answers: when the window began. */
static int add_begin(struct batch *batch, int64_t from_ns)
{
    struct row *row = &batch->rows[batch->count - 1];
    struct field *field = wp_arena_new(&batch->arena, struct field);
    if (field == NULL)
        return -ENOMEM;
    *field = (struct field){ .next = row->fields, .name = "window", .value = datum_time(from_ns) };
    row->fields = field;
    return 0;
}

/* Behind those of the most frequent: all were counted. */
static int add_error(struct batch *batch)
{
    struct field **link = &batch->rows[batch->count - 1].fields;
    while (*link != NULL)
        link = &(*link)->next;
    return wp_answer_field(batch, &link, "error", datum_int(0), false);
}

int wp_windows_give(struct windows *windows, int64_t until_ns, struct batch **ret_batch)
{
    int error = 0;
    *ret_batch = NULL;
    while (windows->due == NULL || windows->at == windows->answers.count) {
        error = next_answers(windows, until_ns);
        if (error < 0 || windows->due == NULL)
            return error;
    }
    struct batch *batch = wp_batch_create();
    if (batch == NULL)
        return -ENOMEM;
    while (error == 0 && batch->count < BATCH_ROWS && windows->at < windows->answers.count) {
        error = wp_group_answer(&windows->answers, windows->list[windows->at++], &windows->sorter, batch);
        if (error == 0)
            error = add_begin(batch, windows->due->from_ns);
        if (error == 0 && windows->most > 0)
            error = add_error(batch);
    }
    if (error < 0)
        wp_batch_free(batch);
    else
        *ret_batch = batch;
    return error;
}

/* --- checkpoints ------------------------------------------------------------------------------------- */

/* Of all, then of each window: its groups follow, each as wp_group_save() has it. */
struct saved_windows {
    int64_t seen_ns;
    uint64_t seen, too_late, timeless, place;
};
struct saved_window {
    int64_t from_ns;
    uint64_t groups;
};

static int save_window(const struct window *window, weir_text *out)
{
    const struct saved_window head = { .from_ns = window->from_ns, .groups = window->groups.count };
    int error = weir_text_append(out, &head, sizeof head);
    for (size_t i = 0; error == 0 && i < window->groups.slot_count; i++)
        if (window->groups.slots[i].group != NULL)
            error = wp_group_save(&window->groups, window->groups.slots[i].group, out);
    return error;
}

static int save_windows(const struct windows *windows, weir_text *out)
{
    const struct saved_windows head = { .seen_ns = windows->seen_ns,
                                        .seen = windows->seen,
                                        .too_late = windows->too_late,
                                        .timeless = windows->timeless,
                                        .place = windows->place };
    int error = weir_text_append(out, &head, sizeof head);
    for (const struct window *window = windows->open; error == 0 && window != NULL; window = window->next)
        error = save_window(window, out);
    return error;
}

int wp_windows_save(const struct windows *windows, struct wp_save *save)
{
    weir_text bytes = { 0 };
    int error = save_windows(windows, &bytes);
    if (error == 0)
        error = wp_save_bytes(save, bytes.data, bytes.size);
    weir_text_fini(&bytes);
    return error == 0 ? wp_window_files_save(windows, save) : error;
}

/* *at moves behind the group. */
static int load_group(struct groups *groups, const char **at, const char *end)
{
    uint64_t size; /* with itself, and the head of a group behind it */
    if ((size_t)(end - *at) < sizeof size)
        return -EBADMSG;
    memcpy(&size, *at, sizeof size);
    if (size < sizeof size + sizeof(struct group_entry) || (size_t)(end - *at) < size)
        return -EBADMSG;
    const int error = wp_groups_load(groups, *at);
    *at += size;
    return error;
}

static int load_windows(struct windows *windows, const char *saved, size_t size)
{
    const char *at = saved, *end = saved + size;
    struct saved_windows head;
    struct saved_window one;
    int error = size < sizeof head ? -EBADMSG : 0;
    if (error < 0)
        return error;
    memcpy(&head, at, sizeof head);
    windows->seen_ns = head.seen_ns;
    windows->seen = head.seen != 0;
    windows->too_late = head.too_late;
    windows->timeless = head.timeless;
    windows->place = head.place;
    for (at += sizeof head; error == 0 && (size_t)(end - at) >= sizeof one;) {
        memcpy(&one, at, sizeof one);
        at += sizeof one;
        struct window *window = wp_window_at(windows, one.from_ns);
        error = window == NULL ? -ENOMEM : 0;
        for (uint64_t i = 0; error == 0 && i < one.groups; i++)
            error = load_group(&window->groups, &at, end);
    }
    return error == 0 && at != end ? -EBADMSG : error;
}

int wp_windows_load(struct windows *windows, struct wp_load *load)
{
    const void *saved;
    size_t size;
    if (wp_load_bytes(load, &saved, &size) != 1)
        return 0;
    const int error = load_windows(windows, saved, size);
    return error == 0 ? wp_window_files_load(windows, load) : error;
}
