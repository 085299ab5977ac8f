/* line_seeker.c - which lines may pass the filter behind `lines`. */
#include "nodes/line_seeker.h"

#include <string.h>

bool wp_line_seeker_init(struct line_seeker *seeker, const struct plan_node *lines)
{
    struct push_text texts[PUSH_TEXTS_MAX];
    struct push_number filter;
    *seeker = (struct line_seeker){ .count = wp_push_to_lines(lines, texts) };
    for (unsigned i = 0; i < seeker->count; i++)
        seeker->texts[i] = wp_text_finder(texts[i].text, texts[i].size);
    return seeker->count > 0 || (wp_push_through_json(lines, &filter) && wp_json_glance_init(&seeker->glance, &filter));
}

const char *wp_line_seeker_find(const struct line_seeker *seeker, const char *bytes, size_t size)
{
    if (seeker->count == 0)
        return wp_json_sieve(&seeker->glance, bytes, size);
    return wp_text_finder_find(&seeker->texts[__atomic_load_n(&seeker->looked_for, __ATOMIC_RELAXED)], bytes, size);
}

/* --- learning -------------------------------------------------------------------------------------------- */

/* What it looks at of a block, and out of how many blocks of one: what a file holds may change on the way. */
#define LEARN_BYTES (64u << 10)
#define LEARN_EVERY 64

/* Lines that hold the text, until there are `enough`. */
static size_t count_lines(const struct text_finder *text, const char *bytes, size_t size, size_t enough)
{
    const char *const end = bytes + size;
    size_t count = 0;
    for (const char *at = bytes; count < enough && at != NULL; count++) {
        at = wp_text_finder_find(text, at, (size_t)(end - at));
        if (at == NULL)
            break;
        at = memchr(at, '\n', (size_t)(end - at));
    }
    return count;
}

void wp_line_seeker_learn(struct line_seeker *seeker, const char *bytes, size_t size)
{
    if (seeker->count < 2 || __atomic_fetch_add(&seeker->learned, 1, __ATOMIC_RELAXED) % LEARN_EVERY != 0)
        return;
    size_t fewest = SIZE_MAX;
    for (unsigned i = 0; i < seeker->count && fewest > 0; i++) {
        const size_t lines = count_lines(&seeker->texts[i], bytes, size < LEARN_BYTES ? size : LEARN_BYTES, fewest);
        if (lines >= fewest)
            continue;
        fewest = lines;
        __atomic_store_n(&seeker->looked_for, i, __ATOMIC_RELAXED);
    }
}

void wp_line_seeker_look(const struct line_seeker *seeker, const char *bytes, size_t size, struct line_hits *ret_hits)
{
    const char *at = bytes, *const end = bytes + size;
    ret_hits->count = ret_hits->next = 0;
    while (at < end && ret_hits->count < LINE_HITS_MAX) {
        const char *hit = wp_line_seeker_find(seeker, at, (size_t)(end - at));
        const char *newline = hit != NULL ? memchr(hit, '\n', (size_t)(end - hit)) : NULL;
        if (hit != NULL)
            ret_hits->at[ret_hits->count++] = (uint32_t)(hit - bytes);
        at = newline != NULL ? newline + 1 : end;
    }
    ret_hits->end = (uint32_t)(at - bytes);
}
