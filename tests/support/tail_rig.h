/*
 * tail_rig.h - a follower in a directory of its own, and what it has given.
 *
 *     struct tail_rig rig;
 *     tail_rig_init(&rig);                          a directory
 *     tail_rig_start(&rig, "x.log");                follow this in it
 *     tail_append("x.log", "one\n");
 *     CHECK_STR(tail_drain(&rig), "one\n");         what came since the last time
 *     tail_rig_restart(&rig, "x.log");              as another process with what was saved
 *     tail_rig_fini(&rig);
 */
#ifndef TAIL_RIG_H
#define TAIL_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <weir/tail.h>

#include "check.h"
#include "temp_tree.h"

struct tail_rig {
    struct temp_tree tree;
    weir_tail_options options;
    weir_tail *tail;
    char *text; /* what it gave */
    size_t size, room;
    char *notes;
    char buffer[4096];
    size_t buffer_size; /* as much of it as is used */
};

static inline void tail_rig_put(char **text, size_t *size, size_t *room, const char *more, size_t more_size)
{
    while (*size + more_size + 1 > *room) {
        *room = *room == 0 ? 4096 : *room * 2;
        *text = realloc(*text, *room);
        CHECK(*text != NULL);
    }
    memcpy(*text + *size, more, more_size);
    *size += more_size;
    (*text)[*size] = '\0';
}

static inline void tail_rig_note(void *arg, const char *path, const char *what)
{
    struct tail_rig *rig = arg;
    char *notes = NULL;
    CHECK(asprintf(&notes, "%s%s: %s\n", rig->notes != NULL ? rig->notes : "", path, what) > 0);
    free(rig->notes);
    rig->notes = notes;
}

static inline void tail_rig_init(struct tail_rig *rig)
{
    *rig = (struct tail_rig){ .options = weir_tail_defaults(), .buffer_size = sizeof rig->buffer };
    temp_tree_init(&rig->tree);
    CHECK_EQ(fchdir(rig->tree.fd), 0);
    rig->options.note = tail_rig_note;
    rig->options.arg = rig;
}

static inline void tail_rig_open(struct tail_rig *rig, const char *pattern)
{
    CHECK_EQ(weir_tail_create(&rig->options, &rig->tail), 0);
    CHECK_EQ(weir_tail_add(rig->tail, pattern), 0);
}

/* What one follower saves another one loads at once. */
static inline int tail_rig_hand_over(void *to, const weir_tail_position *position)
{
    return weir_tail_load(to, position);
}

static inline void tail_look(struct tail_rig *rig)
{
    weir_tail_hear(rig->tail);
    for (unsigned i = 0; weir_tail_wants_look(rig->tail); i++) {
        CHECK(i < 100000);
        CHECK_EQ(weir_tail_look(rig->tail), 0);
    }
}

/* Follows the first pattern. */
static inline void tail_rig_start(struct tail_rig *rig, const char *pattern)
{
    tail_rig_open(rig, pattern);
    tail_look(rig);
}

static inline void tail_rig_restart(struct tail_rig *rig, const char *pattern)
{
    weir_tail *before = rig->tail;
    tail_rig_open(rig, pattern);
    CHECK_EQ(weir_tail_save(before, tail_rig_hand_over, rig->tail), 0);
    weir_tail_destroy(before);
}

static inline void tail_read_one(struct tail_rig *rig, weir_tail_file *file)
{
    int64_t got = weir_tail_read(file, rig->buffer, rig->buffer_size, false);
    if (got == -EAGAIN)
        got = weir_tail_read(file, rig->buffer, rig->buffer_size, true);
    if (got == -EMSGSIZE) {
        const uint64_t size = weir_tail_line_bytes(file);
        char *line = malloc(size);
        CHECK(line != NULL);
        const int64_t whole = weir_tail_read(file, line, size, true);
        CHECK_EQ(whole, (int64_t)size);
        tail_rig_put(&rig->text, &rig->size, &rig->room, line, size);
        free(line);
        return;
    }
    CHECK(got >= 0);
    tail_rig_put(&rig->text, &rig->size, &rig->room, rig->buffer, (size_t)got);
}

/* All that can be had now. */
static inline const char *tail_drain(struct tail_rig *rig)
{
    rig->size = 0;
    tail_rig_put(&rig->text, &rig->size, &rig->room, "", 0);
    for (weir_tail_file *file;;) {
        tail_look(rig);
        file = weir_tail_next(rig->tail);
        if (file == NULL && !weir_tail_wants_look(rig->tail))
            return rig->text;
        if (file != NULL)
            tail_read_one(rig, file);
    }
}

static inline void tail_rig_fini(struct tail_rig *rig)
{
    weir_tail_destroy(rig->tail);
    free(rig->text);
    free(rig->notes);
    CHECK_EQ(chdir("/"), 0);
    temp_tree_fini(&rig->tree);
}

/* --- what writers do -------------------------------------------------------------------------- */

static inline void tail_append(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CHECK_EQ(close(fd), 0);
}

/* It changed so many seconds ago, or will have. */
static inline void tail_changed(const char *path, int64_t seconds)
{
    struct timespec times[2];
    CHECK_EQ(clock_gettime(CLOCK_REALTIME, &times[1]), 0);
    times[1].tv_sec += seconds;
    times[0] = times[1];
    CHECK_EQ(utimensat(AT_FDCWD, path, times, 0), 0);
}

static inline void tail_move(const char *from, const char *to)
{
    CHECK_EQ(rename(from, to), 0);
}

static inline void tail_copy(const char *from, const char *to)
{
    char bytes[4096];
    const int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(in >= 0 && out >= 0);
    for (ssize_t got; (got = read(in, bytes, sizeof bytes)) > 0;)
        CHECK_EQ(write(out, bytes, (size_t)got), got);
    CHECK(close(in) == 0 && close(out) == 0);
}

static inline void tail_copytruncate(const char *path, const char *to)
{
    tail_copy(path, to);
    CHECK_EQ(truncate(path, 0), 0);
}

#endif
