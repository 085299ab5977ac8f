/* gitignore.c - reads .gitignore files and asks them. */
#include "gitignore.h"

#include <weir/glob.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct gitignore_pattern {
    weir_glob *glob;
    bool negated;
    bool dirs_only;
    bool base_only; /* it has no '/': matched against the last component, at any depth */
};

/* Spaces at the end don't count, unless the last of them is escaped. */
static size_t trim_spaces(const char *line, size_t len)
{
    size_t end = 0;
    for (size_t i = 0; i < len; i++) {
        if (line[i] == '\\')
            i++;
        else if (line[i] == ' ')
            continue;
        end = i < len ? i + 1 : len;
    }
    return end;
}

/* Returns 1 for a pattern, 0 for a line that is none, or what weir_glob_create() said. */
static int parse_line(const char *line, size_t len, struct gitignore_pattern *ret_pattern)
{
    if (len > 0 && line[0] == '#')
        return 0;
    len = trim_spaces(line, len);

    struct gitignore_pattern pattern = { 0 };
    if (len > 0 && line[0] == '!') {
        pattern.negated = true;
        line++;
        len--;
    }
    if (len > 0 && line[len - 1] == '/') {
        pattern.dirs_only = true;
        len--;
    }
    pattern.base_only = memchr(line, '/', len) == NULL;
    if (len > 0 && line[0] == '/') {
        line++;
        len--;
    }
    if (len == 0)
        return 0;
    const int rc = weir_glob_create(line, len, WEIR_GLOB_GIT, &pattern.glob);
    if (rc < 0)
        return rc;
    *ret_pattern = pattern;
    return 1;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = 1;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

int wi_gitignore_parse(const char *text, size_t len, struct gitignore **ret_ignore, unsigned *ret_bad_lines)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *const end = text + len;
    struct gitignore *ignore = calloc(1, sizeof *ignore);
    if (ignore == NULL)
        return -ENOMEM;
    ignore->patterns = calloc(count_lines(text, len), sizeof *ignore->patterns);
    if (ignore->patterns == NULL)
        goto no_memory;
    ignore->chain_bytes = (uint32_t)len;

    *ret_bad_lines = 0;
    if (len >= 3 && memcmp(text, byte_order_mark, 3) == 0)
        text += 3;
    while (text < end) {
        const char *const newline = memchr(text, '\n', (size_t)(end - text));
        const char *const line_end = newline == NULL ? end : newline;
        size_t line_len = (size_t)(line_end - text);
        if (line_len > 0 && text[line_len - 1] == '\r')
            line_len--;
        const int rc = parse_line(text, strnlen(text, line_len), &ignore->patterns[ignore->count]);
        if (rc == -ENOMEM)
            goto no_memory;
        if (rc > 0)
            ignore->count++;
        else if (rc < 0)
            ++*ret_bad_lines;
        text = newline == NULL ? end : newline + 1;
    }
    if (ignore->count == 0) {
        wi_gitignore_destroy(ignore);
        ignore = NULL;
    }
    *ret_ignore = ignore;
    return 0;

no_memory:
    wi_gitignore_destroy(ignore);
    return -ENOMEM;
}

static int read_all(int fd, char *text, size_t size, size_t *ret_len)
{
    size_t len = 0;
    while (len < size) {
        const ssize_t got = read(fd, text + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *ret_len = len;
    return 0;
}

static int load_fd(int fd, size_t bytes_max, struct gitignore **ret_ignore)
{
    struct stat stat;
    if (fstat(fd, &stat) < 0)
        return -errno;
    if (!S_ISREG(stat.st_mode))
        return -EINVAL;

    /* All it may have and one byte more, whatever size it claims: pages that nobody touches cost nothing. */
    char *const text = malloc(bytes_max + 1);
    if (text == NULL)
        return -ENOMEM;
    size_t len = 0;
    unsigned bad_lines = 0;
    int rc = read_all(fd, text, bytes_max + 1, &len);
    if (rc == 0 && len > bytes_max)
        rc = -EFBIG;
    if (rc == 0)
        rc = wi_gitignore_parse(text, len, ret_ignore, &bad_lines);
    free(text);
    return rc < 0 ? rc : bad_lines > 0 ? -E2BIG : 0;
}

int wi_gitignore_load(int dir_fd, const char *name, const struct gitignore *outer, struct gitignore **ret_ignore)
{
    /* O_NONBLOCK: a FIFO of that name must not hold up the walk. */
    const int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? -EINVAL : -errno;
    const size_t outer_bytes = outer == NULL ? 0 : outer->chain_bytes;
    struct gitignore *ignore = NULL;
    const int rc = load_fd(fd, GITIGNORE_CHAIN_MAX - outer_bytes, &ignore);
    close(fd);
    if (rc < 0 && rc != -E2BIG)
        return rc;
    if (ignore != NULL)
        ignore->chain_bytes += (uint32_t)outer_bytes;
    *ret_ignore = ignore;
    return rc;
}

void wi_gitignore_destroy(struct gitignore *ignore)
{
    if (ignore == NULL)
        return;
    for (uint32_t i = 0; i < ignore->count; i++)
        weir_glob_destroy(ignore->patterns[i].glob);
    free(ignore->patterns);
    free(ignore);
}

/* The last pattern of the file that matches, or NULL. */
static const struct gitignore_pattern *find_match(const struct gitignore *ignore, const char *path, size_t len,
                                                  size_t base, bool is_dir)
{
    for (uint32_t i = ignore->count; i-- > 0;) {
        const struct gitignore_pattern *const pattern = &ignore->patterns[i];
        const size_t from = pattern->base_only ? base : ignore->base;
        if ((is_dir || !pattern->dirs_only) && weir_glob_match(pattern->glob, path + from, len - from))
            return pattern;
    }
    return NULL;
}

bool wi_gitignore_ignores(const struct gitignore *ignore, const char *path, size_t len, size_t base, bool is_dir)
{
    for (; ignore != NULL; ignore = ignore->outer) {
        const struct gitignore_pattern *const pattern = find_match(ignore, path, len, base, is_dir);
        if (pattern != NULL)
            return !pattern->negated;
    }
    return false;
}
