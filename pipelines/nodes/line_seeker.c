/* line_seeker.c - which lines may pass the filter behind `lines`. */
#include "nodes/line_seeker.h"

#include <string.h>

bool wp_line_seeker_init(struct line_seeker *seeker, const struct plan_node *lines)
{
    size_t size = 0;
    struct push_number filter;
    seeker->literal = wp_push_to_lines(lines, &size);
    seeker->finder = wp_text_finder(seeker->literal, size);
    return seeker->literal != NULL ||
           (wp_push_through_json(lines, &filter) && wp_json_glance_init(&seeker->glance, &filter));
}

const char *wp_line_seeker_find(const struct line_seeker *seeker, const char *bytes, size_t size)
{
    return seeker->literal != NULL ? wp_text_finder_find(&seeker->finder, bytes, size)
                                   : wp_json_sieve(&seeker->glance, bytes, size);
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
