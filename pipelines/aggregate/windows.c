/* windows.c - open windows, the earliest first; each record goes to its own. */
#include "aggregate/windows.h"

#include <stdlib.h>
#include <string.h>

#include "run/record_time.h"

struct window {
    struct window *next;
    int64_t from_ns;
    struct groups groups;
};

static void free_window(struct window *window)
{
    if (window == NULL)
        return;
    wp_groups_fini(&window->groups);
    free(window);
}

void wp_windows_fini(struct windows *windows)
{
    while (windows->open != NULL) {
        struct window *window = windows->open;
        windows->open = window->next;
        free_window(window);
    }
    free_window(windows->due);
    windows->due = NULL;
    free(windows->list);
    windows->list = NULL;
    free(windows->sorter.numbers);
    windows->sorter.numbers = NULL;
}

static int64_t begin_of(const struct windows *windows, int64_t time_ns)
{
    const int64_t rest = time_ns % windows->every_ns;
    return time_ns - (rest < 0 ? rest + windows->every_ns : rest);
}

/* The window that begins there, a new one if need be; NULL: no memory. */
static struct window *window_at(struct windows *windows, int64_t from_ns)
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

static int add_row(struct windows *windows, const struct row *row, int64_t now_ns, struct arena *arena)
{
    int64_t time_ns = now_ns;
    if (windows->time != NULL && !wp_record_time(row, windows->time, arena, &time_ns)) {
        windows->timeless++;
        return 0;
    }
    if (windows->time != NULL && begin_of(windows, time_ns) < wp_windows_watermark(windows)) {
        windows->too_late++;
        return 0;
    }
    if (!windows->seen || time_ns > windows->seen_ns)
        windows->seen_ns = time_ns;
    windows->seen = true;
    struct window *window = window_at(windows, windows->time != NULL ? begin_of(windows, time_ns) : now_ns);
    return window == NULL ? -ENOMEM : wp_groups_add(&window->groups, row, 1, windows->place++, arena);
}

int wp_windows_add(struct windows *windows, const struct batch *batch, int64_t now_ns)
{
    struct arena arena = { 0 };
    size_t bytes = 0;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < batch->count; i++)
        error = add_row(windows, &batch->rows[i], now_ns, &arena);
    wp_arena_fini(&arena);
    for (const struct window *window = windows->open; window != NULL; window = window->next)
        bytes += wp_groups_bytes(&window->groups);
    return error == 0 && bytes > windows->bytes_max ? -ENOBUFS : error;
}

/* --- what is due ------------------------------------------------------------------------------------- */

static int next_due(struct windows *windows, int64_t until_ns)
{
    free_window(windows->due);
    free(windows->list);
    windows->due = NULL;
    windows->list = NULL;
    windows->at = 0;
    if (windows->open == NULL || (until_ns != INT64_MAX && windows->open->from_ns >= until_ns))
        return 0;
    windows->due = windows->open;
    windows->open = windows->due->next;
    windows->list = wp_groups_sorted(&windows->due->groups);
    return windows->list != NULL ? 0 : -ENOMEM;
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

int wp_windows_give(struct windows *windows, int64_t until_ns, struct batch **ret_batch)
{
    int error = 0;
    *ret_batch = NULL;
    while (error == 0 && (windows->due == NULL || windows->at == windows->due->groups.count)) {
        error = next_due(windows, until_ns);
        if (windows->due == NULL)
            return error;
    }
    struct batch *batch = error == 0 ? wp_batch_create() : NULL;
    if (batch == NULL)
        return -ENOMEM;
    while (error == 0 && batch->count < BATCH_ROWS && windows->at < windows->due->groups.count) {
        error = wp_group_answer(&windows->due->groups, windows->list[windows->at++], &windows->sorter, batch);
        if (error == 0)
            error = add_begin(batch, windows->due->from_ns);
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

int wp_windows_save(const struct windows *windows, weir_text *out)
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

int wp_windows_load(struct windows *windows, const char *saved, size_t size)
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
        struct window *window = window_at(windows, one.from_ns);
        error = window == NULL ? -ENOMEM : 0;
        for (uint64_t i = 0; error == 0 && i < one.groups; i++)
            error = load_group(&window->groups, &at, end);
    }
    return error == 0 && at != end ? -EBADMSG : error;
}
