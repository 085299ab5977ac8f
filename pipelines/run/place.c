/* place.c - the path that a template stands for. */
#include "run/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/template.h"

/* How much of the text is literal, up to and with the last '/'; 0 without a place to fill in. */
static size_t literal_prefix(const struct piece *pieces, const char *text)
{
    size_t size = 0;
    while (pieces != NULL && pieces->kind == PIECE_TEXT) {
        size += pieces->size;
        pieces = pieces->next;
    }
    if (pieces == NULL)
        return 0;
    while (size > 0 && text[size - 1] != '/')
        size--;
    return size;
}

/* "err-{.host}.log": a name in the directory that we are in, whatever is filled in. "{.dir}/x" may be any path. */
static bool begins_here(const struct piece *pieces)
{
    const struct piece *piece = pieces;
    while (piece != NULL && piece->kind == PIECE_TEXT)
        piece = piece->next;
    return piece != NULL && pieces->kind != PIECE_FIELD;
}

static bool is_step(const char *name, size_t size)
{
    return !(size == 2 && name[0] == '.' && name[1] == '.');
}

/* One directory further down: it is made if it isn't there. The fd replaces *dir_fd. */
static int step_down(int *dir_fd, const char *name, size_t size)
{
    char step[256];
    if (!is_step(name, size))
        return -EXDEV;
    if (size >= sizeof step)
        return -ENAMETOOLONG;
    memcpy(step, name, size);
    step[size] = '\0';
    if (mkdirat(*dir_fd, step, 0777) < 0 && errno != EEXIST)
        return -errno;
    const int next = openat(*dir_fd, step, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return errno == ENOTDIR || errno == ELOOP ? -EXDEV : -errno;
    (void)close(*dir_fd);
    *dir_fd = next;
    return 0;
}

static int enter(struct place *place, size_t prefix)
{
    char *dir = prefix > 0 ? strndup(place->shown, prefix) : strdup(".");
    place->dir_fd = dir == NULL ? -1 : open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = dir == NULL ? -ENOMEM : place->dir_fd < 0 ? -errno : 0;
    free(dir);
    const char *at = place->shown + prefix;
    for (const char *slash; error == 0 && (slash = strchr(at, '/')) != NULL; at = slash + 1) {
        const size_t size = (size_t)(slash - at);
        if (size > 0 && !(size == 1 && at[0] == '.'))
            error = step_down(&place->dir_fd, at, size);
    }
    if (error == 0 && !is_step(at, strlen(at)))
        error = -EXDEV;
    place->name = at;
    return error;
}

int wp_place_open(struct place *place, const struct piece *pieces, const struct row *row, int64_t time_ns)
{
    weir_text text = { 0 };
    int error = wp_template_append(&text, pieces, row, time_ns);
    if (error == 0)
        error = weir_text_append(&text, "", 1);
    place->dir_fd = AT_FDCWD;
    place->shown = text.data;
    place->name = text.data;
    if (error < 0)
        return error;
    if (strlen(text.data) + 1 != text.size || text.size == 1)
        return -EINVAL;
    place->prefix = literal_prefix(pieces, text.data);
    if (place->prefix > 0 || begins_here(pieces))
        error = enter(place, place->prefix);
    return error == 0 && (place->name[0] == '\0' || strcmp(place->name, ".") == 0) ? -EINVAL : error;
}

/* Where a name's extension begins: its last '.', or with that of a codec behind it the one before. */
static size_t stem_size(const char *name)
{
    static const char *const codecs[] = { ".zst", ".gz", ".lz4" };
    const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
    const size_t size = strlen(name);
    const char *dot = strrchr(base, '.');
    if (dot == NULL || dot == base)
        return size;
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (strcmp(dot, codecs[i]) == 0) {
            const char *before = memrchr(base, '.', (size_t)(dot - base));
            return (size_t)((before != NULL && before > base ? before : dot) - name);
        }
    return (size_t)(dot - name);
}

int wp_place_number(struct place *place, unsigned number)
{
    const size_t prefix = (size_t)(place->name - place->shown);
    if (place->unnumbered == NULL && (place->unnumbered = strdup(place->shown)) == NULL)
        return -ENOMEM;
    const size_t stem = prefix + stem_size(place->unnumbered + prefix);
    char *shown = NULL;
    if (number == 0)
        shown = strdup(place->unnumbered);
    else if (asprintf(&shown, "%.*s.%u%s", (int)stem, place->unnumbered, number, place->unnumbered + stem) < 0)
        shown = NULL;
    if (shown == NULL)
        return -ENOMEM;
    free(place->shown);
    place->shown = shown;
    place->name = shown + prefix;
    return 0;
}

void wp_place_fini(struct place *place)
{
    if (place->dir_fd > STDERR_FILENO)
        (void)close(place->dir_fd);
    free(place->shown);
    free(place->unnumbered);
    *place = (struct place){ .dir_fd = AT_FDCWD };
}
