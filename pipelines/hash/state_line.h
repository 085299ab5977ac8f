/* state_line.h - what became of one file, as a line: coreutils' words, JSON or CSV. */
#ifndef WP_STATE_LINE_H
#define WP_STATE_LINE_H

#include <weir/manifest.h>

enum state_format { STATE_TEXT, STATE_JSON, STATE_CSV };

static inline enum state_format wp_state_format(weir_manifest_format format)
{
    return format == WEIR_MANIFEST_JSON ? STATE_JSON : format == WEIR_MANIFEST_CSV ? STATE_CSV : STATE_TEXT;
}

/* A state in both tongues. */
struct state_words {
    const char *text; /* ": OK" */
    const char *name; /* "ok" */
};

/* What comes before the first line: csv's header. 0 or -ENOMEM, as both below. */
WEIR_MUST_USE int wp_state_head(weir_text *out, enum state_format format);

/* `from` (NULL: none) is the other path of a file that was moved: behind the words, or as "from". */
WEIR_MUST_USE int wp_state_line(weir_text *out, enum state_format format, const char *path, size_t size,
                                const struct state_words *words, const char *from, size_t from_size);

/* A name as coreutils prints it: a line stays a line, and is marked with a backslash where that took escapes. */
WEIR_MUST_USE int wp_state_name(weir_text *out, const char *path, size_t size);

#endif
