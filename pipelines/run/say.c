/* say.c - lines on standard output. */
#include "run/say.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/shown.h>
#include <weir/blocking.h>

static int failed(struct run_node *node, int error)
{
    return wp_run_fail(node, error, "standard output: %s", strerror(-error));
}

int wp_say(struct run_node *node, weir_text *text)
{
    for (size_t done = 0; done < text->size;) {
        const ssize_t wrote = write(STDOUT_FILENO, text->data + done, text->size - done);
        if (wrote < 0 && errno != EINTR)
            return failed(node, -errno);
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    text->size = 0;
    return 0;
}

/* --- without waiting ------------------------------------------------------------------------------------------ */

/* The flag is the description's, which others have, too: so it is opened once more, as weir_stdout() does. */
void wp_saying_init(struct saying *self)
{
    struct stat meta;
    *self = (struct saying){ .fd = -1 };
    if (fstat(STDOUT_FILENO, &meta) == 0 && (S_ISFIFO(meta.st_mode) || S_ISCHR(meta.st_mode)))
        self->fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    else
        wp_cached_write_init(&self->file, STDOUT_FILENO);
}

void wp_saying_fini(struct saying *self)
{
    if (self->fd >= 0)
        (void)close(self->fd);
}

bool wp_saying_blocks(struct saying *self)
{
    struct pollfd room = { .fd = self->fd, .events = POLLOUT };
    if (self->fd < 0)
        return !wp_cached_write_is_due(&self->file);
    if (self->full)
        self->full = poll(&room, 1, 0) != 1;
    return self->full;
}

static int64_t try_write(struct saying *self, const char *data, size_t size)
{
    if (self->fd < 0)
        return wp_cached_write(&self->file, STDOUT_FILENO, data, size, UINT64_MAX);
    ssize_t wrote;
    do
        wrote = write(self->fd, data, size);
    while (wrote < 0 && errno == EINTR);
    return wrote < 0 ? -errno : wrote;
}

struct rest {
    struct run_node *node;
    weir_text *text;
};

static int64_t say_rest(void *arg)
{
    const struct rest *rest = arg;
    return wp_say(rest->node, rest->text);
}

int wp_say_now(struct run_node *node, struct saying *self, weir_text *text)
{
    size_t done = 0;
    while (done < text->size) {
        const int64_t wrote = try_write(self, text->data + done, text->size - done);
        if (wrote == -EAGAIN) {
            struct rest rest = { node, text };
            self->full = true;
            memmove(text->data, text->data + done, text->size - done);
            text->size -= done;
            return (int)weir_block_in_place(say_rest, &rest);
        }
        if (wrote < 0)
            return failed(node, (int)wrote);
        done += (size_t)wrote;
    }
    text->size = 0;
    return 0;
}

bool wp_say_to_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

/* Whether what begins at `at` may be shown as it is; *ret_size: how many bytes that are. */
static bool is_tame(const char *text, size_t size, size_t at, size_t *ret_size)
{
    char one[4];
    size_t shown;
    *ret_size = weir_shown(text + at, size - at, one, &shown);
    return shown == *ret_size; /* an escape is longer than what it stands for */
}

void wp_say_tame_lines(char *text, size_t size)
{
    for (size_t i = 0, bytes; i < size; i += bytes) {
        const bool is_end =
            text[i] == '\n' || text[i] == '\0' || (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n');
        if (!is_tame(text, size, i, &bytes) && !is_end)
            text[i] = '?';
    }
}

void wp_say_tame(char *text, size_t size)
{
    for (size_t i = 0, bytes; i < size; i += bytes)
        if (!is_tame(text, size, i, &bytes))
            text[i] = '?';
}
