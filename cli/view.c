/* view.c - the thread that shows what runs. */
#include "view.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <weir/dump.h>
#include <weir/time.h>

#include "control.h"
#include "screen.h"

#define REDRAW_MS 250
#define PLAIN_MS 10000
/* A run that is through sooner than this shows nothing. */
#define FIRST_MS 500

/* --- the screen ------------------------------------------------------------------------------------ */

static unsigned screen_height(FILE *stream)
{
    struct winsize size;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

/* Both with the lock held. */
static void clear_block(struct view *view, FILE *out)
{
    if (view->lines > 0)
        fprintf(out, "\r\x1b[%uA\x1b[J", view->lines);
    view->lines = 0;
}

static void draw_block(struct view *view)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size); /* one write, so that nothing flickers */
    if (out == NULL)
        return;
    clear_block(view, out);
    /* The size is asked each time: a window may have been resized. */
    view->lines = live_block_print(out, &view->block, (unsigned)screen_width(stderr) - 1, screen_height(stderr) - 1,
                                   screen_colours(stderr));
    (void)fclose(out);
    (void)fwrite(text, 1, size, stderr);
    (void)fflush(stderr);
    free(text);
    view->shown = true;
}

void view_hold(struct view *view)
{
    if (view->mode != PROGRESS_ALWAYS)
        return;
    (void)pthread_mutex_lock(&view->lock);
    view->held++;
    clear_block(view, stderr);
    (void)fflush(stderr);
    (void)pthread_mutex_unlock(&view->lock);
}

void view_release(struct view *view)
{
    if (view->mode != PROGRESS_ALWAYS)
        return;
    (void)pthread_mutex_lock(&view->lock);
    view->held--;
    (void)pthread_mutex_unlock(&view->lock);
}

void view_hide(struct view *view)
{
    view_hold(view);
    view_release(view);
}

static void take(struct view *view)
{
    view->live.began_ns = view->began_ns;
    view->live.input_bytes = view->input_bytes;
    live_take(&view->live, &view->of);
}

static void show(struct view *view)
{
    take(view);
    live_block_update(&view->block, &view->live);
    if (view->mode == PROGRESS_PLAIN) {
        fputs("weir: ", stderr);
        live_block_line(stderr, &view->block, 400);
        putc('\n', stderr);
        return;
    }
    (void)pthread_mutex_lock(&view->lock);
    if (view->held == 0)
        draw_block(view);
    (void)pthread_mutex_unlock(&view->lock);
}

/* --- what others may ask ----------------------------------------------------------------------------- */

static void answer_stats(void *arg, const char *argument, FILE *out)
{
    struct view *view = arg;
    (void)argument;
    take(view);
    live_write(out, &view->live);
}

static void answer_tasks(void *arg, const char *argument, FILE *out)
{
    const struct view *view = arg;
    (void)weir_dump(view->runtime, fileno(out), strcmp(argument, "all") == 0 ? WEIR_DUMP_EVERY : 0);
}

/* A stage by its number, or its name, the first of them. */
static int find_stage(const weir_pipeline *pipeline, const char *word, size_t *ret_index)
{
    weir_pipeline_stage stage;
    char *end;
    const unsigned long index = strtoul(word, &end, 10);
    if (*word >= '0' && *word <= '9' && *end == '\0') {
        *ret_index = index;
        return weir_pipeline_stage_at(pipeline, index, &stage);
    }
    for (*ret_index = 0; weir_pipeline_stage_at(pipeline, *ret_index, &stage) == 0; (*ret_index)++)
        if (strcmp(stage.name, word) == 0)
            return 0;
    return -ENOENT;
}

static void name_stages(const weir_pipeline *pipeline, FILE *out)
{
    weir_pipeline_stage stage;
    for (size_t i = 0; weir_pipeline_stage_at(pipeline, i, &stage) == 0; i++) {
        char name[64];
        fprintf(out, " %s", screen_name(name, sizeof name, stage.name, strlen(stage.name)));
    }
    putc('\n', out);
}

/* "tap STAGE SINCE fields|input": "next N missed N", then the lines. */
static void answer_tap(void *arg, const char *argument, FILE *out)
{
    const struct view *view = arg;
    char name[64] = "", form[16] = "";
    unsigned long since = 0;
    size_t index;
    (void)sscanf(argument, "%63s %lu %15s", name, &since, form);
    if (view->of.pipeline == NULL) {
        fputs("error a hashing job has no records to show\n", out);
        return;
    }
    if (find_stage(view->of.pipeline, name, &index) < 0) {
        fputs("error there is no such stage; there are:", out);
        name_stages(view->of.pipeline, out);
        return;
    }
    weir_text text = { 0 };
    uint64_t next = since, missed = 0;
    const int error = weir_pipeline_tap(view->of.pipeline, index,
                                        strcmp(form, "input") == 0 ? WEIR_PIPELINE_TAP_INPUT : WEIR_PIPELINE_TAP_FIELDS,
                                        &next, &missed, &text);
    if (error == -EINVAL)
        fputs("error it gives no records\n", out);
    else if (error < 0)
        fprintf(out, "error %s\n", strerror(-error));
    else
        fprintf(out, "next %lu missed %lu\n%.*s", (unsigned long)next, (unsigned long)missed, (int)text.size,
                text.data);
    weir_text_fini(&text);
}

static const struct control_request requests[] = {
    { "tap", "samples of what a stage gives", answer_tap },
    { "stats", "figures of each stage", answer_stats },
    { "tasks", "what every task does", answer_tasks },
    { NULL, NULL, NULL },
};

/* --- the thread ---------------------------------------------------------------------------------------- */

static void *look_after(void *arg)
{
    struct view *view = arg;
    struct pollfd waits[] = { { .fd = view->end_fd, .events = POLLIN }, { .fd = view->listener, .events = POLLIN } };
    const int64_t pause_ms = view->mode == PROGRESS_PLAIN ? PLAIN_MS : REDRAW_MS;
    int64_t due_ms = weir_now_ns() / 1000000 + (view->mode == PROGRESS_PLAIN ? PLAIN_MS : FIRST_MS);
    for (;;) {
        const int64_t left_ms = due_ms - weir_now_ns() / 1000000;
        const int timeout = view->mode == PROGRESS_NEVER ? -1 : left_ms > 0 ? (int)left_ms : 0;
        const int ready = poll(waits, 2, timeout);
        if (ready > 0 && waits[0].revents != 0)
            return NULL;
        if (ready > 0)
            control_serve(view->listener, requests, view);
        if (ready == 0) {
            show(view);
            due_ms = weir_now_ns() / 1000000 + pause_ms;
        }
    }
}

static enum progress_mode resolve(enum progress_mode mode, bool prints)
{
    const bool is_terminal = isatty(STDERR_FILENO) == 1;
    if (mode == PROGRESS_AUTO)
        return is_terminal && !(isatty(STDOUT_FILENO) == 1 && prints) ? PROGRESS_ALWAYS : PROGRESS_NEVER;
    return mode == PROGRESS_ALWAYS && !is_terminal ? PROGRESS_PLAIN : mode;
}

int view_start(struct view *view, enum progress_mode mode, bool prints, const struct live_of *of, weir_runtime *runtime)
{
    *view = (struct view){
        .of = *of,
        .runtime = runtime,
        .mode = resolve(mode, prints),
        .began_ns = (uint64_t)weir_now_ns(),
        .input_bytes = live_input_bytes(of),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .listener = control_listen(),
        .end_fd = eventfd(0, EFD_CLOEXEC),
    };
    if (view->listener < 0)
        view->listener = -1; /* it runs all the same */
    take(view);
    live_block_update(&view->block, &view->live);
    int error = view->end_fd < 0 ? -errno : 0;
    if (error == 0)
        error = -pthread_create(&view->thread, NULL, look_after, view);
    if (error < 0 && view->listener >= 0)
        (void)close(view->listener);
    if (error < 0 && view->end_fd >= 0)
        (void)close(view->end_fd);
    return error;
}

void view_stop(struct view *view)
{
    (void)eventfd_write(view->end_fd, 1);
    (void)pthread_join(view->thread, NULL);
    view_hide(view);
    (void)close(view->end_fd);
    if (view->listener >= 0)
        (void)close(view->listener);
}
