/*
 * kept_rig.h - pipelines with a state, run again and again below one directory, and what must be there in the end.
 *
 * in/log is read, out/ is what disk_log.h logs: the outputs, and the state in out/var/st.
 */
#ifndef KEPT_RIG_H
#define KEPT_RIG_H

#include <dirent.h>
#include <unistd.h>
#include <weir/pipeline.h>
#include <weir/select.h>
#include <weir/time.h>

#include "disk_log.h"
#include "io_runtime.h"
#include "pipeline_inside.h"
#include "run/run.h"
#include "temp_tree.h"

/* A pipeline from in/log into out/got and what is named after it. */
struct kept_shape {
    const char *name;
    const char *text;
    const char *unpack; /* reads what was written, and writes plain/got; NULL: it is plain */
    const char *old;    /* what was in out/got before the first run */
    bool follows;       /* it doesn't end by itself, but is stopped once all is there */
    size_t held;        /* bytes of memory that a stage which collects may have; 0: its share */
};

static const struct kept_shape kept_shapes[] = {
    { "plain", "read \"in/log\" block=2KiB | lines | where .line !~ /7$/ | to raw | write \"out/got\"", NULL, NULL,
      false, 0 },
    { "tail", "tail \"in/log\" start=checkpoint | where .line !~ /7$/ | to raw | write \"out/got\"", NULL, NULL, true,
      0 },
    { "append", "read \"in/log\" block=2KiB | lines | to raw | write \"out/got\" append", NULL, "old\n", false, 0 },
    { "appended anew", "tail \"in/log\" start=checkpoint | to raw | write \"out/got\" append", NULL, NULL, true, 0 },
    { "rotate", "read \"in/log\" block=2KiB | lines | to raw | write \"out/got\" rotate=5KiB", NULL, NULL, false, 0 },
    { "folders", "read \"in/log\" block=2KiB | lines | to raw | write \"out/{%Y}/{%m}/got\" rotate=400d,7KiB", NULL,
      NULL, false, 0 },
    { "rotate, append", "read \"in/log\" block=2KiB | lines | to raw | write \"out/got\" append rotate=9KiB", NULL,
      "old\n", false, 0 },
    { "gzip", "read \"in/log\" block=2KiB | lines | to raw | gzip | write \"out/got\"",
      "read \"out/got\" | gunzip | write \"plain/got\"", NULL, false, 0 },
    { "states",
      "read \"in/log\" block=2KiB | lines | regex /^(?<n>\\d+) (?<k>\\S)/ | set .t = time(int(.n) / 100) | dedupe .n | "
      "count by .k every 1s time=.t late=1s | to csv | write \"out/got\"",
      NULL, NULL, false, 0 },
    { "spilled", /* what has been seen, and windows with more groups than memory has room for */
      "read \"in/log\" block=2KiB | lines | regex /^(?<n>\\d+) / | dedupe .n | set .t = int(.n) / 700 | "
      "count by .n every 1s time=.t | to csv | write \"out/got\"",
      NULL, NULL, false, 48 << 10 },
    { "within", /* sightings that go to disk, and are forgotten there */
      "read \"in/log\" block=2KiB | lines | regex /^(?<n>\\d+) / | set .n = int(.n) % 1100 | dedupe .n within=1200 | "
      "to raw | write \"out/got\"",
      NULL, NULL, false, 8 << 10 },
};
enum { KEPT_SHAPES = sizeof kept_shapes / sizeof kept_shapes[0] };

struct kept_rig {
    struct temp_tree tree;
    char out[300];
};

static inline void kept_rig_init(struct kept_rig *rig)
{
    temp_tree_init(&rig->tree);
    CHECK_EQ(chdir(rig->tree.path), 0);
    CHECK(realpath(".", rig->out) != NULL);
    strcat(rig->out, "/out");
}

static inline void kept_rig_fini(struct kept_rig *rig)
{
    CHECK_EQ(chdir("/"), 0);
    temp_tree_fini(&rig->tree);
}

static inline size_t kept_line(unsigned number, char line[64])
{
    return (size_t)snprintf(line, 64, "%06u %c %0*u\n", number, 'a' + (int)(number % 3), (int)(number % 40), number);
}

/* Empty but for what was there before, and with this much of in/log. */
static inline void kept_rig_clear(struct kept_rig *rig, const struct kept_shape *shape, unsigned lines)
{
    temp_tree_clear(&rig->tree);
    temp_tree_dir(&rig->tree, "out");
    temp_tree_dir(&rig->tree, "plain");
    temp_tree_dir(&rig->tree, "in");
    if (shape->old != NULL)
        temp_tree_file(&rig->tree, "out/got", shape->old);
    FILE *log = fopen("in/log", "wb");
    CHECK(log != NULL);
    for (unsigned i = 0; i < lines; i++) {
        char line[64];
        CHECK(fwrite(line, 1, kept_line(i, line), log) > 0);
    }
    CHECK_EQ(fclose(log), 0);
}

/* --- what there is -------------------------------------------------------------------------------------------------
 */

/* got, got.1, got.2, ...; other names are none of an output. */
static inline int kept_number_of(const struct dirent *entry)
{
    int number = 0, size = 0;
    if (strcmp(entry->d_name, "got") == 0)
        return 0;
    return sscanf(entry->d_name, "got.%d%n", &number, &size) == 1 && entry->d_name[size] == '\0' ? number : -1;
}

static inline int kept_is_output(const struct dirent *entry)
{
    return kept_number_of(entry) >= 0;
}

static inline int kept_is_left(const struct dirent *entry)
{
    return strstr(entry->d_name, ".weir-") != NULL;
}

/* Of the state: none is needed once the input has ended. */
static inline int kept_is_spilled(const struct dirent *entry)
{
    return strncmp(entry->d_name, "spill.", 6) == 0;
}

static inline int kept_order(const struct dirent **a, const struct dirent **b)
{
    return kept_number_of(*a) - kept_number_of(*b);
}

static inline int kept_is_folder(const struct dirent *entry)
{
    return entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
}

static inline int kept_list(const char *dir, int (*wanted)(const struct dirent *), char names[64][300])
{
    struct dirent **entries;
    int count = scandir(dir, &entries, wanted, kept_order);
    for (int i = 0; i < count; i++) {
        if (i < 64)
            snprintf(names[i], 300, "%.40s/%.250s", dir, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    CHECK(count <= 64);
    return count > 0 ? count : 0;
}

/* All outputs in their order, one behind the other; `ret_left`: files that aren't complete. */
static inline void kept_read(const char *dir, weir_text *to, unsigned *ret_left)
{
    char names[64][300];
    int count = kept_list(dir, kept_is_output, names);
    char buffer[4096];
    size_t got;
    for (int i = 0; i < count; i++) {
        FILE *in = fopen(names[i], "rb");
        while (in != NULL && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
            CHECK_EQ(weir_text_append(to, buffer, got), 0);
        if (in != NULL)
            fclose(in);
    }
    *ret_left += (unsigned)kept_list(dir, kept_is_left, names);
    count = kept_list(dir, kept_is_folder, names);
    for (int i = 0; i < count; i++)
        kept_read(names[i], to, ret_left);
}

static inline size_t kept_size(void)
{
    weir_text text = { 0 };
    unsigned left = 0;
    kept_read("out", &text, &left);
    const size_t size = text.size;
    weir_text_fini(&text);
    return size;
}

/* --- running -------------------------------------------------------------------------------------------------------
 */

#define KEPT_LATE_NS WEIR_SEC(60)

WEIR_ASYNC(kept_until, int, weir_pipeline *pipeline; size_t wanted; int64_t began_ns; struct weir_pipeline_run run;
           weir_sleep nap; weir_select_future which;)
{
    WEIR_BEGIN
    self->began_ns = weir_now_ns();
    self->run = WEIR_CALL(weir_pipeline_run, .pipeline = self->pipeline);
    do {
        self->nap = weir_sleep_for(WEIR_MS(1));
        AWAIT(self->which, weir_select_ref(self->run, self->nap));
        if (weir_now_ns() - self->began_ns > KEPT_LATE_NS) { /* it hangs */
            fprintf(stderr, "%zu bytes of %zu after a long while\n", kept_size(), self->wanted);
            CHECK(false);
        }
        if (self->which.output == 1 && self->wanted > 0 && kept_size() >= self->wanted)
            weir_pipeline_stop(self->pipeline);
    } while (self->which.output == 1);
    RETURN(self->run.output);
    WEIR_FINALLY
    weir_drop(self->run);
    weir_drop(self->nap);
    WEIR_END
}

/*
 * Runs it, with a state if `is_kept`, until it ends or (if `wanted` isn't 0) the outputs have as many bytes. 0, or the
 * negative errno it failed with, and `words` why.
 */
static inline int kept_run(const struct kept_shape *shape, const char *text, bool is_kept, size_t wanted,
                           weir_text *words)
{
    const weir_pipeline_text source = { .name = "test", .data = text, .size = strlen(text) };
    const weir_pipeline_state state = { .dir = "out/var/st", .every_ns = 1, .every_bytes = 2048 };
    weir_pipeline *pipeline;
    weir_text errors = { 0 }, notes = { 0 };
    struct io_runtime io; /* one each: it ends before the pipeline goes, at which its jobs may still be */
    int output = weir_pipeline_create(&source, NULL, 0, &errors, &pipeline);
    if (output < 0)
        fprintf(stderr, "%.*s", (int)errors.size, errors.data);
    CHECK_EQ(output, 0);
    if (shape->held > 0)
        pipeline->run->held_bytes = shape->held;
    int error = is_kept ? weir_pipeline_keep(pipeline, &state, &errors, &notes) : 0;
    if (error == 0) {
        CHECK(io_runtime_init(&io, WEIR_IO_EPOLL, 2));
        CHECK_EQ(weir_block_on(io.runtime, WEIR_CALL(kept_until, .pipeline = pipeline, .wanted = wanted), &output), 0);
        io_runtime_fini(&io);
        error = output;
        const char *why = weir_pipeline_error(pipeline);
        if (error < 0 && why != NULL)
            CHECK_EQ(weir_text_append(&errors, why, strlen(why)), 0);
    }
    if (words != NULL && errors.size > 0)
        CHECK_EQ(weir_text_append(words, errors.data, errors.size), 0);
    weir_pipeline_destroy(pipeline);
    weir_text_fini(&errors);
    weir_text_fini(&notes);
    return error;
}

/* What the outputs hold, unpacked; `ret_left`: files that should be gone. The caller's. */
static inline weir_text kept_result(const struct kept_shape *shape, unsigned *ret_left)
{
    weir_text text = { 0 };
    char names[64][300];
    *ret_left = (unsigned)kept_list("out/var/st", kept_is_spilled, names);
    if (shape->unpack == NULL) {
        kept_read("out", &text, ret_left);
        return text;
    }
    if (kept_run(shape, shape->unpack, false, 0, NULL) == 0)
        kept_read("plain", &text, ret_left);
    return text;
}

/* What must be there in the end, of a directory that is cleared for it before and behind. The caller's. */
static inline weir_text kept_wanted(struct kept_rig *rig, const struct kept_shape *shape, unsigned lines)
{
    weir_text wanted = { 0 };
    unsigned left;
    kept_rig_clear(rig, shape, lines);
    if (!shape->follows) {
        CHECK_EQ(kept_run(shape, shape->text, false, 0, NULL), 0);
        wanted = kept_result(shape, &left);
        CHECK(wanted.size > 0);
        kept_rig_clear(rig, shape, lines);
        return wanted;
    }
    const bool filters = strstr(shape->text, "where") != NULL;
    for (unsigned i = 0; i < lines; i++) {
        char line[64];
        const size_t size = kept_line(i, line);
        if (!filters || line[size - 2] != '7')
            CHECK_EQ(weir_text_append(&wanted, line, size), 0);
    }
    return wanted;
}

#endif
